"""The search for the likeliest ways to have come to a learner's numbers.

From one given step to the next, the steps between are carried out rightly, then with one mistake anywhere, then with
two, each under every convention that is still open, until something gives the learner's matrix. What each way
assumes and what it leaves over is weighed in bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import nsmallest
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.check.evidence import (
    EXCUSED,
    HALVES,
    PLAIN,
    SOMETHING,
    WINDOW,
    Evidence,
    Half,
    digits_of,
    excused,
    half_way,
    is_long,
    price,
    rounded,
)
from cnnstep.tutor.check.hypothesis import Cause, Hypothesis, codes_of
from cnnstep.tutor.check.kinks import either_side, near_kink
from cnnstep.tutor.check.lessons import Reading
from cnnstep.tutor.check.sheet import Written, as_shown
from cnnstep.tutor.typed import EXACT

LEFT_OUT = 1.0
"""What it costs, in bits, that a mistake was made in a step which was not written down."""
OTHER_SIZE = 4.0
"""What it costs that a matrix has another size for no reason."""
SLIPS_BESIDE = 5
"""One cell in so many may be off beside a mistake."""
MOST_SLIPS = 2_000
"""Nobody slips more often."""
LONG = 9
"""Over more steps than this one mistake is looked for, not two: a network has too many pairs.

So it is where a matrix that was left out has more numbers than anybody writes down; nor does who leaves that to a
program round on the way.
"""
MOST_KEPT = 12
"""So many ways are followed on from one step; the likeliest come first."""


class Gap(NamedTuple):
    """A given step, those left out since the last given one that it is made of, and what the learner wrote for it.

    `precision` is that of the sheet's coarsest matrix: half a unit of its last digit, 0 where all numbers are exact.
    """

    between: tuple[Step, ...]
    given: Step
    mine: Written
    precision: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were left out and the given one, in their order."""
        return (*self.between, self.given)


@dataclass(frozen=True)
class Candidate:
    """One way to have come to a given step: the hypothesis before its value, the exact result, the cells that differ.

    `causes` counts the causes that were assumed since the last given step, `excused` the cells that only rounding
    makes fit, `times` is what the conventions multiply the result by, `bits` what all of it is worth. `equals` are
    other mistakes that give exactly the same result; `same_as` says what the numbers are if nothing was worked out.
    """

    hypothesis: Hypothesis
    result: Array = field(repr=False)
    wrong: NDArray[np.bool_] = field(repr=False)
    causes: int
    excused: int = 0
    times: float = 1.0
    bits: float = 0.0
    equals: tuple[tuple[str, ...], ...] = ()
    same_as: str = ""
    other_size: bool = False

    @property
    def new(self) -> tuple[Cause, ...]:
        """The causes that were assumed since the last given step."""
        return self.hypothesis.causes[len(self.hypothesis.causes) - self.causes :]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The mistakes that were assumed since the last given step, each once."""
        return codes_of(self.new)

    @cached_property
    def slips(self) -> int:
        """How many cells are left over."""
        return int(self.wrong.sum())

    @property
    def are_slips(self) -> bool:
        """Whether the cells left over are so few that each is one by itself."""
        few = min(max(1, self.wrong.size // 2), MOST_SLIPS) if not self.same_as else 1
        return 0 < self.slips <= few and not self.other_size

    @cached_property
    def made_in(self) -> dict[str, str]:
        """By their code, the steps of the mistakes that had not been made before; made again it is no other one."""
        before = codes_of(self.hypothesis.causes[: len(self.hypothesis.causes) - self.causes])
        made = reversed([cause for cause in self.new if cause.mistake and cause.mistake.code not in before])
        return {cause.name: cause.step for cause in made}

    def may_equal(self, other: Candidate) -> bool:
        """Whether other mistakes that give the same are as good: no more of them; or one, for another convention."""
        most = len(self.codes) or int(bool(self.new) and not self.same_as)
        return other.codes not in (self.codes, *self.equals) and len(other.codes) <= most

    def gives_the_same(self, other: Candidate) -> bool:
        """Whether the two come to the same numbers."""
        if self.result.shape != other.result.shape:
            return False
        return not (np.abs(self.result - other.result) > EXACT * np.maximum(1.0, np.abs(self.result))).any()


def explain(hypothesis: Hypothesis, gap: Gap) -> list[Candidate]:
    """The likeliest ways from a hypothesis to a learner's matrix, best first; the nearly as likely may win later.

    The one without a mistake is always among them, unless a name is so much likelier that it is believed.
    """
    return _Search(hypothesis, gap).found()


class _Search:
    """One search: what there is to explain, and what an explanation costs."""

    def __init__(self, hypothesis: Hypothesis, gap: Gap) -> None:
        self.hypothesis, self.gap = hypothesis, gap
        self.possible: dict[str, set[str]] = {step.name: set() for step in gap.steps}
        self.large = not hypothesis.lessons.large.isdisjoint(step.name for step in gap.between)
        self.digits = digits_of(gap.mine, gap.precision) if gap.between and not self.large else None
        self.open = gap.mine.values.size  # the fewest cells that are left over without a mistake
        self.under_another = 0  # and under another convention: a mistake may be its equal
        self.half_way = False  # whether any number between lay half way between two
        self.read: dict[object, list[tuple[Reading, float]]] = {}

    @cached_property
    def evidence(self) -> Evidence:
        """What the learner's numbers say, beside the right ones."""
        step = self.gap.given
        right = as_shown(step, self.hypothesis.rightly(self.gap.steps, self.hypothesis.values)[step.name])
        return Evidence(self.gap.mine, right, self._before if step.role == "update" else None)

    @property
    def _before(self) -> Array:
        """What an update was to change."""
        step = self.gap.given
        return as_shown(step, self.hypothesis.values[step.inputs[0].name])

    def found(self) -> list[Candidate]:
        """The candidates worth going on with."""
        tried = self._tried(0)
        fitting = [one for one in tried if not one.slips]
        tried = fitting or tried  # who is right under some convention has not slipped
        self.open = min(one.slips for one in tried)
        self.under_another = min((one.slips for one in tried if one.new), default=0)
        best = min(tried, key=lambda one: one.bits)
        if best.slips or best.excused or best.new:
            tried += self._priced(self._tried(1))
            best = min(tried, key=lambda one: one.bits)
            short = len(self.gap.steps) <= LONG and not self.large
            if best.bits > 2 * SOMETHING and short and not fitting and self._may_be_two(tried, best.bits + WINDOW):
                tried += self._priced(self._tried(2))
        return _worth_keeping(sorted(tried, key=lambda one: one.bits))

    def _may_be_two(self, tried: list[Candidate], most: float) -> bool:
        """Whether two mistakes in steps that were left out could come to so few bits, or another pair be an equal.

        What names cost alone says so mostly, with a look at the pairs that cost less: those are few.
        """
        prices, given = self._prices(), self.gap.given.name
        between = min((prices[step.name] for step in self.gap.between), default=0.0)
        if self.hypothesis.mistakes or 2 * between <= most:
            return True
        one_there = int(between + prices[given] <= most)
        pairs = self._priced(list(self._reach(self.hypothesis, self.gap.steps, 2, between=one_there)))
        return any(one.bits <= most and len(one.codes) > 1 for one in (*tried, *pairs))

    def _tried(self, mistakes: int) -> list[Candidate]:
        """Every way with exactly so many new mistakes; where it can matter, those that round on the way too.

        Whoever is right may have rounded though it can't be seen yet; beside a mistake it is a way out only.
        """
        ways = self._reach(self.hypothesis, self.gap.steps, mistakes)
        found = nsmallest(2 * MOST_KEPT, ways, key=lambda one: one.bits) if self.large else list(ways)
        none_fits = all(one.slips or one.excused for one in found)
        if self.digits is not None and (not mistakes or (mistakes == 1 and none_fits)):
            found += self._rounding(mistakes)
        return found

    def _rounding(self, mistakes: int) -> Iterator[Candidate]:
        """The ways that round the steps between; what lies half way goes the same way in all of them."""
        between = {step.name for step in self.gap.between}
        for half in HALVES:
            rounded = self._reach(self.hypothesis, self.gap.steps, mistakes, half)
            yield from (one for one in rounded if not between.isdisjoint(one.hypothesis.rounded))
            if not self.half_way:
                return

    def _priced(self, tried: list[Candidate]) -> list[Candidate]:
        """The candidates with what their names cost: the more could have been made there, the less one says."""
        prices = self._prices()
        return [replace(one, bits=one.bits + sum(prices[step] for step in one.made_in.values())) for one in tried]

    def _prices(self) -> dict[str, float]:
        """What a name costs, by the step that it was made in."""
        given = self.gap.given.name
        between = price(sum(len(codes) for name, codes in self.possible.items() if name != given)) + LEFT_OUT
        return {name: price(len(codes)) if name == given else between for name, codes in self.possible.items()}

    def _reach(
        self,
        hypothesis: Hypothesis,
        steps: tuple[Step, ...],
        mistakes: int,
        half: Half | None = None,
        *,
        between: int = 2,
    ) -> Iterator[Candidate]:
        """Every way through these steps, compared with the learner's; at most so many mistakes `between`."""
        step, rest = steps[0], steps[1:]
        for made in range(min(mistakes, between) + 1) if rest else (mistakes,):
            for after, result in hypothesis.ways(step, made, widely=mistakes < 2 or not rest):
                if not rest:
                    yield from self._judged(after, result)
                for onward in self._onward(after, step, result, half) if rest else ():
                    yield from self._reach(onward, rest, mistakes - made, half, between=between - made)

    def _onward(self, hypothesis: Hypothesis, step: Step, result: Array, half: Half | None) -> Iterator[Hypothesis]:
        """The hypotheses beyond a step that was not given, with its exact numbers or with rounded ones."""
        for reading, times in hypothesis.readings(step, given=False, early=half is not None):
            read, value = hypothesis.reads(step, reading, times), result if times == 1.0 else times * result
            if self.digits is None or not is_long(value, 10.0**-self.digits).any():
                yield read.with_value(step, value)
            elif half is None:
                yield read.going_on(exact=True).with_value(step, value)
            else:
                short = read.going_on(exact=False).changed(rounded=read.rounded | {step.name})
                self.half_way = self.half_way or bool(half_way(value, self.digits).any())
                yield short.with_value(step, rounded(value, self.digits, half))

    def _judged(self, hypothesis: Hypothesis, result: Array) -> Iterator[Candidate]:
        """The result beside the learner's matrix; where z is 0 but for rounding, with the slope that fits better."""
        step, mine = self.gap.given, self.gap.mine
        shown = as_shown(step, result)
        names = [cause for cause in hypothesis.causes[len(self.hypothesis.causes) :] if cause.mistake]
        for cause in names:
            self.possible[cause.step].add(cause.name)
        if shown.shape != mine.values.shape:
            if not names:
                one = self._weighed(hypothesis, result, np.ones(mine.values.shape, dtype=bool), 0, 1.0)
                yield replace(one, bits=one.bits + OTHER_SIZE, other_size=True)
            return
        readings, either = self._readings(hypothesis), self._either_side(hypothesis)
        if not either:
            yield from self._compared(hypothesis, result, readings, names)
            return
        for reading, times in readings:
            yield from self._compared(hypothesis, self._nearest((result, *either), times), [(reading, times)], names)

    def _either_side(self, hypothesis: Hypothesis) -> tuple[Array, ...]:
        """Of a right δ, what it is on either side of a kink; () where z is not at one."""
        step = self.gap.given
        if any(cause.step == step.name and cause.mistake for cause in hypothesis.causes):
            return ()
        context = hypothesis.at(step)
        near = near_kink(context)
        return either_side(context, near) if near is not None else ()

    def _nearest(self, ways: tuple[Array, ...], times: float) -> Array:
        """In each cell the one of these that is nearest to the learner's number."""
        step, mine = self.gap.given, self.gap.mine
        off = [np.abs(mine.values - times * as_shown(step, one)) for one in ways]
        best: Array = np.choose(np.argmin(off, axis=0).reshape(ways[0].shape), ways)
        return best

    def _compared(
        self, hypothesis: Hypothesis, result: Array, readings: list[tuple[Reading, float]], names: list[Cause]
    ) -> Iterator[Candidate]:
        """The result beside the learner's matrix under those of these readings that fit it best."""
        step, mine = self.gap.given, self.gap.mine
        shown = as_shown(step, result)
        wrongs = self._wrong(shown, readings)
        fewest = int(wrongs.reshape(len(wrongs), -1).sum(axis=1).min())
        if names and not self._may_leave(fewest):
            return
        for (reading, times), wrong in zip(readings, wrongs, strict=True):
            if not names or int(wrong.sum()) == fewest:
                forgiven = excused(mine, times * shown, wrong) & self._rounded_before(hypothesis)
                read = hypothesis.reads(step, reading, times)
                yield self._weighed(read, times * result, wrong & ~forgiven, int(forgiven.sum()), times)

    def _readings(self, hypothesis: Hypothesis) -> list[tuple[Reading, float]]:
        """What can be read into the given step's numbers: the same for hypotheses that have read the same so far."""
        key = hypothesis.reading, hypothesis.ratio_in(self.gap.given)
        if key not in self.read:
            self.read[key] = hypothesis.readings(self.gap.given, given=True)
        return self.read[key]

    def _wrong(self, shown: Array, readings: list[tuple[Reading, float]]) -> NDArray[np.bool_]:
        """The cells that differ under each of these readings: [reading, …]."""
        times = np.array([times for _, times in readings]).reshape(-1, *[1] * shown.ndim)
        return self.gap.mine.unlike(times * shown)

    def _may_leave(self, slips: int) -> bool:
        """Whether a mistake may leave so many cells open: few, and fewer than it explains; or as another convention."""
        explained = self.open - slips
        size = self.gap.mine.values.size
        few = slips <= max(1, size // SLIPS_BESIDE) and slips < explained
        return not slips or few or (slips == self.under_another and slips <= max(1, size // 2))

    def _rounded_before(self, hypothesis: Hypothesis) -> bool:
        """Whether a number that goes into the given step had to be rounded; from exact ones a result is exact."""
        unit = 2.0 * self.gap.mine.finest
        names = {quantity.name for quantity in self.gap.given.inputs}
        return unit > 0 and (
            not names.isdisjoint(hypothesis.rounded) or any(is_long(hypothesis.values[n], unit).any() for n in names)
        )

    def _weighed(
        self, hypothesis: Hypothesis, result: Array, wrong: NDArray[np.bool_], forgiven: int, times: float
    ) -> Candidate:
        causes = len(hypothesis.causes) - len(self.hypothesis.causes)
        one = Candidate(hypothesis, result, wrong, causes, forgiven, times)
        bits = hypothesis.doubt - self.hypothesis.doubt + EXCUSED * forgiven
        same_as = self._same_as() if one.slips and not one.codes else ""
        if one.slips:
            off = self.evidence.slips(wrong) if one.codes else self.evidence.off(wrong)
            bits += min(off, SOMETHING + PLAIN) if same_as else off
        return replace(one, bits=bits, same_as=same_as)

    def _same_as(self) -> str:
        """What the learner's matrix is if nothing was worked out: zeros, or what stood there before."""
        step, mine = self.gap.given, self.gap.mine
        if not mine.values.any():
            return "zeros"
        if step.role == "update":
            wrong = mine.wrong(self._before)
            return "" if wrong is None or wrong.any() else step.inputs[0].name
        return ""


def _worth_keeping(ranked: list[Candidate]) -> list[Candidate]:
    """The likeliest, each result once: with the same numbers other mistakes, no more of them, are its equals."""
    kept: list[Candidate] = []
    for one in ranked:
        twin = next((i for i, other in enumerate(kept) if other.gives_the_same(one)), None)
        if twin is None or not one.codes:
            if one.bits <= ranked[0].bits + WINDOW and len(kept) < MOST_KEPT:
                kept.append(one)
        elif kept[twin].may_equal(one):
            kept[twin] = replace(kept[twin], equals=(*kept[twin].equals, one.codes))
    return kept
