"""`explain CODE` for a mistake that only code makes: what goes wrong, and its numbers in a small case that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnstep.engine.quantity import Array, Quantity
from cnnstep.tutor.document import Beside, Block, Command, Heading, Paragraph, Table
from cnnstep.tutor.grade.case import LOSS, Case
from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES, CodeMistake
from cnnstep.tutor.grade.layer_cases import KINDS
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import title_of

MADE_IN = {"pool": "max_pool", "pool_gradient": "max_pool", "softmax_gradient": "softmax", LOSS: "softmax"}
"""The kind of case for a step of this word; a convolution's for all others."""


def code_mistake_table() -> Table:
    """All of them with what goes wrong."""
    return Table(
        ("mistake", "what went wrong"),
        tuple((code, one.title) for code, one in CODE_MISTAKES.items()),
        "Mistakes in code",
    )


def code_mistake_page(mistake: CodeMistake, own: bool) -> tuple[Block, ...]:
    """What the code does, why it hurts, what to do instead, and the numbers; `own` where a scenario was asked for."""
    every = list(_shown(mistake))
    found = next((one for one in every if one[3].shape == one[0].right(one[2]).shape), next(iter(every), None))
    way = found[1] if found else "x"
    codes = [*CODE_MISTAKES]
    place = codes.index(mistake.code) + 1
    return (
        Heading(f"The mistake: {mistake.title}", 1, mistake.code),
        Paragraph(mistake.does.replace("{way}", way)),
        Paragraph(mistake.hurts),
        Paragraph(f"Instead: {mistake.fix}", "good"),
        *((Paragraph("It is made in code alone, so it is not shown on a scenario of yours."),) if own else ()),
        *(_numbers(*found) if found else ()),
        Command("cnnstep grade my_conv.py", "have your own code looked at"),
        Paragraph(f"See also: {', '.join((codes * 2)[place : place + 3])}", "quiet"),
    )


def _shown(mistake: CodeMistake) -> Iterator[tuple[Case, str, str, Array]]:
    """Cases in which it shows: the word of the step, the way in which it was made, what it gives."""
    for word, ways in mistake.ways.items():
        for case in KINDS[MADE_IN.get(word, "conv")]():
            for way, wrong in ways(case.context(word)).items():
                right = case.right(word)
                if wrong.size and (wrong.shape != right.shape or not np.array_equal(wrong, right)):
                    yield case, way, word, wrong


def _numbers(case: Case, way: str, word: str, wrong: Array) -> tuple[Block, ...]:
    step, right = case.step(word), case.right(word)
    shown = step.quantity.layout.show
    mine = wrong if wrong.ndim != right.ndim or _crowded(wrong, right) else shown(wrong)
    pair = (
        *_first_plane(step.quantity, mine, f"{step.symbol} with the mistake"),
        *_first_plane(step.quantity, shown(right), f"{step.symbol}, right"),
    )
    return (
        Heading("With numbers", 2, case.title),
        Paragraph(f"{title_of(step)}: {step.formula}", "strong"),
        Beside(pair),
    )


def _first_plane(quantity: Quantity, array: Array, title: str) -> tuple[Block, ...]:
    """One matrix says enough."""
    return planes(quantity, array, title=title, part=(0,) * max(0, array.ndim - 2))


def _crowded(wrong: Array, right: Array) -> bool:
    """Whether an axis that is not shown has more than one place in the wrong numbers."""
    return any(mine > 1 and ours == 1 for mine, ours in zip(wrong.shape[:2], right.shape[:2], strict=True))
