"""The whole screen as lines: title, layers, matrices, what the number is made of, the loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap

import numpy as np
from rich.text import Text

from cnnstep.engine.findings import findings
from cnnstep.engine.quantity import Cell
from cnnstep.engine.step import Working
from cnnstep.surface.explore.blocks import (
    CURSOR,
    DEAD,
    GOES_ON_TO,
    MADE_OF,
    WRONG,
    Drawn,
    GridTile,
    Hit,
    drawn,
    number_width,
    side_by_side,
)
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen, to_ascii
from cnnstep.tutor.board import BoardMatrix
from cnnstep.tutor.document import Document
from cnnstep.tutor.explore.explorer import MOST_AHEAD, Explorer
from cnnstep.tutor.long_sum import first_products, products_of
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.why import arithmetic, as_sum

NARROW = 60
"""Below it one matrix is shown at a time."""
MOST_ROWS = 9
"""Of a matrix beside others."""
MOST_PRODUCTS = 64
LEAST_DETAILS = 3
LEVELS, ASCII_LEVELS = "▁▂▃▄▅▆▇█", "_.:-=+*#"


@dataclass(frozen=True)
class Scene:
    """The lines of the screen, where each cell is, and where the loss curve is: its line, first column, iterations."""

    lines: tuple[Text, ...]
    hits: tuple[Hit, ...]
    curve: tuple[int, int, tuple[int, ...]]


@dataclass
class Painter:
    """Draws one place after another; a matrix's columns only ever grow, so that nothing jumps while one goes on."""

    screen: Screen
    digits: dict[str, int] = field(default_factory=dict)

    def picture(self, here: Explorer, width: int, height: int) -> Scene:
        """The screen for this place, in so many columns and lines."""
        top = [self._headline(here, width), *self._strip(here, width)]
        lines, hits = self._board(here, width, height - len(top) - LEAST_DETAILS - 3)
        rule = Text(("-" if self.screen.ascii else "─") * width, style="dim")
        room = height - len(top) - len(lines) - 2
        details = self._details(here, width, room)
        details += [Text()] * (room - len(details))
        curve, iterations, left = self._curve(here, width)
        shifted = tuple(replace(hit, y=hit.y + len(top)) for hit in hits)
        every = (*top, *lines, rule, *details[:room], curve)
        return Scene(every[:height], shifted, (len(every) - 1, left, iterations))

    def said(self, text: str) -> str:
        """The text in signs that the terminal has."""
        return to_ascii(text) if self.screen.ascii else text

    def _headline(self, here: Explorer, width: int) -> Text:
        session, number = here.session, here.session.style.text
        loss = f"loss {number(session.iteration.loss)} → {number(session.iteration.loss_after)}"
        sample = f"  sample {session.sample} of {len(session.scenario.inputs)}" if here.is_batch else ""
        changed = "  what if" if session.scenario is not session.original else ""
        place = f"{loss}  iteration {here.number} of {max(here.horizon, here.number)}{sample}{changed}"
        title = session.scenario.title or session.name
        text = self.said(f"{title}  {place}")
        return Text(text if len(text) <= width else self.said(place)[:width], style="bold")

    def _strip(self, here: Explorer, width: int) -> list[Text]:
        """A network's layers, each with the length of its gradient; in a narrow window the matrices' letters."""
        if not here.board.layered and width >= NARROW:
            return []
        station = here.station
        if here.board.layered:
            steep = {at.name: at for at in here.lesson.layers if at.gradients}
            values = here.session.iteration.values
            text_of = here.session.style.text
            norms = {name: f" ‖{text_of(at.steepness(values))}‖" for name, at in steep.items()}
            told = [(one.title + norms.get(one.title, ""), one == station) for one in here.board.stations]
        else:
            told = [(one.quantity.symbol, one.name == here.focus) for one in here.board.matrices]
        words = [self.said(f"[{word}]" if now else f" {word} ") for word, now in told]
        at = next(k for k, (_, now) in enumerate(told) if now)
        first = 0
        while first < at and len(" ".join(words[first : at + 1])) > width:
            first += 1
        text = Text()
        for k, word in enumerate(words[first:], first):
            text.append(word, "bold reverse" if told[k][1] else "default")
        text.truncate(width)
        return [text]

    def _board(self, here: Explorer, width: int, height: int) -> tuple[list[Text], list[Hit]]:
        """The largest part of the board that there is room for: all, the layer's, what it is made of, itself."""
        focus, station, matrices = here.matrix, here.station, here.board.matrices
        sources = {one.name for one in focus.step.inputs} if focus.step else set()
        near = [one for one in matrices if one.name in sources or one is focus]
        choices: list[list[BoardMatrix]] = [near, [focus]]
        if here.board.layered:
            own = [*station.forward, *station.backward]
            choices.insert(0, [one for one in matrices if one in own or one.name in sources])
        else:
            choices.insert(0, list(matrices))
        for chosen in choices if width >= NARROW else [[focus]]:
            for room in (width, width // 2 - 2):
                lines, hits = self._rows(here, chosen, width, room)
                if len(lines) <= height:
                    return lines, hits
        return side_by_side([self._block(here, focus, (max(height, 2), width))], width)

    def _rows(
        self, here: Explorer, chosen: Sequence[BoardMatrix], width: int, room: int
    ) -> tuple[list[Text], list[Hit]]:
        """Forward matrices, and below them the backward ones; each in so many columns at most."""
        forward = {one.name for station in here.board.stations for one in station.forward}
        lines: list[Text] = []
        hits: list[Hit] = []
        for part in ([one for one in chosen if (one.name in forward) is way] for way in (True, False)):
            more, cells = side_by_side([self._block(here, one, (MOST_ROWS + 1, room)) for one in part], width)
            hits += [replace(hit, y=hit.y + len(lines)) for hit in cells]
            lines += more
        return lines, hits

    def _block(self, here: Explorer, one: BoardMatrix, room: tuple[int, int]) -> Drawn:
        block = self._matrix(here, one)
        self.digits[one.name] = max(self.digits.get(one.name, 1), number_width(block.rows, here.session.style))
        return drawn(block, self.digits[one.name], room, here.session.style, self.screen.ascii)

    def _matrix(self, here: Explorer, one: BoardMatrix) -> GridTile:
        """The plane of a matrix that has to do with the cursor, with its signs."""
        shown = here.shown(one.name)
        marks = _marks(here, one.name)
        plane = here.cell[:-2] if one.name == here.focus else here.planes.get(one.name, (0,) * (shown.ndim - 2))
        if marks and not any(cell[:-2] == plane for cell in marks):
            plane = next(iter(marks))[:-2]
        if len(plane) != max(shown.ndim - 2, 0):
            plane = (0,) * max(shown.ndim - 2, 0)
        rows = shown[plane].reshape(-1, shown.shape[-1] if shown.ndim else 1)
        here_marks = {_place(cell): mark for cell, mark in marks.items() if cell[:-2] == plane}
        names = here.view.lesson.quantity(one.name).layout.visible
        where = "".join(f", {axis} {index}" for axis, index in zip(names, plane, strict=False))
        middle = next(iter(here_marks), (0, 0))
        if one.name == here.focus:
            middle = _place(here.cell)
        symbol, words = self.said(one.quantity.symbol), self.said(f" {one.word}{where}")
        return GridTile(
            one.name, symbol, words, rows, here_marks, middle, one.name in here.hidden, one.name == here.focus
        )

    def _details(self, here: Explorer, width: int, room: int) -> list[Text]:
        """What the number under the cursor is made of, or what is shown instead of that."""
        if here.message:
            return [Text(line) for line in _wrapped(self.said(here.message), width)]
        if here.mistake and here.matrix.step is not None:
            return self._beside(here, width, room)
        lines = self.details_text(here, width).split("\n")
        if len(lines) > room:
            more = self.said(f"… {len(lines) - room + 1} lines more: w")
            lines = [*lines[: room - 1], more]
        return [Text(line, style="bold" if k == 0 else "") for k, line in enumerate(lines)]

    def details_text(self, here: Explorer, width: int) -> str:
        """The number's working as text."""
        quantity, step, numbers = here.view.lesson.quantity(here.focus), here.matrix.step, here.session.style
        label = quantity.label(quantity.layout.full_cell(here.cell))
        if here.focus in here.hidden:
            told = f"{label} is yours to work out: type {here.session.coming.symbol} below. Esc gives up."
            return "\n".join(_wrapped(self.said(told), width))
        value = numbers.text(float(here.shown(here.focus)[here.cell]))
        if step is None:
            told = f"{label} = {value}   {here.matrix.meaning}\n{here.fixed or 'Enter changes it.'}"
            return "\n".join(_wrapped(self.said(told), width))
        step = here.lesson.step(here.focus)
        values = here.session.iteration.values
        cell = self._full(here)
        if products_of(step, values) > MOST_PRODUCTS:
            part = Working(first_products(step, values, cell))
            blocks = (as_sum(f"the first of {products_of(step, values)} products", part, step, cell),)
        else:
            working = step.working(values, cell)
            blocks = arithmetic(step, cell, working, numbers)  # type: ignore[assignment]
        how = render(Document(tuple(blocks), numbers), replace(self.screen, width=width, colour=False)).rstrip("\n")
        head = _wrapped(self.said(f"{label} = {value}   {step.formula}"), width)
        return "\n".join((*head, how))

    def _full(self, here: Explorer) -> Cell:
        """The cell with every axis, the sample among them."""
        layout = here.lesson.quantity(here.focus).layout
        batch = here.session.sample is not None and layout.visible[:1] == ("sample",)
        return layout.full_cell((here.session.sample or 0, *here.cell) if batch else here.cell)

    def _beside(self, here: Explorer, width: int, room: int) -> list[Text]:
        """The matrix with a mistake made in it, beside the right one; the numbers that differ have a sign."""
        made = MISTAKES.find(here.mistake)
        step = here.lesson.step(here.focus)
        lesson = mistaken(here.lesson, made)
        with np.errstate(all="ignore"):
            values = lesson.carry_out(
                {name: here.session.iteration.values.get(name, given) for name, given in lesson.start.items()}
            )
        layout = here.lesson.quantity(here.focus).layout
        batch = here.session.sample is not None and layout.visible[:1] == ("sample",)
        right, wrong = here.shown(here.focus), layout.show(values[here.focus])
        wrong = wrong[here.session.sample] if batch else wrong
        plane = here.cell[:-2]
        flat = [one[plane].reshape(-1, right.shape[-1] if right.ndim else 1) for one in (right, wrong)]
        differ = {(int(r), int(c)): WRONG for r, c in np.argwhere(~np.isclose(flat[0], flat[1], equal_nan=True))}
        symbol = here.matrix.quantity.symbol
        blocks = [
            GridTile("", self.said(symbol), " the right way", flat[0], {}),
            GridTile("", self.said(symbol), f" with {made.code}", flat[1], differ),
        ]
        digits = max(number_width(one.rows, here.session.style) for one in blocks)
        size = (max(room - 1, 2), width // 2 - 2)
        pair = [drawn(one, digits, size, here.session.style, self.screen.ascii) for one in blocks]
        lines, _ = side_by_side(pair, width)
        words = made.words(here.lesson, step)
        told = [Text(line) for line in _wrapped(self.said(f"{words.does} {words.hurts}"), width)]
        return [*told, *lines][:room]

    def _curve(self, here: Explorer, width: int) -> tuple[Text, tuple[int, ...], int]:
        """The loss of every iteration that is known, as a line of bars; the present one stands out."""
        losses = here.losses()
        label = "loss "
        room = max(width - len(label), 1)
        count = min(len(losses), room)
        picked = tuple(round(k * (len(losses) - 1) / max(count - 1, 1)) for k in range(count))
        now = min(range(count), key=lambda k: abs(picked[k] - here.number), default=0)
        text = Text(label, style="dim")
        for k, level in enumerate(_levels([losses[number] for number in picked])):
            sign = (ASCII_LEVELS if self.screen.ascii else LEVELS)[level]
            text.append(sign, "reverse" if k == now else "default")
        return text, picked, len(label)


def _levels(values: Sequence[float]) -> Iterable[int]:
    """Each value as a bar from 0 to 7; where they lie far apart, by their logarithms."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    far = low > 0 and high / low > 1000
    at = [math.log(v) if far else v for v in (low, high)]
    for value in values:
        place = (math.log(value) if far else value) if math.isfinite(value) else at[1]
        share = (place - at[0]) / (at[1] - at[0]) if at[1] > at[0] else 0.0
        yield min(int(share * 7.999), 7)


def _marks(here: Explorer, name: str) -> dict[Cell, str]:
    """The signs in one matrix; the cursor's own comes before all others."""
    found: dict[Cell, str] = {}
    if sum(array.size for array in here.session.iteration.values.values()) <= MOST_AHEAD and not here.hidden:
        found |= {
            cell: DEAD
            for one in findings(here.view)
            if one.code == "dead-relu" and one.step == name
            for cell in one.cells
        }
    if here.focus not in here.hidden:
        found |= {cell: GOES_ON_TO for other, cell in here.links.goes_on_to(here.focus, *here.cell) if other == name}
        found |= {cell: MADE_OF for other, cell in here.links.made_of(here.focus, *here.cell) if other == name}
    return found | ({here.cell: CURSOR} if name == here.focus else {})


def _place(cell: Cell) -> tuple[int, int]:
    """The row and the column that a cell stands in, whatever it has before them."""
    row, column = (0, 0, *cell)[-2:]
    return row, column


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in wrap(part, width) or [""]]
