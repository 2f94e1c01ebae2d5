"""Pooling layers: the largest number of each window, or their mean. x and ∂L/∂x [N, C, H, W], y [N, C, oh, ow].

Where several numbers of a window are equally large, the first in reading order wins, and it alone gets the
gradient; this is what PyTorch does too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnstep.engine.layers.layer import Layer, Place, Signal, Size
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Step, Term, Working, read
from cnnstep.errors import Fault, InputError


@dataclass(frozen=True)
class Window:
    """A window of `size` [h, w] that moves by `stride` over an image with a rim of `padding`."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: int = 0

    def outputs(self, size: Size) -> Size:
        """(C, oh, ow); `InputError` where the window does not fit or leaves cells over."""
        spans = []
        for axis, length, window, step in zip(("rows", "columns"), size[1:], self.size, self.stride, strict=True):
            room = length + 2 * self.padding - window
            sizes = f"the {self.size[0]}×{self.size[1]} window and the {size[1]}×{size[2]} maps"
            if room < 0:
                raise InputError(
                    Fault("shape", f"{sizes} don't fit: too many {axis}", "make the window smaller", ("size",))
                )
            if room % step:
                what = f"{sizes} leave {room % step} of the {axis} over with stride {step}"
                raise InputError(Fault("shape", what, "choose a stride or a padding that comes out even", ("stride",)))
            spans.append(room // step + 1)
        return size[0], spans[0], spans[1]

    def views(self, image: Array, rim: float) -> Array:
        """[N, C, oh, ow, h, w]: every window of the image, padded with `rim`."""
        p = self.padding
        if p:
            image = np.pad(image, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=rim)
        windows: Array = sliding_window_view(image, self.size, axis=(2, 3))
        return windows[:, :, :: self.stride[0], :: self.stride[1]]

    def cells(self, output: Cell, size: Size) -> Iterator[Cell]:
        """The input cells (row, column) that this output's window covers, in reading order, without the rim."""
        for u, v in np.ndindex(*self.size):
            row = output[-2] * self.stride[0] + u - self.padding
            column = output[-1] * self.stride[1] + v - self.padding
            if 0 <= row < size[1] and 0 <= column < size[2]:
                yield row, column


@dataclass(frozen=True)
class Pool(Layer):
    """What both kinds of pooling share: the window."""

    window: Window

    def output_size(self, size: Size) -> Size:
        """(C, oh, ow)."""
        if len(size) != 3:
            what = "a pooling layer takes maps, and here comes one row of numbers"
            raise InputError(Fault("shape", what, "put it before flatten"))
        return self.window.outputs(size)

    def settings(self) -> dict[str, Any]:
        """The window and how it moves."""
        return {"size": list(self.window.size), "stride": list(self.window.stride), "padding": self.window.padding}


@dataclass(frozen=True)
class MaxPool(Pool):
    """y = the largest of each window; the gradient goes back to where it came from."""

    kind = "max_pool"

    def winners(self, image: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The row and column in its window of each window's largest number; the first of equals."""
        windows = self.window.views(image, -np.inf)
        first = windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)
        return first // self.window.size[1], first % self.window.size[1]

    def forward(self, place: Place) -> Step:
        """y[i, j] = max over the window."""
        x, y = place.source, place.quantity("pool", place.source.layout.axes)

        def compute(values: Values) -> Array:
            largest: Array = self.window.views(values[x.name], -np.inf).max(axis=(-2, -1))
            return largest

        def working(values: Values, cell: Cell) -> Working:
            won = self._winner(values[x.name], cell, place.size)
            terms = []
            for at in self.window.cells(cell, place.size):
                share = 1.0 if at == won else 0.0
                where = (*cell[:2], *at)
                terms.append(Term((Factor(f"{share:g}", share), read(x, values, where)), "won" if share else "smaller"))
            return Working(tuple(terms))

        formula = f"{y.symbol} = the largest of each {_text(self.window)} window of {x.symbol}"
        return Step(y, "pool", formula, (x,), compute, working, self, place.layer)

    def _winner(self, image: Array, output: Cell, size: Size) -> Cell:
        """The input cell that this output took: written by comparing one number after another."""
        best: Cell = ()
        for at in self.window.cells(output, size):
            if not best or image[(*output[:2], *at)] > image[(*output[:2], *best)]:
                best = at
        return best

    def backward(self, place: Place, signal: Signal, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x: each ∂L/∂y added at the cell that won."""
        x, gradient = place.source, place.like_source("pool_gradient")

        def compute(values: Values) -> Array:
            image, upstream = values[x.name], signal.read(values)
            u, v = self.winners(image)
            n, c, i, j = np.ogrid[tuple(slice(size) for size in upstream.shape)]
            p, (down, across) = self.window.padding, self.window.stride
            back = np.zeros_like(image)
            np.add.at(back, (n, c, i * down + u - p, j * across + v - p), upstream)
            return back

        def working(values: Values, cell: Cell) -> Working:
            rows, columns = signal.read(values).shape[2:]
            outputs = ((*cell[:2], i, j) for i, j in np.ndindex(rows, columns))
            won = (o for o in outputs if self._winner(values[x.name], o, place.size) == cell[2:])
            return Working(tuple(Term(signal.factors(values, output)) for output in won))

        formula = f"{gradient.symbol} = {signal.formula}, to the cell that won"
        step = Step(gradient, "pool_gradient", formula, (*signal.inputs, x), compute, working, self, place.layer)
        return (step,) if send_back else ()


@dataclass(frozen=True)
class AveragePool(Pool):
    """y = the mean of each window, the rim's zeros included; every cell of a window gets an equal share back."""

    kind = "average_pool"

    @property
    def share(self) -> float:
        """One over the number of cells in a window."""
        return 1.0 / (self.window.size[0] * self.window.size[1])

    def forward(self, place: Place) -> Step:
        """y[i, j] = the mean over the window."""
        x, y = place.source, place.quantity("pool", place.source.layout.axes)

        def compute(values: Values) -> Array:
            mean: Array = self.window.views(values[x.name], 0.0).mean(axis=(-2, -1))
            return mean

        def working(values: Values, cell: Cell) -> Working:
            cells = self.window.cells(cell, place.size)
            return Working(tuple(Term((self._share(), read(x, values, (*cell[:2], *at)))) for at in cells))

        formula = f"{y.symbol} = the mean of each {_text(self.window)} window of {x.symbol}"
        return Step(y, "pool", formula, (x,), compute, working, self, place.layer)

    def _share(self) -> Factor:
        return Factor(f"1/{self.window.size[0] * self.window.size[1]}", self.share)

    def backward(self, place: Place, signal: Signal, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x: an equal share of each ∂L/∂y added to every cell of its window."""
        gradient: Quantity = place.like_source("pool_gradient")

        def compute(values: Values) -> Array:
            upstream = signal.read(values) * self.share
            p, (down, across) = self.window.padding, self.window.stride
            rows, columns = upstream.shape[2:]
            back = np.zeros((*upstream.shape[:2], place.size[1] + 2 * p, place.size[2] + 2 * p))
            for u, v in np.ndindex(*self.window.size):
                back[:, :, u : u + rows * down : down, v : v + columns * across : across] += upstream
            return back[:, :, p : p + place.size[1], p : p + place.size[2]].copy()

        def working(values: Values, cell: Cell) -> Working:
            rows, columns = signal.read(values).shape[2:]
            outputs = ((*cell[:2], i, j) for i, j in np.ndindex(rows, columns))
            over = (output for output in outputs if cell[2:] in self.window.cells(output, place.size))
            return Working(tuple(Term((self._share(), *signal.factors(values, output))) for output in over))

        formula = f"{gradient.symbol} = {signal.formula}, an equal share to each cell of its window"
        step = Step(gradient, "pool_gradient", formula, signal.inputs, compute, working, self, place.layer)
        return (step,) if send_back else ()


def _text(window: Window) -> str:
    return f"{window.size[0]}×{window.size[1]}"
