"""The kinds of exercises of a skill: one function each, which draws a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnnstep.tutor.practice.exercises.drawing import Draw
from cnnstep.tutor.practice.questions.question import Question

Variant: TypeAlias = Callable[[Draw], Question]

VARIANTS: dict[tuple[str, str], Variant] = {}
"""By the skill's name and the kind's, which the skill lists in the order in which they are met."""


def variant(skill: str, name: str) -> Callable[[Variant], Variant]:
    """Decorator that enters a function as this kind of a skill's exercises."""

    def enter(draw: Variant) -> Variant:
        VARIANTS[skill, name] = draw
        return draw

    return enter
