"""`set`: the scenario with one thing changed, checked like a scenario file."""

from __future__ import annotations

import re
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
        raise InputError(Fault("set", f"{key} needs a value", f"it is {data[key]} now; type: set {key} …"))
    data[key] = _value(key, rest, data[key])
    return one_filter(**data), f"{key} {_said(key, rest)}"


def _said(key: str, rest: str) -> str:
    return f"were {rest}" if key not in ARRAYS else f"had {rest}"


def _value(key: str, rest: str, present: Any) -> Any:
    if key in WORDS:
        return _named(rest)
    try:
        if key in NUMBERS:
            return read_number(rest).value
        if key in WHOLE:
            return int(rest)
    except (ValueError, ZeroDivisionError):
        raise InputError(Fault("set", f'"{rest}" is not a number', f"type: set {key} {present}")) from None
    return _cell_or_matrix(key, rest, present)


def _named(rest: str) -> Any:
    """`relu`, or `leaky_relu slope 0.1` as a name with its numbers."""
    name, *settings = re.split(r"[\s=:,{}]+", rest.strip("{} "))
    if not settings:
        return name
    try:
        values = [read_number(value).value for value in settings[1::2]]
    except (ValueError, ZeroDivisionError):
        raise InputError(Fault("set", f'"{rest}" is no name with numbers', "type: leaky_relu slope 0.1")) from None
    return {"name": name, **dict(zip(settings[::2], values, strict=False))}


def _cell_or_matrix(key: str, rest: str, present: Any) -> Any:
    depth = _depth(present)
    words = re.findall(r"[^\s,\[\]=]+", rest)
    if depth and len(words) == depth + 1 and ";" not in rest and "[[" not in rest:
        *indices, value = words
        return _with_cell(key, present, indices, value)
    rows = [[cell.value for cell in row] for row in read_matrix(rest)]
    if depth == 0:
        return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows
    if depth == 1:
        return rows[0]
    if depth > 2:
        raise InputError(Fault("set", f"{key} has several matrices", f"set one cell: {'0 ' * depth}and its value"))
    return rows


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) else 0


def _with_cell(key: str, present: Any, indices: list[str], value: str) -> Any:
    part, whole = present, present
    try:
        number = read_number(value).value
        *outer, last = [int(index) for index in indices]
        if min(*outer, last, 0) < 0:
            raise IndexError
        for index in outer:
            part = part[index]
        part[last] = number
    except (ValueError, IndexError, ZeroDivisionError):
        cell = " ".join(indices)
        raise InputError(
            Fault("set", f"{key} has no cell {cell}, or {value} is not a number", "cells are counted from 0")
        ) from None
    return whole
