"""Gauges in text: label, bar, per cent and words on one line; where that is too wide, the words above the bar."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext
from cnnstep.tutor.document import Gauge, Gauges

FULL, EMPTY = "█", "░"
INDENT, GAP = 2, 2
PER_CENT = len("100 %")
SHORTEST, LONGEST = 10, 30
"""A shorter bar says little, and a longer one no more."""


def gauges_lines(gauges: Gauges, context: TextContext) -> Lines:
    """The title, then a line for each gauge, or two where there is no room for that."""
    title = context.lines(gauges.title, STYLES["strong"]) if gauges.title else []
    margin = max((cell_len(context.clean(one.label)) for one in gauges.gauges), default=0)
    tail = max((cell_len(context.clean(one.note)) for one in gauges.gauges), default=0)
    room = min(context.width - INDENT - margin - PER_CENT - tail - 3 * GAP, LONGEST)
    if room < SHORTEST:
        return title + [line for one in gauges.gauges for line in _stacked(one, context)]
    return title + [_line(one, margin, room, context) for one in gauges.gauges]


def _line(gauge: Gauge, margin: int, room: int, context: TextContext) -> Text:
    label = context.clean(gauge.label)
    line = Text(" " * INDENT + label + " " * (margin - cell_len(label) + GAP))
    line.append_text(_bar(gauge, room, context))
    return line.append(" " * GAP + context.clean(gauge.note), STYLES["quiet"])


def _stacked(gauge: Gauge, context: TextContext) -> Lines:
    indent = " " * INDENT
    words = context.lines(f"{gauge.label}: {gauge.note}" if gauge.note else gauge.label, "", indent, 2 * indent)
    room = min(max(context.width - 2 * INDENT - PER_CENT - GAP, 1), LONGEST)
    return [*words, Text(2 * indent).append_text(_bar(gauge, room, context))]


def _bar(gauge: Gauge, room: int, context: TextContext) -> Text:
    """`room` signs, full ones as far as the share goes, and the per cent; nothing is rounded up."""
    share = gauge.share or 0.0
    full = math.floor(share * room + 1e-9)
    percent = "" if gauge.share is None else f"{math.floor(share * 100 + 1e-9)} %"
    bar = Text(context.clean(FULL * full), STYLES[gauge.tone]).append(
        context.clean(EMPTY * (room - full)), STYLES["quiet"]
    )
    return bar.append(" " * (GAP + PER_CENT - len(percent)) + percent)
