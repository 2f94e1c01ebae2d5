"""Dense: every output from every input, and the three gradients of it."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import SMALLEST, layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, style = example.first, example.style
    steps = layer_of(iteration, "dense")
    outputs, inputs = iteration.values[steps.leaves[0].name].shape
    names = [steps.forward.inputs[0].name, *(leaf.name for leaf in steps.leaves), steps.forward.name]
    weights, *bias = steps.gradients
    back = iteration.lesson.quantity(received(steps)).symbol
    rows, each = counted(outputs, "row"), "." if outputs == 1 else ": a row for each output."
    return (
        Paragraph(f"{steps.name} has {rows} of {counted(inputs, 'weight')}{each}"),
        *grids(iteration, *names, most=2),
        *worked(iteration, steps.forward.name, style),
        Paragraph("On the way back a weight met one input and went into one output, so its gradient is one product:"),
        *grids(iteration, received(steps), weights.name, most=1),
        *worked(iteration, weights.name, style),
        *(
            Paragraph(f"{step.symbol}: the bias is added once, so it gets {back}, added up over the samples.")
            for step in bias
        ),
        Paragraph("An input went into every output, so what comes back from them is added up:"),
        *worked(iteration, way_back(iteration, steps).name, style),
    )


PAGES = (
    Topic(
        name="dense",
        scenario=SMALLEST,
        title="Dense layer",
        summary="every output is a sum over every input, each with its own weight",
        group="layers",
        paragraphs=(
            "A dense layer takes one row of numbers. Each of its outputs is a sum over all of them, each number times "
            "a weight of its own, plus a bias. Other names: fully connected, linear. "
            "Its outputs just before a softmax are called logits.",
            "A conv layer uses few weights in many places. Here every weight is used once for each sample.",
        ),
        formula="z[o] = Σ x[i] · W[o,i] + b[o]",
        formula_words="back: ∂L/∂W[o,i] = δ[o]·x[i], ∂L/∂b[o] = δ[o], ∂L/∂x[i] = Σ δ[o]·W[o,i]; δ is ∂L/∂z",
        numbers=None,
        network=_numbers,
        layers=("dense",),
        goes_wrong=(
            "W and its transpose are confused: on the way forward an output sums along a row of W, on the way back "
            "an input sums along a column. With as many outputs as inputs no shape gives it away. "
            "And it is the old W that sends δ back, not the new one (updated-too-early)."
        ),
        next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
        see_also=("flatten", "softmax", "network", "initialisation"),
    ),
)
