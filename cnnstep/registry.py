"""What a user can type for an entry: its name, with "did you mean" for the ones that don't exist, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cnnstep.errors import Fault, InputError

T = TypeVar("T")

LEAST_OF_A_NAME = 3
"""Fewer letters of a name could be of any."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is spelt almost so, or the shortest that begins with it or has it in it; "" for none."""
    from difflib import get_close_matches  # 4 ms, and only where something went wrong

    typed = _folded(str(name))
    folded = {_folded(candidate): candidate for candidate in known}
    if near := get_close_matches(typed, folded, n=1, cutoff=0.6):
        return folded[near[0]]
    if len(typed) < LEAST_OF_A_NAME:
        return ""
    part = [one for one in folded if one.startswith(typed)] or [one for one in folded if typed in one]
    return folded[min(part, key=len)] if part else ""


def _folded(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean "relu"?` for the nearest known name; where nothing is near, the names there are."""
    known = list(known)
    if near := nearest(name, known):
        return f'did you mean "{near}"?'
    return f"available: {', '.join(known)}" if known else ""


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


class Registry(Mapping[str, T]):
    """Entries of one kind under the names that users type, in the order in which they were added."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, name: str) -> Callable[[T], T]:
        """Decorator that puts an entry under `name`; a name is given once."""

        def keep(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.kind} {name} exists already")
            self._entries[name] = entry
            return entry

        return keep

    def find(self, name: str) -> T:
        """The entry called `name`; `InputError` with the nearest name where there is none."""
        if name not in self._entries:
            code = f"unknown-{self.kind.replace(' ', '-')}"
            what = f'there is no {self.kind} called "{name}"'
            raise InputError(Fault(code, what, did_you_mean(name, self._entries)))
        return self._entries[name]

    def only(self, fits: Callable[[T], bool]) -> Registry[T]:
        """The entries of which this holds, as a registry of the same kind."""
        some: Registry[T] = Registry(self.kind)
        some._entries = {name: entry for name, entry in self._entries.items() if fits(entry)}
        return some

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
