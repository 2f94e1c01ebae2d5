"""Many samples in two files, taken apart into one pair after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnstep.engine.quantity import Array
from cnnstep.errors import Fault, InputError


def pairs_of(key: str, batch: Mapping[str, Any], classes: bool) -> list[dict[str, Any]]:
    """`[{input, target}, …]` of the arrays of a batch; with `classes`, single numbers are those of classes."""
    inputs, targets = batch["input"], batch["target"]
    if inputs.ndim not in (3, 4):
        what = f"the file of inputs is {_size(inputs)}; it must hold one image for each sample"
        raise InputError(Fault("shape", what, "save it as [N][H][W], or [N][C][H][W] with channels", (key, "input")))
    if targets.ndim == 2 and 1 in targets.shape and targets.size == len(inputs):
        targets = targets.reshape(-1)  # one column, or one line, of a .csv
    if len(targets) != len(inputs):
        what = f"there are {len(inputs)} inputs and {len(targets)} targets"
        raise InputError(Fault("shape", what, "give as many targets as inputs, in the same order", (key, "target")))
    written: list[Any] = _classes(key, targets) if classes and targets.ndim == 1 else _arrays(targets)
    return [{"input": image, "target": target} for image, target in zip(inputs, written, strict=True)]


def _arrays(targets: Array) -> list[Array]:
    return [*targets] if targets.ndim > 1 else [*targets[:, None]]


def _classes(key: str, targets: Array) -> list[dict[str, int]]:
    odd = next((k for k, number in enumerate(targets) if not float(number).is_integer()), None)
    if odd is not None:
        what = f"sample {odd} has the class {targets[odd]:g}; a class is a whole number"
        raise InputError(Fault("value", what, "write the classes as 0, 1, 2, …", (key, "target")))
    return [{"class": int(number)} for number in targets]


def _size(array: Array) -> str:
    return "×".join(str(n) for n in array.shape)
