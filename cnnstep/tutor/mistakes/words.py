"""Words that fit: the text for the activation, the optimizer or the step at hand."""

from __future__ import annotations

from cnnstep.tutor.mistakes.context import Setting
from cnnstep.tutor.mistakes.mistake import Text


def by_activation(otherwise: str, **texts: str) -> Text:
    """The text for the activation at hand, by its name."""

    def text(at: Setting) -> str:
        return texts.get(at.phi.name, otherwise) if at.phi else otherwise

    return text


def by_optimizer(**texts: str) -> Text:
    """The text for the optimizer at hand, by its name."""
    return lambda at: texts[at.scenario.optimizer.name]


def by_step(**texts: str) -> Text:
    """The text for the step at hand, by its word."""
    return lambda at: texts[at.step.word]
