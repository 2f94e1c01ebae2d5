"""Wrong code is told by the mistake that was made in it, or honestly by none; right code is right, however written."""

from __future__ import annotations

import pytest

from cnnstep.surface.grading.grading import grade_in_place
from cnnstep.tutor.grade.verdict import ResultMark
from tests.surface.grading.code import LOOPS, WRONG, Wrong, executed


def told(mark: ResultMark) -> str | None:
    """The mistake's code, "" where none is known, "faulted"; None where it is right."""
    if mark.verdict in ("right", "faulted"):
        return None if mark.verdict == "right" else "faulted"
    return " or ".join(one.code for one in mark.explanations)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_each_wrong_one_is_told_by_its_mistake_and_what_is_right_is_right(wrong: Wrong) -> None:
    graded = grade_in_place(wrong.functions())
    assert wrong.told == {mark.result.name: code for mark in graded.marks if (code := told(mark)) is not None}


def test_the_loops_are_right() -> None:
    assert grade_in_place(executed(LOOPS)).verdict == "right"
