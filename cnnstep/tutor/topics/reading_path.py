"""An order in which the topics can be read, from one output to whole networks."""

from __future__ import annotations

from collections.abc import Callable

from cnnstep.tutor.document import Block, Command, Heading, Paragraph, Table

STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("One output", ("cross-correlation", "patch", "forward")),
    ("From the output to an error", ("relu", "activation", "error", "loss", "half_squared_error")),
    ("Back to the filter", ("chain-rule", "delta", "gradient", "sgd", "update", "gradient-check")),
    (
        "When it doesn't learn",
        ("learning-rate", "divergence", "dead-relu", "unreachable-target", "more-than-one-solution"),
    ),
    ("What is a convention", ("error-sign", "loss-scale", "slope-at-zero")),
    ("How the filter moves", ("stride", "padding", "dilation", "receptive-field", "channels")),
    ("More numbers that are trained", ("bias", "bias_gradient", "batch", "input_gradient")),
    (
        "Other activations",
        ("linear", "leaky_relu", "sigmoid", "tanh", "saturation", "elu", "softplus", "gelu", "silu"),
    ),
    ("Other losses", ("squared_error", "mean_squared_error", "half_mean_squared_error", "binary_cross_entropy")),
    ("Other ways to step", ("momentum", "nesterov", "adam")),
    ("Layers", ("network", "max_pool", "average_pool", "flatten", "dense", "transposed_conv")),
    ("Classes", ("softmax", "cross_entropy", "accuracy")),
    ("Deep networks", ("initialisation", "vanishing-gradient", "exploding-gradient")),
)
"""Every topic once, what is simple before what is made of it."""


def reading_path(summary: Callable[[str], str]) -> tuple[Block, ...]:
    """All topics in this order, numbered; `summary` says of each what it is."""
    blocks: list[Block] = [
        Heading("A reading order", 1),
        Paragraph("A way through all topics, from the first output to whole networks."),
    ]
    number = 0
    for at, (title, names) in enumerate(STAGES, 1):
        rows = tuple((f"{number + place}", name, summary(name)) for place, name in enumerate(names, 1))
        blocks.append(Table(("", "topic", "what it is"), rows, f"{at} {title}"))
        number += len(names)
    return (*blocks, Command(f"cnnstep explain {STAGES[0][1][0]}", "begin"), Command("cnnstep practice", "try it"))
