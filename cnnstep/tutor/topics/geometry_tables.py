"""What stride, padding and dilation have in common: one setting tried at several values on the same input."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.topics.blocks import beside, grid_of, grids, worked
from cnnstep.tutor.topics.example import Example


def try_out(example: Example, setting: str, values: range) -> tuple[Block, ...]:
    """What the scenario has, what the other values would give, and one of them beside it."""
    scenario, lesson = example.scenario, example.lesson
    has = getattr(scenario.conv.geometry, setting)
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
        word += f" So here it is beside the same with {setting} {other}."
    return (
        Paragraph(word),
        *grids(example.first, "input", "filter", most=2),
        Table((setting, "filter spans", "output", "fits"), tuple(rows), "What each value would give"),
        beside(*groups),
        *worked(example.first, "forward", example.style),
    )


def _sizes(scenario: Scenario, setting: str, values: list[int]) -> tuple[list[tuple[str | float, ...]], list[int]]:
    """A row a value: size of the output, or why there is none; and the values that fit."""
    rows: list[tuple[str | float, ...]] = []
    fitting: list[int] = []
    for value in sorted(values):
        geometry: Geometry = replace(scenario.conv.geometry, **{setting: value})
        lengths = list(zip(scenario.inputs.shape[2:], scenario.conv.window, strict=True))
        spans = "×".join(str(geometry.reach(taps)) for _, taps in lengths)
        left = max(geometry.left_over(length, taps) for length, taps in lengths)
        if any(geometry.room(length, taps) < 0 for length, taps in lengths):
            size, fits = "none", "no: the filter is larger than the input"
        elif left:
            size, fits = "none", f"no: {left} left over"
        else:
            size, fits = "×".join(str(geometry.outputs(length, taps)) for length, taps in lengths), "yes"
            fitting.append(value)
        rows.append((str(value), spans, size, fits))
    return rows, fitting


def _forward(scenario: Scenario, setting: str, value: int) -> Array:
    geometry: Geometry = replace(scenario.conv.geometry, **{setting: value})
    return correlate(scenario.inputs, scenario.conv.weights, scenario.conv.bias, geometry)
