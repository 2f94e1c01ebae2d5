"""What a user can mend: one fault says what is wrong, where it stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Path = tuple[str | int, ...]
"""Where in a scenario: its keys and indices from the outside in, such as `("input", 1, 2)`."""

MOST_FAULTS = 20
"""A screen full; mending the first ones often mends the rest."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what the user gave.

    The engine fills in `code`, `what`, `hint` and the `path` inside the scenario; whoever read the file adds
    its name, the line and column (counted from 1) and the text of that line.
    """

    code: str
    what: str
    hint: str = ""
    path: Path = ()
    file: str | None = None
    line: int | None = None
    column: int | None = None
    source: str | None = None

    def under(self, *prefix: str | int) -> Fault:
        """The same fault, seen from further outside."""
        return replace(self, path=(*prefix, *self.path))

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.what}" if place else self.what


class InputError(Exception):
    """The user's input can't be used; `faults` lists everything that is wrong with it, at least one thing."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
