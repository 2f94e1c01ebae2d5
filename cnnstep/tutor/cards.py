"""From an iteration to a document: the question, a card a step, the findings; which steps and parts are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell, Layout, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.engine.vocabulary import NETWORK, ONE_FILTER, Vocabulary
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.document import Block, Heading, Paragraph
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import Part, Window, one_sample
from cnnstep.tutor.sentences import title_of, words_of
from cnnstep.tutor.view import View

if TYPE_CHECKING:
    from cnnstep.tutor.typed import Place


def _network_view() -> View:
    from cnnstep.tutor.network.view import NetworkView  # what one filter's run starts without

    return NetworkView()


_VIEWS: Mapping[Vocabulary, Callable[[], View]] = {ONE_FILTER: View, NETWORK: _network_view}


def view_of(scenario: Scenario) -> View:
    """What is shown in the words of the scenario's vocabulary: one filter's view, or a network's."""
    return _VIEWS[scenario.vocabulary]()


@dataclass(frozen=True)
class Selection:
    """A step, and the part of it that is wanted: leading indices, and rows and columns of what lies under them."""

    step: Step
    part: Cell = ()
    window: Window | None = None

    def of(self, shown: Array) -> Array:
        """This part of the step's matrix."""
        under: Array = shown[self.part]
        if self.window is None:
            return under
        rows, columns = (slice(one.start, one.stop) for one in self.window)
        cut: Array = np.asarray(under[rows, columns] if under.ndim > 1 else under[columns])
        return cut


def names_of(only: str) -> tuple[str, ...]:
    """`error, conv1.gradient[3,0]` as names: a comma in brackets parts indices, not names."""
    return tuple(name.strip() for name in re.split(r",(?![^\[]*\])", only) if name.strip())


def lesson_for(scenario: Scenario, names: tuple[str, ...] = ()) -> Lesson:
    """The scenario's lesson, with ∂L/∂X where one of the names asks for it, and in every network small enough."""
    plain = lesson_of(scenario, input_gradient=view_of(scenario).sends_back(scenario))
    if not names:
        return plain
    whole = lesson_of(scenario, input_gradient=True)
    asked = {step.name for name in names for step in steps_of(whole, _without_window(name)[0].name)}
    return whole if asked - {*plain.names} else plain


def selected(iteration: Iteration, names: tuple[str, ...]) -> tuple[Selection, ...]:
    """The steps of these names, each with its part; a layer's name stands for all of its steps."""
    return tuple(one for name in names for one in _selected(iteration, name))


def _selected(iteration: Iteration, name: str) -> Iterator[Selection]:
    place, window = _without_window(name)
    for step in steps_of(iteration.lesson, place.name):
        shown = iteration.matrix(step.name)
        part = checked_part(step.name, step.quantity.layout, shown, place.cell)
        yield Selection(step, part, _checked_window(step.name, shown[part], window) if window else None)


_SPAN = re.compile(r"\s*(\d*)\s*:\s*(\d*)\s*")


def _without_window(name: str) -> tuple[Place, tuple[str, ...]]:
    """`forward[2,10:20,30:40]` as the place `forward[2]` and the spans of its rows and columns, if there are any."""
    from cnnstep.tutor.typed import read_place  # 4 ms, which a run that names no step starts without

    start, bracket, inside = name.partition("[")
    parts = inside.rstrip(" ]").split(",")
    at = next((k for k, part in enumerate(parts) if ":" in part), len(parts))
    if not bracket or at == len(parts):
        return read_place(name), ()
    return read_place(f"{start}[{','.join(parts[:at])}]"), tuple(parts[at:])


def _checked_window(name: str, shown: Array, spans: tuple[str, ...]) -> Window:
    """The rows and columns, or of a row of numbers the columns alone; `InputError` where there are no such."""
    from cnnstep.tutor.typed import DIGITS

    found = [_SPAN.fullmatch(span) for span in spans]
    if len(spans) != min(shown.ndim, 2) or shown.ndim > 2 or not all(found):
        one = "[10:20,30:40]" if shown.ndim > 1 else "[10:20]"
        hint = f"give rows and columns: {one}" if shown.ndim <= 2 else "say of which matrix first: [0,10:20,30:40]"
        raise InputError(Fault("part", f"{name}[{','.join(spans)}] names no rows and columns", hint))
    sizes = shown.shape if shown.ndim > 1 else (1, *shown.shape)
    ranges = [range(size) for size in sizes[: len(sizes) - len(spans)]]
    for span, size, axis in zip(found, sizes[-len(spans) :], ("row", "column")[-len(spans) :], strict=True):
        assert span is not None
        begin, end = (
            int(word[:DIGITS]) if word else usual for word, usual in zip(span.groups(), (0, size), strict=True)
        )
        if not begin < end <= size:
            hint = f"its {axis}s are counted from 0; the end is not among them, so it is {size} at most"
            raise InputError(Fault("part", f"{name} has no {axis}s {begin}:{end}", hint))
        ranges.append(range(begin, end))
    return ranges[0], ranges[1]


def steps_of(lesson: Lesson, name: str) -> tuple[Step, ...]:
    """The step of this name, or all of a layer's; `InputError` where the name is neither."""
    from cnnstep.tutor.typed import find

    layers = lesson.scenario.names
    if name in layers:
        return tuple(step for step in lesson.steps if step.layer == name)
    try:
        found = find(lesson, name)
    except InputError as error:
        if not layers or error.faults[0].code != "unknown-step":
            raise
        hint = did_you_mean(name, (*lesson.names, *layers))
        hint = f"layers: {', '.join(layers)}; steps: {layers[0]}.forward and so on" if "there is:" in hint else hint
        raise InputError(Fault("unknown-step", f'there is no step or layer called "{name}"', hint)) from None
    if isinstance(found, Quantity):
        raise InputError(Fault("step", f"{found.name} is given, no step works it out", "name a step: forward"))
    return (found,)


def first_step(lesson: Lesson, name: str) -> Step:
    """The step of this name; for a layer's name, its first step."""
    return steps_of(lesson, name)[0]


def only_step(lesson: Lesson, name: str) -> Step:
    """The step of this name; a layer has several, and which of them is meant must be said."""
    steps = steps_of(lesson, name)
    if len(steps) > 1:
        raise InputError(Fault("step", f"{name} is a layer", f"say which step: {', '.join(s.name for s in steps)}"))
    return steps[0]


def checked_part(name: str, layout: Layout, shown: Array, part: Cell) -> Cell:
    """The leading indices, where there is something under them."""
    if len(part) > shown.ndim:
        axes = " ".join(axis.upper() for axis in layout.visible)
        what = f"{name} has {counted(shown.ndim, 'index', 'indices')}, not {len(part)}"
        raise InputError(Fault("part", what, f"they are: {axes}" if axes else "leave the brackets out"))
    for index, size, axis in zip(part, shown.shape, layout.visible, strict=False):
        if index >= size:
            hint = f"its {axis}s are counted from 0 to {size - 1}"
            raise InputError(Fault("part", f"{name} has no {axis} {index}", hint))
    return part


SILENT = ("forward", "gradient", "bias_gradient")
"""Roles of steps at which no finding ever stands: a large batch is not searched for them."""
CELL_BY_CELL = ("dead-relu", "at-kink", "saturated", "unreachable-target")
"""Findings that name cells, so that each sample has its own."""


def question(iteration: Iteration, sample: int | None = None) -> tuple[Block, ...]:
    """What the iteration starts from: input, filter, bias and target, next to each other; of a batch, one sample's."""
    return view_of(iteration.lesson.scenario).question(iteration, sample)


def step_card(
    iteration: Iteration,
    step: Step,
    numbers: Numbers,
    *,
    all_of_them: bool = False,
    part: Part = ((), None),
    sample: int | None = None,
    found: list[Finding] | None = None,
    numbered: bool = True,
) -> tuple[Block, ...]:
    """One step: its number, title and formula, the sentence on what happened, its matrix, what is worth saying.

    `part` is what is wanted of its matrices; `sample` is the one of a batch that is looked at.
    `found` are the iteration's findings, where they are known already; a page that stands alone is not `numbered`.
    """
    position = iteration.lesson.names.index(step.name) + 1
    if step.role in SILENT:
        found = []
    found = [f for f in (findings(iteration) if found is None else found) if f.step == step.name]
    if sample is not None:
        iteration, found = _of_sample(iteration, sample, step.name, found)
        step = iteration.lesson.step(step.name)
    heading = Heading(f"{position} {title_of(step)}" if numbered else title_of(step), note=step.formula)
    happened = Paragraph(words_of(iteration, step).happened(iteration, step, numbers))
    view = view_of(iteration.lesson.scenario)
    return (heading, happened, *view.card(iteration, step, numbers, found, part, whole=all_of_them))


def _of_sample(iteration: Iteration, sample: int, step: str, found: list[Finding]) -> tuple[Iteration, list[Finding]]:
    """The iteration as one sample sees it; of the batch's findings at a step, those about cells are its own."""
    own = one_sample(iteration, sample)
    if own is iteration:
        return iteration, found
    kept = [finding for finding in found if finding.code not in CELL_BY_CELL]
    return own, [*(f for f in findings(own) if f.step == step and f.code in CELL_BY_CELL), *kept]


def iteration_cards(
    iteration: Iteration, numbers: Numbers, only: tuple[str, ...] = (), sample: int | None = None
) -> tuple[Block, ...]:
    """Every step of an iteration, or only those named: `gradient`, `conv1.gradient[3]`, `conv1`."""
    view = one_sample(iteration, sample)
    chosen = selected(view, only) if only else tuple(Selection(step) for step in iteration.lesson.steps)
    found, whole = findings(iteration), bool(only)
    return tuple(
        block
        for one in chosen
        for block in step_card(
            iteration,
            one.step,
            numbers,
            all_of_them=whole,
            part=(one.part, one.window),
            sample=sample,
            found=found,
        )
    )
