"""Candidates: the numbers that each known mistake would give in a case, the tutor's own mistakes and those of code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.answer import GivenResult
from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES, MORE_WAYS
from cnnstep.tutor.mistakes import MISTAKES, MistakeWords, carry_out, together

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
    """A mistake that gives the learner's numbers, or two together; `ways` are words for how each was made, if any."""

    codes: tuple[str, ...]
    ways: tuple[str, ...] = ("",)

    def __str__(self) -> str:
        return " + ".join(self.codes)


Made = Mapping[str, Array]
"""What a mistake gives in a step, every axis present, by the way in which it is made."""
BETWEEN = "\n"
"""Between the ways of two mistakes."""


def codes_for(word: str) -> tuple[str, ...]:
    """The mistakes that can be made in a step of this word."""
    by_hand = (code for code, one in MISTAKES.items() if word in one.alterations and code not in NEEDS_MORE)
    return (*by_hand, *(code for code, one in CODE_MISTAKES.items() if word in one.ways))


def ways(answer: GivenResult, code: str) -> Made:
    """What this mistake gives there, in the learner's form; nothing where it has no occasion."""
    return _shown(answer, _made(answer, code))


def _shown(answer: GivenResult, made: Made) -> Made:
    return {way: answer.shown(array) for way, array in made.items()}


def _made(answer: GivenResult, code: str) -> Made:
    context, word = answer.case.context(answer.result.word), answer.result.word
    with np.errstate(all="ignore"):
        if code in CODE_MISTAKES:
            return CODE_MISTAKES[code].ways[word](context)
        found: Made = {str(number): one for number, one in enumerate(carry_out(context, MISTAKES[code]))}
        more = MORE_WAYS.get(code, {}).get(word) if found else None
        return {**found, **more(context)} if more else found


def _both(answer: GivenResult, first: str, second: str) -> Made:
    """Two mistakes one upon the other; where only one has an occasion, that one alone."""
    word, context = answer.result.word, answer.case.context(answer.result.word)
    if second in CODE_MISTAKES:
        made, after = _made(answer, first) or {"": answer.case.right(word)}, CODE_MISTAKES[second].after[word]
        return {
            f"{way}{BETWEEN}{then}": changed
            for way, array in made.items()
            if array.ndim == answer.case.right(word).ndim
            for then, changed in after(context, array).items()
        }
    together = carry_out(context, MISTAKES[first], MISTAKES[second])
    if together:
        return {f"{number}{BETWEEN}": one for number, one in enumerate(together)}
    found = _made(answer, first) or _made(answer, second)
    return {f"{way}{BETWEEN}": array for way, array in found.items()}


def explains(answers: Iterable[GivenResult], codes: tuple[str, ...]) -> Naming | None:
    """The mistakes in the one way that gives all of these numbers, right ones included, and some that are wrong.

    A mistake by hand may be made in another way each time: its ways are only tries at how it was meant.
    """
    kept: set[str] | None = None
    wrong = False
    in_code = any(code in CODE_MISTAKES for code in codes)
    order: list[str] = []
    for answer in answers:
        made = _made(answer, *codes) if len(codes) == 1 else _both(answer, *codes)
        if not made:  # it can't be made there
            if not answer.is_right:
                return None
            continue
        fitting = {_of_code(way, codes) for way, array in made.items() if answer.agrees(answer.shown(array))}
        if not fitting:
            return None
        wrong = wrong or not answer.is_right
        if in_code:
            kept = fitting if kept is None else kept & fitting
            order = [_of_code(way, codes) for way in made]
            if not kept:
                return None
    way = min(kept, key=order.index) if kept else ""
    return Naming(codes, tuple(way.split(BETWEEN))) if wrong else None


def _of_code(way: str, codes: tuple[str, ...]) -> str:
    """What of a way must be the same each time: not how a mistake by hand was meant."""
    return f"{BETWEEN}{way.partition(BETWEEN)[2]}" if len(codes) == 2 and codes[0] in MISTAKES else way


def explanations(answers: Sequence[GivenResult]) -> tuple[Naming, ...]:
    """Every mistake that gives all the numbers; where none does, every two that do so together.

    The smallest wrong case is asked first, then the largest: they rule most of them out.
    """
    given = [answer for answer in answers if answer.values is not None]
    wrong = [answer for answer in given if not answer.is_right]
    if not wrong:
        return ()
    order = [wrong[0], *wrong[:0:-1], *(answer for answer in given if answer.is_right)]
    found = tuple(one for code in codes_for(wrong[0].result.word) if (one := explains(order, (code,))))
    if found or len(given) < len(answers) or len(wrong) < ENOUGH:
        return found
    return tuple(one for pair in _pairs(wrong[0].result.word) if (one := explains(order, pair)))


ENOUGH = 3
"""Two mistakes can be tried in so many ways that fewer wrong cases might fit by chance."""


def _pairs(word: str) -> Iterator[tuple[str, str]]:
    codes = codes_for(word)
    by_hand = [code for code in codes if code in MISTAKES]
    for first, second in combinations(by_hand, 2):
        if together((MISTAKES[first].alterations[word], MISTAKES[second].alterations[word])):
            yield first, second
    for second in codes:
        if second in CODE_MISTAKES and word in CODE_MISTAKES[second].after:
            yield from ((first, second) for first in codes if first != second)


def words_of(naming: Naming, answer: GivenResult) -> tuple[tuple[str, MistakeWords], ...]:
    """Each mistake's title, and its words for the step that the answer is of."""
    ways = dict(zip(naming.codes, naming.ways, strict=False))
    return tuple(_words(code, ways.get(code, ""), answer) for code in naming.codes)


def _words(code: str, way: str, answer: GivenResult) -> tuple[str, MistakeWords]:
    word = answer.result.word
    if code in CODE_MISTAKES:
        one = CODE_MISTAKES[code]
        return one.title, MistakeWords(one.does.replace("{way}", way), one.hurts, one.fix)
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
