"""The receptive field: what one output can see, and how many outputs see each input number."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.patches import patches, scatter
from cnnstep.tutor.document import Beside, Block, Command, Mark, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import plain
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

SEEN = Mark("*", "in the receptive field", "strong")


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, lesson = example.scenario, example.lesson
    geometry, window = scenario.conv.geometry, scenario.conv.window
    height, width = scenario.inputs.shape[2:]
    windows = patches(np.ones((1, 1, height, width)), window, geometry)
    uses = scatter(np.ones_like(windows), (height, width), geometry)[0, 0]
    i, j = (size // 2 for size in windows.shape[2:4])
    rows = [geometry.met(i, u) for u in range(window[0])]
    columns = [geometry.met(j, v) for v in range(window[1])]
    marks = {(r, c): SEEN for r in rows for c in columns if 0 <= r < height and 0 <= c < width}
    outside = len(rows) * len(columns) - len(marks)
    spans = "×".join(str(geometry.reach(taps)) for taps in window)
    label = lesson.quantity("forward").label((0, 0, i, j))
    rim = f" {counted(outside, 'weight')} of it lie in the padding." if outside else ""
    untouched = int((uses == 0).sum())
    left = (
        f" {counted(untouched, 'input number is', 'input numbers are')} seen by no output at all." if untouched else ""
    )
    return (
        Beside(
            (
                plain(f"Input X, as {label} sees it", scenario.inputs[0, 0], marks),
                plain("How many outputs see it", uses),
            )
        ),
        Paragraph(f"The filter spans {spans} input cells, and {label} sees {counted(len(marks), 'number')}.{rim}"),
        Paragraph(
            f"An input number is seen by {example.text(uses.min())} to {example.text(uses.max())} outputs. "
            f"So it gets that many terms in the input gradient.{left}"
        ),
    )


PAGES = (
    Topic(
        name="receptive-field",
        title="Receptive field",
        summary="the part of the input that one output depends on",
        group="ideas",
        paragraphs=(
            "The receptive field of an output is everything in the input that it depends on. "
            "With one filter that is its patch. Change a number outside it, and this output stays the same.",
            "Dilation spreads it out. In a network every further layer widens it.",
        ),
        formula="span = dilation · (taps − 1) + 1",
        formula_words="taps is the filter's number of rows, or of columns",
        numbers=_numbers,
        goes_wrong=(
            "Numbers at the rim are seen by fewer outputs than those in the middle, so the filter learns less from "
            "them. A stride larger than the filter leaves some unseen. Padding evens the rim out."
        ),
        next=Command("cnnstep explain dilation", "how to see further with the same weights"),
        see_also=("patch", "dilation", "padding", "input_gradient"),
    ),
)
