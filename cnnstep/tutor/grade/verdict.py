"""The verdict on each result of a learner's functions: right, one mistake, unexplained, or no numbers at all.

A mistake is named only where it gives the learner's numbers in every case, those that are right included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from cnnstep.tutor.grade.answer import GivenResult
from cnnstep.tutor.grade.candidates import Naming, explanations
from cnnstep.tutor.grade.signatures import LearnerFunction, Result, Signature

Verdict: TypeAlias = Literal["right", "mistake", "unexplained", "faulted"]

FOLLOWS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "flipped-filter": {"input_gradient": "filter-not-rotated", "gradient": "gradient-rotated"},
        "transposed-filter": {"gradient": "gradient-transposed"},
    }
)
"""What comes of a mistake on the way forward when the way back is right for it, by the word of the step."""


CONVENTIONS = frozenset({"pool-tie-shared", "pool-tie-last"})
"""What is right in another way: who gets the gradient of equal maxima."""
PLAINER = frozenset({"bias-gradient-averaged", "averaged-over-batch"})
"""Of a dense layer's bias, which is added once a sample, these are the same."""


@dataclass(frozen=True)
class ResultMark:
    """What was found out about one result: the answers from the smallest case up, and what explains them.

    `follows` is a mistake of another result that this one is right for.
    """

    answers: tuple[GivenResult, ...] = field(repr=False)
    explanations: tuple[Naming, ...] = ()
    follows: str = ""

    @property
    def function(self) -> LearnerFunction:
        """The function that gives it."""
        return self.answers[0].function

    @property
    def result(self) -> Result:
        """Which of its results."""
        return self.answers[0].result

    @cached_property
    def right_in(self) -> int:
        """In how many cases the numbers are right."""
        return sum(answer.is_right for answer in self.answers)

    @cached_property
    def faulted(self) -> tuple[GivenResult, ...]:
        """The cases that gave no numbers."""
        return tuple(answer for answer in self.answers if answer.fault)

    @property
    def verdict(self) -> Verdict:
        """In one word."""
        if self.faulted:
            return "faulted"
        if self.convention:
            return "right"
        if self.explanations:
            return "mistake"
        return "right" if self.right_in == len(self.answers) else "unexplained"

    @cached_property
    def smallest(self) -> GivenResult | None:
        """The smallest case in which something is wrong: without numbers, with wrong ones, or with others each time."""
        seen = {code for one in self.explanations for code in one.codes} & {*SEEN}
        shows: Callable[[GivenResult], bool] = SEEN[min(seen)] if seen else lambda answer: not answer.is_right
        return next((answer for answer in self.answers if answer.fault or shows(answer)), None)

    @property
    def convention(self) -> str:
        """The convention by which it is right, where that is another than ours."""
        alone = (one.codes[0] for one in self.explanations if len(one.codes) == 1)
        return next((code for code in alone if code in CONVENTIONS), "")

    @property
    def certain(self) -> tuple[str, ...]:
        """The mistake, or the two, where no other fits."""
        return self.explanations[0].codes if self.verdict == "mistake" and len(self.explanations) == 1 else ()

    @cached_property
    def factor(self) -> float | None:
        """The number by which all results are too large, in every case the same one; None where there is none."""
        pairs = [(a.mine, a.right, a.tolerance) for a in self.answers if a.has_shape and a.mine is not None]
        largest = max(pairs, key=lambda pair: float(np.abs(pair[1]).max(initial=0.0)), default=None)
        if largest is None or len(pairs) < len(self.answers) or not largest[1].any():
            return None
        at = int(np.abs(largest[1]).argmax())
        factor = float(largest[0].flat[at] / largest[1].flat[at])
        room = max(1.0, abs(factor))
        same = all((np.abs(mine - factor * right) <= room * near).all() for mine, right, near in pairs)
        return factor if same and factor else None

    @cached_property
    def same_mean(self) -> int:
        """In how many of the wrong cases the mean is right all the same, so that a test of means sees nothing."""
        wrong = (a for a in self.answers if a.has_shape and not a.is_right)
        return sum(abs(a.mine.mean() - a.right.mean()) <= a.tolerance for a in wrong if a.mine is not None)


SEEN: Mapping[str, Callable[[GivenResult], bool]] = MappingProxyType(
    {
        "results-pile-up": lambda answer: answer.unsteady,
        "non-deterministic": lambda answer: answer.unsteady,
        "argument-changed": lambda answer: bool(answer.changed),
        "result-overwritten": lambda answer: answer.rewritten,
    }
)
"""The mistakes that are seen by what a function does, not by its numbers alone: where each of them shows."""


def judged(answers: Sequence[GivenResult]) -> ResultMark:
    """The verdict on one result."""
    mark = ResultMark(tuple(answers))
    return replace(mark, explanations=tuple(_explained(mark)))


def _explained(mark: ResultMark) -> Iterable[Naming]:
    given = [answer for answer in mark.answers if answer.values is not None]
    if any(SEEN["non-deterministic"](answer) for answer in given):
        yield Naming(("results-pile-up" if all(map(_piled_up, given)) else "non-deterministic",))
        return
    if any(not answer.is_right for answer in given):
        yield from explanations(given)
        return
    if changed := sorted({name for answer in given for name in answer.changed}):
        yield Naming(("argument-changed",), (" and ".join(changed),))
    if any(answer.rewritten for answer in given):
        yield Naming(("result-overwritten",))


def _piled_up(answer: GivenResult) -> bool:
    """Whether the second call gave the right numbers on top of what the first gave."""
    again = answer.mine if answer.again is None else answer.again
    if answer.mine is None or again is None or again.shape != answer.mine.shape:
        return False
    return replace(answer, values=again - answer.mine).is_right


@dataclass(frozen=True)
class Graded:
    """What became of a file's functions: a mark for each result, what they printed, and what else is to be said."""

    signature: Signature
    marks: tuple[ResultMark, ...]
    name: str = ""
    called: Mapping[str, str] = field(default_factory=dict)
    printed: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Literal["right", "wrong"]:
        """Whether everything is right."""
        return "right" if all(mark.verdict == "right" for mark in self.marks) else "wrong"

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The mistakes that explain every case of a result, each once."""
        return tuple(dict.fromkeys(code for mark in self.marks for code in mark.certain))

    @cached_property
    def cases(self) -> int:
        """How many cases were asked."""
        return max((len(mark.answers) for mark in self.marks), default=0)

    @cached_property
    def smallest(self) -> GivenResult | None:
        """The smallest case of all in which numbers are wrong; else the smallest without numbers."""
        found = [
            answer for mark in self.marks if (answer := mark.smallest) and not (answer.fault and answer.fault.skipped)
        ]
        return min(found, key=lambda answer: (answer.fault is not None, answer.case.scenario.inputs.size), default=None)

    def name_of(self, function: LearnerFunction) -> str:
        """What the learner calls this function."""
        return self.called.get(function.name, function.name)


def grade(answers: Iterable[Sequence[GivenResult]]) -> tuple[ResultMark, ...]:
    """The marks of all results; those of the way back that are right for a mistake of the way forward say so."""
    marks = _settled([judged(one) for one in answers if one])
    forward = {code for mark in marks if mark.result.word == "forward" for code in mark.certain}
    return tuple(_following(mark, forward) for mark in marks)


def _settled(marks: Sequence[ResultMark]) -> list[ResultMark]:
    """Where several mistakes fit, the one that another result shows for certain is it."""
    sure = {code for mark in marks for code in mark.certain}
    return [replace(mark, explanations=_surest(mark, sure)) for mark in marks]


def _surest(mark: ResultMark, sure: set[str]) -> tuple[Naming, ...]:
    found = tuple(one for one in mark.explanations if sure.issuperset(one.codes))
    if len(found) == 1:
        return found
    if {one.codes for one in mark.explanations} == {(code,) for code in PLAINER}:
        return tuple(one for one in mark.explanations if one.codes == ("bias-gradient-averaged",))
    return mark.explanations


def _following(mark: ResultMark, forward: set[str]) -> ResultMark:
    for code in sorted(forward & {*FOLLOWS}):
        due = FOLLOWS[code].get(mark.result.word)
        if (due,) in {one.codes for one in mark.explanations}:
            return replace(mark, explanations=(Naming((code,)),), follows=code)
    return mark
