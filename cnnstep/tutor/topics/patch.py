"""Patches: the pieces of the input that the filter lies on, and the forward pass as one table of them."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.patches import patches
from cnnstep.tutor.document import Block, Command, Matrix, Paragraph
from cnnstep.tutor.topics.at_layer import on_conv
from cnnstep.tutor.topics.blocks import beside, grids, plain, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

MOST_PATCHES = 4


def _numbers(example: Example) -> tuple[Block, ...]:
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


PAGES = (
    Topic(
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
        numbers=_numbers,
        network=on_conv(_numbers),
        layers=("conv",),
        goes_wrong=(
            "Only the first or the last patch is used for the gradient: a return inside the loop, or = instead of +=. "
            "The result is one patch times one δ. The right gradient adds up all patches, each times its own δ."
        ),
        next=Command("cnnstep explain gradient", "the same patches on the way back"),
        see_also=("receptive-field", "forward", "gradient", "stride"),
    ),
)
