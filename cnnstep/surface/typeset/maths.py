"""A formula as the tutor writes it, `∂L/∂W1 = X ⋆ δ`, in TeX, in Typst, and as it is read aloud.

It is read sign by sign: a letter with a number is a symbol with an index, a word before a bracket or a ′ a function,
and whatever is no mathematics is text. So every formula has a form, and none can break what it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from cnnstep.surface.screen import harmless, to_ascii

Kind = Literal["symbol", "function", "words", "number", "sign"]

TOKENS = re.compile(
    r"(?P<function>[a-z]{2,}[a-z_0-9]*(?=[(′])|(?<![a-zA-Z])(?:max|min|ln|exp|diag)(?![a-zA-Z]))"
    r"|(?P<words>(?:[A-Za-z][a-z_]+|(?<= )a(?= [a-z]{2}))(?:[ ,]+(?:[A-Za-z][a-z_]+|a(?= [a-z]{2})))*)"
    r"|(?P<symbol>[A-Za-zδηεβρλφ]\u0302?(?P<index>\d*))"
    r"|(?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
    r"|(?P<sign>\S)"
)
"""What a formula is made of. After e follows the number that it is the power of, so `e^z5` is no word."""

GREEK = {"δ": "delta", "η": "eta", "ε": "epsilon", "β": "beta", "ρ": "rho", "λ": "lambda", "φ": "phi"}


@dataclass(frozen=True)
class Signs:
    """How one language writes what is no letter and no digit; `words` and `function` frame a text."""

    signs: Mapping[str, str]
    words: str
    function: str
    index: str
    hat: str
    greek: str


TEX = Signs(
    {
        "∂": r"\partial ", "⋆": r"\star ", "⊙": r"\odot ", "←": r"\leftarrow ", "→": r"\rightarrow ", "·": r"\cdot ",
        "−": "-", "×": r"\times ", "Σ": r"\textstyle\sum ", "√": r"\sqrt{\mathstrut}\,", "ᵀ": r"^{\top}",
        "²": "^{2}", "³": "^{3}", "′": "'", "½": r"\tfrac{1}{2}", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ",
        "≈": r"\approx ", "∞": r"\infty ", "…": r"\dots ", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$",
        "{": r"\{", "}": r"\}", "_": r"\_", "~": r"\sim ", "\\": r"\backslash ", "^": r"\hat{\ }", "|": r"\vert ",
        "⟨": r"\langle ", "⟩": r"\rangle ", "∈": r"\in ", "±": r"\pm ", "<": "<", ">": ">",
    },
    r"\text{%s}", r"\operatorname{%s}", "_{%s}", r"\hat{%s}", "\\%s ",
)  # fmt: skip

TYPST = Signs(
    {sign: f"{sign} " for sign in "∂⋆⊙←→·×Σ≤≥≠≈∞…±∈⟨⟩"}
    | {"−": "-", "ᵀ": "^top ", "²": "^2 ", "³": "^3 ", "′": "prime ", "½": "1\\/2 ", "√": "√ "}
    | {sign: f"\\{sign} " for sign in "/()[]{}|"},
    ' "%s" ', ' op("%s") ', "_(%s) ", "hat(%s) ", "%s ",
)  # fmt: skip

ALOUD = {
    "∂": "d", "⋆": "correlated with", "⊙": "times, cell by cell,", "←": "becomes", "→": "to", "·": "times",
    "−": "minus", "×": "by",
    "Σ": "the sum of", "√": "the root of", "ᵀ": "transposed", "²": "squared", "³": "cubed", "′": "prime",
    "½": "one half", "=": "equals", "+": "plus", "/": "over", "^": "to the power of", "ŝ": "s hat", "≤": "at most",
    "≥": "at least", "(": "(", ")": ")",
}  # fmt: skip


def tex(formula: str) -> str:
    """The formula for TeX's mathematics, with amsmath alone, and for KaTeX and MathJax."""
    return "".join(_parts(formula, TEX, _tex_text)).strip()


def typst(formula: str) -> str:
    """The formula for Typst's mathematics."""
    return "".join(_parts(formula, TYPST, _typst_text)).strip()


def aloud(formula: str) -> str:
    """The formula in words, for who hears it."""
    spoken = [ALOUD.get(sign, sign) for sign in _tokens_of(formula)]
    return " ".join(harmless(" ".join(spoken)).split())


def _tokens_of(formula: str) -> Iterator[str]:
    for found in TOKENS.finditer(normalize("NFD", formula)):
        text = normalize("NFC", found[0])
        hat = "\u0302" in found[0]
        yield f"{found[0][0]} hat" if hat else text


def _parts(formula: str, signs: Signs, text_of: Mapping[str, str]) -> Iterator[str]:
    """Each token in the language's words."""
    tokens = list(TOKENS.finditer(normalize("NFD", harmless(formula))))
    position = 0
    while position < len(tokens):
        token = tokens[position]
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        if token[0] in ("^", "√") and following is not None and following[0] != ")":
            power, position = _group(tokens, position + 1, signs, text_of)
            yield _framed(token[0], power, signs)
            continue
        yield _one(token, signs, text_of)
        position += 1


def _group(tokens: list[re.Match[str]], at: int, signs: Signs, text_of: Mapping[str, str]) -> tuple[str, int]:
    """What stands in a power or under a root: one token, or all up to the bracket that closes; and where it ends."""
    depth, parts = 0, []
    for position in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[position][0], 0)
        parts.append(_one(tokens[position], signs, text_of))
        if depth <= 0:
            return "".join(parts), position + 1
    return "".join(parts), len(tokens)


def _framed(sign: str, inside: str, signs: Signs) -> str:
    if signs is TEX:
        return f"^{{{inside}}}" if sign == "^" else rf"\sqrt{{{inside}}}"
    return f"^({inside}) " if sign == "^" else f"sqrt({inside}) "


def _one(token: re.Match[str], signs: Signs, text_of: Mapping[str, str]) -> str:
    """A token in the language's words."""
    if token["function"]:
        return signs.function % _as_text(token["function"], text_of)
    if token["words"]:
        return signs.words % f" {_as_text(token['words'], text_of)} "
    if token["symbol"]:
        letter = token["symbol"][0]
        written = signs.greek % GREEK[letter] if letter in GREEK and signs is TEX else letter
        if "\u0302" in token["symbol"]:
            written = signs.hat % written.strip()
        index = signs.index % token["index"] if token["index"] else ""
        return f"{written}{index}" if signs is TEX else f"{written.rstrip()}{index} "
    if token["number"]:
        return token["number"] if signs is TEX else f"{token['number']} "
    sign = normalize("NFC", token[0])
    if sign in signs.signs:
        return signs.signs[sign]
    if sign.isascii() and (signs is TEX or sign in "+-=<>,.:;!?"):
        return sign if signs is TEX else f"\\{sign} " if sign not in "+-=<>" else f"{sign} "
    return signs.words % _as_text(sign, text_of)


def _as_text(text: str, text_of: Mapping[str, str]) -> str:
    plain = to_ascii(text) if text_of is _tex_text else text
    return "".join(text_of.get(sign, sign) for sign in plain)


_tex_text = {sign: f"\\{sign}" for sign in "#$%&_{}"} | {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
_typst_text = {"\\": "\\\\", '"': '\\"'}
