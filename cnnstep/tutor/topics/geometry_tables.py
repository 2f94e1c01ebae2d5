"""What stride, padding and dilation have in common: one setting tried at several values on the same input."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnnstep.engine.checks import Faults
from cnnstep.engine.geometry_keys import read_geometry
from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.topics.blocks import beside, grid_of, grids, worked
from cnnstep.tutor.topics.example import Example

Value = int | str | list[int]
"""What can stand after a setting's key."""


def try_out(example: Example, setting: str, values: Sequence[Value]) -> tuple[Block, ...]:
    """What the scenario has, what the other values would give, and one of them beside it."""
    scenario, lesson = example.scenario, example.lesson
    has: Value = scenario.conv.geometry.written[setting]
    rows, fitting = _sizes(scenario, setting, [*values, *([] if has in values else [has])])
    z = lesson.quantity("forward")
    others = [value for value in fitting if value != has]
    usual = values[0]
    other = usual if has != usual and usual in others else next(iter(others), None)
    groups = [grid_of(f"z, {setting} {has}", z, example.first.values["forward"])[:2]]
    if other is not None:
        groups.append(grid_of(f"z, {setting} {other}", z, _forward(scenario, setting, other))[:2])
    word = f"This scenario has {setting} {has}."
    if other is None:
        word += " No other value fits its input and filter."
    elif has == usual:
        word += f" Next to it, the same with {setting} {other}."
    return (
        Paragraph(word),
        *grids(example.first, "input", "filter", most=2),
        Table((setting, "filter spans", "output", "fits"), tuple(rows), "What each value would give"),
        beside(*groups),
        *worked(example.first, "forward", example.style),
    )


def _sizes(scenario: Scenario, setting: str, values: list[Value]) -> tuple[list[tuple[str | float, ...]], list[Value]]:
    """A row a value: size of the output, or why there is none; and the values that fit."""
    rows: list[tuple[str | float, ...]] = []
    fitting: list[Value] = []
    for value in sorted(values, key=lambda value: (value if isinstance(value, int) else math.inf, str(value))):
        faults = Faults()
        geometry = _geometry(scenario, setting, value, faults)
        why = "; ".join(fault.what for fault in faults.found) or _misfit(scenario, geometry)
        image, window = (scenario.inputs.shape[2], scenario.inputs.shape[3]), scenario.conv.window
        size = "none" if why else "×".join(map(str, geometry.outputs(image, window)))
        left = max(geometry.left_over(image, window))
        fits = f"no: {why}" if why else f"yes, {left} left out" if left else "yes"
        rows.append((str(value), "×".join(map(str, geometry.reach(window))), size, fits))
        if not why:
            fitting.append(value)
    return rows, fitting


def _misfit(scenario: Scenario, geometry: Geometry) -> str:
    """Why a filter that moves like this gives no output; "" where it gives one."""
    image, window = (scenario.inputs.shape[2], scenario.inputs.shape[3]), scenario.conv.window
    if min(geometry.room(image, window)) < 0:
        return "the filter is larger than the input"
    left = max(geometry.left_over(image, window))
    return f"{left} left over" if left and not geometry.drops else ""


def _geometry(scenario: Scenario, setting: str, value: Value, faults: Faults) -> Geometry:
    conv = scenario.conv
    return read_geometry(faults, conv.geometry.written | {setting: value}, conv.window)


def _forward(scenario: Scenario, setting: str, value: Value) -> Array:
    geometry = _geometry(scenario, setting, value, Faults())
    return correlate(scenario.inputs, scenario.conv.weights, scenario.conv.bias, geometry)
