"""Practice as a pure function: where a learner stands, what is shown there, and what an answer leads to.

What is kept has to be kept before it is shown: so nobody sees what an answer was worth without its being counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import floor

from cnnstep.engine.quantity import Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Command, Heading, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers, listed
from cnnstep.tutor.practice.course import Course, position
from cnnstep.tutor.practice.generate import Exercise, exercise, worked_example
from cnnstep.tutor.practice.history import Event, History, example_due
from cnnstep.tutor.practice.mastery import USUAL, is_mastered, mastery, missing
from cnnstep.tutor.practice.plan import PracticeOptions, all_mastered, next_exercise
from cnnstep.tutor.practice.questions.fit import are_long
from cnnstep.tutor.practice.skills import CORE, SKILLS, beyond

FIRST_COURSE = "first-steps"
"""What a beginner is offered."""


@dataclass(frozen=True)
class Around:
    """What a session can find outside: the scenario that a topic is worked on, and a course by its name."""

    scenario: Callable[[str], Scenario]
    course: Callable[[str], Course]


@dataclass(frozen=True)
class Practice:
    """Where a learner stands: the exercise, how many answers and hints it has had, whether it is finished.

    `history` is everything that is kept of this learner, `typed` the rows of a matrix begun, `focus` the first cell
    that was wrong. `done_now` counts exercises since the beginning. `reading`: a worked example is on the screen, and
    the exercise comes after it.
    """

    history: History
    options: PracticeOptions
    exercise: Exercise = field(repr=False)
    course: Course | None = None
    style: Numbers = AS_USUAL
    answers: int = 0
    hints: int = 0
    finished: bool = False
    typed: tuple[str, ...] = ()
    focus: Cell | None = None
    done_now: int = 0
    done: bool = False
    reading: bool = False
    around: Around | None = field(default=None, repr=False)

    def event(self, outcome: str, text: str = "", mistakes: tuple[str, ...] = ()) -> Event:
        """What has just happened to this exercise."""
        one = self.exercise
        return Event(
            one.skill,
            outcome,  # type: ignore[arg-type]
            one.level,
            one.seed,
            one.course,
            one.question.kind,
            self.answers + (outcome in ("right", "wrong")),
            self.hints,
            text,
            mistakes,
            self.options.fast,
            variant=one.variant,
        )

    def after(self, event: Event) -> Practice:
        """With this event in its history."""
        finished = self.finished or not event.leaves_open
        typed = () if finished else self.typed
        return replace(self, history=(*self.history, event), answers=event.attempt, finished=finished, typed=typed)

    def taking_up(self, left: Event | None) -> Practice:
        """With the answers and hints that its exercise has had before."""
        return replace(self, answers=left.attempt if left else 0, hints=left.hints if left else 0)

    @property
    def known(self) -> float:
        """How likely the skill of this exercise is there."""
        return mastery(self.history, self.exercise.skill)


@dataclass(frozen=True)
class PracticeReply:
    """What to keep first, where something is, and then what to show."""

    blocks: tuple[Block, ...] = field(repr=False)
    event: Event | None = None


def begin(
    history: History,
    options: PracticeOptions,
    course: Course | None = None,
    style: Numbers = AS_USUAL,
    around: Around | None = None,
) -> tuple[Practice, PracticeReply]:
    """Practice with its first exercise, the one left open if there is one."""
    if course is not None and position(course, history)[0] == len(course.items):
        first = Practice(history, options, course.exercise(0), course, style, done=True, around=around)
        return first, PracticeReply(course.ending(history))
    one, left, head = _chosen(history, options, course, 0)
    practice = Practice(history, options, one, course, style, around=around).taking_up(left)
    if not history and course is None and not options.skill:
        offer = Command(f"course {FIRST_COURSE}", "new to this? Type this for a guided course instead")
        return practice, PracticeReply((*head, offer, *shown(practice)))
    return _set(practice, left, head)


def _set(practice: Practice, left: Event | None, head: tuple[Block, ...]) -> tuple[Practice, PracticeReply]:
    """The exercise on the screen; before it a worked example, where a learner has given up several in a row."""
    if left is None and example_due(practice.history, practice.exercise.skill):
        end = Command("Enter", "your own exercise")
        reading = replace(practice, reading=True)
        words = Paragraph("Before the next exercise, here is one like it, worked out.")
        return reading, PracticeReply((*head, words, *worked_example(practice.exercise, practice.style), end))
    return practice, PracticeReply((*head, *shown(practice)))


def shown(practice: Practice, everything: bool = False) -> tuple[Block, ...]:
    """The exercise, and above the prompt what is to be done and how to answer it."""
    question = practice.exercise.question
    return (*question.asked(everything), Heading(question.task), _how(practice))


def to_do(practice: Practice) -> tuple[Block, ...]:
    """What is still to be done; nothing once it is."""
    return () if practice.finished or practice.reading else (Heading(practice.exercise.question.task),)


def _how(practice: Practice) -> Paragraph:
    question = practice.exercise.question
    digits = " Three decimals are enough." if are_long(question.answer) else ""
    if question.kind == "choice":
        how, digits = "Type the number of your choice.", ""
    elif question.kind != "matrix":
        how = "Type the number, or a fraction such as 22/7." if digits else "Type the number."
    elif ";" in question.answer:
        how = "Type it row by row, or all rows in one line with ; between them."
    else:
        how = "Type the numbers in one line."
    more = "hint, solution, help" if question.kind == "choice" else "hint, solution, show all, help"
    return Paragraph(f"{how}{digits} Also: {more}.", "quiet")


Chosen = tuple[Exercise, Event | None, tuple[Block, ...]]


def _chosen(history: History, options: PracticeOptions, course: Course | None, done_now: int) -> Chosen:
    """The next exercise, the event it was left open with, and its heading."""
    if course is not None:
        return _next_of_course(history, course, done_now)
    choice = next_exercise(history, options, done_now)
    one = exercise(choice.skill, choice.level, choice.seed)
    is_new = not done_now or history[-1].skill != one.skill
    why = f": {choice.why}" if is_new else ""
    heading = Heading(SKILLS[one.skill].title, 1, f"level {one.level}, exercise {one.seed}{why}")
    if all_mastered(history) and not options.skill:
        words = f"All {len(CORE)} skills are mastered. What follows keeps them so. {beyond()}"
        return one, choice.open, (heading, Paragraph(words, "good"))
    return one, choice.open, (heading,)


def _next_of_course(history: History, course: Course, done_now: int) -> Chosen:
    at, left = position(course, history)
    one = course.exercise(at)
    words = () if done_now else (Paragraph(course.title, "strong"),)
    worth = f", {one.points:g} point{'' if one.points == 1 else 's'}" if one.points is not None else ""
    heading = Heading(one.title, 1, f"{at + 1} of {len(course.items)}{worth}")
    return one, left, (*words, heading, *course.introduction(at, history))


def on(practice: Practice) -> tuple[Practice, PracticeReply]:
    """The next exercise; after a course's last one, how it went."""
    course, history = practice.course, practice.history
    if practice.reading:
        following = replace(practice, reading=False)
        return following, PracticeReply(shown(following))
    if course is not None and position(course, history)[0] == len(course.items):
        return replace(practice, done=True), PracticeReply(course.ending(history))
    done_now = practice.done_now + 1
    one, left, head = _chosen(history, practice.options, course, done_now)
    following = replace(practice, exercise=one, finished=False, focus=None, done_now=done_now).taking_up(left)
    return _set(following, left, head)


ENOUGH_WRONG = 3
"""After so many wrong answers to one exercise a worked example is offered."""


def answered(practice: Practice, text: str) -> tuple[Practice, PracticeReply]:
    """An answer, marked; one that can't be read changes nothing."""
    marked = practice.exercise.question.mark(text, practice.style)
    event = practice.event("right" if marked.right else "wrong", text, marked.mistakes)
    after = replace(practice.after(event), focus=marked.focus)
    end = status_after(practice, after) if marked.right else (_help_with(after), *to_do(after))
    return after, PracticeReply((*marked.blocks, *end), event)


def _help_with(practice: Practice) -> Command:
    """What to type after a wrong answer."""
    if practice.answers >= ENOUGH_WRONG:
        return Command("example", "one like it, worked out")
    return Command("hint", strength(practice.hints + 1))


STRENGTHS = ("where to look", "the idea", "a number worked out")


def strength(hint: int) -> str:
    """What the hint of this number tells."""
    return STRENGTHS[min(hint, len(STRENGTHS)) - 1]


def status_after(before: Practice, after: Practice) -> tuple[Block, ...]:
    """How the skill stands after a finished exercise, and what can be typed now."""
    skill, history = before.exercise.skill, after.history
    was, now = (floor(100 * one.known) for one in (before, after))
    words = f"Mastery: {was} % → {now} %."
    blocks: list[Block] = [Paragraph(words)]
    lacking = missing(history, skill)
    if is_mastered(history, skill) and not is_mastered(before.history, skill):
        blocks = [Paragraph(f"{words} You have mastered this skill.", "good")]
        if all_mastered(history):
            blocks.append(Paragraph(f"With that, all {len(CORE)} skills are mastered. {beyond()}", "good"))
    elif history[-1].outcome == "shown":
        blocks = [Paragraph(f"{words} Type explain to read about it, or go on.")]
    elif lacking and after.known >= USUAL.mastered:
        blocks = [Paragraph(f"{words} Before it counts as mastered: {listed(lacking.words)}.")]
    last = " ".join(["why", *(str(size - 1) for size in before.exercise.question.shape)])
    return (*blocks, Command("Enter", f"the next one. Also: {last}, show, progress, quit"))


def prompt(practice: Practice) -> str:
    """Where one is: `gradient 3, your answer > `, in the middle of a matrix `row 1: `."""
    if practice.typed:
        return f"row {len(practice.typed)}: "
    name = practice.exercise.title or f"{practice.exercise.skill} {practice.exercise.seed}"
    what = "example" if practice.reading else "done" if practice.finished else "your answer"
    return f"{name}, {what} > "
