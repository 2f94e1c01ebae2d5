"""What a learner has done: their events, which of them still count, and what became of each exercise.

A history is only ever added to. A skill that is begun anew keeps its events in it, and those before no longer count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from cnnstep.tutor.numbers import counted
from cnnstep.tutor.practice.skills import SKILLS

Outcome: TypeAlias = Literal["right", "wrong", "hint", "shown", "skipped", "reset"]
"""An answer that was right or wrong, a hint or the solution asked for, an exercise left, or a skill begun anew."""
Kind: TypeAlias = Literal["matrix", "cell", "number", "choice"]
"""What an answer is made of: a whole matrix, one cell of it, another number, one of several choices."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Event:
    """An exercise by its skill, level and seed (of a course also the course's name), and what became of it.

    `hints` were seen before, `attempt` counts the answers from 1, `text` is what was typed, `mistakes` are the codes
    that it was told. `fast`: on the fast track. `at` is in seconds since 1970, by the clock of whoever keeps it.
    `variant` says which kind of exercise of its skill it was; "" where that was not kept yet.
    """

    skill: str
    outcome: Outcome
    level: int = 1
    seed: int = 0
    course: str = ""
    kind: Kind = "matrix"
    attempt: int = 1
    hints: int = 0
    text: str = ""
    mistakes: tuple[str, ...] = ()
    fast: bool = False
    at: float = 0.0
    variant: str = ""

    @property
    def exercise(self) -> tuple[str, int, int, str]:
        """Which exercise it was."""
        return self.skill, self.level, self.seed, self.course

    @property
    def leaves_open(self) -> bool:
        """Whether the exercise is still to be done after it."""
        return self.outcome in ("wrong", "hint")

    @property
    def unaided(self) -> bool:
        """Right at once, without a hint."""
        return self.outcome == "right" and self.attempt == 1 and not self.hints


History: TypeAlias = Sequence[Event]
"""A learner's events, the oldest first."""


ALL = "all"
"""What is typed for every skill."""


def since_reset(history: History, skill: str) -> list[Event]:
    """The events of a skill that still count."""
    events: list[Event] = []
    for event in history:
        if event.skill == skill and event.outcome == "reset":
            events = []
        elif event.skill == skill:
            events.append(event)
    return events


def answers(history: History) -> int:
    """How many answers were given, right and wrong ones."""
    return sum(event.outcome in ("right", "wrong") for event in history)


def to_reset(history: History, name: str) -> list[str]:
    """The skills that `name` means, all of them or one, as far as something would change; `InputError` for no skill."""
    if name == ALL:
        return [skill for skill in SKILLS if since_reset(history, skill)]
    return [name] if since_reset(history, SKILLS.find(name).name) else []


def reset_question(history: History, name: str, skills: Sequence[str]) -> str:
    """What a learner is asked before."""
    given = answers([event for skill in skills for event in since_reset(history, skill)])
    what = "all skills" if name == ALL else name
    whose = "Their" if name == ALL else "Its"
    then = "stays in the file, but no longer counts" if given == 1 else "stay in the file, but no longer count"
    return f"Begin {what} anew? {whose} {counted(given, 'answer')} {then}. [y/N] "


GIVEN_UP = 2
"""So many exercises in a row without an answer of one's own: who goes on like this is stuck."""


@dataclass(frozen=True)
class Done:
    """One exercise, answered or given up. `alone`: right at once, without a hint; `solved`: right in the end."""

    variant: str
    level: int
    course: str
    alone: bool
    solved: bool


def done(history: History, skill: str) -> tuple[Done, ...]:
    """Those of one skill since it was last begun anew, the oldest first; what was only looked at is not among them.

    What became of an exercise is settled by the first right answer or the solution: doing it again changes nothing.
    """
    found: dict[tuple[str, int, int, str], Done] = {}
    closed = set()
    for event in since_reset(history, skill):
        if event.outcome not in ("right", "wrong", "shown") or event.exercise in closed:
            continue
        right = event.outcome == "right"
        one = found.get(event.exercise) or _begun(event)
        found[event.exercise] = replace(one, solved=right)
        if not event.leaves_open:
            closed.add(event.exercise)
    return tuple(found.values())


def _begun(event: Event) -> Done:
    return Done(variant_of(event), event.level, event.course, event.outcome == "right" and event.unaided, solved=False)


def variant_of(event: Event) -> str:
    """The kind of exercise that an event was about; "" for one of a course."""
    in_turns = SKILLS[event.skill].in_turns
    if event.variant or event.course or not in_turns:
        return event.variant
    return in_turns[event.seed % len(in_turns)]


def given_up(history: History, skill: str) -> int:
    """How many exercises of this skill, up to the last one, were in a row not solved."""
    count = 0
    for one in reversed(done(history, skill)):
        if one.solved:
            break
        count += 1
    return count


def is_stuck(history: History, skill: str) -> bool:
    """Whether a learner has given up several of its exercises in a row."""
    return given_up(history, skill) >= GIVEN_UP


def example_due(history: History, skill: str) -> bool:
    """Whether a worked example comes before the next exercise: after every second one that was given up."""
    count = given_up(history, skill)
    return count > 0 and count % GIVEN_UP == 0
