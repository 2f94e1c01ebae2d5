"""How a window moves, as a scenario writes it: stride, padding, dilation, and what becomes of cells left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnstep.engine.checks import Faults, NumberReader
from cnnstep.engine.keys import Key, OneOf, Two, Whole, Word, pair
from cnnstep.engine.patches import Geometry, Pair
from cnnstep.errors import Path
from cnnstep.registry import did_you_mean

SAME = "same"
"""The padding that gives the output the input's size."""
FARTHEST = 1000
"""Of sizes, stride, padding and dilation: a slip of the keyboard should not fill the memory with zeros."""
LEFTOVER = ("refuse", "drop")
"""What can become of cells at the end of an axis that no window reaches; the first, unless told."""
Steps = int | Sequence[int]
"""One number for rows and columns, or one for each."""

STEPS, _ZEROS = Whole(1, FARTHEST), Whole(0, FARTHEST)
_PADDING = OneOf((_ZEROS, Two(_ZEROS), Word((SAME,))), "one number, two: [rows, columns], or same", "1")


def padding_key(about: str) -> Key:
    """The key `padding`; what it says to editors depends on what is padded."""
    return Key("padding", _PADDING, 0, about)


STRIDE = Key(
    "stride",
    pair(STEPS, "down, across"),
    1,
    "How far the filter moves from one output to the next: a number, or [down, across].",
)
PADDING = padding_key("How many zeros go round each map: a number, [rows, columns], or same, for as large an output.")
DILATION = Key(
    "dilation", pair(STEPS, "down, across"), 1, "How far apart the filter's taps are: a number, or [down, across]."
)
LEFTOVER_KEY = Key(
    "leftover",
    Word(LEFTOVER),
    LEFTOVER[0],
    "Cells at the end that no window reaches are refused; or dropped, as PyTorch does it.",
)
GEOMETRY_KEYS = tuple(key.name for key in (STRIDE, PADDING, DILATION, LEFTOVER_KEY))
"""What says how a filter moves; a pooling window's dilation is always 1."""


def read_geometry(
    faults: Faults, given: Mapping[str, Any], window: Pair | None, at: Path = (), stride: Steps = STRIDE.default
) -> Geometry:
    """How a window of this size moves; `stride` is the one that holds where none is given.

    With `padding: same` each axis gets the window's reach less 1 in zeros. An odd number of them has one more at the
    end, as in PyTorch; and as there it goes with stride 1 alone.
    """
    numbers = NumberReader(faults, at)
    steps = numbers.pair(given.get("stride", stride), STRIDE)
    dilation = numbers.pair(given.get("dilation", DILATION.default), DILATION)
    drops = _drops(faults, given.get("leftover", LEFTOVER_KEY.default), at)
    padding = given.get("padding", PADDING.default)
    if not isinstance(padding, str):
        return Geometry.of(steps, numbers.pair(padding, PADDING), dilation, drops=drops)
    geometry = Geometry.of(steps, 0, dilation, drops=drops)
    if padding != SAME:
        near = did_you_mean(padding, (SAME,))
        hint = near if near.startswith("did") else f"write padding: 1, [1, 0] or {SAME}"
        faults.add(f'padding can\'t be "{padding}"', (*at, "padding"), hint)
    elif steps != (1, 1):
        what = f"padding: same goes with stride 1, and here it is {geometry.written['stride']}"
        faults.add(what, (*at, "padding"), "write the padding as a number, or stride: 1")
    return geometry if window is None else geometry.keeping_size(window)


def _drops(faults: Faults, leftover: Any, at: Path) -> bool:
    if leftover not in LEFTOVER:
        faults.add(f'leftover can\'t be "{leftover}"', (*at, "leftover"), did_you_mean(str(leftover), LEFTOVER))
    return bool(leftover == "drop")
