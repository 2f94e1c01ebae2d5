"""The keys of a scenario file, declared once: `layers` for a network, or `filter` and what goes with it for two layers.

From here come the engine's limits and defaults, what a file is refused for, and the JSON Schema. The keys of a layer
are declared in its own file, and read there. Inputs and targets are read here: one pair or many, maps or rows, or
classes that stand for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.keys import (
    NUMBERS_FILE,
    Faults,
    Key,
    Layers,
    Named,
    Nested,
    OneOf,
    Pairs,
    Part,
    Text,
    Whole,
    Word,
    read_array,
)
from cnnstep.engine.layers.entry import read_keys
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import FILTER_LOSSES, LOSSES, Loss
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.patches import DILATION, GEOMETRY_KEYS, LEFTOVER_KEY, STRIDE, padding_key
from cnnstep.engine.quantity import Array, is_whole
from cnnstep.engine.scenario import ERROR_SIGNS, OUTPUT_MINUS_TARGET
from cnnstep.errors import Path
from cnnstep.registry import Real

_MATRICES, _SUCH_MATRICES = "a list of rows", "[[…], […]]"
_IMAGE = OneOf((NUMBERS_FILE, Nested(2), Nested(3)), _MATRICES, _SUCH_MATRICES)
_CLASS = Part(
    "ClassTarget",
    "A class: 1 at this unit of the output, 0 at the others.",
    (Key("class", Whole(0), about="Which class, counted from 0."),),
)
_GOAL = OneOf(
    (NUMBERS_FILE, Nested(1), Nested(2), Nested(3), _CLASS),
    "a list of numbers, maps, or a class",
    "[1, 0], or {class: 0}",
)

TITLE = Key("title", Text(), "", "One line on what the scenario is about.")
INPUT = Key(
    "input",
    _IMAGE,
    None,
    "X: rows of numbers [H][W], or one matrix a channel [C][H][W], or {file: …}.",
    ([[1, -1, 0], [0, 1, 0], [0, -1, 1]], {"file": "data/digit.csv"}),
    _SUCH_MATRICES,
)
MAP_TARGET = Key(
    "target",
    _IMAGE,
    None,
    "t: what the output should become, as large as the output; [F] of them for several filters.",
    ([[1, 0], [0, 1]],),
    _SUCH_MATRICES,
)
TARGET = Key(
    "target",
    _GOAL,
    None,
    "t: what the network's output should become: a list of numbers, maps, or {class: 3}.",
    ([0, 0, 0, 1], {"class": 3}),
    _SUCH_MATRICES,
)
_BATCH = Part(
    "Batch",
    "Many samples in two files, in the same order.",
    (
        Key("input", NUMBERS_FILE, about="All inputs in one file: [N][H][W], or [N][C][H][W]."),
        Key("target", NUMBERS_FILE, about="All targets in one file: an array for each sample, or N class numbers."),
    ),
)
SAMPLE_KEYS = ("input", "target")
_SUCH_SAMPLES = "[{input: …, target: …}, …]"


def _pairs(name: str, target: Key) -> Pairs:
    """Samples one by one, or all in two files."""
    one = tuple(Key(key.name, key.form, about=key.about, examples=key.examples) for key in (INPUT, target))
    return Pairs(Part(name, "One input and the target that belongs to it.", one), _BATCH)


def _samples(pairs: Pairs) -> Key:
    about = "A batch, one by one or in two files: replaces input and target."
    return Key("samples", pairs, None, about, such_as=_SUCH_SAMPLES)


_NETWORK_PAIRS = _pairs("NetworkSample", TARGET)
MAP_SAMPLES, SAMPLES = _samples(_pairs("Sample", MAP_TARGET)), _samples(_NETWORK_PAIRS)
TEST = Key(
    "test",
    _NETWORK_PAIRS,
    None,
    "Samples that nothing is trained with: they measure what was learned.",
    such_as=_SUCH_SAMPLES,
)
LAYERS_KEY = Key(
    "layers",
    Layers(),
    about="The network, from input to output: replaces filter, activation and what goes with them.",
    examples=([{"type": "flatten"}, {"type": "dense", "weights": [[1] * 9, [0] * 9]}, {"type": "softmax"}],),
    such_as="[{type: conv, …}, …]",
)
FILTER = Key(
    "filter",
    OneOf((NUMBERS_FILE, Nested(2), Nested(3), Nested(4)), _MATRICES, _SUCH_MATRICES),
    about="W before the first step: [kh][kw], [C][kh][kw] with channels, [F][C][kh][kw] for several.",
    examples=([[1, -1], [1, 1]],),
    such_as=_SUCH_MATRICES,
)
FILTER_BIAS = Key(
    "bias",
    OneOf((Real(), Nested(1)), "one number, or a list of them", "0.5"),
    None,
    "b, added to every output and trained; a list of them for several filters.",
    (0.5,),
)
ACTIVATION = Key(
    "activation",
    Named(ACTIVATIONS),
    about="φ: a name, or a name with its numbers.",
    examples=("relu", {"name": "leaky_relu", "slope": 0.1}),
    such_as="relu",
)
LEARNING_RATE = Key("learning_rate", Real(above=0), about="η, how far one update goes.", examples=(0.5,), such_as="0.5")
MAP_LOSS = Key("loss", Word(FILTER_LOSSES), "half_squared_error", "L, what the training makes small.")
LOSS = Key(
    "loss",
    Word(LOSSES),
    "half_squared_error",
    "L, what the training makes small. cross_entropy is the sum over samples, not the mean.",
)
ERROR = Key("error", Word(ERROR_SIGNS), OUTPUT_MINUS_TARGET, "The sign of e. Both are right, if carried through.")
SLOPE_AT_ZERO = Key("relu_slope_at_zero", Real(least=0, most=1), 0.0, "ReLU's slope at exactly 0, a convention.")
OPTIMIZER = Key(
    "optimizer",
    Named(OPTIMIZERS),
    "sgd",
    "How a gradient moves a weight: a name, or a name with its numbers.",
    ("sgd", {"name": "momentum", "momentum": 0.9}),
)
ITERATIONS = Key("iterations", Whole(1), 1, "How many steps `run` takes.")

FILTER_PADDING = padding_key(
    "How many zeros go round X: a number, [rows, columns], or same, for an output as large as X."
)
_TRAINING = (ERROR, SLOPE_AT_ZERO, OPTIMIZER, ITERATIONS)
ONE_FILTER = Part(
    "ScenarioFile",
    "One step of backpropagation through a convolution: input, filter, activation, target and learning rate.",
    (
        *(TITLE, INPUT, MAP_SAMPLES, FILTER, MAP_TARGET, FILTER_BIAS, ACTIVATION, LEARNING_RATE),
        *(STRIDE, FILTER_PADDING, DILATION, LEFTOVER_KEY, MAP_LOSS, *_TRAINING),
    ),
)
"""A convolution and its activation: the shorter spelling of a network of these two."""
NETWORK = Part(
    "NetworkFile",
    "One step of backpropagation through a whole network: input, layers, target and learning rate.",
    (TITLE, INPUT, TARGET, SAMPLES, TEST, LAYERS_KEY, LEARNING_RATE, LOSS, *_TRAINING),
)


def form_of(keys: Collection[str]) -> Part:
    """The form that these keys are of: where there are `layers`, they stand for the keys of one filter."""
    return NETWORK if "layers" in keys else ONE_FILTER


KEYS = (*ONE_FILTER.names, LAYERS_KEY.name, TEST.name)
"""The names of all keys."""
REPLACED_BY_LAYERS = (FILTER.name, FILTER_BIAS.name, *GEOMETRY_KEYS, ACTIVATION.name)
"""What `layers` says in another way."""
DEFAULTS = {key.name: key.default for key in ONE_FILTER.keys if not key.is_needed}
"""The value of every key that may be left out."""
SUCH_AS = {key.name: key.such_as for part in (ONE_FILTER, NETWORK) for key in part.keys}
"""What a hint for a missing key writes after it."""

Sample = tuple[Mapping[str, Any], Path]
"""An input and its target as they are written, and where they stand."""


def read_samples(faults: Faults, input: Any, target: Any, samples: Any) -> list[Sample]:
    """The samples, or the one that `input` and `target` make."""
    if samples is None:
        return [({"input": input, "target": target}, ())]
    for key, value in (("input", input), ("target", target)):
        if value is not None:
            what = f"samples replaces {key}, and both are given"
            faults.add(what, (key,), f"leave {key} out, or samples", "conflict")
    return read_pairs(faults, "samples", samples)


def read_pairs(faults: Faults, key: str, pairs: Any) -> list[Sample]:
    """The samples under this key; what is none is a fault, and left out."""
    found: list[Sample] = []
    for index, pair in enumerate(read_list(faults, pairs, key, "{input: …, target: …}")):
        if isinstance(pair, Mapping):
            read_keys(faults, pair, SAMPLE_KEYS, (key, index), "a sample")
            found.append((pair, (key, index)))
        else:
            faults.add(f"this sample is {pair!r:.60}", (key, index), "write {input: …, target: …}", "type")
    return found


def read_list(faults: Faults, given: Any, key: str, such_as: str) -> list[Any]:
    """The entries of what must be a list, and not an empty one."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        faults.add(f"{key} is {given!r:.60}; it must be a list", (key,), f"write {key}: [{such_as}, …]", "type")
        return []
    entries = list(given)
    if not entries:
        faults.add(f"{key} is empty", (key,), f"give at least one {such_as}")
    return entries


def read_numbers(value: Any, path: Path, faults: Faults, depths: Sequence[int] = ()) -> Array | None:
    """The value as float64 numbers, all finite; with `depths` as a matrix, or matrices, that is nested so deep."""
    name, such_as = path[-1], "[[…], […]]" if depths else "…"
    if value is None:
        faults.add(f"{name} is missing", path[:-1], f"add it: {name}: {such_as}", "missing-key")
        return None
    if depths:
        otherwise = f"{name} is not a matrix of numbers", "write rows of numbers, all equally long"
    else:
        otherwise = f"{name} is not made of numbers in rows of equal length", "write numbers in [ ]"
    array = read_array(value, path, faults, otherwise)
    if array is None:
        return None
    if array.size == 0 or (depths and array.ndim not in depths):
        shape = "is empty" if array.size == 0 else f"is nested {array.ndim} deep"
        allowed = " or ".join(_NESTING[depth] for depth in depths) or "at least one number"
        faults.add(f"{name} {shape}", path, f"write {allowed}", "shape")
        return None
    if not np.isfinite(array).all():
        cell = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        faults.add(f"{name} has a number that is not finite", (*path, *cell), "use ordinary numbers")
        return None
    return array


_NESTING = {
    2: "one matrix [[…], […]]",
    3: "a list of matrices [[[…]], [[…]]]",
    4: "a list of filters, each a list of matrices",
}


def size_words(size: Size) -> str:
    """`one row of 10 numbers`, `one map of 2×3`, `4 maps of 2×3`."""
    if len(size) == 1:
        return "one number" if size == (1,) else f"one row of {size[0]} numbers"
    maps = "one map" if size[0] == 1 else f"{size[0]} maps"
    return f"{maps} of {size[1]}×{size[2]}"


@dataclass(frozen=True)
class Samples:
    """Pairs of an input and a target as they were written, and where each stands."""

    pairs: Sequence[Sample]

    def images(self, faults: Faults, like: Size | None = None) -> tuple[Array | None, bool]:
        """All inputs as [N, C, H, W], of the size `like` where it is given; and whether none is written [C][H][W]."""
        images: list[Array] = []
        flat = True
        for pair, path in self.pairs:
            array = read_numbers(pair.get("input"), (*path, "input"), faults)
            if array is None:
                continue
            if array.ndim not in (2, 3):
                what = f"input is nested {array.ndim} deep; it must be one matrix, or one for each channel"
                faults.add(what, (*path, "input"), "write [[…], […]]", "shape")
                continue
            flat = flat and array.ndim == 2
            image = array if array.ndim == 3 else array[None]
            like = image.shape if like is None else like
            if image.shape != like:
                what = f"this input is {size_words(image.shape)}, the first one is {size_words(like)}"
                faults.add(what, (*path, "input"), "all samples have the same size", "shape")
                continue
            images.append(image)
        return (np.stack(images), flat) if len(images) == len(self.pairs) and images else (None, flat)

    def targets(self, size: Size, loss: Loss | None, faults: Faults) -> Array | None:
        """All targets as [N, …size]; None where one does not fit."""
        found = []
        for pair, path in self.pairs:
            target = _target(pair.get("target"), (*path, "target"), size, faults)
            if target is None:
                continue
            found.append(target)
            if loss is not None and loss.only_with and not ((target >= 0) & (target <= 1)).all():
                faults.add(f"{loss.name} needs targets from 0 to 1", (*path, "target"), "change the target")
        return np.stack(found) if len(found) == len(self.pairs) and found else None


def _target(given: Any, path: Path, size: Size, faults: Faults) -> Array | None:
    """A target of the network's output size, or a class written as one."""
    if isinstance(given, Mapping):
        read_keys(faults, given, ("class",), path, "a target")
        if given and "class" not in given:
            return None
        return _class(given.get("class"), (*path, "class"), size, faults)
    array = read_numbers(given, path, faults)
    if array is None:
        return None
    one_map, one_row = array.ndim == 2 and len(size) == 3 and size[0] == 1, array.shape == (1, *size)
    shown = array[None] if one_map else array[0] if one_row and len(size) == 1 else array
    if shown.shape != size:
        sizes = "×".join(str(n) for n in array.shape)
        what = f"target is {sizes or 'one number'}, but the network gives {size_words(size)}"
        faults.add(what, path, _fitting(size), "shape")
        return None
    return shown


def _fitting(size: Size) -> str:
    if len(size) > 1:
        return f"write {size_words(size)}, nested {'×'.join(str(n) for n in size)}; or end the network with flatten"
    return (
        "write [0], one number in a list" if size == (1,) else f"write {size[0]} numbers in one list, or {{class: 0}}"
    )


def _class(number: Any, path: Path, size: Size, faults: Faults) -> Array | None:
    """All 0 but for a 1 at this unit."""
    if len(size) != 1:
        what = f"a class needs one row of numbers, and the network gives {size_words(size)}"
        faults.add(what, path, "end the network with flatten, dense and softmax", "shape")
        return None
    if not is_whole(number) or not 0 <= number < size[0]:
        what = f"there is no class {number}: the network gives {size_words(size)}"
        faults.add(what, path, f"classes are counted from 0 to {size[0] - 1}")
        return None
    one_hot = np.zeros(size)
    one_hot[number] = 1.0
    return one_hot
