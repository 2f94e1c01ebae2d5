"""Numbers as tables: a matrix, a sum of products, rows under names. Each has a caption, and its heads say of what."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cnnstep.surface.formats.html.element import Context, Html, element, joined, scrolled, text
from cnnstep.surface.formats.html.figures import in_signs
from cnnstep.tutor.document import MOST_READ, Mark, Matrix, Sum, Table
from cnnstep.tutor.numbers import bracketed_factor, counted, enough, listed

MOST_LINES, SHOWN_LINES = 40, 30
"""A sum of more than 40 lines shows its first 30, and what the others come to."""
STRENGTHS = 3
"""A number's tint is one of so many, by its size."""


def is_shaded(block: Matrix, context: Context) -> bool:
    """Whether a matrix has too many numbers to be read."""
    return block.size > MOST_READ and not context.numbers.every


def matrix(block: Matrix, context: Context) -> Html:
    """Its numbers with their indices, the signs of marked ones beside them."""
    caption = element("caption", text(block.title or block.name or "Numbers"))
    if not block.size:
        return element("table", caption, element("tbody", element("tr", element("td", text("empty")))), cls="matrix")
    first_row, first = block.corner
    head = [_index("column", first + c) for c in range(len(block.rows[0]))] if len(block.rows[0]) > 1 else []
    corner = [element("td")] if head and len(block.rows) > 1 else []
    top = element("thead", element("tr", *corner, *head)) if head else Html("")
    sizes = [abs(value) for row in block.rows for value in row if value is not None and math.isfinite(value)]
    largest = max(sizes, default=0.0) if block.heat else 0.0
    lines = []
    for r, row in enumerate(block.rows):
        index = [_index("row", first_row + r)] if len(block.rows) > 1 else []
        cells = [_cell(value, block.marks.get((r, c)), largest, context) for c, value in enumerate(row)]
        lines.append(element("tr", *index, *cells))
    name = "matrix ask" if block.ask else "matrix"
    return scrolled(element("table", joined(caption, top, element("tbody", joined(*lines))), cls=name))


def _index(axis: str, index: int) -> Html:
    return element("th", text(str(index)), scope="col" if axis == "column" else "row", aria_label=f"{axis} {index}")


def _cell(value: float | None, mark: Mark | None, largest: float, context: Context) -> Html:
    if mark is None:
        return element("td", _number(value, context), cls=_tint(value, largest))
    sign = element("span", text(mark.sign), role="img", aria_label=mark.word, title=mark.word, cls="mark")
    return element("td", _number(value, context), Html(" "), sign, cls=f"{_tint(value, largest)} {mark.tone}".strip())


def _number(value: float | None, context: Context) -> Html:
    return Html("") if value is None else text(context.numbers.text(float(value)))


def _tint(value: float | None, largest: float) -> str:
    """`up3`, `down1`: above or below 0, and how large; the number itself says it too."""
    if not value or math.isnan(value) or not largest:
        return ""
    strength = min(int(STRENGTHS * min(abs(value) / largest, 1)), STRENGTHS - 1) + 1
    return f"{'up' if value > 0 else 'down'}{strength}"


def legend(marks: Iterable[Mark]) -> Html:
    """What each sign stands for."""
    known = {mark.sign: mark.word for mark in marks if mark.word}
    items = [element("li", element("span", text(sign), cls="mark"), text(f" {word}")) for sign, word in known.items()]
    return element("ul", *items, cls="legend") if items else Html("")


def shaded(block: Matrix, context: Context) -> Html:
    """A matrix of too many numbers: its size and range, its shades, and the numbers around what is marked in it."""
    from cnnstep.surface.formats.text.shades import around, as_picture, size_and_range  # and Rich, which few pages need

    some, (picture, together) = around(block), as_picture(block)
    words = size_and_range(block, context.numbers)
    if together > 1:
        words += f". Each sign is the mean of {together}×{together} numbers"
    return joined(in_signs(picture, context, words), matrix(some, context), legend(some.marks.values()))


def sum_table(block: Sum, context: Context) -> Html:
    """A row for each product: what is multiplied, the numbers, what it comes to; then the total."""
    shown, rest = block.lines, Html("")
    if len(block.lines) > MOST_LINES:
        shown, left = block.lines[:SHOWN_LINES], block.lines[SHOWN_LINES:]
        together = _number(sum(line.value for line in left), context)
        name = element("th", text(f"… {counted(len(left), 'more product')} together"), scope="row", colspan="2")
        rest = element("tr", name, element("td", together), element("td"))
    names = [element("th", text(name), scope="col") for name in ("product", "in numbers", "value", "remark")]
    rows = []
    for line in shown:
        factors = [bracketed_factor(written) for written in enough(context.numbers, line.numbers, math.prod)]
        head = element("th", text(" · ".join(line.labels)), scope="row")
        cells = (text(" · ".join(factors)), _number(line.value, context), text(line.note))
        rows.append(element("tr", head, *(element("td", cell) for cell in cells)))
    total = (element("th", text("sum"), scope="row", colspan="2"), element("td", _number(block.total, context)))
    inside = joined(
        element("caption", text(block.title or "The number, product by product")),
        element("thead", element("tr", *names)),
        element("tbody", joined(*rows, rest)),
        element("tfoot", element("tr", *total, element("td"))),
    )
    return scrolled(element("table", inside, cls="sum"))


def table(block: Table, context: Context) -> Html:
    """Rows under the names of their columns; the first cell of a row names it. Without a title the columns name it."""
    numeric = [all(isinstance(row[c], float) for row in block.rows) for c in range(len(block.columns))]
    names = [
        element("th", text(name), scope="col", cls="number" if is_number else "")
        for name, is_number in zip(block.columns, numeric, strict=True)
    ]
    lines = []
    for r, row in enumerate(block.rows):
        tone = block.tones[r] if block.tones else "plain"
        cells = [_of_table(value, c == 0, context) for c, value in enumerate(row)]
        lines.append(element("tr", *cells, cls="" if tone == "plain" else tone))
    caption = element("caption", text(block.title)) if block.title else Html("")
    head = element("thead", element("tr", *names))
    label = "" if block.title else listed(block.columns)
    inside = joined(caption, head, element("tbody", joined(*lines)))
    return scrolled(element("table", inside, cls="rows", aria_label=label))


def _of_table(value: str | float, first: bool, context: Context) -> Html:
    number = not isinstance(value, str)
    inside = text(value) if isinstance(value, str) else _number(value, context)
    if first and inside:
        return element("th", inside, scope="row", cls="number" if number else "")
    return element("td", inside, cls="number" if number else "")
