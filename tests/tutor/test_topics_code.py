"""The pages on mistakes in code: each is there, says what to do, and its numbers are wrong where they say so."""

from __future__ import annotations

import pytest

from cnnstep.surface.loading import load
from cnnstep.tutor.document import Beside, Block, Heading, Matrix, Paragraph
from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES
from cnnstep.tutor.grade.verdict import SEEN
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.topics import explanation

WITHOUT_NUMBERS = {*SEEN, "cut-from-zero-to-zero"}
"""What is seen by what a function does, and what leaves no numbers."""


def page(code: str, scenario: str = "") -> tuple[Block, ...]:
    return explanation(code, lambda name: load(name).scenario, scenario, AS_USUAL)


@pytest.mark.parametrize("code", CODE_MISTAKES)
def test_the_page_says_what_to_do_and_shows_numbers_that_are_wrong(code: str) -> None:
    blocks = page(code)
    first = blocks[0]
    assert isinstance(first, Heading)
    assert (first.text, first.note) == (f"The mistake: {CODE_MISTAKES[code].title}", code)
    assert Paragraph(f"Instead: {CODE_MISTAKES[code].fix}", "good") in blocks
    pairs = [block.blocks for block in blocks if isinstance(block, Beside)]
    assert len(pairs) == (0 if code in WITHOUT_NUMBERS else 1)
    for wrong, right in pairs:
        assert isinstance(wrong, Matrix)
        assert isinstance(right, Matrix)
        assert wrong.rows != right.rows


def test_on_a_scenario_of_ones_own_it_says_that_it_is_made_in_code() -> None:
    said = [block.text for block in page("integer-array", "first-filter") if isinstance(block, Paragraph)]
    assert any("made in code alone" in text for text in said)


def test_no_code_is_one_of_a_mistake_by_hand() -> None:
    assert {*CODE_MISTAKES} & {*MISTAKES} == set()
