"""Checks that go on after a fault, so that everything wrong with a scenario is reported at once."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.quantity import Array, is_whole
from cnnstep.errors import Fault, InputError, Path
from cnnstep.registry import Registry, did_you_mean

T = TypeVar("T")
Named = str | Mapping[str, Any]
"""A name, or a name with its numbers: `relu`, `{name: leaky_relu, slope: 0.1}`."""


@dataclass
class Faults:
    """Everything that is wrong so far; checks go on after a fault so that all are reported at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, what: str, path: Path, hint: str = "", code: str = "value") -> None:
        """Notes one fault."""
        self.found.append(Fault(code, what, hint, path))

    def attempt(self, make: Callable[[], T], *path: str | int) -> T | None:
        """What `make` gives, or None where it raises: then its faults are those of this part of the scenario."""
        try:
            return make()
        except InputError as error:
            self.found.extend(fault.under(*path) for fault in error.faults)
            return None

    def stop_if_any(self) -> None:
        """Raises all of them."""
        if self.found:
            raise InputError(self.found)


def expected(kind: type[T], value: object, words: str, hint: str) -> T:
    """The value, where it is of this class, which is called `words`; else `InputError` says what was given."""
    if isinstance(value, kind):
        return value
    given = f'"{value:.60}"' if isinstance(value, str) else type(value).__name__
    raise InputError(Fault("type", f"{words} is needed here, and {given} is given", hint))


def read_array(value: Any, path: Path, faults: Faults, otherwise: tuple[str, str]) -> Array | None:
    """The value as float64 numbers; `otherwise` is what is said, and the hint, of text and of rows that are uneven."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            what = f"complex numbers can't be used, and they stand in {path[-1]}"
            faults.add(what, path, "give real ones: x.real, or abs(x)")
            return None
        if array.dtype.kind in "biufO":
            return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        pass
    faults.add(otherwise[0], path, otherwise[1])
    return None


def chosen(registry: Registry[Callable[..., T]], given: Named, key: str, faults: Faults) -> T | None:
    """The entry that a name, or a mapping with `name` and numbers, stands for."""
    parameters = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = parameters.pop("name", None)
    if name is None:
        faults.add(f"{key} has no name", (key,), f"write {key}: {{name: …}}", "missing-key")
        return None
    make = faults.attempt(lambda: registry.find(str(name)), key)
    if make is None:
        return None
    known = [] if make is ACTIVATIONS["relu"] else list(inspect.signature(make).parameters)
    settings: dict[str, float] = {}
    for parameter, value in parameters.items():
        if parameter in known:
            settings[parameter] = NumberReader(faults, (key,)).real(value, parameter, **_LIMITS.get(parameter, {}))
        else:
            hint = did_you_mean(parameter, known) or f"{name} has no numbers to set"
            faults.add(f'{name} has no "{parameter}"', (key, parameter), hint, "unknown-key")
    return make(**settings)


_LIMITS: dict[str, dict[str, float]] = {
    "momentum": {"least": 0.0, "below": 1.0},
    "beta1": {"least": 0.0, "below": 1.0},
    "beta2": {"least": 0.0, "below": 1.0},
    "epsilon": {"above": 0.0},
    "alpha": {"least": 0.0},
    "slope": {"least": 0.0},
}


_BOUNDS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "above": (operator.gt, "greater than"),
    "least": (operator.ge, "at least"),
    "most": (operator.le, "at most"),
    "below": (operator.lt, "less than"),
}


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


@dataclass
class NumberReader:
    """Reads single numbers; what is out of bounds is a fault, and reading goes on with a harmless 1."""

    faults: Faults
    prefix: Path = ()

    def real(self, value: Any, key: str, **limits: float) -> float:
        """A finite number within the limits `least`, `most`, `above` and `below`."""
        path = (*self.prefix, key)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not _is_finite(value):
            self.faults.add(f"{key} must be a number, not {value!r}", path, f"write a number: {key}: 0.5")
            return 1.0
        number = float(value)
        for limit, bound in limits.items():
            holds, words = _BOUNDS[limit]
            if not holds(number, bound):
                self.faults.add(f"{key} is {number:g}; it must be {words} {bound:g}", path, "change the number")
                return 1.0
        return number

    def whole(self, value: Any, key: str, least: int, *at: int, most: int | None = None) -> int:
        """A whole number, `least` or more, and no more than `most`; `at` is its place in a list."""
        if not is_whole(value) or value < least:
            what = f"{key} must be a whole number, {least} or more, not {value!r}"
            self.faults.add(what, (*self.prefix, key, *at), f"write {key}: {max(least, 1)}")
            return max(least, 1)
        if most is not None and value > most:
            what = f"{key} is {value}; it must be at most {most}"
            self.faults.add(what, (*self.prefix, key, *at), "change the number")
            return max(least, 1)
        return int(value)

    def pair(self, value: Any, key: str, least: int, most: int | None = None) -> tuple[int, int]:
        """One whole number for rows and columns, or one for each."""
        if not isinstance(value, list | tuple | np.ndarray):
            one = self.whole(value, key, least, most=most)
            return one, one
        if len(value) != 2:
            what = f"{key} is a list of length {len(value)}; it must be one number, or two: [rows, columns]"
            self.faults.add(what, (*self.prefix, key), f"write {key}: {max(least, 1)}", "shape")
            return max(least, 1), max(least, 1)
        return self.whole(value[0], key, least, 0, most=most), self.whole(value[1], key, least, 1, most=most)
