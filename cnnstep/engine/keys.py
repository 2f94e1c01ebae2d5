"""The keys of a file: what may stand after each, what holds where it is left out, and what an editor says of it.

This is the one declaration. The engine's reading, the faults of a file with their places, defaults, limits and the
JSON Schema derive from it: `scenario_keys` has the keys of a scenario, each layer's file those of the layer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

NEEDED: Final = object()
"""The default of a key that can't be left out."""


@dataclass(frozen=True)
class Real:
    """A number within its limits."""

    above: float | None = None
    least: float | None = None
    most: float | None = None
    below: float | None = None

    @property
    def limits(self) -> Mapping[str, float]:
        """The limits that there are, by name."""
        found = {"above": self.above, "least": self.least, "most": self.most, "below": self.below}
        return {name: bound for name, bound in found.items() if bound is not None}


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
    """One of these names. Which ones there are is told with the registry that has them, "did you mean" included."""

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
