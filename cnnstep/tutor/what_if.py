"""`set`: the scenario with one thing changed, checked like a scenario file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnnstep.engine.build import rebuilt
from cnnstep.engine.layers.kinds import keys_of
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import GEOMETRY_KEYS, LEFTOVER_KEY
from cnnstep.engine.quantity import Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.scenario_keys import form_of
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.typed import EVERYDAY, find, folded, index, is_index, read_matrix, read_number

WHOLE = ("iterations",)
MOVES = ("stride", "padding", "dilation", "size")
WORDS = ("activation", "loss", "error", "optimizer", "leftover")
ARRAYS = ("input", "filter", "weights", "target", "bias")
FIXED = ("title", "samples", "test", "layers", "type", "name")
"""What can't be set in a line; nor can what may be keys of its own, as a network's target may be a class."""
LEFT_OVER = {"refuse": "refused", "drop": "dropped"}
"""What becomes of the cells that no window reaches, as it is said."""
RATE = ("lr", "eta", "rate", "step_size")
"""What else a learning rate is called."""
_TO = re.compile(r"^\s*(?:[=:]|to\s)?\s*", re.I)


def changed(scenario: Scenario, change: str) -> tuple[Scenario, str]:
    """The scenario after `learning_rate 0.1` or `filter 0 1 -2`, and the change in words.

    A cell is written as indices before the value; a whole matrix as the value itself.
    """
    data = scenario.data()
    places = _places(data)
    key, rest = _key_and_rest(scenario, change, tuple(places))
    if "samples" in data and key in ("input", "target"):
        raise InputError(Fault("set", f"{key} is one of several samples", "change the scenario file for that"))
    place, name = places[key]
    present = place.get(name)
    if not rest:
        now = "there is none" if present is None else f"it is {_written(present)}" if not _depth(present) else ""
        example = f"type: set {_example(key, present)}"
        raise InputError(Fault("set", f"{key} needs a value", f"{now} now; {example}" if now else example))
    place[name], said = _value(key, name, rest, present)
    return replace(rebuilt(data), test_inputs=scenario.test_inputs, test_targets=scenario.test_targets), said


def _places(data: dict[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
    """Each key that can be set, with the mapping that holds it and its name there: `stride`, `conv1.stride`."""
    owners = [("", data), *((f"{layer['name']}.", layer) for layer in data.get("layers", ()))]
    for _, owner in owners:
        if "stride" in owner and LEFTOVER_KEY.name in (keys_of(owner["type"]) if "type" in owner else GEOMETRY_KEYS):
            owner.setdefault(LEFTOVER_KEY.name, LEFTOVER_KEY.default)
    fixed = (*FIXED, *(key.name for key in form_of(data).keys if key.takes_keys))
    places = {f"{prefix}{key}": (owner, key) for prefix, owner in owners for key in owner if key not in fixed}
    if "samples" in data:  # which is said of them
        places |= {key: (data, key) for key in ("input", "target") if key not in fixed}
    return places


def settable(scenario: Scenario) -> tuple[str, ...]:
    """The keys that can be set."""
    return tuple(_places(scenario.data()))


def _example(key: str, present: Any) -> str:
    """The key with a value as it could be typed."""
    depth, at = 0, present
    while isinstance(at, list) and at:
        depth, at = depth + 1, at[0]
    return f"{key} {'0 ' * depth}{at if depth else '…'}"


def _key_and_rest(scenario: Scenario, change: str, keys: Sequence[str]) -> tuple[str, str]:
    """The key that is meant, however it is called, and what is to be put there: `lr = 0.1`, `W[0,1] 2`."""
    for key in keys:  # `learning rate 0.1`
        spaced = re.escape(key).replace("_", "[ _-]+")
        if "_" in key and (found := re.match(rf"\s*{spaced}\b(.*)", change, re.S | re.I)):
            return key, _TO.sub("", found[1], count=1).strip()
    found = re.match(r"\s*([^\s=:\[\](),;]+)(.*)", change, re.S)
    if found is None:
        raise InputError(Fault("set", "say what to change", "type: set learning_rate 0.1, or set filter 0 1 -2"))
    return _key(scenario, found[1], keys), _TO.sub("", found[2], count=1).strip()


def _key(scenario: Scenario, name: str, keys: Sequence[str]) -> str:
    """The key of a name, of a symbol or of everyday words; a fault says why there is none."""
    wanted = folded(name)
    if wanted in RATE:
        return "learning_rate"
    said = {wanted, *(word for group in EVERYDAY if wanted in group for word in group if word in ARRAYS)}
    for key in keys:
        if folded(key) in said:
            return key
    try:
        found = find(lesson_of(scenario, input_gradient=True), name)
    except InputError as error:
        if error.faults[0].code == "unknown-step":
            raise InputError(Fault("set", f'"{name}" can\'t be set', did_you_mean(name, keys))) from None
        raise
    if isinstance(found, Quantity) and found.name in keys:
        return found.name
    what = f"{found.name} is worked out, so it can't be set"
    raise InputError(Fault("set", what, "change what it is made of: weights, input or learning_rate"))


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


def _value(key: str, name: str, rest: str, present: Any) -> tuple[Any, str]:
    """The new value, and the change in words."""
    reader = _ValueReader(key, rest, present)
    if name == "leftover" and rest in LEFT_OVER:
        layer, _, _ = key.rpartition(".")
        whose = f"{layer}'s " if layer else ""
        return rest, f"{whose}cells left over were {LEFT_OVER[rest]}"
    if name in WORDS:
        return reader.named(), reader.said
    if name == "bias" and rest.lower() in ("none", "null"):
        return None, f"there were no {key}"
    if name in ARRAYS:
        return reader.array()
    if name in MOVES:
        return reader.move(), reader.said
    return reader.number(whole=name in WHOLE), reader.said


@dataclass(frozen=True)
class _ValueReader:
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

    def move(self) -> int | list[int] | str:
        """How a window moves: one whole number, one for each axis, or a word: `2`, `2 3`, `same`."""
        words = re.findall(r"[^\s,\[\]]+", self.rest)
        if len(words) == 1 and words[0].isalpha():
            return str(words[0])
        if not 1 <= len(words) <= 2 or not all(is_index(word) for word in words):
            what = f'"{self.rest}" is not one or two whole numbers for {self.key}'
            raise InputError(Fault("set", what, f"type: set {self.key} 2, or set {self.key} 2 3"))
        numbers = list(map(index, words))
        return numbers[0] if len(numbers) == 1 else numbers


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
    words = [word for word in re.findall(r"[^\s,\[\]=:]+", rest) if word != "to"]
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
    for at in cell[:-1]:
        array = array[at]
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
