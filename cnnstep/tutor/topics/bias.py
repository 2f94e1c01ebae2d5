"""The bias: one number added to every output of a filter."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.blocks import beside, grid_of, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_bias

SHIFT = 1.0
"""The bias that a scenario gets on this page where it has none, or one of 0."""


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, bias = example.scenario, example.scenario.conv.bias
    if bias is None:
        intro = f"This scenario has no bias. Here it gets one of {example.text(SHIFT)}."
        scenario = with_bias(scenario, SHIFT)
    elif not bias.any():
        intro = f"This scenario's bias starts at 0. To show what it does, here it is {example.text(SHIFT)}."
        scenario = with_bias(scenario, SHIFT)
    else:
        listed = ", ".join(example.text(b) for b in bias)
        intro = f"This scenario has a bias of {listed}. Next to it, the same with a bias of 0."
    iteration, without = first_of(scenario), first_of(with_bias(scenario, 0.0))
    z = iteration.lesson.quantity("forward")
    back = iteration if bias is None else example.first
    start, end = back.values["bias"], back.values["bias_update"]
    at = "" if bias is None or bias.any() else " (here with the scenario's own bias)"
    moves = "; ".join(f"from {example.text(a)} to {example.text(b)}" for a, b in zip(start, end, strict=True))
    return (
        Paragraph(intro),
        beside(
            grid_of("z with bias 0", z, without.values["forward"])[:2],
            grid_of("z with the bias", z, iteration.values["forward"])[:2],
        ),
        *worked(iteration, "forward", example.style),
        Paragraph(f"On the way back every output adds its δ{at}:"),
        *worked(back, "bias_gradient", example.style),
        Paragraph(f"The update moves it {moves}."),
    )


PAGES = (
    Topic(
        name="bias",
        scenario="bias",
        title="Bias",
        summary="one number per filter, added to all of its outputs",
        group="ideas",
        paragraphs=(
            "A bias b is one number that is added to every output of its filter. "
            "It shifts all of z up or down, whatever the input is.",
            "It is trained like a weight, one that meets a 1 at every output. So its gradient is the sum of δ.",
        ),
        formula="z = X ⋆ W + b",
        formula_words="∂L/∂b = Σ δ",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.bias is not None),
        layers=("conv",),
        goes_wrong=(
            "The bias is forgotten, and all of z is off by the same number. Or it is added to each product, not once "
            "to the sum: then z contains it as many times as there are weights. On the way back the mean of δ is taken "
            "for the sum."
        ),
        next=Command("cnnstep explain bias_gradient", "the step that trains it"),
        see_also=("bias_gradient", "forward", "dead-relu", "update"),
    ),
)
