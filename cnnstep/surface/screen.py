"""Where output goes: its width, and whether it can show colour and our signs, each of which has a twin in ASCII."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO


def _pairs(text: str) -> dict[str, str]:
    """`"→ -> ← <-"`: each sign followed by its twin."""
    parts = text.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


WORDS = _pairs(
    "α alpha β beta γ gamma δ delta Δ delta ε epsilon η eta θ theta κ kappa λ lambda μ mu µ mu ν nu π pi ρ rho "
    "σ sigma τ tau φ phi Φ Phi χ chi ψ psi ω omega Σ sum Π product √ sqrt ∞ inf ∈ in ✓ ok"
)
"""Signs that are read out as a word; it is kept apart from the letters around it."""

RAISED = _pairs("⁰ 0 ¹ 1 ² 2 ³ 3 ⁴ 4 ⁵ 5 ⁶ 6 ⁷ 7 ⁸ 8 ⁹ 9 ⁺ + ⁻ - ⁽ ( ⁾ ) ᵀ T ᵏ k ⁿ n ⁱ i ᵗ t ˣ x ᶻ z")
"""Raised signs; a run of them follows one `^`."""

SIGNS = _pairs(
    "∂ d → -> ← <- ↑ ^ ↓ v ⇒ => ⋆ (*) ⊙ .* · * × x − - ± +/- ≤ <= ≥ >= ≠ != ≈ ~ ½ 1/2 ¼ 1/4 ¾ 3/4 ⁄ / ∕ / ‖ || "
    "′ ' ″ '' ‐ - ‑ - ‒ - ― - "
    'ŝ s^ ŷ y^ ✗ x ✝ # • * ∘ o ◦ o ▲ ^ ▼ v … ... – - — - “ " ” " „ " ‘ \' ’ \' '
    "₀ 0 ₁ 1 ₂ 2 ₃ 3 ₄ 4 ₅ 5 ₆ 6 ₇ 7 ₈ 8 ₉ 9 "
    "▁ _ ▂ . ▃ : ▄ - ▅ = ▆ + ▇ * ▸ > ▹ < "
    "⟨ < ⟩ > Ø O ø o "
    "█ # ░ . ─ - ┄ - ┈ - ═ = │ | ┊ : ╭ + ╮ + ╰ + ╯ + ┌ + ┐ + └ + ┘ + ├ + ┤ + ┬ + ┴ + ┼ +"
) | {"\u0302": "^", "\xa0": " ", "°": " degrees", "\ufffd": "(?)"}
"""Everything else, one sign at a time."""

ALL = frozenset({*WORDS, *RAISED, *SIGNS})

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
"""What a terminal obeys, what turns the direction of writing, and what takes no room, so that nobody sees it."""


def harmless(text: str) -> str:
    r"""The text with every character that a terminal would obey, or that has no width, written out.

    An escape is `\x1b`.
    """
    return _UNSAFE.sub(lambda found: _written_out(found[0]), text.replace("\r\n", "\n"))


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def to_ascii(text: str) -> str:
    """The text in ASCII: our signs as their twins, accents dropped, `?` for what is left."""
    if text.isascii():
        return text
    written: list[str] = []
    before = ""
    for character in text:
        twin = _twin(character, before)
        # "ηG" is "eta G", "Aδ" is "A delta"; a digit or a bracket may touch
        if (before in WORDS and twin[:1].isalpha()) or (character in WORDS and written and written[-1][-1:].isalpha()):
            written.append(" ")
        written.append(twin)
        before = character
    return "".join(written)


def _twin(character: str, before: str) -> str:
    if character.isascii():
        return character
    if character in RAISED:
        return RAISED[character] if before in RAISED else "^" + RAISED[character]
    if twin := WORDS.get(character) or SIGNS.get(character):
        return twin
    plain = unicodedata.normalize("NFKD", character)
    kept = "".join(c for c in plain if c.isascii())
    return kept if kept or unicodedata.combining(character) else "?"


USUAL_WIDTH, LEAST_WIDTH, MOST_WIDTH = 80, 20, 1000
OFF = ("", "0", "false", "no", "off")
"""What switches a variable such as FORCE_COLOR off."""


@dataclass(frozen=True)
class Screen:
    """Two streams and what can be shown on them.

    `colour` and `ascii` speak of standard output; `on_stderr()` is the same screen for prompts and messages.
    `shades`: 256 colours, not 16. `interactive`: somebody can type answers; `watched`: somebody sees progress.
    """

    stdout: TextIO
    stderr: TextIO
    width: int = USUAL_WIDTH
    colour: bool = False
    ascii: bool = False
    shades: bool = False
    interactive: bool = False
    watched: bool = False
    stderr_colour: bool = False
    stderr_ascii: bool = False

    @classmethod
    def detect(cls, stdin: TextIO, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> Screen:
        """The screen as these streams and this environment say."""
        return cls(
            stdout=stdout,
            stderr=stderr,
            width=_width(stdout, environ),
            colour=_colour(stdout, environ),
            ascii=_ascii(stdout, environ),
            shades=_shades(environ),
            interactive=_is_terminal(stdin),
            watched=_is_terminal(stderr) and environ.get("TERM") != "dumb",
            stderr_colour=_colour(stderr, environ),
            stderr_ascii=_ascii(stderr, environ),
        )

    def on_stderr(self) -> Screen:
        """The same screen, for what is written on standard error."""
        return replace(self, colour=self.stderr_colour, ascii=self.stderr_ascii)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no stream at all, or one that was closed
        return False


def _width(stdout: TextIO, environ: Mapping[str, str]) -> int:
    """COLUMNS, else the terminal's own width, else 80."""
    width = _whole(environ.get("COLUMNS", "")) or _terminal_width(stdout) or USUAL_WIDTH
    return min(max(width, LEAST_WIDTH), MOST_WIDTH)


def _whole(text: str) -> int:
    """A whole number above 0, else 0."""
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _terminal_width(stdout: TextIO) -> int:
    if not _is_terminal(stdout):
        return 0
    try:
        return os.get_terminal_size(stdout.fileno()).columns
    except (OSError, ValueError):  # a terminal by name only
        return 0


def _colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """NO_COLOR and TERM=dumb are final; FORCE_COLOR decides next; else a terminal has colour."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    if forced := environ.get("FORCE_COLOR", "").strip().lower():
        return forced not in OFF
    return _is_terminal(stream)


def _shades(environ: Mapping[str, str]) -> bool:
    kind = environ.get("TERM", "")
    return bool(environ.get("COLORTERM")) or any(word in kind for word in ("256color", "direct", "kitty", "alacritty"))


def _ascii(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether our signs can't be shown: the stream can't encode them, or the locale is ASCII."""
    try:
        "".join(ALL).encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return True
    return _ascii_locale(environ)


def _ascii_locale(environ: Mapping[str, str]) -> bool:
    """Whether the user's locale is C: Python then writes UTF-8 all the same (PEP 538, PEP 540), so ask the variables.

    Python itself sets LC_CTYPE to C.UTF-8 where LANG is C, so that value says nothing about the user's wish.
    """
    if environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return False
    kinds = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if kinds[1] == "C.UTF-8" and kinds[2] in ("C", "POSIX"):
        kinds[1] = ""
    return next((kind for kind in kinds if kind), "") in ("C", "POSIX")
