"""An account of a sheet: what became of each step given so far, and how unlikely it is that it came about so.

A slip is one cell that is off by itself; it is told with the one term that explains it, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.step import Factor, Step, Term, Working
from cnnstep.tutor.check.evidence import FIRM, WINDOW
from cnnstep.tutor.check.hypothesis import Cause, Hypothesis, codes_of
from cnnstep.tutor.check.lessons import numbers_of
from cnnstep.tutor.check.search import Candidate, Gap, explain
from cnnstep.tutor.check.sheet import Written, as_shown
from cnnstep.tutor.mistakes import MISTAKES, StepContext
from cnnstep.tutor.typed import EXACT

Verdict: TypeAlias = Literal["correct", "follows", "mistake", "slip", "unexplained", "missing"]


WRONG = ("mistake", "slip", "unexplained")
"""The verdicts of numbers that are not right and don't follow."""


@dataclass(frozen=True)
class Slip:
    """A cell (as a learner counts them), what stands there, what should, and what explains the difference."""

    cell: Cell
    yours: float
    expected: float
    reason: str = ""
    working: Working | None = None


@dataclass(frozen=True)
class Explanation:
    """Another way in which a step's numbers may have come about: these mistakes, and so many cells off besides."""

    codes: tuple[str, ...]
    slips: int = 0


@dataclass(frozen=True)
class StepMark:
    """What became of one step: its verdict, what was assumed there, the cells that slipped.

    `others` are explanations that are as good. `right` is right for the scenario under the sheet's conventions;
    `expected` is what follows from the learner's earlier numbers when this step, and those before it that were not
    given, are carried out rightly; `mine` is what they wrote, all as shown. `hypothesis` is the one just before the
    step, and `times` what its conventions multiply the step's result by. `context` is the step as it is carried out
    rightly from their numbers. `same_as` names what the numbers are where nothing was worked out: "zeros", or the
    quantity that was copied. `too_coarse`: it was given, and rounded so far that it can't be told, so it counts as
    missing.
    """

    step: Step
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    slips: tuple[Slip, ...] = ()
    others: tuple[Explanation, ...] = ()
    right: Array | None = field(default=None, repr=False)
    expected: Array | None = field(default=None, repr=False)
    mine: Written | None = field(default=None, repr=False)
    hypothesis: Hypothesis | None = field(default=None, repr=False)
    times: float = 1.0
    context: StepContext | None = field(default=None, repr=False)
    from_intended: bool = False
    same_as: str = ""
    too_coarse: bool = False

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The codes of the mistakes assumed here, each once."""
        return codes_of(self.causes)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """What was assumed here, then what is as good."""
        return Explanation(self.mistakes, len(self.slips)), *self.others

    @property
    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The codes of the other explanations."""
        return tuple(dict.fromkeys(other.codes for other in self.others))


def slips_in(candidate: Candidate, gap: Gap) -> tuple[Slip, ...]:
    """The cells that a way to a step leaves over."""
    context = candidate.hypothesis.at(gap.given)
    expected = as_shown(gap.given, candidate.result)
    # where a mistake was made in this very step, its working is another one
    mistaken_here = any(cause.mistake and cause.step == gap.given.name for cause in candidate.new)
    large = gap.given.name in candidate.hypothesis.lessons.large  # of so many products each could be the one
    scale = None if mistaken_here or large else candidate.times
    return tuple(
        _slip(context, tuple(int(i) for i in cell), expected, gap.mine, scale) for cell in np.argwhere(candidate.wrong)
    )


def _slip(context: StepContext, cell: Cell, expected: Array, mine: Written, scale: float | None) -> Slip:
    yours, right = float(mine.values[cell]), float(expected[cell])
    allowed = float(mine.tolerance[cell]) + EXACT * max(1.0, abs(right))
    if right and abs(yours + right) <= allowed:
        return Slip(cell, yours, right, "its sign is turned")
    neighbour = _neighbour(expected, cell, yours, allowed)
    if scale is None:
        return Slip(cell, yours, right, neighbour)
    working = context.step.working(context.values, context.step.quantity.layout.full_cell(cell))
    for value, reason in _one_term_off(context.values, working):
        if abs(yours - scale * value) <= allowed:
            return Slip(cell, yours, right, reason, working)
    return Slip(cell, yours, right, neighbour, working)


def _one_term_off(values: Values, working: Working) -> Iterator[tuple[float, str]]:
    """The sums with one term wrong, and how it is wrong."""
    total = working.value
    for term in working.terms:
        if not term.value:
            continue
        yield total - 2 * term.value, f"as if {_name(term)} went in with its sign turned"
        yield total - term.value, f"as if {_name(term)} was left out"
        yield total + term.value, f"as if {_name(term)} was counted twice"
    for term in working.terms:
        for factor in term.factors:
            for other, where in _around(values, factor):
                rest = term.value / factor.value if factor.value else _rest(term, factor)
                yield total - term.value + rest * other, f"as if {factor.label} was taken from the cell {where}"


def _rest(term: Term, factor: Factor) -> float:
    product = 1.0
    for other in term.factors:
        if other is not factor:
            product *= other.value
    return product


def _name(term: Term) -> str:
    return " · ".join(factor.label for factor in term.factors)


def _around(values: Values, factor: Factor) -> Iterator[tuple[float, str]]:
    """The numbers next to the one that a factor was read from."""
    if factor.source is None or len(factor.cell) < 2 or factor.label.find("′") >= 0:
        return
    array = values[factor.source]
    for where, down, right in (("above", -1, 0), ("below", 1, 0), ("to the left", 0, -1), ("to the right", 0, 1)):
        row, column = factor.cell[-2] + down, factor.cell[-1] + right
        if 0 <= row < array.shape[-2] and 0 <= column < array.shape[-1]:
            yield float(array[(*factor.cell[:-2], row, column)]), where


def _neighbour(expected: Array, cell: Cell, yours: float, allowed: float) -> str:
    """The number that belongs to a cell next to it, if that is what was written."""
    if len(cell) < 2:
        return ""
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        row, column = cell[-2] + down, cell[-1] + right
        if 0 <= row < expected.shape[-2] and 0 <= column < expected.shape[-1]:
            other = float(expected[(*cell[:-2], row, column)])
            if abs(other - yours) <= allowed:
                return f"this is the number of [{row},{column}]"
    return ""


UNTOUCHED = MISTAKES["not-updated"]
WIDEST = 24
"""So many accounts are followed at once."""
VARIANTS = 4
"""So many of them assume the same, and go on with other numbers: rounded, exact, put right."""
AS_MEANT = 1.0
"""What it costs to go on with the number that a slip should have been."""
SET_RIGHT = 2.0
"""What it costs to go on with the right matrix after a mistake, as if it had been looked up."""
AS_GOOD = 3.0
"""An explanation that costs so little more is another one that fits as well."""


@dataclass(frozen=True)
class Account:
    """A hypothesis with its marks; `bits` is how unlikely all of it is."""

    hypothesis: Hypothesis
    marks: tuple[StepMark, ...] = ()
    bits: float = 0.0

    @property
    def codes(self) -> tuple[str, ...]:
        """The mistakes it names."""
        return codes_of(self.hypothesis.causes)


def accounts_after(accounts: list[Account], gap: Gap) -> list[Account]:
    """The accounts beyond a given step, the likeliest first."""
    after = [
        one
        for account in accounts
        for candidate in explain(account.hypothesis, gap)
        for one in _on(account, candidate, gap)
    ]
    after.sort(key=lambda one: one.bits)
    kept: dict[object, list[object]] = {}
    return [one for one in after if one.bits <= after[0].bits + WINDOW and _is_new(one, kept)][:WIDEST]


def _is_new(account: Account, kept: dict[object, list[object]]) -> bool:
    """Whether no likelier account assumes the same and goes on with the same numbers, nor `VARIANTS` with others."""
    hypothesis = account.hypothesis
    numbers = tuple(numbers_of(hypothesis.values[name]) for name in sorted(hypothesis.values))
    alike = kept.setdefault((tuple(cause.name + cause.step for cause in hypothesis.causes), hypothesis.reading), [])
    if numbers in alike or len(alike) == VARIANTS:
        return False
    alike.append(numbers)
    return True


def _on(account: Account, candidate: Candidate, gap: Gap) -> Iterator[Account]:
    """The account with a candidate's mark, going on with the written numbers, those that were meant, or right ones."""
    step, mine, hypothesis, wrong = gap.given, gap.mine, candidate.hypothesis, bool(candidate.slips)
    right = hypothesis.rightly(gap.steps, account.hypothesis.values)[step.name]
    hypothesis = hypothesis.changed(known=hypothesis.known | {step.name})
    marks = (*account.marks, _mark(account.hypothesis, candidate, gap, right))
    bits = account.bits + candidate.bits
    if candidate.result.shape != right.shape:  # nobody goes on from another size
        yield Account(hypothesis.with_value(step, right, tainted=False), marks, bits)
        return
    layout = step.quantity.layout
    written = layout.restore(mine.values) if mine.in_shape(layout.show(right).shape) else None
    same = written is not None and np.allclose(written, candidate.result, rtol=EXACT, atol=0.0)
    if written is not None:
        typed = (
            hypothesis if same else hypothesis.going_on(exact=False).changed(rounded=hypothesis.rounded | {step.name})
        )
        cost = typed.doubt - hypothesis.doubt
        yield Account(typed.with_value(step, written, tainted=True if wrong else None), marks, bits + cost)
    intended = hypothesis.changed(intended=hypothesis.intended | {step.name})
    if wrong:
        yield Account(intended.with_value(step, candidate.result), marks, bits + AS_MEANT)
    elif not same:
        exact = hypothesis.going_on(exact=True).with_value(step, candidate.result)
        yield Account(exact, marks, bits + exact.doubt - hypothesis.doubt)
    if wrong or candidate.codes:
        steps = hypothesis.lesson.steps[: hypothesis.lesson.names.index(step.name) + 1]
        values = hypothesis.rightly(steps, hypothesis.lessons.begin)
        yield Account(intended.changed(values=values, tainted=frozenset()), marks, bits + SET_RIGHT)


def _mark(before: Hypothesis, candidate: Candidate, gap: Gap, right: Array) -> StepMark:
    """What a candidate says of the step; `right` is what follows from the learner's earlier numbers."""
    step = candidate.hypothesis.at(gap.given)
    spoiled = bool(before.known) and candidate.hypothesis.spoiled(step.step)
    verdict: Verdict = "follows" if spoiled else "correct"
    if candidate.codes:
        verdict = "mistake"
    elif candidate.slips:
        verdict = "slip" if candidate.are_slips else "unexplained"
    fitting = candidate.slips and verdict != "unexplained"
    return StepMark(
        step.step,
        verdict,
        candidate.new,
        slips_in(candidate, gap) if fitting else (),
        tuple(Explanation(codes, candidate.slips) for codes in candidate.equals),
        expected=as_shown(gap.given, right),
        mine=gap.mine,
        hypothesis=candidate.hypothesis,
        times=candidate.times,
        from_intended=any(quantity.name in before.intended for one in gap.steps for quantity in one.inputs),
        same_as=candidate.same_as,
    )


def likeliest(accounts: list[Account]) -> tuple[Hypothesis, dict[str, StepMark]]:
    """The account that names least among those that are not far less likely, and its marks by their steps' names.

    A name that another account does without is not said for certain: it is told beside what else fits.
    """
    possible = [one for one in accounts if one.bits <= accounts[0].bits + FIRM]
    chosen = min(possible, key=lambda one: (len(one.codes), one.bits))
    marks = {mark.step.name: mark for mark in chosen.marks}
    for other in accounts:
        if other.bits <= chosen.bits + AS_GOOD:
            for mark in other.marks:
                marks[mark.step.name] = _beside(marks[mark.step.name], mark)
    return _with_the_loss(chosen.hypothesis, {name: _said(mark) for name, mark in marks.items()})


def _said(mark: StepMark) -> StepMark:
    """The mark with what may be said of it: a right matrix gets no name, and one that is empty or copied no other.

    Zeros and numbers that stood there before fit too much to speak for anything: they are told as what they are.
    """
    if mark.verdict in ("correct", "follows"):
        return replace(mark, others=())
    if not mark.same_as:
        return mark
    if (UNTOUCHED.code,) not in mark.alternatives:
        return replace(mark, others=())
    causes = (*mark.causes, Cause(mark.step.name, mistake=UNTOUCHED))
    return replace(mark, verdict="mistake", causes=causes, slips=(), others=(), same_as="")


def _beside(mark: StepMark, other: StepMark) -> StepMark:
    """The mark with the explanations of another account that name something else there.

    An account that names nothing and leaves cells over has none: what its convention happens to meet is chance, and
    a mistake that comes to the same explains no more.
    """
    if other.verdict in WRONG and not other.mistakes:
        return mark
    for found in (Explanation(other.mistakes, len(other.slips)), *other.others):
        if found.codes and found.codes not in (mark.mistakes, *mark.alternatives):
            mark = replace(mark, others=(*mark.others, found))
    return mark


def _with_the_loss(hypothesis: Hypothesis, marks: dict[str, StepMark]) -> tuple[Hypothesis, dict[str, StepMark]]:
    """If the loss's number never came in where it would have shown, the loss is one that has none."""
    rules, last = hypothesis.lessons.rules, [n for n in marks if hypothesis.stage(hypothesis.lesson.step(n)) == "delta"]
    if (
        hypothesis.reading.number is not None
        or not last
        or rules.number == 1.0
        or marks[last[-1]].verdict == "unexplained"
    ):
        return hypothesis, marks
    causes = tuple(Cause(last[-1], convention=one) for one in rules.loss(1.0))
    mark = marks[last[-1]]
    marks = {**marks, last[-1]: replace(mark, causes=(*mark.causes, *causes))}
    return hypothesis.changed(causes=(*hypothesis.causes, *causes)), marks
