"""Pages on the convolution itself: cross-correlation, patches, channels, the bias."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.patches import patches
from cnnstep.tutor.document import Block, Command, Matrix, Paragraph
from cnnstep.tutor.topics.blocks import (
    beside,
    first_of,
    grid_of,
    grids,
    on_conv,
    plain,
    turned,
    with_bias,
    with_two_channels,
    worked,
)
from cnnstep.tutor.topics.topic import Example, Topic


def _cross_correlation_numbers(example: Example) -> tuple[Block, ...]:
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


CROSS_CORRELATION = Topic(
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
    numbers=_cross_correlation_numbers,
    network=on_conv(_cross_correlation_numbers),
    layers=("conv",),
    goes_wrong=(
        "A library function called convolve rotates the filter, and its numbers differ from hand work. Compare "
        "one corner: if its number fits the rotated filter, that is why. "
        "Exchanging rows and columns (transposed-filter) is something else."
    ),
    next=Command("cnnstep run {scenario} --only forward", "the sums as they are done here"),
    see_also=("forward", "patch", "input_gradient", "gradient"),
)


MOST_PATCHES = 4


def _patch_numbers(example: Example) -> tuple[Block, ...]:
    iteration, scenario = example.first, example.scenario
    windows = patches(scenario.inputs, scenario.conv.window, scenario.conv.geometry)
    _, channels, rows, columns, height, width = windows.shape
    z = iteration.lesson.quantity("forward")
    shown: list[Matrix] = []
    for i, j in list(np.ndindex(rows, columns))[:MOST_PATCHES]:
        value = float(iteration.values["forward"][0, 0, i, j])
        shown.append(plain(f"for {z.label((0, 0, i, j))} = {example.text(value)}", windows[0, 0, i, j]))
    where = "" if windows.shape[0] == channels == 1 else " These are the first sample's, first channel."
    return (
        *grids(iteration, "input", "filter", most=2),
        Paragraph(
            f"The {height}×{width} filter has {rows * columns} patches in the input, {rows} down and {columns} "
            f"across: one for each number of z.{where}"
        ),
        beside(shown),
        *worked(iteration, "forward", example.style, source=False),
    )


PATCH = Topic(
    name="patch",
    title="Patch",
    summary="the piece of the input that the filter lies on",
    group="ideas",
    paragraphs=(
        "A patch is the piece of the input that lies under the filter at one place. "
        "Each output number sees its own patch and nothing else.",
        "Patches overlap where the stride is smaller than the filter: one input number is then part of several. "
        "On the way back it gets something from every output whose patch it was in.",
    ),
    formula="z[i,j] = Σ patch[i,j] ⊙ W",
    formula_words="⊙ multiplies cell by cell, Σ adds up",
    numbers=_patch_numbers,
    network=on_conv(_patch_numbers),
    layers=("conv",),
    goes_wrong=(
        "Only the first or the last patch is used for the gradient: a return inside the loop, or = instead of +=. "
        "The result is one patch times one δ. The right gradient adds up all patches, each times its own δ."
    ),
    next=Command("cnnstep explain gradient", "the same patches on the way back"),
    see_also=("receptive-field", "forward", "gradient", "stride"),
)


def _channels_numbers(example: Example) -> tuple[Block, ...]:
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


CHANNELS = Topic(
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
    numbers=_channels_numbers,
    network=on_conv(_channels_numbers, lambda conv: conv.weights.shape[1] > 1),
    layers=("conv",),
    goes_wrong=(
        "The channels of the input are added up first and filtered once. Then all channels get the same gradient. "
        "So check whether the gradient's matrices are all equal: where the channels differ, they should differ too."
    ),
    next=Command("cnnstep scenarios", "some have two channels or two filters"),
    see_also=("forward", "gradient", "cross-correlation", "batch"),
)


SHIFT = 1.0
"""The bias that a scenario gets on this page where it has none, or one of 0."""


def _bias_numbers(example: Example) -> tuple[Block, ...]:
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


BIAS = Topic(
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
    numbers=_bias_numbers,
    network=on_conv(_bias_numbers, lambda conv: conv.bias is not None),
    layers=("conv",),
    goes_wrong=(
        "The bias is forgotten, and all of z is off by the same number. Or it is added to each product, not once "
        "to the sum: then z contains it as many times as there are weights. On the way back the mean of δ is taken "
        "for the sum."
    ),
    next=Command("cnnstep explain bias_gradient", "the step that trains it"),
    see_also=("bias_gradient", "forward", "dead-relu", "update"),
)


PAGES = (CROSS_CORRELATION, PATCH, CHANNELS, BIAS)
