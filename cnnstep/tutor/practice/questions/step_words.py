"""What is said of a step besides its formula: what has to be known of its layer, and how it is carried out."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.dense import Dense
from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.layers.pool import MaxPool, Pool
from cnnstep.engine.patches import Geometry, apart, in_words
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import AS_USUAL, capital, listed
from cnnstep.tutor.sentences import title_of, told_of, words_of

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
    if step.role == "update":
        yield f"The learning rate η is {AS_USUAL.text(iteration.lesson.scenario.learning_rate)}."


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
}
"""How a step that belongs to no layer is carried out; ideas that depend on the numbers of a layer are below."""


def idea(iteration: Iteration, step: Step) -> str:
    """The step's formula, and in words how it is carried out."""
    return f"{title_of(step)}, {step.formula}. {_how(iteration, step)}"


def _how(iteration: Iteration, step: Step) -> str:
    part = step.part
    is_slope = step.role == "error" and not iteration.lesson.scenario.vocabulary.shows_difference
    told = told_of(step)
    by_hand = told.idea if told else "" if is_slope else IDEAS.get(step.word)
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
