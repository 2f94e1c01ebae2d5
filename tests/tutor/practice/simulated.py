"""Simulated learners: each follows one rule through the whole practice, by typing what a person would type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby

import numpy as np
import pytest

from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice import generate, session
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.course import Course
from cnnstep.tutor.practice.generate import Exercise, exercise
from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.question import Marked, Question
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.session import Practice, begin
from tests.tutor.practice.kinds import made
from tests.tutor.practice.learners import by_misconception

CLASSES = 5
"""Learners share the exercises of so many names: to make an exercise takes longer than to answer it."""
LONGEST = 150
"""So many exercises nobody does."""
Learner = Callable[[Practice], str]
"""What is typed next, of where one stands."""


@dataclass
class Way:
    """What a learner did: the events, how many worked examples came, and what was shown last."""

    history: tuple[Event, ...] = ()
    examples: int = 0
    last: tuple[Block, ...] = field(default=(), repr=False)

    @property
    def exercises(self) -> list[str]:
        """The skill of each exercise, in the order in which they were finished."""
        return [one.skill for one in self.history if not one.leaves_open]

    @property
    def is_between(self) -> bool:
        """Whether the last exercise is done, or was left."""
        return bool(self.history) and not self.history[-1].leaves_open

    @property
    def longest_turn(self) -> int:
        """The most exercises of one skill in a row."""
        return max(len([*turn]) for _, turn in groupby(self.exercises))

    @property
    def prefixes(self) -> Iterator[tuple[Event, ...]]:
        """The history after each event."""
        return (self.history[:end] for end in range(1, len(self.history) + 1))


def go(
    learner: Learner, number: int, until: Callable[[Way], bool], skill: str = "", course: Course | None = None
) -> Way:
    """Practice from the beginning until that is so, or the course is over."""
    options = PracticeOptions() if course else PracticeOptions(skill, student=f"class {number % CLASSES}")
    practice, reply = begin((), options, course)
    way = Way(last=reply.blocks)
    while not practice.done and not (way.is_between and (until(way) or len(way.exercises) >= LONGEST)):
        way.examples += practice.reading
        waits = practice.finished or practice.reading
        line = "" if waits else learner(practice)
        before, (practice, reply) = practice, advance(practice, line)
        assert practice is not before, (line, practice.exercise, reply.blocks)  # refused, and so it would be for ever
        way.history, way.last = tuple(practice.history), reply.blocks
    return way


def share_what_takes_time(patch: pytest.MonkeyPatch, as_set: bool) -> None:
    """Each exercise is made once and each answer to it marked once, for all learners: both are pure functions.

    `as_set`: the very exercises that are set. To look for one in which no two mistakes are alike takes seconds; the
    first one drawn that shows them does for a learner who makes none of them.
    """
    if not as_set:
        patch.setattr(StepQuestion, "blurred", lambda question, most, first=(): ())
    patch.setattr(session, "exercise", made if as_set else drawn_once)
    patch.setattr(generate, "exercise", made if as_set else drawn_once)
    patch.setattr(StepQuestion, "mark", mark_once)


@cache
def drawn_once(skill: str, level: int, seed: int) -> Exercise:
    return exercise(skill, level, seed)


MARK = StepQuestion.mark
MARKED: dict[tuple[int, str], Marked] = {}


def mark_once(question: StepQuestion, text: str, style: Numbers) -> Marked:
    key = id(question), text  # which stays this question's, for it is kept
    return MARKED[key] if key in MARKED else MARKED.setdefault(key, MARK(question, text, style))


def perfect(practice: Practice) -> str:
    return practice.exercise.question.answer


def asks_for_the_solution(practice: Practice) -> str:
    return "solution"


def stuck(practice: Practice) -> str:
    """Two wrong answers, then the next one."""
    return "skip" if practice.answers == 2 else wrong(practice.exercise.question, 1 + practice.answers)


def wrong(question: Question, off: int) -> str:
    """Numbers that come from nowhere: each is off by more than the one before it."""
    if question.kind == "choice":
        return str(int(question.answer) % 4 + 1)
    rows = question.answer.split(";")
    places = iter(range(off, 1000))
    return "; ".join(" ".join(f"{float(word) + next(places):g}" for word in row.split()) for row in rows)


class Chance:
    """Learners that throw dice; each has its own."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)

    def good(self, practice: Practice) -> str:
        """Nine in ten right at once; the others after having seen what was wrong."""
        question = practice.exercise.question
        return wrong(question, 1) if not practice.answers and self.random.random() < 0.1 else question.answer

    def poor(self, practice: Practice) -> str:
        """Half of them right; a hint after a wrong answer, the solution after two."""
        question = practice.exercise.question
        if practice.answers == 2:
            return "solution"
        if practice.answers == 1 and not practice.hints:
            return "hint"
        return question.answer if self.random.random() < 0.5 else wrong(question, 1 + practice.answers)

    def types_anything(self, practice: Practice) -> str:
        """Random numbers, as many as are asked for; after three tries the next one."""
        question = practice.exercise.question
        if practice.answers == 3:
            return "skip"
        if question.kind == "choice":
            return str(self.random.integers(1, 5))
        numbers = self.random.integers(-3, 4, question.shape or (1,))
        return "; ".join(" ".join(map(str, row)) for row in numbers.reshape(-1, numbers.shape[-1]))


def misled(code: str) -> Learner:
    """Always the answer of this misconception, wherever it changes something; then the solution, which changes
    nothing.
    """

    def answer(practice: Practice) -> str:
        question = practice.exercise.question
        typed = by_misconception(code, question)
        return "solution" if practice.answers else typed or question.answer

    return answer
