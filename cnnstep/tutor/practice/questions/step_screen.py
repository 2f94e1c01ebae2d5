"""What is said of a step's question before its answer: the formula and the numbers it is made of, and three hints.

The hints grow stronger: where to look, the idea, a cell worked out.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.dense import Dense
from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.layers.pool import MaxPool, Pool
from cnnstep.engine.patches import Geometry, apart, in_words
from cnnstep.engine.quantity import Cell, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step, Working
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Mark, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers, capital, listed
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.sentences import title_of, told_of, words_of
from cnnstep.tutor.why import products

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

MEANINGS = {
    "error": "how far each output is from its target",
    "sgd update": "each weight moves against its gradient",
    "momentum update": "each weight moves against its velocity",
    "nesterov update": "each weight moves against its gradient and what is left of its velocity",
    "adam update": "each weight moves against its mean gradient, divided by the size that its gradients have",
    "velocity": "what is left of the last velocity, plus the gradient",
    "first_moment": "a running mean of the gradient",
    "second_moment": "a running mean of the gradient's square",
}
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
    words = [f"{question.step.formula}{_meaning(question)}."]
    hidden = [question.lesson.step(name) for name in question.hidden]
    if hidden:
        symbols, formulas = ([getattr(step, what) for step in hidden] for what in ("symbol", "formula"))
        shown = "are not shown" if len(hidden) > 1 else "is not shown"
        words.append(f"{listed(symbols)} {shown}: first work out {listed(formulas, 'then')}.")
    return words


def _meaning(question: StepQuestion) -> str:
    step = question.step
    told = told_of(step)
    meaning = told.meaning if told else MEANINGS.get(_spelled(question.scenario, step))
    return f": {meaning}" if meaning else ""


def _spelled(scenario: Scenario, step: Step) -> str:
    """The step's word; of an update the optimizer's name too."""
    return f"{scenario.optimizer.name} update" if step.word == "update" else step.word


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
    """`Forward pass z`, `Input X`, `v before`."""
    if quantity.kind == "memory":
        return quantity.symbol
    step = next((step for step in question.lesson.steps if step.name == quantity.name), None)
    name = title_of(step) if step else quantity.name.rpartition(".")[2].replace("_", " ").capitalize()
    return f"{name} {quantity.symbol}"


BY_THE_WINDOW = ("forward", "gradient", "input_gradient")
"""The steps of a convolution in which it matters how the filter moves."""


def facts(iteration: Iteration, step: Step) -> Iterator[str]:
    """What the matrices do not show, and what decides an answer: stride and padding, the bias, the activation, the
    slope at a kink, the windows of a pooling layer and who wins in them, the learning rate.
    """
    part = step.part
    if isinstance(part, Conv) and step.word in BY_THE_WINDOW:
        yield from _moves(part)
    if isinstance(part, WithWeights) and part.bias is not None and step.role == "forward":
        b = step.inputs[-1].symbol
        yield f"{b}, the bias, is added once to each output{', each its own' if isinstance(part, Dense) else ''}."
    if isinstance(part, ActivationLayer):
        yield from _of_the_activation(iteration, part, step)
    if isinstance(part, Pool):
        yield from _of_the_windows(part, step)
    if step.word == "softmax":
        yield _powers(iteration, step)
    if len(iteration.lesson.scenario.inputs) > 1 and step.role == "gradient":
        yield "The loss is a sum over the samples."
    if step.role == "memory" or (step.is_gradient and iteration.number):
        yield from _of_the_memory(iteration, step)
    if step.role == "update":
        yield f"The learning rate η is {AS_USUAL.text(iteration.lesson.scenario.learning_rate)}."
        if iteration.lesson.scenario.optimizer.name == "adam":
            yield _corrections(iteration)


def _of_the_memory(iteration: Iteration, step: Step) -> Iterator[str]:
    """Which iteration this is, and where what stands before it comes from."""
    at = iteration.number
    yield f"This is iteration {at}; the first one is iteration 0." if at else "This is iteration 0, the first one."
    if step.is_gradient:
        yield f"{step.symbol} before is the gradient of iteration {at - 1}."
    else:
        before = step.inputs[0].symbol
        yield f"{before} is from iteration {at - 1}." if at else f"{before} is all 0."


def _corrections(iteration: Iteration) -> str:
    """What Adam's averages are divided by, so that nobody needs a calculator for it."""
    turns, betas = iteration.number + 1, [iteration.lesson.scenario.optimizer.parameters[f"beta{n}"] for n in (1, 2)]
    power = f"^{turns}" if turns > 1 else ""
    told = [f"1 − {AS_USUAL.text(beta)}{power} = {AS_USUAL.text(1 - beta**turns)}" for beta in betas]
    return f"Here k is {iteration.number}: {listed(told)}. ε is so small that it changes nothing."


def _of_the_activation(iteration: Iteration, layer: ActivationLayer, step: Step) -> Iterator[str]:
    phi = layer.phi
    if phi.name != "relu":  # to know a ReLU is what is asked
        yield f"{_phi(layer, step)}."
    at_kink = step.word == "delta" and phi.kinks and (iteration.values[step.inputs[-1].name] == phi.kinks[0]).any()
    if at_kink:
        yield f"Here {phi.name}′({AS_USUAL.text(phi.kinks[0])}) = {AS_USUAL.text(phi.slope_at(phi.kinks[0]))}."


def _of_the_windows(pool: Pool, step: Step) -> Iterator[str]:
    rows, columns = pool.window.size
    yield f"The windows are {rows}×{columns} and move by {in_words(pool.window.geometry.stride)}."
    if isinstance(pool, MaxPool) and step.word == "pool_gradient":
        yield "Of equal numbers in a window the first in reading order wins."


def _powers(iteration: Iteration, step: Step) -> str:
    """The powers of e that a softmax asks for, so that nobody needs a calculator."""
    scores = sorted({float(z) for z in iteration.values[step.inputs[0].name].ravel()})
    told = [f"e^{AS_USUAL.factor(z)} = {AS_USUAL.text(exp(z))}" for z in scores]
    return f"{listed(told)}."


def _moves(conv: Conv) -> Iterator[str]:
    at, written = conv.geometry, conv.geometry.written
    if at.stride != (1, 1):
        yield f"The filter moves by {in_words(at.stride)} cells (stride {written['stride']})."
    if at.padded:
        yield f"Around X lies a rim of zeros, {_rim(at)} (padding {written['padding']})."
    if at.dilation != (1, 1):
        yield f"The filter's cells lie {apart(at.dilation)} (dilation {written['dilation']})."


def _rim(geometry: Geometry) -> str:
    """`1 wide`; or how wide above, below, left and right."""
    (above, below), (left, right) = ((axis.before, axis.after) for axis in geometry.axes)
    if above == below == left == right:
        return f"{above} wide"
    if above == below and left == right:
        return f"{above} above and below, {left} left and right"
    return f"{above} above, {below} below, {left} left and {right} right"


def _phi(layer: ActivationLayer, step: Step) -> str:
    """`leaky_relu′(z) = 1 if z > 0, else 0.1`: the activation, or on the way back its slope."""
    phi = layer.phi
    return f"{phi.name}(z) = {phi.formula}" if step.word == "activation" else f"{phi.name}′(z) = {phi.slope_formula}"


IDEAS = {
    "error": "One cell after another, with its sign. It is not squared: that is the loss.",
    "update": "Each weight by itself: the old one and its step, with the sign that stands in the formula.",
    "adam update": "Each weight by itself: m̂ is m over its correction, ŝ is s over its own. Divide m̂ by the root of ŝ.",
    "velocity": "Each number by itself: first weaken the old one, then add the whole gradient.",
    "first_moment": "Each number by itself: so much of the old mean, and the rest of the new gradient.",
    "second_moment": "Each number by itself: so much of the old mean, and the rest of the gradient's square.",
}
"""How a step that belongs to no layer is carried out; ideas that depend on the numbers of a layer are below."""


def idea(iteration: Iteration, step: Step) -> str:
    """The step's formula, and in words how it is carried out."""
    return f"{title_of(step)}, {step.formula}. {_how(iteration, step)}"


def _how(iteration: Iteration, step: Step) -> str:
    part = step.part
    is_slope = step.role == "error" and not iteration.lesson.scenario.vocabulary.shows_difference
    told = told_of(step)
    by_hand = (
        told.idea
        if told
        else ""
        if is_slope
        else IDEAS.get(_spelled(iteration.lesson.scenario, step), IDEAS.get(step.word))
    )
    if by_hand:
        with_bias = isinstance(part, WithWeights) and part.bias is not None and step.role == "forward"
        several = len(iteration.lesson.scenario.inputs) > 1 and step.role == "gradient"
        more = " Then add the bias, once." if with_bias else " All samples' products are added." if several else ""
        return f"{by_hand}{more}"
    if isinstance(part, ActivationLayer):
        return _through(part, step)
    if isinstance(part, Pool):
        return _pooled(part, step)
    return f"{capital(words_of(iteration, step).why)}."


def _pooled(pool: Pool, step: Step) -> str:
    """Through a pooling layer, forward or back."""
    if isinstance(pool, MaxPool) and step.word == "pool":
        return "Of each window the largest number goes on."
    if isinstance(pool, MaxPool):
        return "The cell that won its window gets all that comes back, of equal ones the first. The others get 0."
    if step.word == "pool":
        return "Each window becomes the mean of its numbers: their sum, divided by how many they are."
    return "Each cell of a window gets an equal share of what comes back. Where windows overlap, the shares add up."


def _through(layer: ActivationLayer, step: Step) -> str:
    """Through an activation, forward or back."""
    if step.word == "activation" and layer.phi.name == "relu":
        return "Each z by itself: a positive one goes on as it is, any other becomes 0."
    if step.word == "activation":
        return f"Each z by itself: {_phi(layer, step)}."
    if layer.phi.name == "relu":
        return "Where z is positive the error passes, unchanged. Everywhere else nothing passes: 0."
    return f"One cell after another, the error times the slope there: {_phi(layer, step)}."


PART = Mark("*", "takes part", "strong")


def hint(question: StepQuestion, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
    """The hint of this strength; from the third on a cell each, beginning with the one in focus."""
    first = focus if focus is not None and question.cell is None else first_cell(question)
    if number <= len(question.given_hints):
        written: tuple[Block, ...] = (Paragraph(question.given_hints[number - 1]),)
        return written if number < 3 else (*written, *worked_out(question, first, style))
    if number == 1:
        return _where(question, first)
    if number == 2:
        return _idea(question)
    if question.cell is not None:
        return worked_out(question, first, style)
    cells = [tuple(cell) for cell in np.ndindex(*question.right.shape)]
    return worked_out(question, cells[(cells.index(first) + number - 3) % len(cells)], style)


def first_cell(question: StepQuestion) -> Cell:
    """The cell that is asked for, or the first that something goes into: one without a product shows nothing."""
    if question.cell is not None:
        return question.cell
    step, values = question.step, question.iteration.values
    cells = [tuple(cell) for cell in np.ndindex(*question.right.shape)]
    workings = ((cell, step.working(values, step.quantity.layout.full_cell(cell))) for cell in cells)
    return next((cell for cell, working in workings if any(term.value for term in working.terms)), cells[0])


def _where(question: StepQuestion, cell: Cell) -> tuple[Block, ...]:
    """The cell to begin with, and the numbers that it is made of, marked where they stand."""
    step = question.worked[0]
    at = cell if step is question.step else (0,) * len(step.quantity.layout.visible)
    full = step.quantity.layout.full_cell(at)
    sources = _sources(question, step, step.working(question.iteration.values, full))
    label = step.quantity.label(full)
    if not sources:
        return _in_the_image(question, step, label, at)
    named = listed([f"the marked {_cells(len(cells))} of {source.symbol}" for source, cells in sources.items()])
    blocks = tuple(block for source, cells in sources.items() for block in _marked(question, source, cells))
    return (Paragraph(f"Begin with {label}. It is made of {named}."), Beside(blocks))


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _sources(question: StepQuestion, step: Step, working: Working) -> dict[Quantity, set[Cell]]:
    """The matrices that a number is made of, with the cells that take part; those read through a slope too."""
    found: dict[Quantity, set[Cell]] = {}
    for factor in (factor for term in working.terms for factor in term.factors):
        if factor.source is not None:
            source = question.lesson.quantity(factor.source)
            found.setdefault(source, set()).add(source.layout.shown_cell(factor.cell))
    return found


def _in_the_image(question: StepQuestion, step: Step, label: str, cell: Cell) -> tuple[Block, ...]:
    """Where a number is made of nothing, for it won no window: the cell that it belongs to, and the question."""
    image = step.inputs[-1]
    words = f"Begin with {label}. It belongs to the marked cell of {image.symbol}: did that win one of its windows?"
    return (Paragraph(words), Beside(_marked(question, image, {cell})))


def _marked(question: StepQuestion, source: Quantity, cells: set[Cell]) -> tuple[Block, ...]:
    shown = question.iteration.matrix(source.name)
    return planes(source, shown, dict.fromkeys(cells, PART), title=source.symbol, all_of_them=True)


def _idea(question: StepQuestion) -> tuple[Block, ...]:
    """How each step is carried out, as a formula and in words."""
    return tuple(Paragraph(idea(question.iteration, step)) for step in question.worked)


def worked_out(question: StepQuestion, cell: Cell, style: Numbers) -> tuple[Block, ...]:
    """One number as its sum of products; before it, the numbers of a hidden step that it needs."""
    step = question.step
    full = step.quantity.layout.full_cell(cell)
    hidden = tuple(
        block
        for name in question.hidden
        for block in planes(question.lesson.quantity(name), question.iteration.matrix(name), all_of_them=True)
    )
    working = step.working(question.iteration.values, full)
    told = Paragraph(f"{step.quantity.label(full)} = {style.text(working.value)}:", "strong")
    return (*hidden, told, *products(question.iteration, step, full, working, style))
