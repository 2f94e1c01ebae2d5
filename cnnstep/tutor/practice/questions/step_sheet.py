"""What stands on the screen of a step's question: its formula, what has to be known, the numbers it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnstep.engine.quantity import Quantity
from cnnstep.engine.step import Step
from cnnstep.tutor.document import Beside, Block, Paragraph
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.practice.questions.step_words import facts
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.sentences import title_of

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

MEANINGS = {
    "forward": "an output is the sum of input × weight where the filter lies",
    "error": "how far each output is from its target",
    "delta": "the error times the activation's slope, cell by cell",
    "gradient": "for each weight the sum of δ × the input that it met",
    "bias_gradient": "all δ added up",
    "input_gradient": "for each input the sum of δ × the weight that it met",
    "update": "each weight moves against its gradient",
    "dense": "an output is the sum of input × weight along its row of weights",
    "dense_gradient": "for each weight what comes back to its output × its input",
    "dense_input_gradient": "for each input the sum of what comes back × its weights",
    "softmax": "each power of e, divided by the sum of all",
}
"""A step's formula in a few words, by its word; those of the other layers speak for themselves."""


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
    return f": {MEANINGS[step.word]}" if step.word in MEANINGS else ""


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
