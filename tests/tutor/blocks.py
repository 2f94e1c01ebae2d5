"""The blocks of a page, those beside each other included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnnstep.tutor.document import Beside, Block


def blocks_of(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, in the order in which it is read."""
    for block in blocks:
        if isinstance(block, Beside):
            yield from blocks_of(block.blocks)
        else:
            yield block
