"""Dilation: how far apart the cells lie that a filter meets."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.geometry_tables import try_out
from cnnstep.tutor.topics.topic import Topic


def _numbers(example: Example) -> tuple[Block, ...]:
    return try_out(example, "dilation", range(1, 5))


PAGES = (
    Topic(
        name="dilation",
        scenario="dilation",
        title="Dilation",
        summary="gaps between the weights: the filter sees further",
        group="ideas",
        paragraphs=(
            "Dilation pulls the weights of the filter apart. With dilation 2 there is one cell between neighbours "
            "that no weight meets. The filter spans more of the input with the same number of weights.",
            "The gradient keeps the filter's shape: one number for each weight.",
        ),
        formula="span = dilation · (taps − 1) + 1",
        formula_words="taps is the filter's number of rows, or of columns",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.geometry.dilation != (1, 1)),
        layers=("conv",),
        goes_wrong=(
            "The gaps are forgotten on the way back: δ then meets inputs that the weight never met. "
            "Or the gaps are filled with zeros and those zeros are trained too; they are not weights."
        ),
        next=Command("cnnstep explain receptive-field", "what one output sees"),
        see_also=("receptive-field", "stride", "padding", "patch"),
    ),
)
