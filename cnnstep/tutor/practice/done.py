"""The exercises of a skill as a learner left them: which were right at once, which were solved, which were given up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnnstep.tutor.practice.event import Event, History
from cnnstep.tutor.practice.reset import since_reset
from cnnstep.tutor.practice.skills import SKILLS

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
    variant = SKILLS[event.skill].variant_of(event)
    return Done(variant, event.level, event.course, event.outcome == "right" and event.unaided, solved=False)


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
