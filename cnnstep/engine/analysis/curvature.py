"""How steeply the loss bends, and the learning rate that this allows: η < 2/λmax.

λmax is the largest eigenvalue of Pᵀ·diag(weight·φ′²)·P over the cells that let something back (Gauss–Newton:
exact while φ is straight around every z). weight is the loss's own, ∂²L/∂a². Above 2/λmax a step of plain
gradient descent lands further from the bottom than it began.

The patch matrix P: a convolution written as z = P·w, a row for each output cell, a column for each weight.

Rows: every output cell of every sample, in row order. Columns: one filter's weights in row order
(channel, row, column), and a column of ones where a bias is trained. Every filter has the same P.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.optimizers import Optimizer
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration


def patch_matrix(scenario: Scenario) -> Array:
    """P [N·oh·ow, C·kh·kw], with one more column for a bias."""
    conv = scenario.conv
    windows = np.moveaxis(patches(scenario.inputs, conv.window, conv.geometry), 1, 3)
    rows = windows.reshape(int(np.prod(windows.shape[:3])), -1)
    return rows if conv.bias is None else np.hstack([rows, np.ones((len(rows), 1))])


def by_filter(maps: Array) -> Array:
    """[N, F, oh, ow] → [N·oh·ow, F]: the cells in the order of P's rows, a column for each filter."""
    return np.moveaxis(maps, 1, 3).reshape(-1, maps.shape[1])


def as_maps(columns: Array, like: Array) -> Array:
    """The inverse of `by_filter`: [N·oh·ow, F] → the shape of `like`, [N, F, oh, ow]."""
    samples, filters, rows, width = like.shape
    return np.moveaxis(columns.reshape(samples, rows, width, filters), 3, 1)


def with_columns(scenario: Scenario, columns: Array) -> Scenario:
    """The scenario with these weights (and bias) [columns of P, F] in the place of its own."""
    conv = scenario.conv
    if conv.bias is None:
        return scenario.with_weights(columns.T.reshape(conv.weights.shape))
    return scenario.with_weights(columns[:-1].T.reshape(conv.weights.shape), columns[-1])


@dataclass(frozen=True)
class Curvature:
    """`active` marks the cells [N, F, oh, ow] that let something back; λmax is None where none does.

    `all_active` is λmax with every cell at its activation's steepest: no filter sees more.
    """

    active: NDArray[np.bool_]
    lambda_max: float | None
    all_active: float | None

    @property
    def stable(self) -> float | None:
        """2/λmax for the cells active now, for plain gradient descent."""
        return _rate(self.lambda_max)

    @property
    def stable_all_active(self) -> float | None:
        """2/λmax with every cell active: safe wherever the filter goes."""
        return _rate(self.all_active)


def curvature(iteration: Iteration, matrix: Array) -> Curvature:
    """λmax at this iteration's weights, the largest of its filters', for its lesson's patch matrix P [N·oh·ow, K]."""
    scenario, z = iteration.lesson.scenario, iteration.values["forward"]
    with np.errstate(all="ignore"):
        slope = scenario.activation.slope(z)
        active = (slope != 0) | _cancels(scenario)
        shares = by_filter(_shares(scenario, iteration.values["activation"], slope))
        now = [_largest(matrix, share) for share in shares.T]
    return Curvature(active, max(now) if active.any() else None, _all_active(scenario, matrix))


def _cancels(scenario: Scenario) -> bool:
    layer = scenario.layers[-1]
    return isinstance(layer, ActivationLayer) and layer.slope_cancels


def _shares(scenario: Scenario, output: Array, slope: Array) -> Array:
    """weight·φ′², cell by cell; where the loss's weight is 1/φ′ one φ′ is left."""
    return slope if _cancels(scenario) else scenario.loss.weight(output, output.size) * np.square(slope)


def _all_active(scenario: Scenario, matrix: Array) -> float:
    steepest, cells = scenario.activation.steepest, scenario.targets
    share = steepest if _cancels(scenario) else float(scenario.loss.weight_at(0.0, cells.size)) * steepest**2
    with np.errstate(all="ignore"):
        return _largest(matrix, np.full(len(matrix), share))


def _largest(matrix: Array, shares: Array) -> float:
    """λmax of Pᵀ·diag(shares)·P, or of the smaller of the two products that have the same one."""
    scaled = np.sqrt(shares)[:, None] * matrix
    square = scaled.T @ scaled if scaled.shape[0] > scaled.shape[1] else scaled @ scaled.T
    return float(np.linalg.eigvalsh(square)[-1]) if np.isfinite(square).all() else float("inf")


def _rate(curvature: float | None) -> float | None:
    return 2.0 / curvature if curvature and np.isfinite(curvature) else None


REACH: Mapping[str, Callable[[float], float]] = {
    "sgd": lambda momentum: 1.0,
    "momentum": lambda momentum: 1.0 + momentum,
    "nesterov": lambda momentum: (1.0 + momentum) / (1.0 + 2.0 * momentum),
}
"""How many times 2/λmax an optimizer bears, from the roots of its recurrence on a parabola (Polyak 1964)."""


def reach(optimizer: Optimizer) -> float | None:
    """The factor before 2/λmax for this optimizer; None for adam, whose steps are scaled cell by cell."""
    factor = REACH.get(optimizer.name)
    return None if factor is None else factor(optimizer.parameters.get("momentum", 0.0))
