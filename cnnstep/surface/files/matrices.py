"""Rows of equal length: which row of a matrix is not as long as the others, and why it may have happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from cnnstep.surface.files.source import Source
from cnnstep.surface.files.yaml_reader import Items, Node, Scalar

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PARTS = (("number", "numbers"), ("row", "rows"), ("matrix", "matrices"), ("filter", "filters"), ("list", "lists"))


def ordinal(index: int) -> str:
    """`first` for 0; `12th` from eleven on, where a word takes longer to read than a numeral."""
    if index < len(_ORDINALS):
        return _ORDINALS[index]
    number = index + 1
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def counted(number: int, depth: int) -> str:
    """`3 numbers`, `1 row`: how many parts a list holds whose items are nested `depth` deep."""
    one, many = _part(depth)
    return f"{number} {one if number == 1 else many}"


def _part(depth: int) -> tuple[str, str]:
    """What is nested `depth` deep; what is deeper than a filter has no name of its own."""
    return _PARTS[max(min(depth, len(_PARTS) - 1), 0)]


def named(name: str, place: tuple[int, ...], depth: int) -> str:
    """`the second row of the first matrix of filter`; `depth` is how deep a whole matrix is nested."""
    words = [f"the {ordinal(i)} {_part(depth - step)[0]}" for step, i in enumerate(place, start=1)]
    return " of ".join([*reversed(words), name])


@dataclass(frozen=True)
class Uneven:
    """One list whose length is not that of the other lists on its level; `place` are its indices."""

    node: Items
    place: tuple[int, ...]
    what: str
    hint: str


def depth_of(node: Node) -> int:
    """How deep the numbers of a matrix stand: 2 for rows of numbers."""
    return 1 + max(map(depth_of, node.items), default=0) if isinstance(node, Items) else 0


def uneven(source: Source, name: str, matrix: Node) -> list[Uneven]:
    """Every list of a matrix that is longer or shorter than most lists of its level."""
    depth, found = depth_of(matrix), []
    level: list[tuple[tuple[int, ...], Node]] = [((), matrix)]
    for inside in range(depth - 1, 0, -1):
        level = [
            ((*place, index), item)
            for place, node in level
            if isinstance(node, Items)
            for index, item in enumerate(node.items)
        ]
        lists = [(place, node) for place, node in level if isinstance(node, Items)]
        lengths = [len(node.items) for _, node in lists]
        usual = usual_length(lengths)
        for place, node in lists:
            if len(node.items) != usual:
                others = others_have(lengths, usual)
                what = f"{named(name, place, depth)} has {counted(len(node.items), inside - 1)}, {others} {usual}"
                hint = decimal_comma(source, node) or f"write {counted(usual, inside - 1)} in each"
                found.append(Uneven(node, place, what, hint))
    return found


def usual_length(lengths: list[int]) -> int:
    """The most frequent length; the first row's, where several are."""
    return Counter(lengths).most_common(1)[0][0]


def others_have(lengths: list[int], usual: int) -> str:
    """Who has the usual length: the words before that number."""
    if len(lengths) == 2:
        return "the first has"
    return "the others have" if lengths.count(usual) == len(lengths) - 1 else "most have"


def decimal_comma(source: Source, matrix: Node) -> str:
    """What to write where `[0,5, 1]` looks like a decimal comma: its commas stand now with, now without a space."""
    if not isinstance(matrix, Items):
        return ""
    scalars = [item for item in matrix.items if isinstance(item, Scalar)]
    if len(scalars) < len(matrix.items):
        return next((hint for item in matrix.items if (hint := decimal_comma(source, item))), "")
    between = [source.text[a.index + len(a.text) : b.index] for a, b in pairwise(scalars)]
    if len(set(between)) < 2:
        return ""
    for gap, (a, b) in zip(between, pairwise(scalars), strict=True):
        if gap == "," and b.text.isdigit() and a.text.lstrip("+-").isdigit():
            return f"a comma separates numbers: if {a.text},{b.text} is meant as one number, write {a.text}.{b.text}"
    return ""
