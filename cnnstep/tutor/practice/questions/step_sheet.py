"""What stands on the screen of a step's question: its formula, what has to be known, the numbers it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnstep.engine.quantity import Quantity
from cnnstep.engine.step import Step
from cnnstep.tutor.document import Beside, Block, Paragraph
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.practice.questions.step_words import facts
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.sentences import title_of, told_of

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

MEANINGS = {"error": "how far each output is from its target", "update": "each weight moves against its gradient"}
"""A formula in a few words, of steps that belong to no layer."""


def sheet(question: StepQuestion, everything: bool) -> tuple[Block, ...]:
    """The operands; with `everything` they come first and are named as what is needed, and the rest follows."""
    words = Paragraph(" ".join((*_formulas(question), *_facts(question))))
    needed = Beside(_matrices(question, question.operands))
    if not everything:
        return (words, needed)
    rest = _rest(question)
    if not rest:
        return (
            words,
            needed,
            Paragraph("There are no other numbers before it.", "quiet"),
        )
    return (
        words,
        Paragraph("What you need:", "strong"),
        needed,
        Paragraph("The rest of the lesson up to here:", "quiet"),
        Beside(_matrices(question, _rest(question))),
    )


def _formulas(question: StepQuestion) -> list[str]:
    """The formula of the step in words too, and those of the hidden steps on the way to it."""
    words = [f"{question.step.formula}{_meaning(question.step)}."]
    hidden = [question.lesson.step(name) for name in question.hidden]
    if hidden:
        symbols, formulas = ([getattr(step, what) for step in hidden] for what in ("symbol", "formula"))
        shown = "are not shown" if len(hidden) > 1 else "is not shown"
        words.append(f"{listed(symbols)} {shown}: first work out {listed(formulas, 'then')}.")
    return words


def _meaning(step: Step) -> str:
    told = told_of(step)
    meaning = told.meaning if told else MEANINGS.get(step.word)
    return f": {meaning}" if meaning else ""


def _facts(question: StepQuestion) -> tuple[str, ...]:
    """What the matrices do not show, each once."""
    return tuple(dict.fromkeys(fact for step in question.worked for fact in facts(question.iteration, step)))


def _rest(question: StepQuestion) -> tuple[Quantity, ...]:
    """What is given and known before the step, and is not needed for it."""
    known = (*given(question.iteration), *(s.quantity for s in question.before if s.name not in question.hidden))
    return tuple(quantity for quantity in known if quantity not in question.operands)


def _matrices(question: StepQuestion, quantities: tuple[Quantity, ...]) -> tuple[Block, ...]:
    return tuple(
        block
        for quantity in quantities
        for block in planes(quantity, question.iteration.matrix(quantity.name), title=_title(question, quantity))
    )


def _title(question: StepQuestion, quantity: Quantity) -> str:
    """`Forward pass z`, `Input X`."""
    step = next((step for step in question.lesson.steps if step.name == quantity.name), None)
    name = title_of(step) if step else quantity.name.rpartition(".")[2].replace("_", " ").capitalize()
    return f"{name} {quantity.symbol}"
