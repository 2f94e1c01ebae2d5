"""φ⁻¹: the pre-activation that gives an output, for the activations that give each output once.

gelu and silu turn round and have no entry: what filter meets a target can then only be found by trying.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnnstep.engine.activations import Activation
from cnnstep.engine.quantity import Array


def clips(phi: Activation) -> bool:
    """Whether φ(z) = max(0, z): relu, and leaky_relu and elu with nothing left below 0."""
    return phi.flat and phi.low == 0


def has_inverse(phi: Activation) -> bool:
    """Whether φ grows everywhere, so that each output has one z."""
    return phi.name in INVERSES and not phi.flat


def inverse(phi: Activation, output: Array) -> Array:
    """z with φ(z) = output, cell by cell; the output must be within φ's range."""
    with np.errstate(divide="ignore", invalid="ignore"):  # np.where works out both of its branches
        return INVERSES[phi.name](phi, output)


INVERSES: Mapping[str, Callable[[Activation, Array], Array]] = {
    "linear": lambda phi, t: t.copy(),
    "leaky_relu": lambda phi, t: np.where(t > 0, t, t / phi.parameters["slope"]),
    "elu": lambda phi, t: np.where(t > 0, t, np.log1p(np.minimum(t, 0.0) / phi.parameters["alpha"])),
    "softplus": lambda phi, t: t + np.log(-np.expm1(-t)),
    "sigmoid": lambda phi, t: np.log(t) - np.log1p(-t),
    "tanh": lambda phi, t: np.arctanh(t),
}
