"""Plain descent of one filter in vectors, in place: z = P·w, δ = c·(φ(z) − t) ⊙ φ′(z), w ← w − η·Pᵀ·δ.

Its sums are those of the lesson's steps, bit for bit, as long as a batch has fewer than `patches.BATCH` samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario

LARGEST_MATRIX = 2**18
"""Patch matrices of more numbers than this (2 MiB) no longer stay in the cache: then tiles are faster."""


def is_straight(scenario: Scenario) -> bool:
    """Whether an iteration of this convolution is w ← w − η·c·Pᵀ·((a − t) ⊙ φ′(z)), φ′ 0 or 1, with P in the cache."""
    phi, conv = scenario.activation, scenario.conv
    size = scenario.targets[:, 0].size * (conv.weights[0].size + (conv.bias is not None))
    on_or_off = phi.plain_relu or phi.name == "linear"
    plain = scenario.optimizer.name == "sgd" and scenario.loss.factor is not None
    return plain and on_or_off and size <= LARGEST_MATRIX


@dataclass(frozen=True)
class Trail:
    """What a descent leaves behind, a row an iteration: w and ∂L/∂w [n, K], the bias last; z [n, M]."""

    weights: Array
    outputs: Array
    gradients: Array

    def keep(self, iteration: int, weights: Array, z: Array, gradient: Array) -> None:
        """An iteration's row."""
        self.weights[iteration], self.outputs[iteration], self.gradients[iteration] = weights, z, gradient


@dataclass(frozen=True)
class Descent:
    """Patches P [M, K], the bias apart, and targets t [M] of one filter; φ is ReLU or nothing; L = scale·Σe²."""

    patches: Array
    targets: Array
    relu: bool
    factor: float
    scale: float

    @staticmethod
    def of(scenario: Scenario, patches: Array) -> Descent:
        """From the patch matrix of a scenario of one filter for which `is_straight` holds."""
        count, loss = scenario.targets.size, scenario.loss
        assert loss.factor is not None
        relu = scenario.activation.plain_relu
        return Descent(patches, scenario.targets.reshape(-1), relu, loss.factor(count), loss.scale(count))

    def trail(self, weights: Array, rate: float, iterations: int) -> Trail:
        """So many iterations of w [K], its bias last, in place; with what they leave behind."""
        rows, size = (iterations, weights.size), (iterations, len(self.targets))
        trail = Trail(np.empty(rows), np.empty(size), np.empty(rows))
        self.go(weights, rate, iterations, trail=trail)
        return trail

    def go(
        self,
        weights: Array,
        rate: float | Array,
        iterations: int,
        *,
        losses: Array | None = None,
        trail: Trail | None = None,
    ) -> None:
        """So many iterations of w [K], its bias last, in place; the losses before each update where there is room."""
        P, t = self.patches, self.targets
        w, b = weights[: P.shape[1]], weights[P.shape[1] :]  # b is empty where there is no bias
        z, a, e, slope = (np.empty(len(P)) for _ in range(4))
        gradient = np.empty_like(weights)
        products, total = gradient[: len(w)], gradient[len(w) :]
        forward, backward, squares = P.dot, e.dot, e.dot
        relu, factor, scale, biased = self.relu, self.factor, self.scale, b.size > 0
        zero, c, eta = np.array(0.0), np.array(factor), np.array(rate).reshape(())
        maximum, subtract, multiply, sign = np.maximum, np.subtract, np.multiply, np.sign
        for iteration in range(iterations):
            forward(w, z)
            if biased:
                np.add(z, b, out=z)
            if relu:
                maximum(z, zero, out=a)
                subtract(a, t, out=e)
            else:
                subtract(z, t, out=e)
            if losses is not None:
                losses[iteration] = scale * squares(e)
            if factor != 1:
                multiply(e, c, out=e)
            if relu:
                multiply(e, sign(a, out=slope), out=e)  # max(0, z) is positive exactly where relu′ is 1
            backward(P, products)
            if biased:
                total[0] = e.sum()
            if trail is not None:
                trail.keep(iteration, weights, z, gradient)
            multiply(gradient, eta, out=gradient)
            subtract(weights, gradient, out=weights)
