"""How well a learner has a skill: how likely it is there, and what of it they have not shown yet.

P is the probability that the skill is there (knowledge tracing). An answer changes it by Bayes' rule: who has the
skill still slips with probability s, who has not is right all the same with g. A finished exercise teaches with
probability l: P ← P + (1 − P)·l. After Corbett and Anderson, Knowledge tracing (1995).

P alone does not tell a learner who has all of a skill from one who has most of it. So a skill is mastered only when
P is high, the last exercise of each of its kinds was right at once, and so was one of its highest level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cnnstep.tutor.practice.history import Event, History, done
from cnnstep.tutor.practice.skills import SKILLS, homes

GUESSES: Mapping[str, float] = {"matrix": 0.1, "number": 0.1, "cell": 0.15, "choice": 0.25}
"""How often an answer is right without the skill, by its kind: by luck, and because a misconception often gives the
right number all the same.
"""


@dataclass(frozen=True)
class Parameters:
    """`known`: P before the first answer (`known_fast` on the fast track); `learns` l; `slips` s; `mastered`: P from
    which a skill can count as mastered. Each hint and each wrong answer before halves what a right one proves.
    """

    known: float = 0.2
    known_fast: float = 0.5
    learns: float = 0.15
    slips: float = 0.1
    mastered: float = 0.95


USUAL = Parameters()
RECENT = 40
"""So many events back a mistake still counts as one that recurs."""
ENOUGH = 2
"""Made so often, a mistake recurs; so many unaided right answers in its skill, and it is over."""


def mastery(history: History, skill: str, parameters: Parameters = USUAL) -> float:
    """P for a skill. A mistake that belongs to it counts against it, whichever skill's exercise it was made in."""
    known: float | None = None
    before: dict[tuple[str, int, int, str], str] = {}
    for event in history:
        if event.skill == skill and event.outcome == "reset":
            known = None
            before.clear()
        elif event.skill == skill and event.outcome not in ("skipped", "hint"):
            start = parameters.known_fast if event.fast else parameters.known
            known = _after(start if known is None else known, event, before.get(event.exercise, ""), parameters)
            before[event.exercise] = event.outcome
        elif known is not None and event.attempt == 1 and any(homes().get(code) == skill for code in event.mistakes):
            known = _wrong(known, event, parameters)
    return parameters.known if known is None else known


def _after(known: float, event: Event, before: str, parameters: Parameters) -> float:
    """P after an event; `before` is what the same exercise came to last. Of wrong answers only the first tells."""
    if before in ("right", "shown"):  # finished already, and done again
        return known
    if event.outcome == "right":
        known = _right(known, event, parameters)
    elif before != "wrong":
        known = _wrong(known, event, parameters)
    return known if event.outcome == "wrong" else known + (1 - known) * parameters.learns


def _right(known: float, event: Event, parameters: Parameters) -> float:
    knows, guesses = 1 - parameters.slips, guess(event, parameters)
    return known * knows / (known * knows + (1 - known) * guesses)


def _wrong(known: float, event: Event, parameters: Parameters) -> float:
    misses = 1 - GUESSES[event.kind]
    return known * parameters.slips / (known * parameters.slips + (1 - known) * misses)


def guess(event: Event, parameters: Parameters = USUAL) -> float:
    """How likely a right answer is without the skill: luck, and what the hints and earlier answers gave away."""
    helps = event.hints + event.attempt - 1
    return float(min(1 - parameters.slips, 1 - (1 - GUESSES[event.kind]) * 0.5**helps))


@dataclass(frozen=True)
class Missing:
    """What a learner has not shown of a skill: its kinds whose last exercise was not right at once, its highest level
    (0 where that is done).
    """

    variants: tuple[str, ...] = ()
    level: int = 0

    def __bool__(self) -> bool:
        return bool(self.variants or self.level)

    @property
    def words(self) -> tuple[str, ...]:
        """Each of them as it is said."""
        kinds = tuple(variant.replace("-", " ") for variant in self.variants)
        return kinds + ((f"level {self.level}",) if self.level else ())


def missing(history: History, skill: str) -> Missing:
    """What is still to be shown. Exercises of a course are not among the kinds, so they don't count here."""
    own = [one for one in done(history, skill) if not one.course]
    last = {one.variant: one.alone for one in own}
    of = SKILLS[skill]
    reached = max((one.level for one in own if one.alone), default=0)
    lacking = tuple(variant for variant in of.variants if not last.get(variant, False))
    return Missing(lacking, of.levels if reached < of.levels else 0)


def is_mastered(history: History, skill: str, parameters: Parameters = USUAL) -> bool:
    """Whether P has reached what counts as mastered, and nothing of the skill is missing."""
    return mastery(history, skill, parameters) >= parameters.mastered and not missing(history, skill)


def recurring(history: History) -> tuple[str, ...]:
    """The mistakes made again and again of late and not yet overcome, the most frequent first."""
    made: Counter[str] = Counter()
    for event in history[-RECENT:]:
        if event.outcome == "reset":
            made = Counter({code: n for code, n in made.items() if homes().get(code) != event.skill})
        made.update({code for code in event.mistakes if code in homes()} if event.outcome == "wrong" else ())
    return tuple(code for code, n in made.most_common() if n >= ENOUGH and not _overcome(history, code))


def _overcome(history: History, code: str) -> bool:
    since = 0
    for event in history:
        if code in event.mistakes:
            since = 0
        elif event.skill == homes()[code] and event.unaided:
            since += 1
    return since >= ENOUGH


def most_made(history: History, most: int = 5) -> tuple[tuple[str, int], ...]:
    """The mistakes told most often, with how often."""
    return tuple(Counter(code for event in history for code in event.mistakes).most_common(most))
