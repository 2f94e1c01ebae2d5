"""One page a concept: plain words, the formula, numbers worked by the engine, what goes wrong, what to type next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.vocabulary import SYMBOLS
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.typed import read_place

if TYPE_CHECKING:  # nothing here may bring NumPy: a page decides for itself what it needs
    from cnnstep.engine.scenario import Scenario
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.topics.topic import Topic

TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "cross-correlation": "convolution",
        "patch": "convolution",
        "receptive-field": "geometry",
        "stride": "geometry",
        "padding": "geometry",
        "dilation": "geometry",
        "channels": "convolution",
        "bias": "convolution",
        "batch": "steps",
        "loss": "losses",
        "chain-rule": "backward",
        "gradient-check": "backward",
        "learning-rate": "optimizers",
        "divergence": "optimizers",
        "dead-relu": "activation_at_work",
        "saturation": "activation_at_work",
        "unreachable-target": "solutions",
        "more-than-one-solution": "solutions",
        "forward": "steps",
        "activation": "steps",
        "error": "steps",
        "delta": "steps",
        "gradient": "steps",
        "bias_gradient": "steps",
        "update": "steps",
        "input_gradient": "backward",
        "transposed_conv": "layers",
        "max_pool": "layers",
        "average_pool": "layers",
        "flatten": "layers",
        "dense": "layers",
        "softmax": "classes",
        "network": "networks",
        "initialisation": "networks",
        "vanishing-gradient": "networks",
        "exploding-gradient": "networks",
        "accuracy": "classes",
        **dict.fromkeys(ACTIVATIONS, "activations"),
        "half_squared_error": "losses",
        "squared_error": "losses",
        "mean_squared_error": "losses",
        "half_mean_squared_error": "losses",
        "binary_cross_entropy": "losses",
        "cross_entropy": "classes",
        "sgd": "optimizers",
        "momentum": "optimizers",
        "nesterov": "optimizers",
        "adam": "optimizers",
        "error-sign": "conventions",
        "loss-scale": "conventions",
        "slope-at-zero": "conventions",
    }
)
"""Every topic in the order of the list, and the module that holds its page: one is found without the others.

The activations' names come from their registry, which costs next to nothing; losses and optimizers would bring
NumPy, so their names stand here, and a test keeps this equal to what the modules define.
"""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "convolution": "cross-correlation",
        "correlation": "cross-correlation",
        "filter": "cross-correlation",
        "kernel": "cross-correlation",
        "leftover": "stride",
        "same": "padding",
        "pre-activation": "forward",
        "window": "patch",
        "channel": "channels",
        "conv": "cross-correlation",
        "layer": "network",
        "layers": "network",
        "cnn": "network",
        "neural-network": "network",
        "deconvolution": "transposed_conv",
        "upsampling": "transposed_conv",
        "pooling": "max_pool",
        "pool": "max_pool",
        "max-pooling": "max_pool",
        "average-pooling": "average_pool",
        "mean-pooling": "average_pool",
        "avg-pool": "average_pool",
        "tie": "max_pool",
        "fully-connected": "dense",
        "linear-layer": "dense",
        "logits": "dense",
        "jacobian": "softmax",
        "log-loss": "cross_entropy",
        "negative-log-likelihood": "cross_entropy",
        "class": "cross_entropy",
        "initialization": "initialisation",
        "initialiser": "initialisation",
        "he": "initialisation",
        "glorot": "initialisation",
        "xavier": "initialisation",
        "seed": "initialisation",
        "init": "initialisation",
        "overfitting": "accuracy",
        "test": "accuracy",
        "test-accuracy": "accuracy",
        "held-back": "accuracy",
        "weights": "cross-correlation",
        "vanishing-gradients": "vanishing-gradient",
        "vanishing": "vanishing-gradient",
        "exploding-gradients": "exploding-gradient",
        "exploding": "exploding-gradient",
        "sample": "batch",
        "mini-batch": "batch",
        "epoch": "batch",
        "samples": "batch",
        "backpropagation": "chain-rule",
        "backprop": "chain-rule",
        "upstream-gradient": "network",
        "finite-differences": "gradient-check",
        "rate": "learning-rate",
        "overshoot": "learning-rate",
        "diverged": "divergence",
        "dead": "dead-relu",
        "dying-relu": "dead-relu",
        "inactive": "dead-relu",
        "all-dead": "dead-relu",
        "stuck": "dead-relu",
        "saturated": "saturation",
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
        "bce": "binary_cross_entropy",
        "optimizer": "sgd",
        "gradient-descent": "sgd",
        "stochastic-gradient-descent": "sgd",
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


def topic_list() -> tuple[Block, ...]:
    """All topics: a table a group, each topic with its summary."""
    from cnnstep.tutor.document import Command, Heading, Table
    from cnnstep.tutor.topics.topic import GROUPS

    topics = [_topic(name) for name in TOPICS]
    tables = (
        Table(
            ("topic", "what it is"), tuple((t.name, t.summary) for t in topics if t.group == group), group.capitalize()
        )
        for group in GROUPS
    )
    from cnnstep.tutor.topics.code_mistakes import code_mistake_table
    from cnnstep.tutor.topics.mistakes import mistake_tables

    return (
        Heading("Topics", 1),
        *tables,
        *mistake_tables(),
        code_mistake_table(),
        Command("cnnstep explain dead-relu", "a good one to start with"),
    )


def path_of_topics() -> tuple[Block, ...]:
    """The topics in an order in which they can be read."""
    from cnnstep.tutor.topics.reading_path import reading_path

    return reading_path(lambda name: _topic(name).summary)


def explanation(topic: str, load: Callable[[str], Scenario], scenario: str, style: Numbers) -> tuple[Block, ...]:
    """The page of a topic, worked on the learner's scenario, or on the page's own where `scenario` is ""."""
    name = topic if topic in TOPICS else None if _is_mistake(topic) else known(topic)
    if name is None:
        return _of_mistake(topic, load, scenario, style)
    from cnnstep.tutor.topics.topic import Example, page

    found = _topic(name)
    return page(found, Example(load, scenario or found.scenario, bool(scenario), style))


def _is_mistake(typed: str) -> bool:
    """Whether this is a mistake's code to the letter: `squared-error` is one, `squared_error` is a loss."""
    from cnnstep.tutor.mistakes import MISTAKES

    return typed in MISTAKES or _is_of_code(typed)


def _is_of_code(code: str) -> bool:
    """Whether this is a mistake that only code makes."""
    from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES

    return code in CODE_MISTAKES


def _of_mistake(typed: str, load: Callable[[str], Scenario], scenario: str, style: Numbers) -> tuple[Block, ...]:
    """The page of a mistake; its entries bring the engine, so they are asked last."""
    from cnnstep.tutor.mistakes import MISTAKES
    from cnnstep.tutor.topics.mistakes import mistake_page
    from cnnstep.tutor.topics.topic import Example

    code = _folded(typed)
    if code in MISTAKES:
        found = MISTAKES[code]
        return mistake_page(found, Example(load, scenario or found.shown_on, bool(scenario), style))
    from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES

    if code in CODE_MISTAKES:
        from cnnstep.tutor.topics.code_mistakes import code_mistake_page

        return code_mistake_page(CODE_MISTAKES[code], bool(scenario))
    hint = did_you_mean(typed, (*TOPICS, *ALIASES, *MISTAKES, *CODE_MISTAKES))
    hint = hint if hint.startswith("did") else "cnnstep explain lists them all"
    raise InputError(Fault("unknown-topic", f'there is no topic called "{typed}"', hint))


def known(typed: str) -> str | None:
    """The topic's name for what was typed: any case, underscores for hyphens, everyday words, symbols, cells.

    Of a network's steps, too: `conv1.gradient[0]`.
    """
    with suppress(InputError):  # "adam 0.9" is no cell, and no topic either
        typed = read_place(typed).name or typed
    typed = SYMBOLS.get(typed, typed)
    if "." in typed:
        return _of_layer(*typed.rsplit(".", 1))
    wanted = _folded(typed)
    for names in (TOPICS, ALIASES):
        for name in names:
            if _folded(name) == wanted:
                return ALIASES.get(name, name)
    return None


def _of_layer(layer: str, step: str) -> str | None:
    """`dense1.gradient` is told of on the layer's own page, `conv1.gradient` and `edges.gradient` on the step's."""
    kind = known(layer.rstrip("0123456789"))
    return kind if kind and kind != known("conv") else known(step)


def _folded(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def topic_of(typed: str) -> Topic | None:
    """The topic that tells of a finding, a step or a word."""
    name = known(typed)
    return _topic(name) if name else None


def _topic(name: str) -> Topic:
    module = import_module(f"{__name__}.{TOPICS[name]}")
    topics: Mapping[str, Topic] = {topic.name: topic for topic in module.PAGES}
    return topics[name]
