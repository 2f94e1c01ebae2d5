"""What is drawn: curves as SVG, bars as tables, maps and shades in signs; each is told in words or numbers as well."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby

from cnnstep.surface.formats.html.element import Context, Html, element, joined, lines, scrolled, text
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Curve, Document, HeatMap, Histogram, Picture, ProgressBars, Series

WIDTH, HEIGHT, MARGIN = 600, 180, 8
"""A curve's plot, in the units of its drawing."""
MOST_POINTS = 600
"""More can't be told apart there; of what is taken together the smallest and the largest are drawn."""
MOST_ROWS = 21
"""Values of a curve in its table, evenly chosen, the first and the last among them."""
DASHES = ("none", "8 4", "2 3", "10 3 2 3")
"""Curves are told apart by their lines, not by colour."""
LONGEST_BAR = 30
FULL, EMPTY = "█", "░"


def curve(block: Curve, context: Context) -> Html:
    """The plot, a sentence on each curve, and a table of its values that can be opened."""
    drawable = [value for series in block.series for value in series.values if _shows(value, block.log)]
    plot = _plot(block, min(drawable), max(drawable)) if drawable else Html("")
    told = (element("p", *_sample(block, k), text(_told(one, block, context))) for k, one in enumerate(block.series))
    caption = element("figcaption", text(block.caption))
    return element("figure", joined(caption, plot, *told, _values(block, context)), cls="curve")


def _shows(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)


def _plot(block: Curve, low: float, high: float) -> Html:
    """The curves in a frame; what is in it is said below, so it is hidden from those who listen."""
    size = max(abs(low), abs(high), 1e-300)  # scaled, so that the distance of two huge values is still finite

    def down(value: float) -> float:
        bottom, top, at = (math.log10(v) if block.log else v / size for v in (low, high, value))
        return MARGIN + (HEIGHT - 2 * MARGIN) * (0.5 if top == bottom else (top - at) / (top - bottom))

    lines = [
        _line(k, [(WIDTH * share, down(value)) for share, value in piece])
        for k, series in enumerate(block.series)
        for piece in _pieces(series.values, block.log)
    ]
    frame = element("path", d=f"M0,0V{HEIGHT}H{WIDTH}", fill="none", stroke="currentColor", opacity="0.5")
    box = f"0 0 {WIDTH} {HEIGHT}"
    return element("svg", frame, *lines, viewBox=box, width=str(WIDTH), height=str(HEIGHT), aria_hidden="true")


def _line(number: int, points: Sequence[tuple[float, float]]) -> Html:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = DASHES[number % len(DASHES)]
    look = {"fill": "none", "stroke": "currentColor", "stroke_width": "2", "stroke_dasharray": dashes}
    return element("polyline", points=path, **look)


def _pieces(values: Sequence[float], log: bool) -> Iterator[list[tuple[float, float]]]:
    """Each stretch that can be drawn: how far along it is, from 0 to 1, and the value."""
    last = max(len(values) - 1, 1)
    together = max(2 * len(values) // MOST_POINTS, 1)
    for shows, stretch in groupby(enumerate(values), key=lambda at: _shows(at[1], log)):
        if shows:
            points = list(stretch)
            groups = (points[start : start + together] for start in range(0, len(points), together))
            ends = (sorted({min(group, key=_height), max(group, key=_height)}) for group in groups)
            yield [(number / last, value) for pair in ends for number, value in pair]


def _height(point: tuple[int, float]) -> float:
    return point[1]


def _sample(block: Curve, number: int) -> tuple[Html, ...]:
    """A short piece of the curve's line, where there is more than one."""
    if len(block.series) == 1:
        return ()
    line = _line(number, [(0, 6), (40, 6)])
    return element("svg", line, viewBox="0 0 40 12", width="40", height="12", aria_hidden="true"), Html(" ")


def _told(series: Series, block: Curve, context: Context) -> str:
    """`loss: 2 at iteration 0, 1 at iteration 40; the smallest is 0.0703, at 4.`"""
    values, write = series.values, context.numbers.text
    if not values:
        return f"{series.label}: no values."
    axis = f"{block.x_label} " if block.x_label else ""
    ends = f"{write(values[0])} at {axis}{write(block.start)}, {write(values[-1])} at {axis}{write(block.stop)}"
    finite = [k for k, value in enumerate(values) if math.isfinite(value)]
    if len(finite) < len(values):
        ends += f"; {len(values) - len(finite)} of its values are not finite"
    if not finite:
        return f"{series.label}: {ends}."
    low = min(finite, key=lambda k: values[k])
    return f"{series.label}: {ends}; the smallest is {write(values[low])}, at {write(_at(block, low, len(values)))}."


def _at(block: Curve, number: int, count: int) -> float:
    """Where on the axis a value lies."""
    return block.start + (block.stop - block.start) * number / max(count - 1, 1)


def _values(block: Curve, context: Context) -> Html:
    """Some of the values under each other, the first and the last among them."""
    count = max((len(series.values) for series in block.series), default=0)
    if not count:
        return Html("")
    chosen = sorted({round(k * (count - 1) / (MOST_ROWS - 1)) for k in range(MOST_ROWS)})
    names = [block.x_label or "at", *(series.label for series in block.series)]
    head = element("tr", *(element("th", text(name), scope="col", cls="number") for name in names))
    rows = []
    for k in chosen:
        name = element("th", text(context.numbers.text(_at(block, k, count))), scope="row", cls="number")
        values = (one.values[k] if k < len(one.values) else None for one in block.series)
        cells = (element("td", text("" if v is None else context.numbers.text(v)), cls="number") for v in values)
        rows.append(element("tr", name, *cells))
    summary = "the values" if len(chosen) == count else f"{len(chosen)} of the {count} values"
    caption = element("caption", text(block.caption))
    table = element("table", joined(caption, element("thead", head), element("tbody", joined(*rows))), cls="rows")
    return element("details", element("summary", text(summary)), scrolled(table))


def histogram(block: Histogram) -> Html:
    """A row for each bar: how many of each kind, and all of them as a bar of signs."""
    most = max((bar.total for bar in block.bars), default=0)
    met = [k for k in range(len(block.marks)) if any(bar.counts[k] for bar in block.bars)]
    names = [block.label or "range", *(block.marks[k].word for k in met), "all"]
    rows = []
    for bar in block.bars:
        counts = (element("td", text(str(count)), cls="number") for count in (*(bar.counts[k] for k in met), bar.total))
        length = max(round(LONGEST_BAR * bar.total / most), 1) if bar.total else 0
        drawn = element("td", element("span", text(FULL * length), cls="bar", aria_hidden="true"))
        rows.append(element("tr", element("th", text(bar.label), scope="row"), *counts, drawn))
    head = element("tr", *(element("th", text(name), scope="col") for name in names), element("td"))
    caption = element("caption", text(block.title)) if block.title else Html("")
    return scrolled(
        element("table", joined(caption, element("thead", head), element("tbody", joined(*rows))), cls="rows")
    )


def progress_bars(block: ProgressBars) -> Html:
    """A row for each: its name, its per cent, rounded down, as a bar, and what is said of it."""
    rows = []
    for bar in block.bars:
        share = bar.share or 0.0
        full = math.floor(share * LONGEST_BAR + 1e-9)
        percent = "" if bar.share is None else f"{math.floor(share * 100 + 1e-9)} %"
        drawn = element("span", text(FULL * full + EMPTY * (LONGEST_BAR - full)), cls="bar", aria_hidden="true")
        cells = (drawn, text(percent), text(bar.note))
        name = element("th", text(bar.label), scope="row")
        rows.append(element("tr", name, *(element("td", cell) for cell in cells), cls=_tone(bar.tone)))
    caption = element("caption", text(block.title)) if block.title else Html("")
    return scrolled(element("table", joined(caption, element("tbody", joined(*rows))), cls="rows"))


def _tone(tone: str) -> str:
    return "" if tone == "plain" else tone


def in_signs(block: HeatMap | Picture, context: Context, caption: str = "") -> Html:
    """A map or shades as the terminal draws them; of a map it is also told how many cells are of which kind."""
    from cnnstep.surface.formats.text import render  # and Rich, which few pages need

    nowhere = StringIO()
    signs = render(Document((block,), context.numbers), Screen(nowhere, nowhere)).rstrip("\n")
    told = _kinds(block) if isinstance(block, HeatMap) else ""
    title = caption or block.title
    pre = element("pre", lines(signs), role="img", aria_label=f"{title or 'numbers'}, drawn in signs. {told}".rstrip())
    parts = (element("figcaption", text(caption)) if caption else Html(""), pre, element("p", text(told)))
    return element("figure", joined(*(parts if told else parts[:2])), cls="signs")


def _kinds(block: HeatMap) -> str:
    """`It has 800 cells: 300 converged, 500 stuck.`"""
    known = [cell for row in block.cells for cell in row if cell is not None]
    each = (f"{known.count(k)} {mark.word}" for k, mark in enumerate(block.marks) if k in known)
    return f"It has {len(known)} cells: {', '.join(each)}."
