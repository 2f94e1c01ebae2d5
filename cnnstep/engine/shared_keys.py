"""The keys that one filter and a network have in common: of the whole scenario, and of how a window moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnnstep.engine.checks import Faults, Named, NumberReader, chosen
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.losses import Loss
from cnnstep.engine.optimizers import OPTIMIZERS, Optimizer
from cnnstep.engine.patches import Geometry, Pair
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.errors import Path
from cnnstep.registry import did_you_mean

GEOMETRY_KEYS = ("stride", "padding", "dilation", "leftover")
"""What says how a filter moves; a pooling window's dilation is always 1."""
SAME = "same"
"""The padding that gives the output the input's size."""
FARTHEST = 1000
"""Of stride, padding and dilation: a slip of the keyboard should not fill the memory with zeros."""
LEFTOVER = ("refuse", "drop")
"""What can become of cells at the end of an axis that no window reaches; the first, unless told."""
SAMPLE_KEYS = ("input", "target")
Sample = tuple[Mapping[str, Any], Path]
"""An input and its target as they are written, and where they stand."""
Steps = int | Sequence[int]
"""One number for rows and columns, or one for each."""


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


def read_keys(faults: Faults, given: Mapping[str, Any], known: Sequence[str], at: Path, owner: str) -> None:
    """A fault for each key that is not known, with the nearest that is."""
    for key in given:
        if key not in known:
            faults.add(f'{owner} has no "{key}"', (*at, key), did_you_mean(str(key), known), "unknown-key")


def read_geometry(
    faults: Faults, given: Mapping[str, Any], window: Pair | None, at: Path = (), stride: Steps = 1
) -> Geometry:
    """How a window of this size moves; `stride` is the one that holds where none is given.

    With `padding: same` each axis gets the window's reach less 1 in zeros. An odd number of them has one more at the
    end, as in PyTorch; and as there it goes with stride 1 alone.
    """
    numbers = NumberReader(faults, at)
    steps = numbers.pair(given.get("stride", stride), "stride", 1, FARTHEST)
    dilation = numbers.pair(given.get("dilation", 1), "dilation", 1, FARTHEST)
    drops = _drops(faults, given.get("leftover", LEFTOVER[0]), at)
    padding = given.get("padding", 0)
    if not isinstance(padding, str):
        return Geometry.of(steps, numbers.pair(padding, "padding", 0, FARTHEST), dilation, drops=drops)
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


@dataclass(frozen=True)
class SharedKeys:
    """What stands beside the layers and the data; there is no optimizer where its name or its numbers are at fault."""

    title: str
    learning_rate: float
    error: str
    relu_slope_at_zero: float
    optimizer: Optimizer | None
    iterations: int

    @staticmethod
    def read(
        faults: Faults,
        *,
        title: str,
        learning_rate: float,
        error: str,
        relu_slope_at_zero: float,
        optimizer: Named,
        iterations: int,
    ) -> SharedKeys:
        """The keys as they were written, checked one by one."""
        numbers = NumberReader(faults)
        rate = numbers.real(learning_rate, "learning_rate", above=0.0)
        if error not in ERROR_SIGNS:
            faults.add(f'error can\'t be "{error}"', ("error",), did_you_mean(str(error), ERROR_SIGNS))
        return SharedKeys(
            title,
            rate,
            error,
            numbers.real(relu_slope_at_zero, "relu_slope_at_zero", least=0.0, most=1.0),
            chosen(OPTIMIZERS, optimizer, "optimizer", faults),
            numbers.whole(iterations, "iterations", 1),
        )

    def scenario(self, inputs: Array, targets: Array, layers: tuple[Layer, ...], loss: Loss, **more: Any) -> Scenario:
        """The scenario, once nothing is at fault; a last activation whose slope cancels the loss's weight knows it."""
        assert self.optimizer is not None
        last = layers[-1]
        if isinstance(last, ActivationLayer) and loss.only_with == last.kind:
            layers = (*layers[:-1], replace(last, slope_cancels=True))
        return Scenario(
            inputs=frozen(inputs),
            targets=frozen(targets),
            layers=layers,
            learning_rate=self.learning_rate,
            loss=loss,
            error=self.error,
            optimizer=self.optimizer,
            relu_slope_at_zero=self.relu_slope_at_zero,
            iterations=self.iterations,
            title=self.title,
            **more,
        )
