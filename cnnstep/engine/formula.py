"""A formula of one number z: with letters to be read, and with places to put numbers in."""

from __future__ import annotations

from dataclasses import dataclass

LETTERS = {"z": "z", "a": "a", "s": "s"}


@dataclass(frozen=True)
class Formula:
    """`max(0, {z})`, with a place for the number wherever a letter stands.

    `above` is what holds instead where z > 0, and `at` what holds where z is 0; `text` then holds everywhere else.
    `meaning` says what another sign in it stands for.
    """

    text: str
    above: str = ""
    at: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        """`1 if z > 0, else 0`; `z·Φ(z), Φ(z) = …`."""
        cases = [f"{case} if z {where} 0" for case, where in ((self.above, ">"), (self.at, "=")) if case]
        parts = (*cases, f"else {self.text}" if cases else self.text, self.meaning)
        return ", ".join(part for part in parts if part).format_map(LETTERS)

    def at_number(self, z: float, label: str) -> tuple[str, str]:
        """The case that holds at this z, and in words why, or what a sign in it means; `label` is what z is called."""
        if self.above and z > 0:
            return self.above, f"{label} = {{z}}, above 0"
        if self.at and z == 0:
            return self.at, f"{label} = {{z}}, exactly 0"
        if self.above:
            return self.text, f"{label} = {{z}}, {'below 0' if self.at else 'not above 0'}"
        return self.text, self.meaning
