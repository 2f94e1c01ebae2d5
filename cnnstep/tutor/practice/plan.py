"""Which exercise comes next: the one left open, a mistake that recurs, the skill at hand, then the next one.

Six of one skill in a row are enough for a while: then something else has a turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from cnnstep.tutor.practice.anew import since_reset
from cnnstep.tutor.practice.event import Event, History
from cnnstep.tutor.practice.mastery import is_mastered, mastery, recurring
from cnnstep.tutor.practice.skills import HOMES, SKILLS

LIKELY = 0.5
"""From here on a skill is practised at level 2, and at level 3 once an exercise of level 2 was right unaided."""
ENOUGH_OF_IT = 6
"""After so many exercises of one skill in a row another takes a turn: who is stuck needs a change."""


@dataclass(frozen=True)
class Wishes:
    """What was asked for: one skill, a level, a seed to begin with, the fast track; "" and None leave it open.

    On the fast track a skill begins at the highest level, and one right matrix or number there masters it.
    """

    skill: str = ""
    level: int | None = None
    seed: int | None = None
    fast: bool = False


@dataclass(frozen=True)
class Choice:
    """A skill, a level, a seed, and why in words. `open`: the event it was left with, not yet right."""

    skill: str
    level: int
    seed: int
    why: str
    open: Event | None = None


def next_exercise(history: History, wishes: Wishes, done_now: int = 0) -> Choice:
    """The next exercise; `done_now` counts those since practice was begun, for a seed that was asked for."""
    if not done_now and wishes.seed is None and (left := _left_open(history, wishes)):
        return Choice(left.skill, left.level, left.seed, "you left this one open", left)
    skill, why = (wishes.skill, "you asked for it") if wishes.skill else _next_skill(history)
    level = wishes.level or (3 if wishes.fast else _level(history, skill))
    seed = wishes.seed + done_now if wishes.seed is not None else _fresh_seed(history, skill)
    return Choice(skill, level, seed, why)


def all_mastered(history: History) -> bool:
    """Whether nothing is left to practise."""
    return all(is_mastered(history, skill, HOMES) for skill in SKILLS)


def _left_open(history: History, wishes: Wishes) -> Event | None:
    """The last exercise, if it is not done; one of a course is taken up with its course."""
    last = history[-1] if history else None
    if last is None or last.course or not last.leaves_open or last.skill not in SKILLS:
        return None
    return last if wishes.skill in ("", last.skill) and wishes.level in (None, last.level) else None


def _next_skill(history: History) -> tuple[str, str]:
    open_skills = [skill for skill in SKILLS if not is_mastered(history, skill, HOMES)]
    again = recurring(history, HOMES)
    last = next((event.skill for event in reversed(history) if event.outcome != "reset"), "")
    ready = [s for s in open_skills if all(need not in open_skills for need in SKILLS[s].needs)]
    comes_back = last in open_skills or any(HOMES[code] == last for code in again)
    if comes_back and _in_a_row(history, last) >= ENOUGH_OF_IT and (others := _instead_of(last, ready)):
        return others[0], f"a change from {SKILLS[last].title.lower()}, which comes back"
    if again:
        return HOMES[again[0]], f"{again[0]} came up again and again"
    if last in open_skills:
        return last, "to go on where you were"
    if ready:
        return ready[0], "it comes next" if history else "it comes first"
    return min(SKILLS, key=lambda skill: _last_time(history, skill)), "it was longest ago"


def _in_a_row(history: History, skill: str) -> int:
    """How many exercises of this skill were done since one of another skill."""
    since = takewhile(lambda event: event.skill == skill, reversed(history))
    return len({event.exercise for event in since if not event.leaves_open})


def _instead_of(skill: str, ready: list[str]) -> list[str]:
    """What else can be practised: another skill that is ready, else what this one builds on."""
    return [other for other in ready if other != skill] or list(SKILLS[skill].needs)


def _last_time(history: History, skill: str) -> int:
    """When a skill was practised last, as a place in the history; −1 for never."""
    return max((place for place, event in enumerate(history) if event.skill == skill), default=-1)


def _level(history: History, skill: str) -> int:
    if mastery(history, skill, HOMES) < LIKELY:
        return 1
    alone = any(event.unaided and event.level >= 2 and not event.course for event in since_reset(history, skill))
    return 3 if alone else 2


def _fresh_seed(history: History, skill: str) -> int:
    """One more than any seed that the skill has had."""
    return max((event.seed + 1 for event in history if event.skill == skill and not event.course), default=0)
