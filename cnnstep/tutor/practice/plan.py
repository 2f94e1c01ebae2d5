"""Which exercise comes next: the one left open, a mistake that recurs, the skill at hand, then the next one.

Six of one skill in a row are enough for a while: then something else has a turn.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import takewhile

from cnnstep.tutor.practice.history import Event, History, done, is_stuck
from cnnstep.tutor.practice.mastery import is_mastered, mastery, missing, recurring
from cnnstep.tutor.practice.skills import CORE, SKILLS, homes

LIKELY = 0.5
"""From here on a right answer at once leads to the next level."""
ENOUGH_OF_IT = 6
"""After so many exercises of one skill in a row another takes a turn: who is stuck needs a change."""
BLOCK = 1000
"""A student's own exercises: so many seeds from the first one on."""
STUDENTS = 10_000


@dataclass(frozen=True)
class PracticeOptions:
    """What was asked for: one skill, a level, a seed to begin with, the fast track; "" and None leave it open.

    On the fast track a skill begins at its highest level. `student` is a name whose exercises are other ones than
    another name's.
    """

    skill: str = ""
    level: int | None = None
    seed: int | None = None
    fast: bool = False
    student: str = ""


@dataclass(frozen=True)
class Choice:
    """A skill, a level, a seed, and why in words. `open`: the event it was left with, not yet right."""

    skill: str
    level: int
    seed: int
    why: str
    open: Event | None = None


def next_exercise(history: History, options: PracticeOptions, done_now: int = 0) -> Choice:
    """The next exercise; `done_now` counts those since practice was begun, for a seed that was asked for."""
    if not done_now and options.seed is None and (left := _left_open(history, options)):
        return Choice(left.skill, left.level, left.seed, "you left this one open", left)
    skill, why = (options.skill, "you chose this skill") if options.skill else _next_skill(history)
    level = SKILLS[skill].levels if options.fast else _level(history, skill)
    if options.level:
        level = min(options.level, SKILLS[skill].levels)
    seed = options.seed + done_now if options.seed is not None else _seed(history, skill, options.student)
    return Choice(skill, level, seed, why)


def all_mastered(history: History) -> bool:
    """Whether nothing is left to practise."""
    return all(is_mastered(history, skill) for skill in CORE)


def first_seed(student: str) -> int:
    """Where a student's own exercises begin; 0 without a name."""
    return zlib.crc32(student.encode()) % STUDENTS * BLOCK if student else 0


def _left_open(history: History, options: PracticeOptions) -> Event | None:
    """The last exercise, if it is not done; one of a course is taken up with its course."""
    last = history[-1] if history else None
    if last is None or last.course or not last.leaves_open or last.skill not in SKILLS:
        return None
    if last.level not in range(1, SKILLS[last.skill].levels + 1):  # of another version, or of another's hand
        return None
    return last if options.skill in ("", last.skill) and options.level in (None, last.level) else None


def _next_skill(history: History) -> tuple[str, str]:
    open_skills = [skill for skill in CORE if not is_mastered(history, skill)]
    again = recurring(history)
    last = next((event.skill for event in reversed(history) if event.outcome != "reset"), "")
    comes_back = last in open_skills or any(homes()[code] == last for code in again)
    if comes_back and _in_a_row(history, last) >= ENOUGH_OF_IT:
        return _instead_of(history, last, open_skills), f"a change from {SKILLS[last].title.lower()}, which comes back"
    if again:
        return homes()[again[0]], f"{again[0]} came up again and again"
    if last in open_skills:
        return last, "to go on where you were"
    if ready := _ready(open_skills):
        return ready[0], "it comes next" if history else "it comes first"
    return min(CORE, key=lambda skill: _last_time(history, skill)), "it was longest ago"


def _ready(open_skills: list[str]) -> list[str]:
    """Those of the open skills whose needs are mastered."""
    return [skill for skill in open_skills if all(need not in open_skills for need in SKILLS[skill].needs)]


def _instead_of(history: History, last: str, open_skills: list[str]) -> str:
    """What has a turn in the place of a skill: one that is ready and not stuck, else what comes after it all the same,
    else what it builds on, else what was longest ago.
    """
    others = [skill for skill in open_skills if skill != last]
    ready = [skill for skill in _ready(open_skills) if skill != last]
    fresh = [skill for skill in (*ready, *others) if not is_stuck(history, skill)]
    if fresh:
        return fresh[0]
    rest = others or list(SKILLS[last].needs) or [skill for skill in CORE if skill != last]
    return min(rest, key=lambda skill: _last_time(history, skill))


def _in_a_row(history: History, skill: str) -> int:
    """How many exercises of this skill were done since one of another skill."""
    since = takewhile(lambda event: event.skill == skill, reversed(history))
    return len({event.exercise for event in since if not event.leaves_open})


def _last_time(history: History, skill: str) -> int:
    """When a skill was practised last, as a place in the history; −1 for never."""
    return max((place for place, event in enumerate(history) if event.skill == skill), default=-1)


def _level(history: History, skill: str) -> int:
    """One more after a right answer at once, one less after two exercises that were not right at once.

    As long as many kinds are still to come, they come at the lower levels: the last of them at the highest.
    """
    own = [one for one in done(history, skill) if not one.course]
    likely = mastery(history, skill) >= LIKELY
    if not own:
        return 2 if likely else 1
    last, highest = own[-1], SKILLS[skill].levels
    if last.alone:
        before_the_last = max(len(missing(history, skill).variants) - 1, 0)
        return min(last.level + likely, max(last.level, highest - before_the_last), highest)
    again = len(own) > 1 and not own[-2].alone
    return max(1, min(last.level, highest) - again)


def _variant(history: History, skill: str) -> str:
    """The kind of exercise: the last one once more where it was not right at once, then those that are missing, then
    the one that was longest ago.
    """
    variants = SKILLS[skill].variants
    own = [one for one in done(history, skill) if one.variant in variants]
    failed_twice = ""
    if own and not own[-1].alone:
        if len(own) == 1 or own[-2].alone or own[-2].variant != own[-1].variant:
            return own[-1].variant
        failed_twice = own[-1].variant
    latest = {one.variant: place for place, one in enumerate(own)}
    lacking = [variant for variant in missing(history, skill).variants if variant != failed_twice]
    return min(lacking or variants, key=lambda variant: (latest.get(variant, -1), variants.index(variant)))


def _seed(history: History, skill: str, student: str) -> int:
    """The first seed after those that the skill has had, in the student's own block, that gives the kind wanted."""
    seeds = {event.skill: event.seed for event in sorted(history, key=lambda e: e.seed) if not event.course}
    block = first_seed(student) if student else max(seeds.values(), default=0) // BLOCK * BLOCK
    fresh = max(seeds.get(skill, -1) + 1, block)
    variants = SKILLS[skill].variants
    return fresh + (variants.index(_variant(history, skill)) - fresh) % len(variants)
