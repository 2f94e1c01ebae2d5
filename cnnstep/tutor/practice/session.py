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
from cnnstep.tutor.numbers import AS_USUAL, Numbers, capital
from cnnstep.tutor.practice.course import Course, position
from cnnstep.tutor.practice.event import Event, History
from cnnstep.tutor.practice.making import Exercise, exercise
from cnnstep.tutor.practice.mastery import is_mastered, mastery
from cnnstep.tutor.practice.plan import Wishes, all_mastered, next_exercise
from cnnstep.tutor.practice.questions.digits import are_long
from cnnstep.tutor.practice.skills import HOMES, SKILLS


@dataclass(frozen=True)
class Practice:
    """Where a learner stands: the exercise, how many answers and hints it has had, whether it is finished.

    `history` is everything that is kept of this learner, `typed` the rows of a matrix begun, `focus` the first cell
    that was wrong. `done_now` counts exercises since the beginning.
    """

    history: History
    wishes: Wishes
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
    load: Callable[[str], Scenario] | None = field(default=None, repr=False)

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
            self.wishes.fast,
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
        return mastery(self.history, self.exercise.skill, HOMES)


@dataclass(frozen=True)
class Reply:
    """What to keep first, where something is, and then what to show."""

    blocks: tuple[Block, ...] = field(repr=False)
    event: Event | None = None


def begin(
    history: History,
    wishes: Wishes,
    course: Course | None = None,
    style: Numbers = AS_USUAL,
    load: Callable[[str], Scenario] | None = None,
) -> tuple[Practice, Reply]:
    """Practice with its first exercise, the one left open if there is one. `load` finds what a topic is worked on."""
    if course is not None and position(course, history)[0] == len(course.items):
        first = Practice(history, wishes, course.exercise(0), course, style, done=True)
        return first, Reply(course.ending(history))
    one, left, head = _chosen(history, wishes, course, 0)
    practice = Practice(history, wishes, one, course, style, load=load).taking_up(left)
    return practice, Reply((*head, *shown(practice)))


def shown(practice: Practice) -> tuple[Block, ...]:
    """The exercise, and how to answer it."""
    return (*practice.exercise.question.asked(), _how(practice))


def _how(practice: Practice) -> Paragraph:
    question = practice.exercise.question
    long = are_long(question.answer)
    if question.kind == "choice":
        how = "Type the number of your choice."
    elif question.kind == "matrix":
        how = "Type the matrix: a row on a line, or all rows in one with ; between them."
        how += " Three decimals are enough." if long else ""
    else:
        how = "Type the number: three decimals, or a fraction such as 2/5." if long else "Type the number."
    return Paragraph(f"{how} hint helps, solution shows it, help lists the rest.", "quiet")


Chosen = tuple[Exercise, Event | None, tuple[Block, ...]]


def _chosen(history: History, wishes: Wishes, course: Course | None, done_now: int) -> Chosen:
    """The next exercise, the event it was left open with, and its heading."""
    if course is not None:
        return _next_of_course(history, course, done_now)
    choice = next_exercise(history, wishes, done_now)
    one = exercise(choice.skill, choice.level, choice.seed)
    heading = Heading(SKILLS[one.skill].title, 1, f"level {one.level}, exercise {one.seed}")
    is_new = not done_now or history[-1].skill != one.skill
    head: tuple[Block, ...] = (Paragraph(f"{capital(choice.why)}."),) if is_new else ()
    if all_mastered(history) and not wishes.skill:
        head = (Paragraph(f"All {len(SKILLS)} skills are mastered. What follows keeps them so.", "good"),)
    return one, choice.open, (heading, *head)


def _next_of_course(history: History, course: Course, done_now: int) -> Chosen:
    at, left = position(course, history)
    one = course.exercise(at)
    words = () if done_now else (Paragraph(course.title, "strong"),)
    return one, left, (*words, Heading(one.title, 1, f"{at + 1} of {len(course.items)}"))


def on(practice: Practice) -> tuple[Practice, Reply]:
    """The next exercise; after a course's last one, how it went."""
    course, history = practice.course, practice.history
    if course is not None and position(course, history)[0] == len(course.items):
        return replace(practice, done=True), Reply(course.ending(history))
    done_now = practice.done_now + 1
    one, left, head = _chosen(history, practice.wishes, course, done_now)
    following = replace(practice, exercise=one, finished=False, focus=None, done_now=done_now).taking_up(left)
    return following, Reply((*head, *shown(following)))


def answered(practice: Practice, text: str) -> tuple[Practice, Reply]:
    """An answer, marked; one that can't be read changes nothing."""
    marked = practice.exercise.question.mark(text, practice.style)
    event = practice.event("right" if marked.right else "wrong", text, marked.mistakes)
    after = replace(practice.after(event), focus=marked.focus)
    more = Command("hint", f"{strength(after.hints + 1)}. Or type your answer again")
    end = standing(practice, after) if marked.right else (more,)
    return after, Reply((*marked.blocks, *end), event)


STRENGTHS = ("where to look", "the idea", "a number worked out")


def strength(hint: int) -> str:
    """What the hint of this number tells."""
    return STRENGTHS[min(hint, len(STRENGTHS)) - 1]


def standing(before: Practice, after: Practice) -> tuple[Block, ...]:
    """How the skill stands after a finished exercise, and what can be typed now."""
    skill = before.exercise.skill
    was, now = (floor(100 * one.known) for one in (before, after))
    words = f"{SKILLS[skill].title}: {was} % → {now} % sure that you have it."
    blocks: list[Block] = [Paragraph(words)]
    if is_mastered(after.history, skill, HOMES) and not is_mastered(before.history, skill, HOMES):
        blocks = [Paragraph(f"{words} You have mastered it.", "good")]
        if all_mastered(after.history):
            blocks.append(Paragraph(f"With that all {len(SKILLS)} skills are mastered.", "good"))
    elif after.history[-1].outcome == "shown":
        blocks = [Paragraph(f"{words} Read it up with explain, or try the next one.")]
    last = " ".join(["why", *(str(size - 1) for size in before.exercise.question.shape)])
    return (*blocks, Command("Enter", f"the next one. Also: {last}, show, progress, quit"))


def prompt(practice: Practice) -> str:
    """Where one is: `gradient 3, your answer > `, in the middle of a matrix `row 1: `."""
    if practice.typed:
        return f"row {len(practice.typed)}: "
    name = practice.exercise.title or f"{practice.exercise.skill} {practice.exercise.seed}"
    return f"{name}, {'done' if practice.finished else 'your answer'} > "
