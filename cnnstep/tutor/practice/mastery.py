"""How likely a learner has a skill: knowledge tracing over their answers, with its parameters stated.

P is the probability that the skill is there. An answer changes it by Bayes' rule: who has the skill still slips
with probability s, who has not guesses with g. A finished exercise teaches with probability l: P ← P + (1 − P)·l.
After Corbett and Anderson, Knowledge tracing (1995).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cnnstep.tutor.practice.event import Event, History

GUESSES: Mapping[str, float] = {"matrix": 0.02, "number": 0.05, "cell": 0.1, "choice": 0.3}
"""How often an answer is right by luck, by its kind."""


@dataclass(frozen=True)
class Parameters:
    """`known`: P before the first answer (`known_fast` on the fast track); `learns` l; `slips` s; `mastered`: P from
    which a skill counts as mastered. Each hint and each wrong answer before halves what a right one proves.
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


def mastery(history: History, skill: str, homes: Mapping[str, str], parameters: Parameters = USUAL) -> float:
    """P for a skill; `homes` tells to which skill a mistake belongs, for it may be made in another one's exercise."""
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
        elif known is not None and event.attempt == 1 and any(homes.get(code) == skill for code in event.mistakes):
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


def is_mastered(history: History, skill: str, homes: Mapping[str, str], parameters: Parameters = USUAL) -> bool:
    """Whether P has reached what counts as mastered."""
    return mastery(history, skill, homes, parameters) >= parameters.mastered


def recurring(history: History, homes: Mapping[str, str]) -> tuple[str, ...]:
    """The mistakes made again and again of late and not yet overcome, the most frequent first."""
    made: Counter[str] = Counter()
    for event in history[-RECENT:]:
        if event.outcome == "reset":
            made = Counter({code: n for code, n in made.items() if homes.get(code) != event.skill})
        made.update({code for code in event.mistakes if code in homes} if event.outcome == "wrong" else ())
    return tuple(code for code, n in made.most_common() if n >= ENOUGH and not _overcome(history, code, homes))


def _overcome(history: History, code: str, homes: Mapping[str, str]) -> bool:
    since = 0
    for event in history:
        if code in event.mistakes:
            since = 0
        elif event.skill == homes[code] and event.unaided:
            since += 1
    return since >= ENOUGH


def most_made(history: History, most: int = 5) -> tuple[tuple[str, int], ...]:
    """The mistakes told most often, with how often."""
    return tuple(Counter(code for event in history for code in event.mistakes).most_common(most))
