"""Candidates: the numbers that each known mistake would give in a case, the tutor's own mistakes and those of code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.answer import GivenResult
from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES, MORE_WAYS
from cnnstep.tutor.mistakes import MISTAKES, MistakeWords, carry_out

NEEDS_MORE = frozenset(
    {
        "updated-too-early",
        "gradients-not-reset",
        "loss-scalar-for-all",
        "error-as-delta-used",
        "one-sided-difference",
        "nudge-too-large",
    }
)
"""Mistakes made of what a function for one step is not given: an update, an earlier iteration, the error, the loss."""


@dataclass(frozen=True)
class Naming:
    """A mistake that gives the learner's numbers; `way` are the words for how it was made, where there are several."""

    code: str
    way: str = ""


def codes_for(word: str) -> tuple[str, ...]:
    """The mistakes that can be made in a step of this word."""
    by_hand = (code for code, one in MISTAKES.items() if word in one.alterations and code not in NEEDS_MORE)
    return (*by_hand, *(code for code, one in CODE_MISTAKES.items() if word in one.ways))


def ways(answer: GivenResult, code: str) -> Mapping[str, Array]:
    """What this mistake gives there, in the learner's form; nothing where it has no occasion."""
    context = answer.case.context(answer.result.word)
    with np.errstate(all="ignore"):
        if code in CODE_MISTAKES:
            found = dict(CODE_MISTAKES[code].ways[answer.result.word](context))
        else:
            found = {str(number): one for number, one in enumerate(carry_out(context, MISTAKES[code]))}
            more = MORE_WAYS.get(code, {}).get(answer.result.word) if found else None
            found |= more(context) if more else {}
    return {way: answer.shown(array) for way, array in found.items()}


def explains(code: str, answers: Iterable[GivenResult]) -> Naming | None:
    """The mistake in the one way that gives all of these numbers, right ones included, and some that are wrong."""
    kept: set[str] | None = None
    wrong = False
    for answer in answers:
        found = ways(answer, code)
        if not found:  # it can't be made there
            if not answer.is_right:
                return None
            continue
        fitting = {way for way, array in found.items() if answer.agrees(array)}
        if not fitting:
            return None
        wrong = wrong or not answer.is_right
        if code in CODE_MISTAKES:
            kept = fitting if kept is None else kept & fitting
            if not kept:
                return None
    way = min(kept, key=list(found).index) if kept and found else ""
    return Naming(code, way) if wrong else None


def explanations(answers: Sequence[GivenResult]) -> tuple[Naming, ...]:
    """Every mistake that gives all the numbers. The smallest wrong case is asked first: it rules most of them out."""
    given = [answer for answer in answers if answer.values is not None]
    wrong = [answer for answer in given if not answer.is_right]
    if not wrong:
        return ()
    order = [wrong[0], *wrong[:0:-1], *(answer for answer in given if answer.is_right)]
    found = (explains(code, order) for code in codes_for(answers[0].result.word))
    return tuple(one for one in found if one is not None)


def words_of(explanation: Naming, answer: GivenResult) -> tuple[str, MistakeWords]:
    """The mistake's title, and its words for the step that the answer is of."""
    code, word = explanation.code, answer.result.word
    if code in CODE_MISTAKES:
        one = CODE_MISTAKES[code]
        return one.title, MistakeWords(one.does.replace("{way}", explanation.way), one.hurts, one.fix)
    made = MISTAKES[code]
    words = made.words(answer.case.lesson, answer.case.step(word))
    return made.title, MistakeWords(*(_alone(text, answer) for text in words))


def _alone(text: str, answer: GivenResult) -> str:
    """∂L/∂b, not ∂L/∂b2: the layer that is asked about is by itself."""
    lesson = answer.case.lesson
    letters = {quantity.letter for quantity in (*lesson.leaves, *(step.quantity for step in lesson.steps))}
    for letter in sorted(letters, key=len, reverse=True):
        text = text.replace(letter, letter.rstrip("0123456789"))
    return text
