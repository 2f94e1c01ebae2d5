"""The transposed convolution: a patch written for each number; a convolution on the way back."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.at_layer import layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, style = example.first, example.style
    steps = layer_of(iteration, "transposed_conv")
    x, back = steps.forward.inputs[0], way_back(iteration, steps)
    return (
        *grids(iteration, x.name, steps.leaves[0].name, steps.forward.name, most=2),
        Paragraph("One number of the output, with all that was written to it:"),
        *worked(iteration, steps.forward.name, style),
        Paragraph("On the way back a weight carried inputs to outputs, so its gradient sums input × δ over them:"),
        *grids(iteration, received(steps), steps.gradients[0].name, most=1),
        *worked(iteration, steps.gradients[0].name, style),
        Paragraph(
            "An input was written to one output for each weight, so it hears from all of these, as in a convolution:"
        ),
        *grids(iteration, back.name, most=1),
        *worked(iteration, back.name, style),
    )


PAGES = (
    Topic(
        name="transposed_conv",
        scenario="transposed-conv",
        title="Transposed convolution",
        summary="each number writes its multiple of the filter into a larger map",
        group="layers",
        paragraphs=(
            "A convolution gathers: each output is a sum over a patch. Its transpose scatters: each input number is "
            "multiplied by the whole filter, and that patch is added into the output. So maps become larger, "
            "and with a stride the patches lie further apart. Autoencoders and networks that draw images use it.",
            "It computes what a convolution with the same filter sends back to its input, which is why it is also "
            "called a deconvolution. It does not undo one: only the sizes are those before it.",
        ),
        formula="z = X ⋆ᵀ W: z[i·s + u·d − p] += X[i] · W[u]",
        formula_words="for rows and for columns alike; stride s, dilation d, padding p, which here cuts a border off",
        numbers=None,
        network=_numbers,
        layers=("transposed_conv",),
        goes_wrong=(
            "Patches that overlap are written over each other instead of added: `=` where `+=` belongs. "
            "Where the filter's span is no multiple of the stride, some outputs are written to more often than others, "
            "which shows as a checkerboard. And the weights are [C][F], inputs first: a convolution's are [F][C]."
        ),
        next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
        see_also=("cross-correlation", "input_gradient", "stride", "network"),
    ),
)
