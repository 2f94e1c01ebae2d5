"""`set`: the scenario with one thing changed, checked like a scenario file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    words = re.match(r"^\s*([\w.-]+)(.*)$", change, re.S)
    if not words:
        raise InputError(Fault("set", "say what to change", "type: set learning_rate 0.1, or set filter 0 1 -2"))
    key, rest = words.group(1), words.group(2).strip().lstrip("=").strip()
    if scenario.is_network:
        from cnnstep.tutor.network.what_if import network_changed

        return network_changed(scenario, key, rest)
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
    reader = ValueReader(key, rest, present)
    if key in WORDS:
        return reader.named(), reader.said
    if key == "bias" and rest.lower() in ("none", "null"):
        return None, "there were no bias"
    if key in ARRAYS:
        return reader.array()
    return reader.number(whole=key in WHOLE), reader.said


@dataclass(frozen=True)
class ValueReader:
    """What was typed for a key, and the value that it has at present."""

    key: str
    rest: str
    present: Any

    @property
    def said(self) -> str:
        """The change in words."""
        return f"{self.key} were {self.rest}"

    def named(self) -> Any:
        """A name, with its numbers where it has some."""
        return _named(self.key, self.rest)

    def array(self) -> tuple[Any, str]:
        """The array with a cell changed, or another one as deep; and that in words."""
        cell = _cell(self.key, self.rest, self.present)
        return cell or (_matrix(self.key, self.rest, self.present), self.said)

    def number(self, *, whole: bool) -> int | float:
        """One number."""
        try:
            return int(self.rest) if whole else read_number(self.rest).value
        except (ValueError, ZeroDivisionError):
            kind = "whole number" if whole else "number"
            what = f'"{self.rest}" is no {kind} for {self.key}'
            raise InputError(Fault("set", what, f"type: set {self.key} {self.present}")) from None

    def pair(self) -> int | list[int]:
        """One whole number, or two: `2`, `2 3`."""
        words = re.findall(r"[^\s,\[\]]+", self.rest)
        if not 1 <= len(words) <= 2 or not all(word.isascii() and word.isdigit() for word in words):
            what = f'"{self.rest}" is not one or two whole numbers for {self.key}'
            raise InputError(Fault("set", what, f"type: set {self.key} 2, or set {self.key} 2 3"))
        return int(words[0]) if len(words) == 1 else [int(word) for word in words]


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
