"""Names that a user can type, with "did you mean" for the ones that don't exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from cnnstep.errors import Fault, InputError

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean "relu"?` for the nearest known name; where nothing is near, the names there are."""
    from difflib import get_close_matches  # 4 ms, and only where something went wrong

    known = list(known)
    folded = {candidate.lower().replace("-", "_"): candidate for candidate in known}
    near = get_close_matches(str(name).lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{folded[near[0]]}"?'
    return f"there is: {', '.join(known)}" if known else ""


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

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
