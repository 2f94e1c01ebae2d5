"""Our own signs and their ASCII twins."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnnstep
from cnnstep.surface.screen import ALL, RAISED, SIGNS, WORDS, harmless, to_ascii

SOURCES = sorted(Path(cnnstep.__file__).parent.rglob("*.py"))


def test_every_sign_in_a_string_of_ours_has_an_ascii_twin() -> None:
    lost = {source.name: signs - {"?"} for source in SOURCES if (signs := without_a_twin(source)) - {"?"}}
    assert lost == {}, "give each of these a twin in cnnstep/surface/screen.py"


def without_a_twin(source: Path) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {sign for text in strings for sign in text if sign.isprintable() and to_ascii(sign) in ("?", "")}


def test_a_sign_has_one_twin_only() -> None:
    assert len(WORDS) + len(RAISED) + len(SIGNS) == len(ALL)


def test_every_twin_is_ascii() -> None:
    assert all(twin.isascii() and twin for twin in (*WORDS.values(), *RAISED.values(), *SIGNS.values()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("δ = e ⊙ relu′(z)", "delta = e .* relu'(z)"),
        ("∂L/∂W = X ⋆ δ", "dL/dW = X (*) delta"),
        ("W ← W − η·∂L/∂W", "W <- W - eta*dL/dW"),
        ("ηG", "eta G"),
        ("Aδ", "A delta"),
        ("½ Σ e²", "1/2 sum e^2"),
        ("Σe²", "sum e^2"),
        ("1/(1 + e⁻ᶻ)", "1/(1 + e^-z)"),
        ("√ŝ + ε, β₁", "sqrt s^ + epsilon, beta1"),
        ("m̂", "m^"),
        ("180°", "180 degrees"),
        ("2×3 … “a” – b", '2x3 ... "a" - b'),
        ("naïve café", "naive cafe"),
        ("猫", "?"),
        ("plain", "plain"),
    ],
)
def test_a_text_in_ascii_reads_like_the_text(text: str, expected: str) -> None:
    assert expected == to_ascii(text)


@given(st.text())
def test_any_text_has_an_ascii_form(text: str) -> None:
    assert to_ascii(text).isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("bell\x07 c1\x9b", "bell\\x07 c1\\x9b"),
        ("\u202eright to left", "\\u202eright to left"),
        ("undecodable \udcff", "undecodable \\udcff"),
        ("two\r\nlines\tkept", "two\nlines\tkept"),
        ("over\rwritten", "over\\x0dwritten"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, expected: str) -> None:
    assert expected == harmless(text)
