"""A step as sums of products whose indices are written with letters: z[n,f,i,j] = Σ_{c,u,v} X[n,c,i+u,j+v]·W[f,c,u,v].

A few of them say how every cell of a step comes about, whatever the numbers are, and what it reads. The letters are
numbered: 0, 1, … are the cell's own indices, then come those that are summed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from cnnstep.registry import Registry

Cell: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Index:
    """(constant + Σ times·letter) / divisor; `parts` are (letter, times), a letter being known by its number."""

    parts: tuple[tuple[int, int], ...] = ()
    constant: int = 0
    divisor: int = 1

    def __add__(self, other: Index | int) -> Index:
        assert self.divisor == 1
        if isinstance(other, int):
            return Index(self.parts, self.constant + other)
        return Index((*self.parts, *other.parts), self.constant + other.constant)

    def __mul__(self, times: int) -> Index:
        times, rest = divmod(times, self.divisor)
        assert rest == 0
        return Index(tuple((letter, by * times) for letter, by in self.parts), self.constant * times)

    def __sub__(self, other: Index | int) -> Index:
        return self + other * -1

    def __rsub__(self, other: int) -> Index:
        return self * -1 + other

    def __floordiv__(self, divisor: int) -> Index:
        return Index(self.parts, self.constant, divisor)


Indices: TypeAlias = tuple[Index, ...]


def letters(count: int, after: int = 0) -> Indices:
    """So many indices, each a letter of its own, numbered on after so many others."""
    return tuple(Index(((after + number, 1),)) for number in range(count))


def turned(taps: Indices, sizes: Cell) -> Indices:
    """The same places from the last to the first."""
    return tuple(size - 1 - tap for tap, size in zip(taps, sizes, strict=True))


@dataclass(frozen=True)
class Read:
    """A number of a quantity. Outside the array there is none, and its product is left out; `padded`: there it is 0.

    Where there are fewer indices than axes, the last one counts through all axes that are left, in reading order.
    """

    quantity: str
    at: Indices | Cell
    padded: bool = False


@dataclass(frozen=True)
class Each:
    """The numbers that are read as further letters run over these sizes; in the place of one outside stands nothing."""

    over: tuple[int, ...]
    read: Read


Argument: TypeAlias = float | Index | Read | Each | tuple[Read | None, ...]
"""A number, an index as a number, a number that is read, or a list of such."""


@dataclass(frozen=True)
class Call:
    """The value of a named function of these arguments."""

    function: str
    arguments: tuple[Argument, ...]

    @property
    def reads(self) -> Iterator[Read | Each]:
        """What it looks at."""
        for argument in self.arguments:
            if isinstance(argument, Read | Each):
                yield argument
            elif isinstance(argument, tuple):
                yield from (one for one in argument if one is not None)


Part: TypeAlias = float | Read | Call
"""A factor of a product."""


@dataclass(frozen=True)
class Products:
    """Σ of a product of `parts`, as letters run over the sizes `over`; without any it is one product."""

    parts: tuple[Part, ...]
    over: tuple[int, ...] = ()


Sums: TypeAlias = tuple[Products, ...]
"""A number as the sum of all these products."""


@dataclass(frozen=True)
class Function:
    """A function that a product may name: what it is in a formula, and worked out from numbers and lists of numbers."""

    formula: str
    work: Callable[..., float]


FUNCTIONS: Registry[Function] = Registry("function")
"""Those that belong to no activation and to no loss."""

FUNCTIONS.add("product")(Function("product(x, y, …) = x·y·…", lambda *numbers: _product(numbers)))
FUNCTIONS.add("difference")(Function("difference(x, y) = x − y", lambda x, y: x - y))
FUNCTIONS.add("sum")(Function("sum(row) = Σ row", lambda row: sum(row)))

LEARNING_RATE = Read("learning_rate", ())
"""η, as a number that is read: so it can be changed."""


def _product(numbers: tuple[float, ...]) -> float:
    product = 1.0
    for number in numbers:
        product *= number
    return product
