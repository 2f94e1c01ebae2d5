"""The samples of a network: inputs [N, C, H, W], and targets as large as its output or classes that stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstep.engine.checks import Faults, read_array
from cnnstep.engine.layers.entry import read_keys
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import Loss
from cnnstep.engine.quantity import Array, is_whole
from cnnstep.engine.shared_keys import Sample
from cnnstep.errors import Path


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
            array = _array(pair.get("input"), (*path, "input"), faults)
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


def _array(given: Any, path: Path, faults: Faults) -> Array | None:
    """The value as finite float64 numbers."""
    name = path[-1]
    if given is None:
        faults.add(f"{name} is missing", path[:-1], f"add it: {name}: …", "missing-key")
        return None
    otherwise = f"{name} is not made of numbers in rows of equal length", "write numbers in [ ]"
    array = read_array(given, path, faults, otherwise)
    if array is None:
        return None
    if array.size == 0 or not np.isfinite(array).all():
        what = f"{name} is empty" if array.size == 0 else f"{name} has a number that is not finite"
        faults.add(what, path, "use ordinary numbers", "shape" if array.size == 0 else "value")
        return None
    return array


def _target(given: Any, path: Path, size: Size, faults: Faults) -> Array | None:
    """A target of the network's output size, or a class written as one."""
    if isinstance(given, Mapping):
        read_keys(faults, given, ("class",), path, "a target")
        if given and "class" not in given:
            return None
        return _class(given.get("class"), (*path, "class"), size, faults)
    array = _array(given, path, faults)
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
