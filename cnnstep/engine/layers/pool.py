"""Pooling layers: the largest number of each window, or their mean. x and ∂L/∂x [N, C, H, W], y [N, C, oh, ow].

Where several numbers of a window are equally large, the first in reading order wins, and it alone gets the
gradient; this is what PyTorch does too. With `ties: share` they get it in equal parts, as in some other libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnstep.engine.keys import Key, Word, pair
from cnnstep.engine.layers.entry import Entry, layer_kind
from cnnstep.engine.layers.layer import Layer, LayerContext, Size, Told, Upstream
from cnnstep.engine.patches import LEFTOVER_KEY, STEPS, Geometry, Pair, blank, framed, padding_key
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Step, Term, Working, read
from cnnstep.errors import Fault, InputError

TIES = ("first", "share")
"""Who gets the gradient where several numbers are equally large: the first in reading order, or all in equal parts."""


@dataclass(frozen=True)
class Window:
    """A window of `size` (h, w), and how it moves."""

    size: Pair
    geometry: Geometry

    def outputs(self, size: Size) -> Size:
        """(C, oh, ow); `InputError` where the window does not fit or leaves cells over."""
        geometry, image = self.geometry, (size[1], size[2])
        sizes = f"the {self.size[0]}×{self.size[1]} window and the {size[1]}×{size[2]} maps"
        moves = zip(geometry.room(image, self.size), geometry.left_over(image, self.size), geometry.stride, strict=True)
        for axis, (room, left, step) in zip(("rows", "columns"), moves, strict=True):
            if room < 0:
                raise InputError(
                    Fault("shape", f"{sizes} don't fit: too many {axis}", "make the window smaller", ("size",))
                )
            if left and not geometry.drops:
                what = f"{sizes} leave {left} of the {axis} over with stride {step}"
                hint = "choose a stride or a padding that fits, or write leftover: drop"
                raise InputError(Fault("shape", what, hint, ("stride",)))
        return size[0], *geometry.outputs(image, self.size)

    def places(self) -> Iterator[tuple[int, int]]:
        """The places in the window, in reading order."""
        return product(range(self.size[0]), range(self.size[1]))

    def framed(self, image: Array, rim: float) -> Array:
        """The image with its padding."""
        return framed(image, self.geometry, rim) if self.geometry.padded else image

    def gathered(self, upstream: Array, share: Callable[[int], Array | float], size: Size) -> Array:
        """∂L/∂x: at each place of a window, counted in reading order, its `share` of ∂L/∂y, overlaps added."""
        image, outputs = (size[1], size[2]), (upstream.shape[2], upstream.shape[3])
        tiles = self.tiles(image)
        back = blank((*upstream.shape[:2], *self.geometry.frame(image)), None if tiles else 0.0)
        for number, place in enumerate(self.places()):
            here = back[self.geometry.tap(place, outputs)]
            if tiles:
                np.multiply(upstream, share(number), out=here)
            else:
                here += upstream * share(number)
        return back[self.geometry.image(image)]

    def tiles(self, image: Pair) -> bool:
        """Whether every cell belongs to one window: nothing to begin with, nothing to add to."""
        return self.geometry.stride == self.size and self.geometry.left_over(image, self.size) == (0, 0)

    def parts(self, image: Array, rim: float) -> Iterator[Array]:
        """What stands at the first place of every window, at the second, and so on: views of the padded image."""
        around, (rows, columns) = self.framed(image, rim), self.outputs(image.shape[1:])[1:]
        return (around[self.geometry.tap(place, (rows, columns))] for place in self.places())

    def views(self, image: Array, rim: float) -> Array:
        """[N, C, oh, ow, h, w]: every window of the image, padded with `rim`."""
        windows: Array = sliding_window_view(self.framed(image, rim), self.size, axis=(2, 3))
        down, across = self.geometry.stride
        return windows[:, :, ::down, ::across]

    def cells(self, output: Cell, size: Size) -> Iterator[Cell]:
        """The input cells (row, column) that this output's window covers, in reading order, without the rim."""
        for place in self.places():
            row, column = self.geometry.met((output[-2], output[-1]), place)
            if 0 <= row < size[1] and 0 <= column < size[2]:
                yield row, column


@dataclass(frozen=True)
class Pool(Layer):
    """What both kinds of pooling share: the window."""

    window: Window
    letter = "p"
    words = MappingProxyType({"forward": "pool", "input_gradient": "pool_gradient"})
    told = MappingProxyType(
        {
            "forward": Told("Pooling", "one number for this window of the input"),
            "input_gradient": Told(
                "Input gradient",
                "what comes back from the windows that this number is part of",
                times="its share of the window",
            ),
        }
    )

    def output_size(self, size: Size) -> Size:
        """(C, oh, ow); `InputError` where the input is no maps, or the window does not fit."""
        if len(size) != 3:
            what = "a pooling layer takes maps, but its input is one row of numbers"
            raise InputError(Fault("shape", what, "put it before flatten"))
        return self.window.outputs(size)

    def settings(self) -> dict[str, Any]:
        """The window and how it moves."""
        written = self.window.geometry.written
        del written["dilation"]
        return {"size": list(self.window.size), **written, "stride": list(self.window.geometry.stride)}


class MaximaMemory:
    """The maxima of the maps that were asked for last: the way back asks again for those of the way forward.

    Only read-only maps are known again.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._last: tuple[Array, Array, NDArray[np.int16]] | None = None

    def maxima(self, image: Array) -> tuple[Array, NDArray[np.int16]]:
        """Each window's largest number, and which of its window it is in reading order; the first of equals."""
        last = self._last
        if last is not None and last[0] is image:
            return last[1:]
        largest, winners = maxima(image, self._window)
        if not image.flags.writeable:
            self._last = image, largest, winners
        return largest, winners


LATER = "as large, but later"
"""What becomes of a number that is equal to the one that won."""


def maxima(image: Array, window: Window) -> tuple[Array, NDArray[np.int16]]:
    """What `MaximaMemory` remembers: whole maps compared, place after place, far faster than `argmax` in windows."""
    first, *others = window.parts(image, -np.inf)
    largest, winners = first.copy(order="K"), np.zeros_like(first, dtype=np.int16)
    for number, here in enumerate(others, 1):
        larger = np.maximum(largest, here)
        np.maximum(winners, (larger > largest) * np.int16(number), out=winners)  # the last that was ahead of all before
        largest = larger
    return largest, winners


@dataclass(frozen=True)
class MaxPool(Pool):
    """y = the largest of each window; the gradient goes back to where it came from.

    `shares`: several that are equally large get it in equal parts, not the first of them alone.
    """

    shares: bool = False
    kind = "max_pool"

    def settings(self) -> dict[str, Any]:
        """The window, how it moves, and who gets the gradient of a tie."""
        return super().settings() | ({"ties": TIES[1]} if self.shares else {})

    @cached_property
    def _memory(self) -> MaximaMemory:
        return MaximaMemory(self.window)

    def forward(self, context: LayerContext) -> Step:
        """y[i, j] = max over the window."""
        x, y = context.source, context.quantity("forward", context.source.layout.axes)
        maxima_of = self._memory.maxima

        def compute(values: Values) -> Array:
            return maxima_of(values[x.name])[0]

        def working(values: Values, cell: Cell) -> Working:
            won = self._winner(values[x.name], cell, context.size)
            terms = []
            for at in self.window.cells(cell, context.size):
                share = 1.0 if at == won else 0.0
                where = (*cell[:2], *at)
                number, best = read(x, values, where), values[x.name][(*cell[:2], *won)]
                smaller = ("as large" if self.shares else LATER) if number.value == best else "smaller"
                terms.append(Term((Factor(f"{share:g}", share), number), "won" if share else smaller))
            return Working(tuple(terms))

        formula = f"{y.symbol} = the largest of each {_text(self.window)} window of {x.symbol}"
        return self.step(context, y, "forward", formula, (x,), compute, working)

    def _winner(self, image: Array, output: Cell, size: Size) -> Cell:
        """The input cell that this output took: written by comparing one number after another."""
        best: Cell = ()
        for at in self.window.cells(output, size):
            if not best or image[(*output[:2], *at)] > image[(*output[:2], *best)]:
                best = at
        return best

    def _paid(self, image: Array, output: Cell, size: Size) -> tuple[Cell, ...]:
        """The input cells that this output's gradient goes to."""
        best = self._winner(image, output, size)
        if not self.shares:
            return (best,)
        largest = image[(*output[:2], *best)]
        return tuple(at for at in self.window.cells(output, size) if image[(*output[:2], *at)] == largest)

    def parts_of(self, image: Array) -> Callable[[int], Array]:
        """[N, C, oh, ow]: what the number at a place of each window, counted in reading order, gets of its ∂L/∂y."""
        largest, winners = self._memory.maxima(image)
        if not self.shares:
            return lambda number: np.asarray(winners == number)
        equal = [here == largest for here in self.window.parts(image, -np.inf)]
        count = np.sum(equal, axis=0)
        return lambda number: np.asarray(equal[number] / count)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x: each ∂L/∂y added at the cell that won."""
        x, gradient = context.source, context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            return self.window.gathered(upstream.read(values), self.parts_of(values[x.name]), context.size)

        def working(values: Values, cell: Cell) -> Working:
            terms = []
            for i, j in np.ndindex(upstream.read(values).shape[2:]):
                output = (*cell[:2], i, j)
                paid = self._paid(values[x.name], output, context.size)
                if cell[2:] in paid:
                    part = (Factor(f"1/{len(paid)}", 1.0 / len(paid)),) if len(paid) > 1 else ()
                    terms.append(Term((*part, *upstream.factors(values, output))))
            return Working(tuple(terms))

        goes_to = "in equal parts to the largest cells" if self.shares else "to the cell that won"
        formula = f"{gradient.symbol} = {upstream.formula}, {goes_to}"
        step = self.step(context, gradient, "input_gradient", formula, (*upstream.inputs, x), compute, working)
        return (step,) if send_back else ()


@dataclass(frozen=True)
class AveragePool(Pool):
    """y = the mean of each window, the rim's zeros included; every cell of a window gets an equal share back."""

    kind = "average_pool"

    @property
    def share(self) -> float:
        """One over the number of cells in a window."""
        return 1.0 / (self.window.size[0] * self.window.size[1])

    def forward(self, context: LayerContext) -> Step:
        """y[i, j] = the mean over the window."""
        x, y = context.source, context.quantity("forward", context.source.layout.axes)

        def compute(values: Values) -> Array:
            first, *others = self.window.parts(values[x.name], 0.0)
            total = first.copy(order="K")
            for here in others:
                total += here
            total /= self.window.size[0] * self.window.size[1]
            return total

        def working(values: Values, cell: Cell) -> Working:
            cells = self.window.cells(cell, context.size)
            return Working(tuple(Term((self._share(), read(x, values, (*cell[:2], *at)))) for at in cells))

        formula = f"{y.symbol} = the mean of each {_text(self.window)} window of {x.symbol}"
        return self.step(context, y, "forward", formula, (x,), compute, working)

    def _share(self) -> Factor:
        return Factor(f"1/{self.window.size[0] * self.window.size[1]}", self.share)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x: an equal share of each ∂L/∂y added to every cell of its window."""
        gradient: Quantity = context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            return self.window.gathered(upstream.read(values), lambda _: self.share, context.size)

        def working(values: Values, cell: Cell) -> Working:
            rows, columns = upstream.read(values).shape[2:]
            outputs = ((*cell[:2], i, j) for i, j in np.ndindex(rows, columns))
            over = (output for output in outputs if cell[2:] in self.window.cells(output, context.size))
            return Working(tuple(Term((self._share(), *upstream.factors(values, output))) for output in over))

        formula = f"{gradient.symbol} = {upstream.formula}, an equal share to each cell of its window"
        step = self.step(context, gradient, "input_gradient", formula, upstream.inputs, compute, working)
        return (step,) if send_back else ()


def _text(window: Window) -> str:
    return f"{window.size[0]}×{window.size[1]}"


SIZE = Key("size", pair(STEPS, "rows, columns"), about="The window: one number, or [rows, columns].", examples=(2,))
_MOVES = (
    SIZE,
    Key("stride", pair(STEPS, "down, across"), None, "How far the window moves; its own size, unless told."),
    padding_key("How wide a rim goes round each map, half a window at most: a number, [rows, columns], or same."),
    LEFTOVER_KEY,
)
TIES_KEY = Key(
    "ties",
    Word(TIES),
    TIES[0],
    "Of equal maxima the first gets the gradient, as in PyTorch; or they share it.",
)


@layer_kind("max_pool", "The largest number of each window.", 20, (*_MOVES, TIES_KEY))
def _read_max(entry: Entry) -> MaxPool | None:
    window = _window(entry)
    return None if window is None else MaxPool(window, entry.word(TIES_KEY) == "share")


@layer_kind("average_pool", "The mean of each window.", 20, _MOVES)
def _read_average(entry: Entry) -> AveragePool | None:
    window = _window(entry)
    return None if window is None else AveragePool(window)


def _window(entry: Entry) -> Window | None:
    if SIZE.name not in entry.given:
        what = "size is missing: it says how large the window is"
        entry.faults.add(what, entry.path, "add it: size: 2", "missing-key")
        return None
    size = entry.pair(SIZE)
    geometry = entry.geometry(size, stride=size)
    if any(2 * max(axis.before, axis.after) > taps for axis, taps in zip(geometry.axes, size, strict=True)):
        what = f"padding {geometry.written['padding']} is more than half of the {size[0]}×{size[1]} window"
        most = size[0] // 2, size[1] // 2
        hint = f"at most {list(most) if isinstance(geometry.written['padding'], list) else min(most)}"
        entry.faults.add(what, (*entry.path, "padding"), hint)
    return Window(size, geometry)
