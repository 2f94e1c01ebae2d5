"""What each number of a lesson is made of, and what it goes on to: the same in every iteration.

A step whose `sums` are known is asked for all its cells at once, by arrays of indices. One without is asked cell by
cell for its working, as it is in the first iteration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from cnnstep.engine.keys import expected
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.places import Places, Ranges, places_read
from cnnstep.engine.program import Data, is_mistaken, program, sums_of
from cnnstep.engine.quantity import Cell, Quantity, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.sums import Sums

Named: TypeAlias = tuple[str, Cell]
"""The name of a quantity, and a cell of it as a learner writes it."""
Readers: TypeAlias = tuple[Places, Places]
"""Places of a quantity, sorted, each with the place of a cell that reads it."""
NOTHING = np.empty(0, np.int64)


def links(lesson: Lesson | Scenario) -> Links:
    """The links of a lesson: what each number is made of, what it goes on to, and the whole lesson as data.

    >>> found = cnnstep.links(cnnstep.scenario("first-filter"))
    >>> found.made_of("delta", 0, 1)        # δ[0,1] = e[0,1] · relu′(z[0,1])
    (('error', (0, 1)), ('forward', (0, 1)))
    >>> found.goes_on_to("target", 1, 1)
    (('error', (1, 1)),)
    >>> found.to_dict()["carried"]
    {'filter': 'update'}

    Cells are counted as in `iteration.working`. Nothing is worked out for a step before it is asked for, and all of it
    holds for every iteration. `InputError` where there is no such quantity or cell.
    """
    if isinstance(lesson, Scenario):
        lesson = lesson_of(lesson)
    return Links(expected(Lesson, lesson, "a lesson or a scenario", "cnnstep.lesson_of(scenario) gives a lesson"))


@dataclass(frozen=True)
class Links:
    """What the numbers of a lesson are made of, and what they go on to; `cnnstep.links` gives one."""

    lesson: Lesson
    _known: dict[tuple[str, str], Readers] = field(default_factory=dict, init=False, repr=False, compare=False)

    def made_of(self, name: str, *cell: int) -> tuple[Named, ...]:
        """The numbers that a step reads for one of its cells, each once.

        Nothing for what is given; nothing for a mistaken step, for a mistake does not say what it reads.
        """
        quantity = self.lesson.quantity(name)
        full, found = self._full(quantity, cell), dict[Named, None]()
        own = [range(index, index + 1) for index in full]
        steps = (step for step in self.lesson.steps if step.name == quantity.name)
        for sums in (self._sums(step, full) for step in steps):
            for products in sums:
                for read, _, places in places_read(products, own, self._shapes[quantity.name], self._shapes):
                    found |= dict.fromkeys(self._named(read, places))
        return tuple(found)

    def goes_on_to(self, name: str, *cell: int) -> tuple[Named, ...]:
        """The cells that read this number: step by step in their order, and in reading order."""
        quantity = self.lesson.quantity(name)
        full, shape = self._full(quantity, cell), self._shapes[quantity.name]
        place = int(np.ravel_multi_index(full, shape)) if shape else 0
        found: list[Named] = []
        for step in self.lesson.steps:
            read, readers = self._inverse(step, quantity)
            first, last = np.searchsorted(read, (place, place + 1))
            found += self._named(step.name, readers[first:last])
        return tuple(found)

    def to_dict(self) -> Data:
        """The lesson as plain data: every step as sums of products, from which its links and its numbers follow.

        The README says how it is read.
        """
        return program(self.lesson, self._values)

    @cached_property
    def _values(self) -> Values:
        """Those of the first iteration: they tell how large everything is."""
        with np.errstate(all="ignore"):
            return self.lesson.carry_out(self.lesson.start)

    @cached_property
    def _shapes(self) -> dict[str, Cell]:
        return {name: array.shape for name, array in self._values.items()}

    def _full(self, quantity: Quantity, cell: Cell) -> Cell:
        return quantity.cell(cell, self._values[quantity.name])

    def _named(self, name: str, places: Places) -> Iterator[Named]:
        """Cells by their numbers, as a learner writes them."""
        layout, shape = self.lesson.quantity(name).layout, self._shapes[name]
        for full in zip(*(axis.tolist() for axis in np.unravel_index(places, shape)), strict=True) if shape else [()]:
            yield name, layout.shown_cell(full)

    def _sums(self, step: Step, cell: Cell) -> Sums:
        """How a cell comes about: with letters where that is known of the whole step."""
        if step.sums is not None:
            return step.sums
        return () if is_mistaken(self.lesson, step) else sums_of(step.working(self._values, cell))

    def _inverse(self, step: Step, source: Quantity) -> Readers:
        key = step.name, source.name
        if key not in self._known:
            reads = any(one.name == source.name for one in step.inputs)
            self._known[key] = self._sorted(step, source.name) if reads else (NOTHING, NOTHING)
        return self._known[key]

    def _sorted(self, step: Step, source: str) -> Readers:
        shape = self._shapes[step.name]
        size, pairs = max(self._values[step.name].size, 1), [NOTHING]
        for own, sums in self._every_cell(step, shape):
            for products in sums:
                for name, cells, places in places_read(products, own, shape, self._shapes):
                    pairs += [places * size + cells] if name == source else []
        both = np.unique(np.concatenate(pairs))
        return both // size, both % size

    def _every_cell(self, step: Step, shape: Cell) -> Iterator[tuple[Ranges, Sums]]:
        """The whole step's sums for all its cells together; or those of each cell by itself."""
        if step.sums is not None:
            yield [range(size) for size in shape], step.sums
            return
        for cell in np.ndindex(shape):
            yield [range(index, index + 1) for index in cell], self._sums(step, cell)
