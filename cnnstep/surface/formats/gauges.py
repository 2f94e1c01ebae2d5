"""Gauges in text: label, bar, per cent and words on one line; where that is too wide, the words above the bar."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.pen import STYLES, Lines, Pen
from cnnstep.tutor.document import Gauge, Gauges

FULL, EMPTY = "█", "░"
INDENT, GAP = 2, 2
PER_CENT = len("100 %")
SHORTEST, LONGEST = 10, 30
"""A shorter bar says little, and a longer one no more."""


def gauges_lines(gauges: Gauges, pen: Pen) -> Lines:
    """The title, then a line for each gauge, or two where there is no room for that."""
    title = pen.lines(gauges.title, STYLES["strong"]) if gauges.title else []
    margin = max((cell_len(pen.clean(one.label)) for one in gauges.gauges), default=0)
    tail = max((cell_len(pen.clean(one.note)) for one in gauges.gauges), default=0)
    room = min(pen.width - INDENT - margin - PER_CENT - tail - 3 * GAP, LONGEST)
    if room < SHORTEST:
        return title + [line for one in gauges.gauges for line in _stacked(one, pen)]
    return title + [_line(one, margin, room, pen) for one in gauges.gauges]


def _line(gauge: Gauge, margin: int, room: int, pen: Pen) -> Text:
    label = pen.clean(gauge.label)
    line = Text(" " * INDENT + label + " " * (margin - cell_len(label) + GAP))
    line.append_text(_bar(gauge, room, pen))
    return line.append(" " * GAP + pen.clean(gauge.note), STYLES["quiet"])


def _stacked(gauge: Gauge, pen: Pen) -> Lines:
    indent = " " * INDENT
    words = pen.lines(f"{gauge.label}: {gauge.note}" if gauge.note else gauge.label, "", indent, 2 * indent)
    room = min(max(pen.width - 2 * INDENT - PER_CENT - GAP, 1), LONGEST)
    return [*words, Text(2 * indent).append_text(_bar(gauge, room, pen))]


def _bar(gauge: Gauge, room: int, pen: Pen) -> Text:
    """`room` signs, full ones as far as the share goes, and the per cent; nothing is rounded up."""
    share = gauge.share or 0.0
    full = math.floor(share * room + 1e-9)
    percent = "" if gauge.share is None else f"{math.floor(share * 100 + 1e-9)} %"
    bar = Text(pen.clean(FULL * full), STYLES[gauge.tone]).append(pen.clean(EMPTY * (room - full)), STYLES["quiet"])
    return bar.append(" " * (GAP + PER_CENT - len(percent)) + percent)
