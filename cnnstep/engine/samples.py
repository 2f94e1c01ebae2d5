"""Inputs and targets as a scenario writes them: one pair or many, maps or rows, or classes that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstep.engine.keys import Faults, read_array
from cnnstep.engine.layers.entry import read_keys
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import Loss
from cnnstep.engine.quantity import Array, is_whole
from cnnstep.engine.scenario_keys import SAMPLE_KEYS
from cnnstep.errors import Path

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
