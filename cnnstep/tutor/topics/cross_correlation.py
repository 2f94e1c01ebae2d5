"""Cross-correlation and convolution: the same sum, with the filter as it is and rotated by 180°."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.blocks import beside, grid_of, grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import turned


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, conv = example.first, example.scenario.conv
    inputs, weights = example.scenario.inputs, conv.weights
    flipped = correlate(inputs, turned(weights), conv.bias, conv.geometry)
    z, filter_ = iteration.lesson.quantity("forward"), iteration.lesson.quantity("filter")
    same = int((np.abs(flipped - iteration.values["forward"]) <= 1e-12).sum())
    return (
        *grids(iteration, "input", most=2),
        beside(
            grid_of("Filter W", filter_, weights)[:2],
            grid_of("z, W as it is: cross-correlation", z, iteration.values["forward"])[:2],
        ),
        beside(
            grid_of("W rotated by 180°", filter_, turned(weights))[:2],
            grid_of("z, W rotated: convolution", z, flipped)[:2],
        ),
        Paragraph(
            f"{same} of {flipped.size} numbers happen to be the same. "
            "A filter that looks the same after the rotation makes all of them the same, and hides the difference."
        ),
        *worked(iteration, "forward", example.style, source=False),
    )


PAGES = (
    Topic(
        name="cross-correlation",
        title="Cross-correlation and convolution",
        summary="slide the filter over the input, as it is or rotated",
        group="ideas",
        paragraphs=(
            "Slide a small matrix W, the filter, over the input X. At each place multiply the numbers that lie on top "
            "of each other, and add up the products. That is cross-correlation, written X ⋆ W.",
            "Convolution in mathematics does the same with the filter rotated by 180°. Neural networks leave out the "
            "rotation and keep the name: the weights are learned, so they would just be learned rotated.",
        ),
        formula="z[i,j] = Σ X[i+u, j+v] · W[u,v]",
        formula_words="convolution has X[i−u, j−v] in its place",
        numbers=_numbers,
        network=on_conv(_numbers),
        layers=("conv",),
        goes_wrong=(
            "A library function called convolve rotates the filter, and its numbers differ from hand work. Compare "
            "one corner: if its number fits the rotated filter, that is why. "
            "Exchanging rows and columns (transposed-filter) is something else."
        ),
        next=Command("cnnstep run {scenario} --only forward", "the sums as they are done here"),
        see_also=("forward", "patch", "input_gradient", "gradient"),
    ),
)
