"""Pooling layers: the largest number of each window, or their mean. x and ∂L/∂x [N, C, H, W], y [N, C, oh, ow].

Where several numbers of a window are equally large, the first in reading order wins, and it alone gets the
gradient; this is what PyTorch does too. With `ties: share` they get it in equal parts, as in some other libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.keys import Key, Word, pair
from cnnstep.engine.layers.entry import Entry, layer_kind
from cnnstep.engine.layers.layer import Layer, LayerContext, Size, Told, Upstream
from cnnstep.engine.layers.window import Window
from cnnstep.engine.patches import LEFTOVER_KEY, STEPS, padding_key
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Step, Term, Working, read
from cnnstep.engine.sums import FUNCTIONS, Call, Function, Products, Read, letters
from cnnstep.errors import Fault, InputError

TIES = ("first", "share")
"""Who gets the gradient where several numbers are equally large: the first in reading order, or all in equal parts."""


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
            reads, terms = self.window.reads(x, cell, context.size), []
            for at in self.window.cells(cell, context.size):
                share = 1.0 if at == won else 0.0
                where = (*cell[:2], *at)
                number, best = read(x, values, where), values[x.name][(*cell[:2], *won)]
                smaller = ("as large" if self.shares else LATER) if number.value == best else "smaller"
                call = Call("wins", (float(reads.index(Read(x.name, where))), reads))
                terms.append(Term((Factor(f"{share:g}", share, call=call), number), "won" if share else smaller))
            return Working(tuple(terms))

        formula = f"{y.symbol} = the largest of each {_text(self.window)} window of {x.symbol}"
        output, places = letters(4), letters(2, 4)
        wins = Call("wins", (self.window.place(places), self.window.each(x, output, 6)))
        met = Read(x.name, (*output[:2], *self.window.geometry.meeting(output[2:], places)))
        sums = (Products((wins, met), self.window.size),)
        return self.step(context, y, "forward", formula, (x,), compute, working, sums=sums)

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
            for output in self.window.over(cell, upstream.read(values).shape):
                paid = self._paid(values[x.name], output, context.size)
                if cell[2:] in paid:
                    reads, number = self.window.reads(x, output, context.size), len(paid)
                    call = Call(self._pays, (float(reads.index(Read(x.name, cell))), reads))
                    part = (Factor(f"1/{number}", 1.0 / number, call=call),) if number > 1 else ()
                    terms.append(Term((*part, *upstream.factors(values, output)), given=None if part else call))
            return Working(tuple(terms))

        goes_to = "in equal parts to the largest cells" if self.shares else "to the cell that won"
        formula = f"{gradient.symbol} = {upstream.formula}, {goes_to}"
        _, places, output = self.window.backwards()
        pays = Call(self._pays, (self.window.place(places), self.window.each(x, output, 6)))
        sums, inputs = (Products((pays, *upstream.parts(output)), self.window.size),), (*upstream.inputs, x)
        step = self.step(context, gradient, "input_gradient", formula, inputs, compute, working, sums=sums)
        return (step,) if send_back else ()

    @property
    def _pays(self) -> str:
        """The function that says what a cell gets of the gradient."""
        return "shares" if self.shares else "wins"


def _wins(place: int, window: Sequence[float | None]) -> float:
    inside = [(number, at) for at, number in enumerate(window) if number is not None]
    largest = max(number for number, _ in inside)
    return float(place == next(at for number, at in inside if number == largest))


def _shares(place: int, window: Sequence[float | None]) -> float:
    largest = max(number for number in window if number is not None)
    return 1.0 / window.count(largest) if window[place] == largest else 0.0


FUNCTIONS.add("wins")(Function("wins(place, window) = 1 at the first of the window's largest numbers, else 0", _wins))
FUNCTIONS.add("shares")(
    Function("shares(place, window) = 1/k at each of the window's k largest numbers, else 0", _shares)
)


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
        output, places = letters(4), letters(2, 4)
        met = Read(x.name, (*output[:2], *self.window.geometry.meeting(output[2:], places)))
        sums = (Products((self.share, met), self.window.size),)
        return self.step(context, y, "forward", formula, (x,), compute, working, sums=sums)

    def _share(self) -> Factor:
        return Factor(f"1/{self.window.size[0] * self.window.size[1]}", self.share)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x: an equal share of each ∂L/∂y added to every cell of its window."""
        gradient: Quantity = context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            return self.window.gathered(upstream.read(values), lambda _: self.share, context.size)

        def working(values: Values, cell: Cell) -> Working:
            over = self.window.over(cell, upstream.read(values).shape)
            return Working(tuple(Term((self._share(), *upstream.factors(values, output))) for output in over))

        formula = f"{gradient.symbol} = {upstream.formula}, an equal share to each cell of its window"
        *_, output = self.window.backwards()
        sums = (Products((self.share, *upstream.parts(output)), self.window.size),)
        step = self.step(context, gradient, "input_gradient", formula, upstream.inputs, compute, working, sums=sums)
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
