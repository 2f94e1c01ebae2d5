"""The nearest known name: by its spelling, by how it begins, by a part of it."""

from __future__ import annotations

import pytest

from cnnstep.errors import InputError
from cnnstep.registry import Registry, did_you_mean, nearest

NAMES = ["first-filter", "first-filter-slow", "first-filter-linear-fast", "learning_rate", "relu", "stride"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("relo", "relu"),
        ("firstfilter", "first-filter"),
        ("FIRST_FILTER", "first-filter"),
        ("first filter", "first-filter"),
        ("first", "first-filter"),  # the shortest that begins so
        ("linear-fast", "first-filter-linear-fast"),
        ("rate", "learning_rate"),
        ("zzzzz", ""),
        ("s", ""),  # a letter is in too many
        ("", ""),
    ],
)
def test_what_was_meant_is_found_by_spelling_beginning_or_part(typed: str, name: str) -> None:
    assert nearest(typed, NAMES) == name


def test_where_nothing_is_near_the_names_are_told() -> None:
    assert did_you_mean("zzzzz", ["relu", "tanh"]) == "available: relu, tanh"
    assert did_you_mean("zzzzz", []) == ""
    assert did_you_mean("tan", ["relu", "tanh"]) == 'did you mean "tanh"?'


def test_some_of_a_registry_are_a_registry_of_the_same_kind() -> None:
    numbers: Registry[int] = Registry("number")
    numbers.add("one")(1)
    numbers.add("two")(2)
    even = numbers.only(lambda number: number % 2 == 0)
    assert (dict(even), dict(numbers)) == ({"two": 2}, {"one": 1, "two": 2})
    with pytest.raises(InputError, match='there is no number called "one"'):
        even.find("one")
