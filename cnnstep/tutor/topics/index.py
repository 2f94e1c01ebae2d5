"""Which module holds which topic, so that one page is found without importing the others.

The activations' names come from their registry, which costs next to nothing; losses and optimizers would
bring NumPy, so their names stand here, and a test keeps the whole index equal to what the modules define.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cnnstep.engine.activations import ACTIVATIONS

_MODULES: Mapping[str, tuple[str, ...]] = {
    "cross_correlation": ("cross-correlation",),
    "patch": ("patch",),
    "receptive_field": ("receptive-field",),
    "stride": ("stride",),
    "padding": ("padding",),
    "dilation": ("dilation",),
    "channels": ("channels",),
    "bias": ("bias",),
    "batch": ("batch",),
    "loss": ("loss",),
    "chain_rule": ("chain-rule",),
    "gradient_check": ("gradient-check",),
    "learning_rate": ("learning-rate",),
    "divergence": ("divergence",),
    "dead_relu": ("dead-relu",),
    "saturation": ("saturation",),
    "unreachable_target": ("unreachable-target",),
    "solutions": ("more-than-one-solution",),
    "steps": ("forward", "activation", "error", "delta", "gradient", "bias_gradient", "update"),
    "input_gradient": ("input_gradient",),
    "activations": tuple(ACTIVATIONS),
    "losses": (
        "half_squared_error",
        "squared_error",
        "mean_squared_error",
        "half_mean_squared_error",
        "binary_cross_entropy",
    ),
    "optimizers": ("sgd", "momentum", "nesterov", "adam"),
    "error_sign": ("error-sign",),
    "loss_scale": ("loss-scale",),
    "slope_at_zero": ("slope-at-zero",),
}

MODULE_OF: Mapping[str, str] = MappingProxyType({name: module for module, names in _MODULES.items() for name in names})
"""The module of every topic, in the order of the list."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "convolution": "cross-correlation",
        "correlation": "cross-correlation",
        "filter": "cross-correlation",
        "kernel": "cross-correlation",
        "pre-activation": "forward",
        "window": "patch",
        "channel": "channels",
        "sample": "batch",
        "samples": "batch",
        "backpropagation": "chain-rule",
        "backprop": "chain-rule",
        "finite-differences": "gradient-check",
        "rate": "learning-rate",
        "overshoot": "learning-rate",
        "diverged": "divergence",
        "exploding-gradient": "divergence",
        "dead": "dead-relu",
        "dying-relu": "dead-relu",
        "all-dead": "dead-relu",
        "stuck": "dead-relu",
        "saturated": "saturation",
        "vanishing-gradient": "saturation",
        "unreachable": "unreachable-target",
        "settled": "unreachable-target",
        "solutions": "more-than-one-solution",
        "converged": "more-than-one-solution",
        "filter-gradient": "gradient",
        "weight-gradient": "gradient",
        "full-correlation": "input_gradient",
        "target": "error",
        "output": "activation",
        "bias-update": "update",
        "swish": "silu",
        "identity": "linear",
        "mse": "mean_squared_error",
        "cross-entropy": "binary_cross_entropy",
        "bce": "binary_cross_entropy",
        "optimizer": "sgd",
        "gradient-descent": "sgd",
        "velocity": "momentum",
        "first-moment": "adam",
        "second-moment": "adam",
        "bias-velocity": "momentum",
        "bias-first-moment": "adam",
        "bias-second-moment": "adam",
        "sign": "error-sign",
        "sign-of-the-error": "error-sign",
        "target-minus-output": "error-sign",
        "output-minus-target": "error-sign",
        "at-kink": "slope-at-zero",
        "relu-slope-at-zero": "slope-at-zero",
    }
)
"""Everyday words, finding codes and scenario keys, and the page that explains them."""
