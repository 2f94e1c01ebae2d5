"""A scenario as matrices: every output is a row of P times the filter, z = P·w, and ∂L/∂w = Pᵀ·δ.

Shapes: M output cells of one filter (the batch included), K weights of one filter (its bias last, for which P
has a column of ones), F filters, R runs side by side. P [M, K], targets [M, F], weights [K, F, R].

A large layer goes by tiles, patches of a few output rows, forward and back while they are in the cache. For each
tile z = W·Pᵀ, δ = c·(φ(z) − t) ⊙ φ′(z), ∂L/∂W += δ·P: the patches are laid out once and used twice, and neither
they nor z nor δ ever exist for the whole image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv, bias_gradient, correlate, filter_gradient
from cnnstep.engine.losses import Loss
from cnnstep.engine.optimizers import Optimizer
from cnnstep.engine.patches import patch_matrix, patches
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import Mask
from cnnstep.engine.trace import LARGEST_MATRIX, is_straight
from cnnstep.engine.training.relu_kernel import Columns

TILE = 2**18
"""The numbers of a tile, its patches, z and δ together: 2 MiB, measured best between the second and third cache."""


def delta_of(scenario: Scenario, z: Array, a: Array, error: Array) -> Array:
    """δ = ∂L/∂a ⊙ φ′(z) of any cells, from their z, a and e = a − t; kernels for ReLU have ways of their own."""
    phi, loss, count = scenario.activation, scenario.loss, scenario.targets.size
    if cast("ActivationLayer", scenario.layers[1]).slope_cancels:
        return error
    if loss.factor is None or loss.factor(count) != 1:
        error = loss.weight(a, count) * error
    # the mask itself costs a third of where(z > 0, 1, 0)
    delta: Array = error * (z > 0 if phi.plain_relu else phi.slope(z))
    return delta


def layer_gradient(scenario: Scenario) -> tuple[float, Array, Array | None]:
    """L, ∂L/∂W [F, C, kh, kw] and ∂L/∂b [F] at the scenario's own filters."""
    conv = scenario.conv
    rows = conv.weights.reshape(len(conv.weights), -1)
    windows = patches(scenario.inputs, conv.window, conv.geometry)
    gradient, part = np.zeros_like(rows), np.empty_like(rows)
    bias_gradient = None if conv.bias is None else np.zeros_like(conv.bias)
    loss = 0.0
    with np.errstate(all="ignore"):
        for tile in _tiles(windows, scenario.targets, len(rows)):
            rows.dot(tile.patches, tile.z)
            if conv.bias is not None:
                np.add(tile.z, conv.bias[:, None], out=tile.z)
            loss += _delta(scenario, tile)
            tile.delta.dot(tile.patches.T, part)
            np.add(gradient, part, out=gradient)
            if bias_gradient is not None:
                bias_gradient += tile.delta.sum(axis=1)
    scale = scenario.loss.scale(scenario.targets.size)
    return scale * loss, gradient.reshape(conv.weights.shape), bias_gradient


@dataclass(frozen=True)
class _Tile:
    """Patches [K, n] of n output cells, their targets [F, n], and room for z and δ [F, n]."""

    patches: Array
    targets: Array
    z: Array
    delta: Array


def _tiles(windows: Array, targets: Array, filters: int) -> Iterator[_Tile]:
    """The output rows of each sample, a few at a time; the next tile takes the place of the one before."""
    samples, channels, height, width, *window = windows.shape
    weights = channels * window[0] * window[1]
    most = max(1, min(height, TILE // ((weights + 3 * filters) * width)))
    room = np.empty(weights * most * width)
    rooms = [np.empty(filters * most * width) for _ in range(2)]
    for sample in range(samples):
        for top in range(0, height, most):
            rows = min(most, height - top)
            cells = rows * width
            layout = room[: weights * cells].reshape(channels, *window, rows, width)
            seen = windows[sample, :, top : top + rows]
            for u in range(window[0]):
                for v in range(window[1]):
                    layout[:, u, v] = seen[..., u, v]
            z, delta = (part[: filters * cells].reshape(filters, cells) for part in rooms)
            wanted = targets[sample, :, top : top + rows].reshape(filters, cells)
            yield _Tile(layout.reshape(weights, cells), wanted, z, delta)


def _delta(scenario: Scenario, tile: _Tile) -> float:
    """δ into its place, from z; Σ of the loss's cells."""
    phi, loss, count = scenario.activation, scenario.loss, scenario.targets.size
    z, targets, delta = tile.z, tile.targets, tile.delta
    factor = None if loss.factor is None else loss.factor(count)
    if factor is None or not phi.plain_relu:
        a = phi.value(z)
        delta[...] = delta_of(scenario, z, a, a - targets)
        return float(loss.cells(a, targets).sum())
    np.maximum(z, 0.0, out=z)
    np.subtract(z, targets, out=delta)
    flat = delta.reshape(-1)
    squares = float(flat.dot(flat))
    np.subtract(0.0, z, out=z)
    bits = z.view(np.int64)
    np.right_shift(bits, 63, out=bits)  # all ones where max(0, z) > 0, which is where relu′ is 1
    kept = delta.view(np.int64)
    np.bitwise_and(kept, bits, out=kept)
    if factor != 1:
        np.multiply(delta, factor, out=delta)
    return squares


@dataclass(frozen=True)
class Problem:
    """What a run needs of a scenario of one convolution and its activation. The sign of the error changes no weight."""

    scenario: Scenario = field(repr=False)
    targets: Array = field(repr=False)
    start: Array = field(repr=False)

    @staticmethod
    def of(scenario: Scenario) -> Problem:
        """The matrices of a scenario; `ValueError` where it is not one convolution with its activation."""
        if not (len(scenario.layers) == 2 and isinstance(scenario.layers[0], Conv)):
            raise ValueError("only one convolution with its activation can be trained without the record")
        filters = scenario.conv.weights.shape[0]
        targets = np.ascontiguousarray(np.moveaxis(scenario.targets, 1, 3).reshape(-1, filters))
        return Problem(scenario, targets, weights_of(scenario.conv.weights, scenario.conv.bias))

    @cached_property
    def matrix(self) -> Array:
        """The patches alone [M, K − 1 or K]: a row for each output cell, without the bias's ones."""
        conv = self.scenario.conv
        return patch_matrix(self.scenario.inputs, conv.window, conv.geometry)

    @cached_property
    def patches(self) -> Array:
        """P [M, K]: the patches, and a last column of ones where there is a bias."""
        if self.scenario.conv.bias is None:
            return self.matrix
        return np.column_stack((self.matrix, np.ones(len(self.matrix))))

    @property
    def phi(self) -> Activation:
        """φ."""
        return self.scenario.activation

    @property
    def loss(self) -> Loss:
        """L."""
        return self.scenario.loss

    @property
    def optimizer(self) -> Optimizer:
        """How a gradient moves a weight."""
        return self.scenario.optimizer

    @property
    def slope_cancels(self) -> bool:
        """Whether δ is the error itself."""
        return cast("ActivationLayer", self.scenario.layers[1]).slope_cancels

    @property
    def memoryless(self) -> bool:
        """Whether the next weights depend on the present ones alone."""
        return self.optimizer.name == "sgd"

    @cached_property
    def straight(self) -> bool:
        """Whether δ is c·e where a slope is 1, and 0 elsewhere; see `is_straight`."""
        return is_straight(self.scenario)

    @cached_property
    def factor(self) -> float | None:
        """The number c in δ = c·e ⊙ φ′(z), where the loss has one for all cells."""
        return None if self.loss.factor is None else self.loss.factor(self.targets.size)

    @cached_property
    def least(self) -> float:
        """The loss of a perfect output."""
        return self.loss.least(self.targets)

    @cached_property
    def blank(self) -> float:
        """The loss of an output of 0; may be inf."""
        return self.loss.value(np.zeros_like(self.targets), self.targets)

    @cached_property
    def floor(self) -> float:
        """The smallest loss that the activation's range allows."""
        return self.loss.value(np.clip(self.targets, self.phi.low, self.phi.high), self.targets)

    @cached_property
    def in_tiles(self) -> bool:
        """Whether the layer is so large that it is worked tile by tile."""
        return len(self.targets) * len(self.start) > LARGEST_MATRIX

    @cached_property
    def columns(self) -> Columns:
        """P as many ReLU runs side by side use it."""
        return Columns.of(self.patches, self.targets)

    def outputs(self, weights: Array) -> tuple[Array, Array]:
        """z = P·w and the error a − t, both [M, F, R]."""
        z = self.patches.dot(weights.reshape(len(weights), -1)).reshape(-1, *weights.shape[1:])
        return z, self.phi.value(z) - self.targets[:, :, None]

    def loss_and_gradient(self, weights: Array) -> tuple[Array, Array]:
        """L [R] and ∂L/∂w = Pᵀ·δ [K, F, R] at these weights."""
        if self.in_tiles or weights.shape[2] == 1:
            return self._run_by_run(weights)
        P, targets = self.patches, self.targets[:, :, None]
        z = P.dot(weights.reshape(len(weights), -1)).reshape(-1, *weights.shape[1:])
        a = self.phi.value(z)
        error = a - targets
        cells = np.square(error) if self.factor is not None else self.loss.cells(a, targets)
        gradient = P.T.dot(self._delta(z, a, error).reshape(len(P), -1)).reshape(weights.shape)
        return self.loss.scale(targets.size) * np.add.reduce(cells, axis=(0, 1)), gradient

    def _delta(self, z: Array, a: Array, error: Array) -> Array:
        return delta_of(self.scenario, z, a, error)

    def measured(self, weights: Array) -> tuple[Array, Array]:
        """L [R], and the largest |∂L/∂w| [R], at these weights."""
        loss, gradient = self.loss_and_gradient(weights)
        return loss, np.abs(gradient).max(axis=(0, 1))

    def blocked(self, weights: Array) -> Mask:
        """Which runs [R] have an error that meets a slope of 0."""
        if self.slope_cancels:
            return np.zeros(weights.shape[2], dtype=bool)
        z, error = self.outputs(weights)
        blocked: Mask = ((self.phi.slope(z) == 0) & (error != 0)).any(axis=(0, 1))
        return blocked

    def _run_by_run(self, weights: Array) -> tuple[Array, Array]:
        losses, gradients = [], []
        for run in range(weights.shape[2]):
            filters, bias = self.filters_of(weights[:, :, run])
            one = self._by_tiles if self.in_tiles else self._as_recorded
            loss, gradient, bias_gradient = one(filters, bias)
            losses.append(loss)
            gradients.append(weights_of(gradient, bias_gradient))
        return np.array(losses), gradients[0] if len(gradients) == 1 else np.concatenate(gradients, axis=2)

    def _as_recorded(self, filters: Array, bias: Array | None) -> tuple[float, Array, Array | None]:
        """L, ∂L/∂W and ∂L/∂b by the very functions of the layer's steps: the same sums in the same order."""
        conv, inputs, targets = self.scenario.conv, self.scenario.inputs, self.scenario.targets
        z = correlate(inputs, filters, bias, conv.geometry, self.matrix)
        a = self.phi.value(z)
        delta = self._delta(z, a, a - targets)
        gradient = filter_gradient(inputs, delta, conv.window, conv.geometry, self.matrix)
        return self.loss.value(a, targets), gradient, None if bias is None else bias_gradient(delta)

    def _by_tiles(self, filters: Array, bias: Array | None) -> tuple[float, Array, Array | None]:
        return layer_gradient(self.scenario.with_weights(filters, bias))

    def filters_of(self, weights: Array) -> tuple[Array, Array | None]:
        """The filters [F, C, kh, kw] and biases [F] of one run's weights [K, F]."""
        conv = self.scenario.conv
        if conv.bias is None:
            return np.ascontiguousarray(weights.T).reshape(conv.weights.shape), None
        return np.ascontiguousarray(weights[:-1].T).reshape(conv.weights.shape), weights[-1].copy()


def weights_of(filters: Array, bias: Array | None) -> Array:
    """One run's weights [K, F, 1] of its filters [F, C, kh, kw] and biases [F]: the inverse of `filters_of`."""
    rows = filters.reshape(filters.shape[0], -1)
    columns = (rows if bias is None else np.column_stack((rows, bias))).T
    return np.ascontiguousarray(columns)[:, :, None]
