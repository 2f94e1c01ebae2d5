"""`set`: the scenario with one thing changed, checked like a scenario file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.typed import read_matrix, read_number

NUMBERS = ("learning_rate", "relu_slope_at_zero")
WHOLE = ("stride", "padding", "dilation", "iterations")
WORDS = ("activation", "loss", "error", "optimizer")
ARRAYS = ("input", "filter", "target", "bias")


def changed(scenario: Scenario, change: str) -> tuple[Scenario, str]:
    """The scenario after `learning_rate 0.1` or `filter 0 1 -2`, and the change in words.

    A cell is written as indices before the value; a whole matrix as the value itself.
    """
    words = re.match(r"^\s*([\w.]+)(.*)$", change, re.S)
    if not words:
        raise InputError(Fault("set", "say what to change", "type: set learning_rate 0.1, or set filter 0 1 -2"))
    key, rest = words.group(1), words.group(2).strip().lstrip("=").strip()
    known = (*NUMBERS, *WHOLE, *WORDS, *ARRAYS)
    if key not in known:
        raise InputError(Fault("set", f'"{key}" can\'t be set', did_you_mean(key, known)))
    data = scenario.data()
    data["title"] = scenario.title
    if "samples" in data and key in ("input", "target"):
        raise InputError(Fault("set", f"{key} is one of several samples", "change the scenario file for that"))
    if not rest:
        now = f"it is {_written(data[key])}" if data[key] is not None else "there is none"
        raise InputError(Fault("set", f"{key} needs a value", f"{now} now; type: set {key} …"))
    data[key], said = _value(key, rest, data[key])
    return one_filter(**data), said


def _written(value: Any) -> str:
    """A value as it is typed: `leaky_relu slope 0.1`."""
    return (
        " ".join(str(part) for part in (value.get("name"), *_settings(value)))
        if isinstance(value, dict)
        else str(value)
    )


def _settings(value: dict[str, Any]) -> Iterator[Any]:
    for key, number in value.items():
        if key != "name":
            yield from (key, number)


def _value(key: str, rest: str, present: Any) -> tuple[Any, str]:
    """The new value, and the change in words."""
    said = f"{key} were {rest}"
    if key in WORDS:
        return _named(key, rest), said
    if key == "bias" and rest.lower() in ("none", "null"):
        return None, "there were no bias"
    if key in ARRAYS:
        return _cell(key, rest, present) or (_matrix(key, rest, present), said)
    try:
        return (int(rest) if key in WHOLE else read_number(rest).value), said
    except (ValueError, ZeroDivisionError):
        kind = "whole number" if key in WHOLE else "number"
        raise InputError(Fault("set", f'"{rest}" is no {kind} for {key}', f"type: set {key} {present}")) from None


def _named(key: str, rest: str) -> Any:
    """`relu`, or `leaky_relu slope 0.1` as a name with its numbers; braces and `name:` as in a file are fine."""
    words = re.split(r"[\s=:,{}]+", rest.strip("{} "))
    name, *settings = words[1:] if words[0] == "name" and len(words) > 1 else words
    try:
        values = [read_number(value).value for value in settings[1::2]]
        pairs = dict(zip(settings[::2], values, strict=True))
    except (ValueError, ZeroDivisionError):
        example = "type: set activation leaky_relu slope 0.1"
        raise InputError(Fault("set", f'"{rest}" is no {key} with its numbers', example)) from None
    if pairs and key in ("loss", "error"):
        raise InputError(Fault("set", f"{key} is a name alone", f"type: set {key} {name}"))
    return {"name": name, **pairs} if pairs else name


def _cell(key: str, rest: str, present: Any) -> tuple[Any, str] | None:
    """The array with one cell changed, and that in words; None where `rest` is not indices and a value."""
    depth = _depth(present)
    words = re.findall(r"[^\s,\[\]=]+", rest)
    if not depth or len(words) != depth + 1 or ";" in rest or "[[" in rest:
        return None
    *indices, value = words
    cell = f"{key}[{','.join(indices)}]"
    try:
        number = read_number(value).value
    except (ValueError, ZeroDivisionError):
        raise InputError(
            Fault("set", f'"{value}" is no number for {cell}', f"type: set {key} {' '.join(indices)} 1")
        ) from None
    try:
        _put(present, [int(index) for index in indices], number)
    except (ValueError, IndexError):
        raise InputError(Fault("set", f"there is no {cell}", "rows and columns are counted from 0")) from None
    return present, f"{cell} were {value}"


def _put(array: Any, cell: list[int], number: float) -> None:
    if min(cell) < 0:
        raise IndexError
    for index in cell[:-1]:
        array = array[index]
    array[cell[-1]] = number


def _matrix(key: str, rest: str, present: Any) -> Any:
    """A whole array, as deep as the one that is there."""
    depth = _depth(present)
    if depth > 2:
        raise InputError(Fault("set", f"{key} has several matrices", f"set one cell: set {key} {'0 ' * depth}1"))
    rows = [[cell.value for cell in row] for row in read_matrix(rest)]
    if depth == 2:
        return rows
    if len(rows) > 1:
        raise InputError(Fault("set", f"{key} is one row of numbers at most", f"type: set {key} 1"))
    return rows[0] if depth or len(rows[0]) > 1 else rows[0][0]


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) else 0
