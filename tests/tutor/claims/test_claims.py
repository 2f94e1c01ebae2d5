"""Every sentence of a page that says never, always or how much is a claim, and every claim holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import numpy as np
import pytest

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.surface.loading import load, shipped
from cnnstep.tutor.document import Formula, Paragraph
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.mistakes.mistake import MistakeWords
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.topics import TOPICS, explanation
from tests.tutor.claims import on_activations, on_geometry, on_losses, on_mistakes, on_training
from tests.tutor.claims.claim import CLAIMS, Claim, drawn

SCENARIOS = 12
"""Each claim is held over so many scenarios drawn at random."""
MODULES = (on_activations, on_geometry, on_losses, on_mistakes, on_training)

STRONG = re.compile(
    r"\b(never|always|exactly|at most|at least|however (small|large|wrong)|no limit|whatever|quarter|half|twice|nothing"
    r"|can't be met|any more|per cent|enough|in full)\b|¼|\d/[a-z(]\S* times|times \d"
)
"""What makes a sentence a claim that a single scenario can contradict."""


@cache
def said(page: str) -> str:
    """All that a page says; of a mistake, whatever it says of one lesson or another."""
    if page in MISTAKES:
        return " ".join(dict.fromkeys(text for words in _words_of(page) for text in words))
    blocks = explanation(page, lambda name: load(name).scenario, "", AS_USUAL)
    told = (
        f"{block.text} {block.words}" if isinstance(block, Formula) else block.text
        for block in blocks
        if isinstance(block, Paragraph | Formula)
    )
    return " ".join(told)


@cache
def lessons() -> tuple[Lesson, ...]:
    """Those that are shipped, and one filter under every activation: a mistake's words fit what is at hand."""
    rng = np.random.default_rng(0)
    each = [drawn(rng, activation=name) for name in ACTIVATIONS]
    scenarios = [*(load(one.name).scenario for one in shipped()), *each]
    return tuple(lesson_of(scenario, input_gradient=True) for scenario in scenarios)


def _words_of(code: str) -> Iterator[MistakeWords]:
    for lesson in lessons():
        for step in MISTAKES[code].occasions(lesson):
            yield MISTAKES[code].words(lesson, step)


def written(page: str) -> tuple[str, ...]:
    """The sentences that are written for a page, without those that it makes from its numbers; why a mistake hurts."""
    if page in MISTAKES:
        texts = tuple(words.hurts for words in _words_of(page))
    else:
        module = import_module(f"cnnstep.tutor.topics.{TOPICS[page]}")
        (topic,) = (one for one in module.PAGES if one.name == page)
        texts = (*topic.paragraphs, topic.goes_wrong)
    return tuple(dict.fromkeys(sentence for text in texts for sentence in re.split(r"(?<=[.:])\s+(?=[A-ZΣ½(])", text)))


@pytest.mark.parametrize("one", CLAIMS, ids=str)
def test_the_page_says_it(one: Claim) -> None:
    assert one.sentence in said(one.page), said(one.page)


@pytest.mark.parametrize("holds", {one.holds: one for one in CLAIMS}, ids=lambda holds: holds.__name__)
def test_it_holds(holds: object) -> None:
    assert callable(holds)
    for seed in range(SCENARIOS):
        holds(np.random.default_rng(seed))


@pytest.mark.parametrize("page", [*TOPICS, *MISTAKES])
def test_a_strong_sentence_is_a_claim(page: str) -> None:
    claimed = [one.sentence for one in CLAIMS if one.page == page]
    left = {
        sentence: _without(sentence, claimed) for sentence in written(page) if sentence not in NO_CLAIM.get(page, ())
    }
    assert [told for told, rest in left.items() if STRONG.search(rest)] == [], (
        "hold it in tests/tutor/claims/, or say less"
    )


def _without(sentence: str, claimed: list[str]) -> str:
    """What of a sentence no claim holds yet."""
    if any(sentence in part for part in claimed):
        return ""
    for part in claimed:
        sentence = sentence.replace(part, "")
    return sentence


NO_CLAIM: dict[str, tuple[str, ...]] = {
    "dilation": ("The gaps are forgotten on the way back: δ then meets inputs that the weight never met.",),
    "loss": (
        "And a loss that stays above 0 can have several causes: too few steps or too long ones, inactive cells, or a "
        "target that can't be met.",
    ),
    "chain-rule": ("A link is left out, most often the slope φ′(z), or used twice.",),
    "max_pool": ("The map usually gets smaller, and it matters less where exactly something was found.",),
    "vanishing-gradient": (
        "Where these products are below 1 it gets smaller each time, and after many layers next to nothing is left.",
    ),
    "half_squared_error": (
        "Square every error, add the squares up, take half.",
        "Another book leaves the ½ out or divides by n.",
    ),
    "slope-at-zero": ("At exactly 0 it has a corner, and no slope of its own.", "Look for a z of exactly 0."),
    "padding-kept": ("The zeros of the border are no input, so nothing is to be sent back to them.",),
    "velocity-forgotten": ("Without the gradients before this one it has nothing to carry on.",),
    "not-updated": ("With the old weights again nothing is learned from it.",),
}
"""What only sounds like one: what a learner does, what to look for, or a definition."""


def test_what_is_no_claim_still_stands_on_its_page() -> None:
    gone = [(page, sentence) for page, told in NO_CLAIM.items() for sentence in told if sentence not in written(page)]
    assert gone == []
