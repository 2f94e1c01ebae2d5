"""The exercises of a skill: one function each, which draws a question.

A skill's variants take turns from one exercise to the next, three at most: so a misconception meets one that shows it
within three exercises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnnstep.tutor.practice.exercises.drawing import Draw
from cnnstep.tutor.practice.questions.question import Question

Variant: TypeAlias = Callable[[Draw], Question]

VARIANTS: dict[str, list[Variant]] = {}
"""By the skill's name, in the order in which they take turns."""


def variant(skill: str) -> Callable[[Variant], Variant]:
    """Decorator that enters a function among a skill's variants."""

    def enter(draw: Variant) -> Variant:
        VARIANTS.setdefault(skill, []).append(draw)
        return draw

    return enter
