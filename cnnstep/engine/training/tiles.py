"""One pass of a large layer by tiles: patches of a few output rows, forward and back while they are in the cache.

For each tile z = W·Pᵀ, δ = c·(φ(z) − t) ⊙ φ′(z), ∂L/∂W += δ·P: the patches are laid out once and used twice, and
neither they nor z nor δ ever exist for the whole image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario

TILE = 2**18
"""The numbers of a tile, its patches, z and δ together: 2 MiB, measured best between the second and third cache."""


def delta_of(scenario: Scenario, z: Array, a: Array, error: Array) -> Array:
    """δ = ∂L/∂a ⊙ φ′(z) of any of a scenario's cells, from e = a − t; kernels for ReLU have ways of their own."""
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
