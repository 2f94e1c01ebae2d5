"""Patches: the windows of an image that a filter looks at, as a view of it, and the way back.

How a window moves is a `Geometry`; a scenario writes it as stride, padding, dilation, and what becomes of cells left
over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnstep.engine.keys import Faults, Key, NumberReader, OneOf, Two, Whole, Word, pair
from cnnstep.engine.quantity import Array
from cnnstep.engine.sums import Index, Indices
from cnnstep.errors import Path
from cnnstep.registry import did_you_mean

Pair = tuple[int, int]
"""A number for the rows and one for the columns."""
Region = tuple[EllipsisType, slice, slice]
"""Rows and columns of an array whose last two axes they are."""


@dataclass(frozen=True)
class Slide:
    """How a window moves along one axis: output i and tap u meet input i·stride + u·dilation − before.

    `before` and `after` are how many zeros stand at the axis's two ends.
    """

    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    def reach(self, taps: int) -> int:
        """How many input cells a window of so many taps spans: (taps − 1)·dilation + 1."""
        return (taps - 1) * self.dilation + 1

    def room(self, size: int, taps: int) -> int:
        """The input cells left for the window to move over; negative where it does not fit at all."""
        return self.frame(size) - self.reach(taps)

    def outputs(self, size: int, taps: int) -> int:
        """How many positions the window takes; less than 1 where it does not fit."""
        return self.room(size, taps) // self.stride + 1

    def met(self, output: int, tap: int) -> int:
        """The input index that this tap meets at this output; outside the image it is padding."""
        return output * self.stride + tap * self.dilation - self.before

    def meeting(self, output: Index, tap: Index) -> Index:
        """The same with letters."""
        return output * self.stride + tap * self.dilation - self.before

    def reaching(self, source: Index, tap: Index) -> Index:
        """The output at which this tap meets this input; no whole number where there is none."""
        return (source - tap * self.dilation + self.before) // self.stride

    def over(self, index: int, taps: int, outputs: int) -> Iterator[Pair]:
        """The outputs, in their order, whose window lies on this input index, each with the tap that meets it."""
        for tap in reversed(range(taps)):
            output, off = divmod(index + self.before - tap * self.dilation, self.stride)
            if not off and 0 <= output < outputs:
                yield output, tap

    def frame(self, size: int) -> int:
        """How long the axis is with its padding."""
        return size + self.before + self.after

    def image(self, size: int) -> slice:
        """Where in its frame the image lies."""
        return slice(self.before, self.before + size)

    def window(self, output: int, taps: int) -> slice:
        """The cells of the frame that the window meets at this output."""
        return slice(output * self.stride, output * self.stride + self.reach(taps), self.dilation)

    def tap(self, tap: int, outputs: int) -> slice:
        """The cells of the frame that this tap meets, one for each output."""
        first = tap * self.dilation
        return slice(first, first + (outputs - 1) * self.stride + 1, self.stride)


@dataclass(frozen=True)
class Geometry:
    """How a window moves over an image, along the rows and along the columns; a size is always (rows, columns).

    `drops`: cells at the end that no window reaches are left out; without it they are a fault. `keeps_size`: the
    padding was chosen so that at stride 1 the output has the input's size.
    """

    rows: Slide = Slide()
    columns: Slide = Slide()
    drops: bool = False
    keeps_size: bool = False

    @staticmethod
    def of(
        stride: int | Pair = 1, padding: int | Pair = 0, dilation: int | Pair = 1, *, drops: bool = False
    ) -> Geometry:
        """Each is one number for both axes, or (rows, columns); the padding is as wide at either end."""
        settings = zip(_pair(stride), _pair(padding), _pair(dilation), strict=True)
        rows, columns = (Slide(step, rim, rim, apart) for step, rim, apart in settings)
        return Geometry(rows, columns, drops)

    def keeping_size(self, window: Pair) -> Geometry:
        """The same with reach − 1 zeros along each axis, half of them before; an odd one more comes after."""
        reach = zip(self.axes, self.reach(window), strict=True)
        rows, columns = (replace(axis, before=(span - 1) // 2, after=span // 2) for axis, span in reach)
        return replace(self, rows=rows, columns=columns, keeps_size=True)

    def with_stride(self, stride: int) -> Geometry:
        """The same but for the stride."""
        return replace(self, rows=replace(self.rows, stride=stride), columns=replace(self.columns, stride=stride))

    def without_padding(self) -> Geometry:
        """The same without the zeros all round."""
        rows, columns = (replace(axis, before=0, after=0) for axis in self.axes)
        return replace(self, rows=rows, columns=columns, keeps_size=False)

    @property
    def axes(self) -> tuple[Slide, Slide]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def stride(self) -> Pair:
        """How far apart two windows lie."""
        return self.rows.stride, self.columns.stride

    @property
    def dilation(self) -> Pair:
        """How far apart two taps lie."""
        return self.rows.dilation, self.columns.dilation

    @property
    def padded(self) -> bool:
        """Whether there is any padding."""
        return any(axis.before or axis.after for axis in self.axes)

    @property
    def written(self) -> dict[str, Any]:
        """The keys of a scenario file that say this: one number where both axes have the same."""
        padding: Any = "same" if self.keeps_size else _short((self.rows.before, self.columns.before))
        leftover = {"leftover": "drop"} if self.drops else {}
        return {"stride": _short(self.stride), "padding": padding, "dilation": _short(self.dilation), **leftover}

    def reach(self, window: Pair) -> Pair:
        """How many input cells the window spans."""
        return self.rows.reach(window[0]), self.columns.reach(window[1])

    def room(self, size: Pair, window: Pair) -> Pair:
        """The input cells left for the window to move over; negative where it does not fit at all."""
        return self.rows.room(size[0], window[0]), self.columns.room(size[1], window[1])

    def outputs(self, size: Pair, window: Pair) -> Pair:
        """How many positions the window takes; less than 1 where it does not fit."""
        return self.rows.outputs(size[0], window[0]), self.columns.outputs(size[1], window[1])

    def left_over(self, size: Pair, window: Pair) -> Pair:
        """The cells at the end of each axis that no window ever reaches."""
        (down, across), (rows, columns) = self.stride, self.room(size, window)
        return rows % down, columns % across

    def met(self, output: Pair, tap: Pair) -> Pair:
        """The input cell that this tap meets at this output; outside the image it is padding."""
        return self.rows.met(output[0], tap[0]), self.columns.met(output[1], tap[1])

    def meeting(self, output: Indices, tap: Indices) -> Indices:
        """The same with letters."""
        return self.rows.meeting(output[0], tap[0]), self.columns.meeting(output[1], tap[1])

    def reaching(self, source: Indices, tap: Indices) -> Indices:
        """The output at which this tap meets this input cell; outside where there is none."""
        return self.rows.reaching(source[0], tap[0]), self.columns.reaching(source[1], tap[1])

    def over(self, cell: Sequence[int], window: Pair, outputs: Sequence[int]) -> Iterator[tuple[Pair, Pair]]:
        """The outputs, in reading order, whose window lies on this input cell, each with the tap that meets it."""
        axes = zip(self.axes, cell, window, outputs, strict=True)
        for (i, u), (j, v) in product(*(axis.over(*numbers) for axis, *numbers in axes)):
            yield (i, j), (u, v)

    def frame(self, size: Pair) -> Pair:
        """The size of an image with its padding."""
        return self.rows.frame(size[0]), self.columns.frame(size[1])

    def image(self, size: Pair) -> Region:
        """Where in its frame the image lies."""
        return ..., self.rows.image(size[0]), self.columns.image(size[1])

    def window(self, output: Pair, window: Pair) -> Region:
        """The cells of the frame that the window meets at this output."""
        return ..., self.rows.window(output[0], window[0]), self.columns.window(output[1], window[1])

    def tap(self, tap: Pair, outputs: Pair) -> Region:
        """The cells of the frame that this tap meets, one for each output."""
        return ..., self.rows.tap(tap[0], outputs[0]), self.columns.tap(tap[1], outputs[1])


PLAIN = Geometry()
"""Stride 1, no padding, dilation 1."""


def in_words(pair: Pair) -> str:
    """`2`, or `2 down and 1 across`."""
    return f"{pair[0]}" if pair[0] == pair[1] else f"{pair[0]} down and {pair[1]} across"


def apart(pair: Pair) -> str:
    """`2 apart`, or `2 apart down and 1 across`."""
    return f"{pair[0]} apart" if pair[0] == pair[1] else f"{pair[0]} apart down and {pair[1]} across"


def _pair(value: int | Pair) -> Pair:
    return value if isinstance(value, tuple) else (value, value)


def _short(pair: Pair) -> int | list[int]:
    return pair[0] if pair[0] == pair[1] else list(pair)


def pad(image: Array, geometry: Geometry) -> Array:
    """The image [N, C, H, W] with its rim of zeros; itself where there is no padding."""
    if not geometry.padded:
        return image
    return np.pad(image, ((0, 0), (0, 0), *((axis.before, axis.after) for axis in geometry.axes)))


def patches(image: Array, window: Pair, geometry: Geometry) -> Array:
    """P[n, c, i, j, u, v] = image[n, c, i·stride + u·dilation − padding, …]: [N, C, oh, ow, kh, kw].

    A read-only view that copies nothing beyond the padding.
    """
    samples, channels, *size = image.shape
    rows, columns = geometry.outputs((size[0], size[1]), window)
    padded = pad(image, geometry)
    per_sample, per_channel, per_row, per_column = padded.strides
    (down, across), (apart, aside) = geometry.stride, geometry.dilation
    return as_strided(
        padded,
        (samples, channels, rows, columns, *window),
        (per_sample, per_channel, per_row * down, per_column * across, per_row * apart, per_column * aside),
        writeable=False,
    )


def patch_matrix(image: Array, window: Pair, geometry: Geometry) -> Array:
    """P[(n,i,j), (c,u,v)], a row an output cell: the forward pass is P·w, the filter gradient Pᵀ·δ."""
    windows = patches(image, window, geometry).transpose(0, 2, 3, 1, 4, 5)
    return np.ascontiguousarray(windows).reshape(math.prod(windows.shape[:3]), -1)


BATCH = 16
"""From so many samples on, copies and sums are fastest where the samples lie side by side in memory."""


def blank(shape: tuple[int, ...], number: float | None = 0.0) -> Array:
    """An array [N, …] of one number, or of none yet, its samples side by side in memory."""
    samples, *rest = shape
    array = np.empty((*rest, samples))
    if number is not None:
        array.fill(number)
    return array.transpose(-1, *range(len(rest)))


def framed(image: Array, geometry: Geometry, number: float = 0.0) -> Array:
    """The image [N, C, H, W] with a rim of `number`, its samples side by side in memory."""
    samples, channels, *size = image.shape
    frame = blank((samples, channels, *geometry.frame((size[0], size[1]))), number)
    frame[geometry.image((size[0], size[1]))] = image
    return frame


def patch_columns(image: Array, window: Pair, geometry: Geometry) -> Array:
    """P[(c,u,v), (i,j,n)], a column an output cell: the patch matrix of a batch, turned, samples innermost.

    A last row of ones lets the bias join in as one more weight: that spares a pass over all outputs.
    """
    frame = framed(image, geometry)
    windows = patches(frame, window, geometry.without_padding()).transpose(1, 4, 5, 2, 3, 0)
    taps, cells = math.prod(windows.shape[:3]), math.prod(windows.shape[3:])
    columns = np.empty((taps + 1, cells))
    columns[:-1].reshape(windows.shape)[...] = windows
    columns[-1] = 1.0
    return columns


class PatchMemory:
    """The patches of the image that was asked for last: a run asks for those of its input again and again.

    Only a read-only image is known again, and only a matrix of up to `LARGEST` numbers is kept.
    """

    LARGEST = 2**20

    def __init__(self, window: Pair, geometry: Geometry) -> None:
        self._window, self._geometry = window, geometry
        self._last: tuple[Array, Array] | None = None

    def matrix(self, image: Array) -> Array:
        """`patch_matrix` of a few images, `patch_columns` of a batch."""
        last = self._last
        if last is not None and last[0] is image:
            return last[1]
        lay_out = patch_matrix if len(image) < BATCH else patch_columns
        matrix = lay_out(image, self._window, self._geometry)
        if not image.flags.writeable and matrix.size <= self.LARGEST:
            self._last = image, matrix
        return matrix


def scatter(blocks: Array, size: Pair, geometry: Geometry) -> Array:
    """The way back: Σ of P-shaped blocks [N, C, oh, ow, kh, kw] into an image [N, C, H, W], overlaps added."""
    samples, channels, rows, columns, *window = blocks.shape
    frame = blank((samples, channels, *geometry.frame(size)))
    for u in range(window[0]):
        for v in range(window[1]):
            frame[geometry.tap((u, v), (rows, columns))] += blocks[..., u, v]
    return frame[geometry.image(size)]


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
