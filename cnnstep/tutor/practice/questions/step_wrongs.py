"""What misconceptions give in the place of a step's right answer, and whether the question tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.step import Step
from cnnstep.errors import InputError
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.mistakes import MISTAKES, Mistake, StepContext, carry_out
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.questions.question import Wrong

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

MOST_NAMES = 7
"""Of so many mistakes each name is looked for, a step hidden or not."""
REDRAWN = 8
LARGEST = 4
"""So many questions with other numbers show whether two mistakes are always alike; their largest number."""


def by_mistake(question: StepQuestion) -> dict[str, tuple[Array, ...]]:
    """What each misconception gives, where it differs from what is right, by its code."""
    results = {code: results_of(question, code) for code in MISTAKES}
    return {code: found for code, found in results.items() if found}


def results_of(question: StepQuestion, code: str) -> tuple[Array, ...]:
    """The step's matrix, as shown, with the mistake made at one of the steps to be carried out."""
    mistake = MISTAKES[code]
    return () if mistake.remembers else tuple(_carried_out(question, mistake))


def _carried_out(question: StepQuestion, mistake: Mistake) -> Iterator[Array]:
    right, worked = question.right, question.worked
    for position, step in enumerate(worked):
        if not mistake.fits(question.lesson, step):
            continue
        values = {**question.iteration.values}
        for earlier in worked[:position]:
            values[earlier.name] = earlier.compute(values)
        with np.errstate(all="ignore"):
            for result in _results(question, step, values, mistake, worked[position + 1 :]):
                if result.shape != right.shape or not np.allclose(result, right):
                    yield result


def _results(
    question: StepQuestion, step: Step, values: dict[str, Array], mistake: Mistake, later: tuple[Step, ...]
) -> list[Array]:
    """The results of one step done wrongly, carried on rightly; none where that has no result."""
    found = []
    try:
        for result in carry_out(StepContext(question.lesson, step, values), mistake):
            onward = {**values, step.name: result}
            for one in later:
                onward[one.name] = one.compute(onward)
            found.append(as_shown(question.step, onward[question.step.name]))
    except ValueError:  # a matrix of another size, with which nobody goes on
        return found
    return found


def wrongs(question: StepQuestion) -> tuple[Wrong, ...]:
    """Each mistake's answer; of several that give the same, the first."""
    found: dict[str, Wrong] = {}
    for code, results in question.by_mistake.items():
        for result in results:
            text = question.text_of(result)
            if text is not None and text != question.answer:
                words = question.words(code)
                found.setdefault(text, Wrong(code, text, f"{words.does} {words.fix}"))
    return tuple(found.values())


def shows(question: StepQuestion, code: str) -> bool:
    """Whether whoever has this misconception gives another answer, in more than one cell: one could be a slip too."""
    results = results_of(question, code)
    other = all(_is_another_answer(question, question.text_of(result)) for result in results)
    return bool(results) and other and all(_is_plain(question, result) for result in results)


def _is_another_answer(question: StepQuestion, text: str | None) -> bool:
    """Whether this is read as another answer than the right one: all numbers in one line are read row by row."""
    if text is None:
        return False
    in_one_line = ";" not in text and text.split() == question.answer.replace(";", " ").split()
    return text != question.answer and not in_one_line


def _is_plain(question: StepQuestion, result: Array) -> bool:
    if question.cell is not None or result.shape != question.right.shape or result.size < 2:
        return True
    return int((~np.isclose(result, question.right)).sum()) > 1


def blurred(question: StepQuestion, first: tuple[str, ...] = ()) -> Iterator[str]:
    """Those of the mistakes it is about that change nothing here, give the numbers of another that give others
    elsewhere, or are not told by theirs; those in `first` are looked at first.
    """
    texts = {code: {str(question.text_of(r)) for r in results_of(question, code)} for code in question.tells}
    for code in sorted(question.tells, key=lambda code: code not in first):
        others = [other for other in question.tells if other != code and texts[other] & texts[code]]
        shared = any(not _are_alike(question, code, other) for other in others)
        if shared or not shows(question, code) or not _is_told(question, code):
            yield code


def _are_alike(question: StepQuestion, *codes: str) -> bool:
    """Whether mistakes can come to the same numbers whatever the question's own are: nothing tells them apart here."""
    scenario, random = question.scenario, np.random.default_rng(0)
    for _ in range(REDRAWN):
        inputs, targets = (
            frozen(random.integers(-LARGEST, LARGEST + 1, array.shape)) for array in (scenario.inputs, scenario.targets)
        )
        other = replace(question, scenario=replace(scenario, inputs=inputs, targets=targets))
        results = ({str(array.tolist()) for array in results_of(other, code)} for code in codes)
        if not set.intersection(*results):
            return False
    return True


def _is_told(question: StepQuestion, code: str) -> bool:
    """Whether each answer that the misconception gives is called wrong, and this the mistake behind it, or one of
    those that it can be: with δ hidden, who goes on with e has left the slope out, or taken e for δ.

    With a step hidden and many mistakes, to look for all the names takes seconds: there it is enough that no
    convention gives the answer. Of those only the error's sign is open, for no z is exactly at a kink.
    """
    results = results_of(question, code)
    if question.hidden and len(question.tells) > MOST_NAMES:
        return not any(_is_the_right_one_negated(question, result) for result in results)
    for result in results:
        try:
            marked = question.mark(str(question.text_of(result)), AS_USUAL)
        except InputError:  # taken for no answer yet: too far rounded, or of another size and not known
            return False
        named = (*marked.mistakes, *marked.others)
        if marked.right or not (code in named or any(_are_alike(question, code, one) for one in named)):
            return False
    return True


def _is_the_right_one_negated(question: StepQuestion, result: Array) -> bool:
    return result.shape == question.right.shape and bool(np.allclose(result, -question.right))
