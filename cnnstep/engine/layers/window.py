"""The window of a pooling layer: which cells it covers at each output, and the way back to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnstep.engine.layers.layer import Size
from cnnstep.engine.patches import Geometry, Pair, blank, framed
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.sums import Each, Index, Indices, Read, letters, turned
from cnnstep.errors import Fault, InputError


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

    def over(self, cell: Cell, shape: Size) -> Iterator[Cell]:
        """The outputs, of an array of this shape, whose window covers this input cell: every axis, in reading order."""
        return ((*cell[:2], *at) for at, _ in self.geometry.over(cell[2:], self.size, shape[2:]))

    def reads(self, x: Quantity, output: Cell, size: Size) -> tuple[Read | None, ...]:
        """The input cells at all places of this output's window; None where the rim is."""
        inside = {*self.cells(output, size)}
        met = (self.geometry.met((output[-2], output[-1]), place) for place in self.places())
        return tuple(Read(x.name, (*output[:2], *at)) if at in inside else None for at in met)

    def each(self, x: Quantity, output: Indices, after: int) -> Each:
        """The same with letters, those of the places numbered on after so many others."""
        met = self.geometry.meeting(output[2:], letters(2, after))
        return Each(self.size, Read(x.name, (*output[:2], *met)))

    def place(self, at: Indices) -> Index:
        """Which of its window a place is, counted in reading order."""
        return at[0] * self.size[1] + at[1]

    def backwards(self) -> tuple[Indices, Indices, Indices]:
        """An input cell's letters, a place, and the output in whose window the cell has that place."""
        cell, places = letters(4), turned(letters(2, 4), self.size)
        return cell, places, (*cell[:2], *self.geometry.reaching(cell[2:], places))
