"""One entry of a scenario's `layers`: which types there are, and what each reads of its own keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.keys import (
    NUMBERS_FILE,
    Faults,
    Key,
    Nested,
    NumberReader,
    OneOf,
    Part,
    Text,
    Whole,
    Word,
    pair,
    read_array,
)
from cnnstep.engine.layers.layer import Layer, Size
from cnnstep.engine.patches import STEPS, STRIDE, Geometry, Pair, Steps, read_geometry
from cnnstep.engine.quantity import Array, frozen
from cnnstep.errors import Path
from cnnstep.registry import Real, Registry, did_you_mean

MOST_WEIGHTS = 5_000_000
"""Of one layer that is drawn: a slip of the keyboard should not fill the memory."""


@dataclass(frozen=True)
class LayerKind:
    """A type of layer as scenarios write it: what it is in a line, its keys besides `type` and `name`, its reading.

    Lists of all types have the smallest `place` first: about as they stand in a network.
    """

    about: str
    place: int
    keys: tuple[Key, ...]
    read: Callable[[Entry], Layer | None]


KINDS: Registry[LayerKind] = Registry("layer type")
"""Filled by the layers' own files; `kinds.LAYERS` has them all."""

T = TypeVar("T", bound=Callable[["Entry"], Layer | None])


def layer_kind(name: str, about: str, place: int, keys: tuple[Key, ...] = ()) -> Callable[[T], T]:
    """Decorator of what reads an entry of this type."""

    def keep(read: T) -> T:
        KINDS.add(name)(LayerKind(about, place, keys, read))
        return read

    return keep


INIT = Key("init", Word(INITIALISERS), about="How the weights are drawn.", examples=("he_normal",))
SEED = Key("seed", Whole(0), 0, "The same seed draws the same weights.")
DRAWN_SIZE = Key("size", pair(STEPS, "rows, columns"), 3, "Their rows and columns: one number, or [rows, columns].")
BIAS = Key(
    "bias",
    OneOf((NUMBERS_FILE, Real(), Nested(1)), "one number, or a list of them", "0.5"),
    None,
    "b, one number for each output, or one for all; without it there is none.",
    (0,),
)
LAYER_NAME = Key("name", Text(), "", "What its steps begin with; without one its type and a count.")


def weights_key(drawn: Part, depth: int, asked: str, nesting: str, such_as: str) -> Key:
    """The key `weights`: numbers nested as `nesting` says, a file of them, or a draw such as `such_as`."""
    form = OneOf(
        (NUMBERS_FILE, drawn, Nested(depth)),
        asked,
        f"{'[' * (depth - 1)}[…], […]{']' * (depth - 1)}, or {{init: he_normal, …}}",
    )
    such_as = f"{{init: he_normal, seed: 1, {such_as}}}"
    return Key("weights", form, about=f"W: {nesting}, from a file, or drawn.", such_as=such_as)


def read_keys(faults: Faults, given: Mapping[str, Any], known: Sequence[str], at: Path, owner: str) -> None:
    """A fault for each key that is not known, with the nearest that is."""
    for key in given:
        if key not in known:
            faults.add(f'{owner} has no "{key}"', (*at, key), did_you_mean(str(key), known), "unknown-key")


@dataclass(frozen=True)
class Entry:
    """What is written of one layer, `size` being that of its input where it is known; faults are noted, not raised."""

    kind: str
    given: Mapping[str, Any]
    path: Path
    size: Size | None
    slope_at_zero: float
    faults: Faults

    @property
    def maps(self) -> int | None:
        """How many maps the layer's input has, where it is maps."""
        return self.size[0] if self.size and len(self.size) == 3 else None

    @property
    def units(self) -> int | None:
        """How many numbers the layer's input has, where it is one row."""
        return self.size[0] if self.size and len(self.size) == 1 else None

    def real(self, key: Key) -> float:
        """A number."""
        return NumberReader(self.faults, self.path).real(self.given.get(key.name, key.default), key)

    def pair(self, key: Key) -> Pair:
        """A number for rows and columns, or one for each."""
        return NumberReader(self.faults, self.path).pair(self.given.get(key.name, key.default), key)

    def word(self, key: Key) -> str:
        """One of the key's names."""
        assert isinstance(key.form, Word)
        word = str(self.given.get(key.name, key.default))
        if word not in key.form.names:
            what = f'{key.name} can\'t be "{word}"'
            self.faults.add(what, (*self.path, key.name), did_you_mean(word, key.form.names))
        return word

    def geometry(self, window: Pair | None, stride: Steps = STRIDE.default) -> Geometry:
        """How a window of this size moves."""
        return read_geometry(self.faults, self.given, window, self.path, stride)

    def weights(
        self, key: Key, nesting: str, shape: Callable[[Entry], tuple[int, ...]], *, inputs_axis: int = 1
    ) -> Array | None:
        """The weights as they are written, or drawn by a named initialiser with a seed; then `shape` says their size.

        `inputs_axis` is 0 or 1: along it lie the maps or numbers that go in, along the other one those that come out.
        """
        dimensions = nesting.count("[")
        given, path = self.given.get(key.name), (*self.path, key.name)
        if given is None:
            hint = "add it: weights: {init: he_normal, seed: 1, …}"
            self.faults.add("weights are missing", self.path, hint, "missing-key")
            return None
        if isinstance(given, Mapping):
            draw = Entry(self.kind, given, path, self.size, self.slope_at_zero, self.faults)
            read_keys(self.faults, given, _drawn(key).names, path, f"the draw of a {self.kind} layer's weights")
            return draw._drawn_weights(shape(draw), inputs_axis)
        uneven = "weights are not made of numbers in rows of equal length", f"write them as {nesting}"
        array = read_array(given, path, self.faults, uneven)
        if array is None:
            return None
        if array.ndim != dimensions or array.size == 0:
            what = f"weights are nested {array.ndim} deep; this layer's are {dimensions} deep: {nesting}"
            self.faults.add(what, path, f"write them as {nesting}", "shape")
            return None
        if not np.isfinite(array).all():
            self.faults.add("weights have a number that is not finite", path, "use ordinary numbers")
            return None
        return frozen(array)

    def count(self, key: Key) -> int:
        """A whole number that can't be left out."""
        if key.name not in self.given:
            self.faults.add(f"{key.name} is missing", self.path, f"add it: {key.name}: 8", "missing-key")
            return 1
        return NumberReader(self.faults, self.path).whole(self.given[key.name], key)

    def _drawn_weights(self, shape: tuple[int, ...], inputs_axis: int) -> Array | None:
        if "init" not in self.given:
            what = "init is missing: how the weights are drawn"
            hint = f"add it: init: he_normal; available: {', '.join(INITIALISERS)}"
            self.faults.add(what, self.path, hint, "missing-key")
            return None
        draw = self.faults.attempt(lambda: INITIALISERS.find(str(self.given["init"])), *self.path, "init")
        seed = NumberReader(self.faults, self.path).whole(self.given.get("seed", SEED.default), SEED)
        field = int(np.prod(shape[2:], dtype=int))
        if (total := field * shape[0] * shape[1]) > MOST_WEIGHTS:
            what = f"this layer would have {total} weights; {MOST_WEIGHTS} are the most that can be drawn"
            self.faults.add(what, self.path, "make it smaller")
            return None
        inputs, outputs = shape[inputs_axis] * field, shape[1 - inputs_axis] * field
        return None if draw is None else frozen(draw.draw(np.random.default_rng(seed), shape, inputs, outputs))

    def bias(self, outputs: int) -> Array | None:
        """The bias as it is written; one number stands for all; without one there is none."""
        given = self.given.get(BIAS.name)
        if given is None:
            return None
        path, hint = (*self.path, BIAS.name), f"write a list of {outputs} numbers, or 0 for all"
        what = f"bias does not fit: this layer needs {outputs} numbers"
        array = read_array(given, path, self.faults, (what, hint))
        if array is None:
            return None
        array = np.full(outputs, float(array)) if array.ndim == 0 else array
        if array.shape != (outputs,) or not np.isfinite(array).all():
            self.faults.add(what, path, hint, "shape")
            return None
        return frozen(array)


def _drawn(weights: Key) -> Part:
    """The keys of a draw."""
    assert isinstance(weights.form, OneOf)
    return next(form for form in weights.form.forms if isinstance(form, Part) and form is not NUMBERS_FILE)
