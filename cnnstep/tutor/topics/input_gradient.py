"""The input gradient, both ways: scattered, and as a full correlation with the rotated filter."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.conv import input_gradient, input_gradient_by_correlation
from cnnstep.engine.quantity import Cell
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.at_layer import on_last_conv
from cnnstep.tutor.topics.blocks import beside, grid_of, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import turned


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, conv = example.first, example.scenario.conv
    delta, weights = iteration.values["delta"], iteration.values["filter"]
    size = (example.scenario.inputs.shape[2], example.scenario.inputs.shape[3])
    scattered = input_gradient(delta, weights, size, conv.geometry)
    correlated = input_gradient_by_correlation(delta, weights, size, conv.geometry)
    quantity, filter_ = iteration.lesson.quantity("input_gradient"), iteration.lesson.quantity("filter")
    apart = float(np.abs(scattered - correlated).max())
    if apart <= 1e-12 * max(1.0, float(np.abs(scattered).max())):
        verdict = "The two are equal, cell by cell."
    else:
        verdict = f"The two differ by {example.text(apart)}."
    return (
        beside(
            grid_of("Delta δ", iteration.lesson.quantity("delta"), delta)[:2],
            grid_of("Filter W", filter_, weights)[:2],
            grid_of("W rotated by 180°", filter_, turned(weights))[:2],
        ),
        Paragraph(
            "First way, scatter: each δ, times the whole filter, is added to the patch that it came from. "
            "Second way, full correlation: δ is surrounded by zeros, and the rotated filter slides over it."
        ),
        beside(
            grid_of(f"{quantity.symbol}, scattered", quantity, scattered)[:2],
            grid_of(f"{quantity.symbol}, by correlation", quantity, correlated)[:2],
        ),
        Paragraph(verdict),
        *worked(iteration, "input_gradient", example.style, _centre(quantity.layout.show(scattered).shape)),
    )


def _centre(shape: tuple[int, ...]) -> Cell:
    """The cell in the middle, which the most patches cover."""
    return (*(0 for _ in shape[:-2]), *(size // 2 for size in shape[-2:]))


PAGES = (
    Topic(
        name="input_gradient",
        title="Input gradient",
        summary="how the loss changes with each input number",
        group="steps",
        paragraphs=(
            "An input number takes part in every patch that covers it, each time with another weight. "
            "So its gradient is a sum: the δ of each of those outputs, times the weight that met it there.",
            "A single filter does not need it. In a network it is the upstream gradient of the layer before.",
        ),
        formula="∂L/∂X[r,c] = Σ δ[i,j] · W[r−i, c−j]",
        formula_words="over the outputs [i,j] whose patch covers [r,c]; shown for stride 1, no padding",
        numbers=_numbers,
        network=on_last_conv(_numbers),
        layers=("conv",),
        goes_wrong=(
            "The filter is not rotated by 180° (filter-not-rotated): without padding the sum over all cells still "
            "comes out right, and a check of the mean misses it. Without the zeros around δ the result is too small a "
            "matrix (valid-not-full). And where patches overlap, numbers are added, not overwritten "
            "(overwritten-not-added)."
        ),
        next=Command("cnnstep run {scenario} --only delta,input_gradient", "the step itself"),
        see_also=("network", "cross-correlation", "receptive-field"),
    ),
)
