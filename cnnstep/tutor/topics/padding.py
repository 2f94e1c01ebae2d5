"""Padding: a rim of zeros around the input."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.geometry_tables import try_out
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    return try_out(example, "padding", range(4))


PAGES = (
    Topic(
        name="padding",
        scenario="padding",
        title="Padding",
        summary="a rim of zeros around the input",
        group="ideas",
        paragraphs=(
            "Padding puts a rim of zeros around the input before the filter slides over it. "
            "Without it the output is smaller than the input, and the rim takes part less than the middle.",
            "The zeros are no data. They add nothing to z, and nothing to the gradient of the weights that meet them.",
        ),
        formula="output = (input + 2·padding − span) / stride + 1",
        formula_words="for rows and columns each; span is dilation · (taps − 1) + 1",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.geometry.padded),
        layers=("conv",),
        goes_wrong=(
            "The gradient is worked out on the input without its rim: then every row and column is off by the padding. "
            "And the input gradient has the size of the input itself, so the rim is cut off again at the end."
        ),
        next=Command("cnnstep run {scenario} --only forward,gradient", "both directions"),
        see_also=("stride", "receptive-field", "input_gradient", "forward"),
    ),
)
