"""Channels: one matrix of the filter for each matrix of the input, and one sum over all of them."""

from __future__ import annotations

from cnnstep.engine.layers.conv import correlate
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.blocks import beside, grid_of, grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_two_channels


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if scenario.inputs.shape[1] == 1:
        scenario = with_two_channels(scenario)
        blocks.append(
            Paragraph(
                "This scenario has one channel. Here it gets a second one: the input's mirror image, "
                "and for it the filter rotated by 180°."
            )
        )
    iteration, conv = first_of(scenario), scenario.conv
    z = iteration.lesson.quantity("forward")
    parts = [
        grid_of(f"from channel {c}", z, correlate(scenario.inputs[:, [c]], conv.weights[:, [c]], None, conv.geometry))
        for c in range(min(scenario.inputs.shape[1], 3))
    ]
    bias = "" if conv.bias is None else ", and the bias"
    return (
        *blocks,
        *grids(iteration, "input", "filter", most=3),
        Paragraph(f"Each channel by itself, then all of them added up{bias}:"),
        beside(*(part[:1] for part in parts), grid_of("z", z, iteration.values["forward"])[:1]),
        *worked(iteration, "forward", example.style, source=False),
        Paragraph("On the way back each channel of the filter gets a gradient of its own, from its own input:"),
        *grids(iteration, "gradient", most=3),
    )


PAGES = (
    Topic(
        name="channels",
        scenario="two-channels",
        title="Channels",
        summary="several matrices at once, summed into one output",
        group="ideas",
        paragraphs=(
            "A colour picture is three matrices: red, green, blue. Each is a channel. The filter then has one matrix "
            "for each channel, and one output number is the sum over all channels.",
            "Several filters are something else: each filter gives an output matrix of its own.",
        ),
        formula="z[f,i,j] = Σ X[c, i+u, j+v] · W[f,c,u,v]",
        formula_words="summed over the channels c and the filter's rows u and columns v; f is the filter",
        numbers=_numbers,
        network=on_conv(_numbers, lambda conv: conv.weights.shape[1] > 1),
        layers=("conv",),
        goes_wrong=(
            "The channels of the input are added up first and filtered once. Then all channels get the same gradient. "
            "So check whether the gradient's matrices are all equal: where the channels differ, they should differ too."
        ),
        next=Command("cnnstep scenarios", "some have two channels or two filters"),
        see_also=("forward", "gradient", "cross-correlation", "batch"),
    ),
)
