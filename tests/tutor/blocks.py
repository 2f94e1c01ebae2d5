"""The blocks of a page, those beside each other included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from cnnstep.tutor.document import Beside, Block, Formula, Paragraph, Sum


def blocks_of(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, in the order in which it is read."""
    for block in blocks:
        if isinstance(block, Beside):
            yield from blocks_of(block.blocks)
        else:
            yield block


def comes_to(blocks: Iterable[Block], number: float) -> bool:
    """Whether a working comes to this number: its sum does, or where it is none, its formula as it is printed."""
    shown = list(blocks)
    for block in shown:
        if isinstance(block, Sum):
            return block.total == pytest.approx(number, abs=1e-12)
    if any(block.text.endswith("nothing comes back to it: 0.") for block in shown if isinstance(block, Paragraph)):
        return number == 0
    formula = next(block for block in shown if isinstance(block, Formula))
    return float(formula.text.rpartition(" = ")[2]) == pytest.approx(number, abs=1e-4)
