"""ProgressBars in text: label, bar, per cent and words on one line; where that is too wide, the words above the bar."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext
from cnnstep.tutor.document import ProgressBar, ProgressBars

FULL, EMPTY = "█", "░"
INDENT, GAP = 2, 2
PER_CENT = len("100 %")
SHORTEST, LONGEST = 10, 30
"""A shorter bar says little, and a longer one no more."""


def progress_bar_lines(bars: ProgressBars, context: TextContext) -> Lines:
    """The title, then a line for each bar, or two where there is no room for that."""
    title = context.lines(bars.title, STYLES["strong"]) if bars.title else []
    margin = max((cell_len(context.clean(one.label)) for one in bars.bars), default=0)
    tail = max((cell_len(context.clean(one.note)) for one in bars.bars), default=0)
    room = min(context.width - INDENT - margin - PER_CENT - tail - 3 * GAP, LONGEST)
    if room < SHORTEST:
        return title + [line for one in bars.bars for line in _stacked(one, context)]
    return title + [_line(one, margin, room, context) for one in bars.bars]


def _line(progress: ProgressBar, margin: int, room: int, context: TextContext) -> Text:
    label = context.clean(progress.label)
    line = Text(" " * INDENT + label + " " * (margin - cell_len(label) + GAP))
    line.append_text(_bar(progress, room, context))
    return line.append(" " * GAP + context.clean(progress.note), STYLES["quiet"])


def _stacked(progress: ProgressBar, context: TextContext) -> Lines:
    indent = " " * INDENT
    words = context.lines(
        f"{progress.label}: {progress.note}" if progress.note else progress.label, "", indent, 2 * indent
    )
    room = min(max(context.width - 2 * INDENT - PER_CENT - GAP, 1), LONGEST)
    return [*words, Text(2 * indent).append_text(_bar(progress, room, context))]


def _bar(progress: ProgressBar, room: int, context: TextContext) -> Text:
    """`room` signs, full ones as far as the share goes, and the per cent; nothing is rounded up."""
    share = progress.share or 0.0
    full = math.floor(share * room + 1e-9)
    percent = "" if progress.share is None else f"{math.floor(share * 100 + 1e-9)} %"
    bar = Text(context.clean(FULL * full), STYLES[progress.tone]).append(
        context.clean(EMPTY * (room - full)), STYLES["quiet"]
    )
    return bar.append(" " * (GAP + PER_CENT - len(percent)) + percent)
