"""Stride: how far the filter moves from one patch to the next."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.geometry_tables import try_out
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    return try_out(example, "stride", range(1, 5))


PAGES = (
    Topic(
        name="stride",
        scenario="stride",
        title="Stride",
        summary="how far the filter moves from one patch to the next",
        group="ideas",
        paragraphs=(
            "The stride is the number of cells that the filter moves on from one patch to the next. "
            "Stride 2 leaves out every second place, so the output has about half as many rows and columns.",
            "On the way back the cells of δ are spread out again, as far apart as the filter's steps were. "
            "The stride, the padding and the dilation may differ for rows and columns: stride: [2, 1] moves on by two "
            "rows and by one column.",
        ),
        formula="output = (input + 2·padding − span) / stride + 1",
        formula_words="for rows and columns each; span is dilation · (taps − 1) + 1; rounded down with leftover: drop",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.geometry.stride != (1, 1)),
        layers=("conv",),
        goes_wrong=(
            "The stride is used on the way forward and forgotten on the way back: then X meets the wrong δ, or the "
            "gradient gets the wrong shape. A stride that leaves rows or columns over is refused unless the scenario "
            "says leftover: drop, because those numbers would never be seen."
        ),
        next=Command("cnnstep run {scenario} --only forward,gradient", "both directions"),
        see_also=("patch", "padding", "dilation", "gradient"),
    ),
)
