"""The keys that one filter and a network have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cnnstep.engine.checks import Faults, Named, NumberReader, chosen
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.entry import read_keys
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.losses import Loss
from cnnstep.engine.optimizers import OPTIMIZERS, Optimizer
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.scenario_keys import ITERATIONS, LEARNING_RATE, SAMPLE_KEYS, SLOPE_AT_ZERO
from cnnstep.errors import Path
from cnnstep.registry import did_you_mean

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
        rate = numbers.real(learning_rate, LEARNING_RATE)
        if error not in ERROR_SIGNS:
            faults.add(f'error can\'t be "{error}"', ("error",), did_you_mean(str(error), ERROR_SIGNS))
        return SharedKeys(
            title,
            rate,
            error,
            numbers.real(relu_slope_at_zero, SLOPE_AT_ZERO),
            chosen(OPTIMIZERS, optimizer, "optimizer", faults),
            numbers.whole(iterations, ITERATIONS),
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
