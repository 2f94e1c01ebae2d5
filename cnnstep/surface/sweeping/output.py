"""`--output FILE`: the runs as .csv or .npz, a row a run; or the figure as .svg, written here, or .png (matplotlib).

Each outcome has a colour that the colour-blind can tell apart, and a hatching of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import quoted
from cnnstep.surface.screen import harmless
from cnnstep.surface.sweeping.executors import extra
from cnnstep.surface.writing import check_free, write_file
from cnnstep.tutor.document import HeatMap, Histogram, Mark, Span
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.sweep.report import figure
from cnnstep.tutor.sweep.runs import Sweep
from cnnstep.tutor.sweep.summary import block_columns, columns


@dataclass(frozen=True)
class Look:
    """A colour, the strokes over it in a square of 6 by 6, and matplotlib's word for about the same strokes."""

    colour: str
    strokes: str = ""
    hatch: str = ""


LOOKS = (
    Look("#009e73"),
    Look("#56b4e9", "M0 3H6", "--"),
    Look("#d55e00", "M0 6L6 0", "//"),
    Look("#dddddd"),
    Look("#f0e442", "M0 0L6 6", "\\\\"),
    Look("#444444", "M0 0L6 6M0 6L6 0", "xx"),
)
"""By the place of a mark; Okabe and Ito's palette (2008)."""

LEFT, TOP, PLOT, LINE = 90, 40, (560, 360), 20
"""The rims of the plot, its size, and the height of a line of text, in pixels."""
STRIP = 60
"""The height of a map with one axis."""


def svg(figure: HeatMap | Histogram) -> str:
    """The figure as an SVG document of its own: no script, no font, no address outside."""
    width, height = PLOT
    if isinstance(figure, HeatMap):
        height = height if figure.y else STRIP
        body, used = list(_map_parts(figure, width, height)), _used(figure)
    else:
        body, used = list(_bar_parts(figure, width, height)), _used(figure)
    bottom = TOP + height + 3 * LINE
    legend = list(_legend_parts([(place, figure.marks[place]) for place in used], bottom))
    whole = (LEFT + width + 60, bottom + LINE * (len(used) + 1))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole[0]}" height="{whole[1]}" '
        f'viewBox="0 0 {whole[0]} {whole[1]}" font-family="sans-serif" font-size="13">',
        f"<title>{_text(figure.title)}</title>",
        "<defs>",
        *(_pattern(place) for place in used if LOOKS[place].strokes),
        "</defs>",
        f'<rect width="{whole[0]}" height="{whole[1]}" fill="#ffffff"/>',
        _label(LEFT, 24, figure.title, weight="bold"),
        *body,
        *legend,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _used(figure: HeatMap | Histogram) -> list[int]:
    """The places of the marks that the figure has."""
    if isinstance(figure, HeatMap):
        return sorted({cell for row in figure.cells for cell in row if cell is not None})
    return [place for place in range(len(figure.marks)) if any(bar.counts[place] for bar in figure.bars)]


def _text(text: str) -> str:
    return escape(harmless(text))


def _label(x: float, y: float, text: str, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}">{_text(text)}</text>'


def _pattern(place: int) -> str:
    look = LOOKS[place]
    return (
        f'<pattern id="look{place}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{look.colour}"/>'
        f'<path d="{look.strokes}" stroke="#ffffff" stroke-opacity="0.6"/></pattern>'
    )


def _rect(place: int, x: float, y: float, width: float, height: float) -> str:
    fill = f"url(#look{place})" if LOOKS[place].strokes else LOOKS[place].colour
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}"/>'


def _frame(width: float, height: float) -> str:
    return f'<rect x="{LEFT}" y="{TOP}" width="{width:g}" height="{height:g}" fill="none" stroke="#000000"/>'


def _map_parts(heat_map: HeatMap, width: float, height: float) -> Iterator[str]:
    """Neighbours in a row that are alike are one rectangle; row 0 is at the bottom."""
    down, across = height / len(heat_map.cells), width / max(map(len, heat_map.cells))
    for r, row in enumerate(heat_map.cells):
        column = 0
        for cell, group in groupby(row):
            count = len(list(group))
            if cell is not None:
                yield _rect(cell, LEFT + column * across, TOP + height - (r + 1) * down, count * across, down)
            column += count
    yield _frame(width, height)
    first, last = _ends(heat_map.x)
    yield _label(LEFT, TOP + height + LINE, first)
    yield _label(LEFT + width, TOP + height + LINE, last, "end")
    yield _label(LEFT + width / 2, TOP + height + LINE, heat_map.x.caption, "middle")
    if heat_map.y:
        first, last = _ends(heat_map.y)
        yield _label(LEFT - 8, TOP + height, first, "end")
        yield _label(LEFT - 8, TOP + 12, last, "end")
        turned = f'transform="translate(16 {TOP + height / 2:g}) rotate(-90)" text-anchor="middle"'
        yield f"<text {turned}>{_text(heat_map.y.caption)}</text>"


def _ends(span: Span) -> tuple[str, str]:
    return AS_USUAL.text(span.start), AS_USUAL.text(span.stop)


def _bar_parts(histogram: Histogram, width: float, height: float) -> Iterator[str]:
    """A bar from the left for each label, its count at its end."""
    down = height / max(len(histogram.bars), 1)
    most = max((bar.total for bar in histogram.bars), default=0) or 1
    for r, bar in enumerate(histogram.bars):
        ends, reached = [0.0], 0
        for count in bar.counts:
            reached += count
            ends.append(width * reached / most)
        for place, (start, end) in enumerate(pairwise(ends)):
            if end > start:
                yield _rect(place, LEFT + start, TOP + r * down + 2, end - start, down - 4)
        middle = TOP + (r + 0.5) * down + 4
        yield _label(LEFT - 8, middle, bar.label, "end")
        yield _label(LEFT + ends[-1] + 4, middle, str(bar.total))
    yield _label(LEFT, TOP + height + LINE, histogram.label)


def _legend_parts(used: Sequence[tuple[int, Mark]], top: float) -> Iterator[str]:
    for line, (place, mark) in enumerate(used):
        yield _rect(place, LEFT, top + line * LINE - 11, 14, 14)
        yield _label(LEFT + 22, top + line * LINE, mark.word)


def png(figure: HeatMap | Histogram) -> bytes:
    """The same figure drawn by matplotlib, which must be there; no window, no state kept."""
    canvas = import_module("matplotlib.backends.backend_agg")
    drawn = import_module("matplotlib.figure").Figure(figsize=(7.5, 5.5), layout="constrained")
    canvas.FigureCanvasAgg(drawn)
    axes = drawn.add_subplot()
    axes.set_title(_plain(figure.title))
    if isinstance(figure, HeatMap):
        _draw_map(axes, figure)
    else:
        _draw_bars(axes, figure)
    patches = import_module("matplotlib.patches")
    handles = [
        patches.Patch(facecolor=LOOKS[k].colour, hatch=LOOKS[k].hatch, edgecolor="white", label=figure.marks[k].word)
        for k in _used(figure)
    ]
    if handles:
        drawn.legend(handles=handles, loc="outside lower center", ncols=2, fontsize="small")
    buffer = BytesIO()
    drawn.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()


def _plain(text: str) -> str:
    return harmless(text).replace("$", r"\$")  # which matplotlib reads as mathematics


def _draw_map(axes: Any, heat_map: HeatMap) -> None:
    """One rectangle for each stretch of a row, so that it can be hatched."""
    rows, columns = len(heat_map.cells), max(map(len, heat_map.cells))
    for r, row in enumerate(heat_map.cells):
        column = 0
        for cell, group in groupby(row):
            count = len(list(group))
            if cell is not None:
                look = LOOKS[cell]
                bar = [(column / columns, count / columns)], (r / rows, 1 / rows)
                axes.broken_barh(*bar, facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0)
            column += count
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=_plain(heat_map.x.caption))
    axes.set_xticks([0, 1], _ends(heat_map.x))
    if heat_map.y:
        axes.set_ylabel(_plain(heat_map.y.caption))
        axes.set_yticks([0, 1], _ends(heat_map.y))
    else:
        axes.set_yticks([])


def _draw_bars(axes: Any, histogram: Histogram) -> None:
    labels = [_plain(bar.label) for bar in histogram.bars]
    left = [0] * len(labels)
    for place in _used(histogram):
        counts = [bar.counts[place] for bar in histogram.bars]
        look = LOOKS[place]
        axes.barh(labels, counts, left=left, color=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0)
        left = [before + count for before, count in zip(left, counts, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel="runs", ylabel=_plain(histogram.label))


def check_output(path: str, force: bool) -> None:
    """Everything that would keep the file from being written in the end, said before the work begins."""
    kind = Path(path).suffix.lower()
    if kind not in WRITERS:
        what = f"{quoted(path, 200)} has no ending that says what to write"
        near = did_you_mean(kind, WRITERS) if kind else ""
        hint = near if near.startswith("did") else f"end it in {', '.join(WRITERS)}"
        raise InputError(Fault("output", what, hint, file=path))
    if kind == ".png":
        extra("matplotlib", "plot", "a .png picture")
    check_free(path, force)


def write_output(path: str, sweep: Sweep, force: bool) -> None:
    """The finished runs in the format that the name ends in."""
    write_file(path, WRITERS[Path(path).suffix.lower()](sweep), force)


def _csv(sweep: Sweep) -> Iterator[bytes]:
    """Block by block, so that many runs need little memory; numbers in full, as Python reads them back."""
    for place, number in enumerate(np.flatnonzero(sweep.done)):
        table = block_columns(sweep, int(number))
        if place == 0:
            yield (",".join(f'"{name}"' if "," in name else name for name in table) + "\n").encode()
        texts = [map(str, column.tolist()) for column in table.values()]
        yield "".join(",".join(row) + "\n" for row in zip(*texts, strict=True)).encode()


def _npz(sweep: Sweep) -> Iterator[bytes]:
    buffer = BytesIO()
    np.savez(buffer, **columns(sweep))  # type: ignore[arg-type]  # names of columns, none of them allow_pickle
    yield buffer.getvalue()


def _svg(sweep: Sweep) -> Iterator[bytes]:

    yield svg(figure(sweep)).encode()


def _png(sweep: Sweep) -> Iterator[bytes]:

    yield png(figure(sweep))


WRITERS: dict[str, Callable[[Sweep], Iterable[bytes]]] = {".csv": _csv, ".npz": _npz, ".svg": _svg, ".png": _png}
