"""A word of a file as a number, read by our own rules; and where it is none, why not and what to write."""

from __future__ import annotations

import math
import re

from cnnstep.surface.files.source import quoted

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile("[-+]?0[0-9]+")
_EXACT = 2**53  # beyond it a float64 no longer holds every whole number
_MINUS_SIGNS = str.maketrans(dict.fromkeys("−–—‒﹣－‐‑", "-"))
_YES_OR_NO = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0, "off": 0}
_NOT_ORDINARY = {"nan", "inf", "infinity"}


def number_in(text: str) -> int | float | None:
    """The number that the text spells: `2`, `-.5`, `1e-3`, `+1`; None for everything else, infinities included.

    So is 012, which is 12 to a learner and 10 to other readers of YAML.
    """
    if not _NUMBER.fullmatch(text) or _OCTAL.fullmatch(text):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    whole = "." not in text and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def why_no_number(text: str, in_quotes: bool = False) -> tuple[str, str]:
    """What is wrong with a text that stands where a number belongs, and what to write instead."""
    shown = quoted(text)
    if in_quotes and number_in(text) is not None:
        return f"{shown} is in quotes, which makes it text", f"remove the quotes: {text}"
    if not text or text in ("~", "null"):
        return "a number is missing here", "write a number; 0 if none is meant"
    return _other_spelling(text, shown) or _no_spelling(text, shown)


def _other_spelling(text: str, shown: str) -> tuple[str, str] | None:
    """A number that was spelled in a way that is not read."""
    plain_minus = text.translate(_MINUS_SIGNS)
    if number_in(plain_minus) is not None:
        return f"{shown} has a long minus sign; a number needs the keyboard's short one", f"write {plain_minus}"
    with_point = plain_minus.replace(",", ".")
    if number_in(with_point) is not None:
        return f"{shown} has a decimal comma; a number needs a point", f"write {with_point}"
    if number_in(text.replace("_", "")) is not None:
        return f"{shown} has an underscore between its digits", f"write {text.replace('_', '')}"
    parts = re.split(r"[\s;,]+", text.strip())
    if len(parts) > 1 and all(number_in(part) is not None for part in parts):
        return f"{shown} is several numbers, not one", f"write a row as [{', '.join(parts)}]"
    above, slash, below = (part.strip() for part in text.partition("/"))
    top, bottom = number_in(above), number_in(below)
    if slash and top is not None and bottom:
        return f"{shown} is a fraction; a number is written with a point", f"write {top / bottom:.10g}"
    return None


def _no_spelling(text: str, shown: str) -> tuple[str, str]:
    word = text.lower()
    if word in _YES_OR_NO:
        return f"{shown} means yes or no, and is not a number", f"write {_YES_OR_NO[word]}"
    if word.lstrip("+-.") in _NOT_ORDINARY:
        return f"{shown} can't be calculated with", "write an ordinary number"
    if _OCTAL.fullmatch(text):
        decimal = text[: text[0] == "-"] + (text.lstrip("+-0") or "0")
        return f"{shown} begins with a 0, which some programs read as octal", f"write {decimal}"
    if _NUMBER.fullmatch(text):
        return f"{shown} is too large; numbers go up to about 1.8e308", "write a smaller number"
    return f"{shown} is not a number", "write a number such as 2, -1 or 0.5"
