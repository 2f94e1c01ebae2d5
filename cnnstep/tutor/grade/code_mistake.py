"""A mistake that only code makes: its words, and the numbers that it gives in a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry
from cnnstep.tutor.mistakes.mistake import StepContext

Variants = Callable[[StepContext], Mapping[str, Array]]
"""The results that a mistake gives in a step, by the words for the way in which it was made."""

Afterwards = Callable[[StepContext, Array], Mapping[str, Array]]
"""The same from the finished array, right or wrong."""


@dataclass(frozen=True)
class CodeMistake:
    """A mistake in code. `{way}` in `does` are the words for how it was made; `ways` are by the word of the step.

    `after` are the steps in which it is made of what was worked out, so that another mistake can come before it.
    """

    code: str
    title: str
    does: str
    hurts: str
    fix: str
    ways: Mapping[str, Variants] = field(default_factory=dict, repr=False)
    after: Mapping[str, Afterwards] = field(default_factory=dict, repr=False)


CODE_MISTAKES: Registry[CodeMistake] = Registry("mistake in code")


def code_mistake(code: str, title: str, does: str, hurts: str, fix: str, **ways: Variants) -> None:
    """Enters a mistake; the last keywords are the words of its steps."""
    CODE_MISTAKES.add(code)(CodeMistake(code, title, does, hurts, fix, ways))


def afterwards(code: str, title: str, does: str, hurts: str, fix: str, **after: Afterwards) -> None:
    """Enters a mistake that is made with what was worked out."""
    ways = {word: partial(_from_right, change) for word, change in after.items()}
    CODE_MISTAKES.add(code)(CodeMistake(code, title, does, hurts, fix, ways, after))


def _from_right(change: Afterwards, context: StepContext) -> Mapping[str, Array]:
    return change(context, context.right)
