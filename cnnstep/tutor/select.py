"""What a learner asks to see: a step, a whole layer, or a part of a step: `gradient`, `conv1`, `conv1.gradient[3]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell, Layout, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.place import find, read_place
from cnnstep.tutor.views import view_of


@dataclass(frozen=True)
class Selection:
    """A step, and the leading indices of the part of it that is wanted."""

    step: Step
    part: Cell = ()


def names_of(only: str) -> tuple[str, ...]:
    """`error, conv1.gradient[3,0]` as names: a comma in brackets parts indices, not names."""
    return tuple(name.strip() for name in re.split(r",(?![^\[]*\])", only) if name.strip())


def lesson_for(scenario: Scenario, names: tuple[str, ...] = ()) -> Lesson:
    """The scenario's lesson, with ∂L/∂X where one of the names asks for it, and in every network small enough."""
    plain = lesson_of(scenario, input_gradient=view_of(scenario).sends_back(scenario))
    if not names:
        return plain
    whole = lesson_of(scenario, input_gradient=True)
    asked = {step.name for name in names for step in steps_of(whole, read_place(name).name)}
    return whole if asked - {*plain.names} else plain


def selected(iteration: Iteration, names: tuple[str, ...]) -> tuple[Selection, ...]:
    """The steps of these names, each with its part; a layer's name stands for all of its steps."""
    return tuple(one for name in names for one in _selected(iteration, name))


def _selected(iteration: Iteration, name: str) -> Iterator[Selection]:
    place = read_place(name)
    for step in steps_of(iteration.lesson, place.name):
        shown = iteration.matrix(step.name)
        yield Selection(step, checked_part(step.name, step.quantity.layout, shown, place.cell))


def steps_of(lesson: Lesson, name: str) -> tuple[Step, ...]:
    """The step of this name, or all of a layer's; `InputError` where the name is neither."""
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
    """The step of this name; of a layer the one that it begins with."""
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
