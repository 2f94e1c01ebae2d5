"""The keys of a file: what may stand after each, what holds where it is left out, and what an editor says of it.

This is the one declaration. The engine's reading, the faults of a file with their places, defaults, limits and the
JSON Schema derive from it: `scenario_keys` has the keys of a scenario, each layer's file those of the layer, and the
numbers that go with an activation's or optimizer's name are the parameters of what makes it.

Checks go on after a fault, so that everything wrong with a scenario is reported at once.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar, get_args

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.quantity import Array, is_whole
from cnnstep.errors import Fault, InputError, Path
from cnnstep.registry import Real, Registry, did_you_mean

NEEDED: Final = object()
"""The default of a key that can't be left out."""


@dataclass(frozen=True)
class Whole:
    """A whole number within its limits."""

    least: int
    most: int | None = None

    @property
    def limits(self) -> Mapping[str, float]:
        """The limits that there are, by name."""
        return {"least": self.least} | ({} if self.most is None else {"most": self.most})


@dataclass(frozen=True)
class Two:
    """A list of two whole numbers."""

    of: Whole


@dataclass(frozen=True)
class Nested:
    """Numbers in lists in lists: `depth` 1 is a row, 2 a matrix, 3 one matrix a channel, 4 a list of filters."""

    depth: int


@dataclass(frozen=True)
class Text:
    """Any words."""


@dataclass(frozen=True)
class Word:
    """One of these names; the registry that has them says of another one which was meant."""

    names: Collection[str]


@dataclass(frozen=True)
class Named:
    """A name in a registry, or a mapping with the name and numbers that go with it."""

    registry: Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Part:
    """A mapping that takes these keys and no others; `name` and `about` are the schema's."""

    name: str
    about: str
    keys: tuple[Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The keys' names."""
        return tuple(key.name for key in self.keys)


@dataclass(frozen=True)
class OneOf:
    """Several forms, told apart by how deep their lists are nested; `asked` and `such_as` say what there may be."""

    forms: tuple[Form, ...]
    asked: str
    such_as: str


@dataclass(frozen=True)
class Pairs:
    """Inputs with their targets: a list of `one`, or a `batch` of all together."""

    one: Part
    batch: Part


@dataclass(frozen=True)
class Layers:
    """A list of layers: mappings whose `type` says which keys they take."""


Form: TypeAlias = "Real | Whole | Two | Nested | Text | Word | Named | Part | OneOf | Pairs | Layers"


@dataclass(frozen=True)
class Key:
    """One key. `such_as` is what the hint for a missing one writes after it."""

    name: str
    form: Form
    default: Any = NEEDED
    about: str = ""
    examples: tuple[Any, ...] = ()
    such_as: str = "2"

    @property
    def takes_file(self) -> bool:
        """Whether the numbers may stand in a file of their own."""
        return isinstance(self.form, OneOf) and NUMBERS_FILE in self.form.forms

    @property
    def takes_keys(self) -> bool:
        """Whether keys may stand in the place of its numbers, as in {class: 3}; those of a file are its numbers."""
        forms = self.form.forms if isinstance(self.form, OneOf) else ()
        return any(isinstance(form, Part) and form is not NUMBERS_FILE for form in forms)

    @property
    def is_needed(self) -> bool:
        """Whether it can't be left out."""
        return self.default is NEEDED


def pair(of: Whole, order: str) -> OneOf:
    """A whole number for both directions, or one for each."""
    return OneOf((of, Two(of)), f"one number, or two: [{order}]", "2")


NUMBERS_FILE = Part(
    "NumbersFile",
    "Numbers that stand in a file of their own.",
    (
        Key(
            "file",
            Text(),
            about="A .csv, .npy, .npz or .pgm file; its name starts from the scenario's folder.",
            examples=("data/digit.csv",),
        ),
        Key("key", Text(), "", "Which array of an .npz file.", ("conv1.weights",)),
        Key("divide_by", Real(above=0), 1.0, "Each number is divided by this: 16 turns 0 to 16 into 0 to 1.", (16,)),
    ),
)
"""What may stand in the place of numbers; who reads the file gives the engine the array."""


T = TypeVar("T")
NameAndNumbers = str | Mapping[str, Any]
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
        """`InputError` with all of them, where there are any."""
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


def chosen(registry: Registry[Callable[..., T]], given: NameAndNumbers, key: str, faults: Faults) -> T | None:
    """The entry for a name, or for a mapping with `name` and numbers; None where either is at fault."""
    parameters = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = parameters.pop("name", None)
    if name is None:
        faults.add(f"{key} has no name", (key,), f"write {key}: {{name: …}}", "missing-key")
        return None
    make = faults.attempt(lambda: registry.find(str(name)), key)
    if make is None:
        return None
    known = {number.name: number for number in numbers_of(make)}
    settings: dict[str, float] = {}
    for parameter, value in parameters.items():
        if parameter in known:
            settings[parameter] = NumberReader(faults, (key,)).real(value, known[parameter])
        else:
            hint = did_you_mean(parameter, known) or f"{name} has no numbers to set"
            faults.add(f'{name} has no "{parameter}"', (key, parameter), hint, "unknown-key")
    return make(**settings)


def numbers_of(make: Callable[..., object]) -> tuple[Key, ...]:
    """The numbers that go with a name in a registry, with the limits that `Annotated` gives them.

    relu has none: its slope at 0 has a key of its own.
    """
    numbers = {} if make is ACTIVATIONS["relu"] else inspect.signature(make, eval_str=True).parameters
    return tuple(Key(name, _within(given.annotation), given.default) for name, given in numbers.items())


def _within(annotation: object) -> Real:
    """The limits in `Annotated[float, Real(least=0)]`; of a bare float there are none."""
    return next((limits for limits in get_args(annotation) if isinstance(limits, Real)), Real())


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

    def real(self, value: Any, key: Key) -> float:
        """A finite number within the key's limits."""
        path, name = (*self.prefix, key.name), key.name
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not _is_finite(value):
            self.faults.add(f"{name} must be a number, not {value!r}", path, f"write a number: {name}: 0.5")
            return 1.0
        number = float(value)
        assert isinstance(key.form, Real)
        for limit, bound in key.form.limits.items():
            holds, words = _BOUNDS[limit]
            if not holds(number, bound):
                self.faults.add(f"{name} is {number:g}; it must be {words} {bound:g}", path, "change the number")
                return 1.0
        return number

    def whole(self, value: Any, key: Key) -> int:
        """A whole number within the key's limits."""
        assert isinstance(key.form, Whole)
        return self._whole(value, key.name, key.form)

    def _whole(self, value: Any, name: str, form: Whole, *at: int) -> int:
        """`at` is its place in a list."""
        path, usual = (*self.prefix, name, *at), max(form.least, 1)
        if not is_whole(value) or value < form.least:
            what = f"{name} must be a whole number, {form.least} or more, not {value!r}"
            self.faults.add(what, path, f"write {name}: {usual}")
            return usual
        if form.most is not None and value > form.most:
            self.faults.add(f"{name} is {value}; it must be at most {form.most}", path, "change the number")
            return usual
        return int(value)

    def pair(self, value: Any, key: Key) -> tuple[int, int]:
        """One whole number for rows and columns, or one for each."""
        form, name = key.form.forms[0] if isinstance(key.form, OneOf) else key.form, key.name
        assert isinstance(form, Whole)
        if not isinstance(value, list | tuple | np.ndarray):
            one = self._whole(value, name, form)
            return one, one
        if len(value) != 2:
            usual = max(form.least, 1)
            what = f"{name} is a list of length {len(value)}; it must be one number, or two: [rows, columns]"
            self.faults.add(what, (*self.prefix, name), f"write {name}: {usual}", "shape")
            return usual, usual
        return self._whole(value[0], name, form, 0), self._whole(value[1], name, form, 1)
