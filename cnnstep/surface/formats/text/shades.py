"""Small pictures in text: a sign of ours for each number, darker for larger ones; below 0 another kind of sign."""

from __future__ import annotations

import math

from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.surface.formats.text.matrix import NEGATIVE, POSITIVE
from cnnstep.tutor.document import Picture

RAMP = " .:-=+*#%@"
"""From nothing to the largest, in ASCII: the same everywhere."""
ABOVE, BELOW = "·+#", "·-="
"""Little, some, much; above and below 0. Told apart without colour."""
INDENT = 2


def picture_lines(picture: Picture, context: TextContext) -> Lines:
    """The title, then each number as two signs, so that a square looks like one."""
    sizes = [abs(value) for row in picture.rows for value in row if math.isfinite(value)]
    largest = max(sizes, default=0.0) or 1.0
    signed = any(value < 0 for row in picture.rows for value in row)
    drawn = []
    for row in picture.rows:
        line = Text()
        for value in row:
            line.append_text(_signed(value / largest, context) if signed else _shade(value / largest))
        drawn.append(line)
    title = context.lines(picture.title, STYLES["strong"]) if picture.title else []
    return title + indented(drawn, INDENT)


def _shade(share: float) -> Text:
    if not math.isfinite(share):
        return Text("??")
    return Text(2 * RAMP[round(share * (len(RAMP) - 1))])


def _signed(share: float, context: TextContext) -> Text:
    if not math.isfinite(share):
        return Text("??")
    strength = min(int(abs(share) * 3), 2)
    signs, colours = (ABOVE, POSITIVE) if share >= 0 else (BELOW, NEGATIVE)
    return Text(2 * context.clean(signs[strength])[:1], colours[strength] if strength else STYLES["quiet"])
