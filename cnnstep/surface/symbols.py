"""Every sign of ours that ASCII lacks, with its ASCII twin: δ is `delta`, e⁻ᶻ is `e^-z`, ╭ is `+`."""

from __future__ import annotations

import re
import unicodedata


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
    "█ # ░ . ─ - ┄ - ┈ - ═ = │ | ┊ : ╭ + ╮ + ╰ + ╯ + ┌ + ┐ + └ + ┘ + ├ + ┤ + ┬ + ┴ + ┼ +"
) | {"\N{COMBINING CIRCUMFLEX ACCENT}": "^", "\N{NO-BREAK SPACE}": " ", "°": " degrees", "\ufffd": "(?)"}
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
