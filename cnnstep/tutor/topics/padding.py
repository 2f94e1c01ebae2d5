"""Padding: a border of zeros around the input."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.geometry_tables import try_out
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    return try_out(example, "padding", (*range(4), "same"))


PAGES = (
    Topic(
        name="padding",
        scenario="padding",
        title="Padding",
        summary="a border of zeros around the input",
        group="ideas",
        paragraphs=(
            "Padding puts a border of zeros around the input before the filter slides over it. Without it the output "
            "of a filter larger than 1×1 is smaller than the input, and numbers at the edge lie in fewer patches.",
            "The zeros are not data. They add nothing to z, and nothing to the gradient of the weights that meet them. "
            "padding: same means as many zeros as keep the input's size at stride 1: span − 1 along each axis, half of "
            "them on either side. For a filter that spans an even number of cells, the odd one goes below and to the "
            "right, as in PyTorch.",
        ),
        formula="output = (input + 2·padding − span) / stride + 1",
        formula_words="for rows and columns each; span is dilation · (taps − 1) + 1",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.geometry.padded),
        layers=("conv",),
        goes_wrong=(
            "The gradient is worked out on the input without its border: then δ meets the wrong inputs, or the shape "
            "is wrong. And the input gradient has the size of the input itself, so the border is cut off again."
        ),
        next=Command("cnnstep run {scenario} --only forward,gradient", "both directions"),
        see_also=("stride", "receptive-field", "input_gradient", "forward"),
    ),
)
