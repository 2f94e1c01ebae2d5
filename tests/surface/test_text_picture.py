"""Pictures in text: darker signs for larger numbers, other signs below 0, two signs a number."""

from __future__ import annotations

import io
import math

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Beside, Document, Picture


def drawn(*pictures: Picture) -> list[str]:
    text = render(Document((Beside(pictures),)), Screen(io.StringIO(), io.StringIO()))
    return [line.rstrip() for line in text.splitlines()]


def test_from_nothing_to_the_largest_signs_grow_darker() -> None:
    assert drawn(Picture(((0, 1, 9), (9, 4, 0)), "sample 3")) == ["sample 3", "    ..@@", "  @@=="]


def test_below_zero_the_signs_are_others() -> None:
    # of the largest, 3: up to a third, up to two thirds, beyond
    assert drawn(Picture(((0.5, 1.5, 3), (-0.5, -1.5, -3)))) == ["  ··++##", "  ··--=="]


def test_nothing_but_zeros_and_what_is_not_finite_can_be_drawn() -> None:
    assert drawn(Picture(((0.0, 0.0),))) == [""]
    assert drawn(Picture(((math.nan, 1.0, math.inf),))) == ["  ??@@??"]


def test_pictures_stand_beside_each_other() -> None:
    assert drawn(Picture(((1.0,),), "a"), Picture(((-1.0,),), "b")) == ["a      b", "  @@     =="]
