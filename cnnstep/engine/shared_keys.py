"""The keys that one filter and a network have in common, and the scenario that they complete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cnnstep.engine.checks import Faults, Named, NumberReader, chosen
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.losses import Loss
from cnnstep.engine.optimizers import OPTIMIZERS, Optimizer
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.registry import did_you_mean


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
