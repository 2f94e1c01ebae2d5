"""A course's fixed exercises, one after another; and whether each of them is fit to be set."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnstep.tutor.document import Block, Command, Heading, Note, Paragraph, Table, Tone
from cnnstep.tutor.numbers import AS_USUAL, counted, listed
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.history import Event, History, since_reset
from cnnstep.tutor.practice.questions.fit import is_proved
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.questions.step_marks import blurred as blurred_in

HINTS = 3
"""So many hints an exercise has: where to look, the idea, a number worked out."""


@dataclass(frozen=True)
class Item:
    """An exercise of a course: its title, the skill that it counts for, and the question.

    `text` is the author's own, before the question; `points` what it is worth; `read` the page to read first; `needs`
    are the titles of exercises before it that it builds on.
    """

    title: str
    skill: str
    question: StepQuestion
    text: str = ""
    points: float = 1.0
    read: str = ""
    needs: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How a history knows it again, wherever it stands in the course: a number made of its title."""
        return zlib.crc32(self.title.encode())


@dataclass(frozen=True)
class Course:
    """A set of exercises in a fixed order; a history knows it again by its title."""

    title: str
    items: tuple[Item, ...]

    def exercise(self, at: int) -> Exercise:
        """The exercise at this place, counted from 0."""
        item = self.items[at]
        worth = item.points if self.has_points else None
        return Exercise(item.skill, 1, item.number, item.question, item.title, self.title, "", item.text, worth)

    @property
    def has_points(self) -> bool:
        """Whether its exercises are worth different points, or the author gave them some."""
        return any(item.points != 1 for item in self.items)

    def introduction(self, at: int, history: History) -> tuple[Block, ...]:
        """What stands before an exercise: what it builds on and is not solved, the page to read first, its text."""
        item, events = self.items[at], self.events(history)
        unsolved = [one.title for one in self.items if one.title in item.needs and _ending(events, one) != "right"]
        blocks: list[Block] = []
        if unsolved:
            blocks.append(Note("builds on", f"{listed(unsolved)}, not solved by you yet."))
        if item.read:
            blocks.append(Command(f"explain {item.read}", "the page to read first"))
        return (*blocks, *((Paragraph(item.text),) if item.text else ()))

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """All of them."""
        return tuple(self.exercise(at) for at in range(len(self.items)))

    def ending(self, history: History) -> tuple[Block, ...]:
        """How the course went: what was right at once, what was not solved, and what to practise."""
        events = self.events(history)
        alone = sum(any(event.unaided for event in events if event.seed == item.number) for item in self.items)
        shown, left = ([item for item in self.items if _ending(events, item) == one] for one in ("shown", "skipped"))
        words = f"{counted(len(self.items), 'exercise')}, {alone} of them right at once."
        if self.has_points:
            earned = sum(item.points for item in self.items if _ending(events, item) == "right")
            words += f" {earned:g} of {sum(item.points for item in self.items):g} points."
        blocks: list[Block] = [Heading(self.title, 1, "done"), Paragraph(words)]
        for items, words in ((shown, "In {} you saw the solution"), (left, "You left {} unsolved")):
            if items:
                titles = listed([item.title for item in items])
                blocks.append(Paragraph(f"{words.format(len(items))}: {titles}.", "warn"))
        if given_up := [item for item in self.items if item in (*shown, *left)]:
            return (*blocks, Command(f"cnnstep practice --skill {given_up[0].skill}", "practise the first of these"))
        return (
            *blocks,
            Command("cnnstep practice", "go on with exercises made for you"),
            Command("cnnstep progress", "how your skills stand"),
            Command("cnnstep progress --reset all", "to begin anew, this course too"),
        )

    def events(self, history: History) -> list[Event]:
        """What was done of it since its skills were last begun anew: for each exercise in its order."""
        counting = (event for skill in {item.skill: 0 for item in self.items} for event in since_reset(history, skill))
        return [event for event in counting if event.course == self.title]


def position(course: Course, history: History) -> tuple[int, Event | None]:
    """The first exercise that is not finished, and how it was left; as many as there are when all are."""
    last = {event.seed: event for event in course.events(history)}
    for at, item in enumerate(course.items):
        event = last.get(item.number)
        if event is None or event.leaves_open:
            return at, event
    return len(course.items), None


def _ending(events: Sequence[Event], item: Item) -> str:
    """What came of an exercise: whether it was right or the solution was shown first, else that it was left."""
    outcomes = [event.outcome for event in events if event.seed == item.number]
    return next((one for one in outcomes if one in ("right", "shown")), "skipped" if "skipped" in outcomes else "")


def unfit(item: Item) -> Iterator[str]:
    """Why an exercise is not fit to be set; nothing where it is.

    Fit: it has three hints, an empty sheet is wrong, its own solution is right, and its mistakes can be told apart.
    """
    question = item.question
    if len(question.given_hints) != HINTS or not all(hint.strip() for hint in question.given_hints):
        yield f"it has {counted(len(question.given_hints), 'hint')}, and it needs {HINTS}"
    zeros = "; ".join(" ".join("0" for _ in row.split()) for row in question.answer.split(";"))
    if not is_proved(question.iteration, question.worked):
        yield "its solution could not be proved on a second way"
    if question.mark(zeros, AS_USUAL).right:
        yield "a sheet full of zeros is right"
    if not question.mark(question.answer, AS_USUAL).right:
        yield "its own solution is not right"
    if not question.tells:
        yield "its numbers show none of its skill's mistakes"
    elif blurred := tuple(blurred_in(question)):
        yield f"its numbers don't show these mistakes clearly: {', '.join(blurred)}"


def checked(course: Course) -> tuple[tuple[Block, ...], bool]:
    """What a check of all exercises comes to, and whether every one is fit."""
    found = [(item, tuple(unfit(item))) for item in course.items]
    rows = tuple((item.title, "; ".join(faults) or "fit") for item, faults in found)
    tones: tuple[Tone, ...] = tuple("bad" if faults else "good" for _, faults in found)
    wrong = sum(1 for _, faults in found if faults)
    verdict = f"{wrong} of {counted(len(found), 'exercise')} not fit" if wrong else "every exercise is fit to be set"
    return (Heading(course.title, 1, verdict), Table(("exercise", "what was found"), rows, tones=tones)), not wrong
