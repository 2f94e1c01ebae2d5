"""Each step's title and the one sentence on what happened in it: one entry a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.layer import Layer, Told
from cnnstep.engine.layers.pool import MaxPool, Pool
from cnnstep.engine.optimizers import Slot
from cnnstep.engine.quantity import Cell, bracketed
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import Numbers, counted

Sentence = Callable[[Iteration, Step, Numbers], str]


@dataclass(frozen=True)
class Words:
    """What a step is called, what it says of its numbers, and how a single number of it is introduced."""

    title: str
    happened: Sentence
    why: str


def peak(iteration: Iteration, step: Step) -> tuple[str, float]:
    """The label and the value of the number that is furthest from 0."""
    array = iteration.values[step.name]
    cell = tuple(int(i) for i in np.unravel_index(int(np.abs(array).argmax()), array.shape))
    return step.quantity.label(cell), float(array[cell])


def share(where: NDArray[np.bool_], one: str, many: str) -> str:
    """`2 of 4 outputs are`, `1 of 4 outputs is`."""
    count = int(where.sum())
    noun, _, verb = (one if where.size == 1 else many).partition(" ")
    return f"{count} of {where.size} {noun} {one.partition(' ')[2] if count == 1 else verb}".rstrip()


def told_of(step: Step) -> Told | None:
    """What its layer says of a step; None for those that belong to no layer."""
    if not isinstance(step.part, Layer):
        return None
    return step.part.told.get(step.role) or Told(step.role.replace("_", " ").capitalize(), "as its formula says")


def _network_error(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    slope = iteration.values[step.name]
    if not slope.any():
        return "All 0: no small change of an output would lower the loss."
    label, value = peak(iteration, step)
    meaning = "how fast the loss grows as that output grows"
    if iteration.lesson.scenario.sign < 0:
        meaning += ", with a minus: target − output"
    return f"The way back starts here: {meaning}. The steepest is {label} = {numbers.text(value)}."


def _dense(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    outputs, inputs = iteration.values[step.inputs[1].name].shape
    return (
        f"Every output is a sum over all {inputs} inputs, each with a weight of its own: "
        f"{outputs} × {inputs} weights. {share(iteration.values[step.name] > 0, 'output is', 'outputs are')} positive."
    )


def _dense_gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    if not iteration.values[step.name].any():
        return "All 0: nothing tells these weights which way to move."
    label, value = peak(iteration, step)
    words = "Each weight connects one input with one output: its gradient is that input × ∂L/∂ of that output."
    return f"{words} The steepest is {label} = {numbers.text(value)}."


def _dense_input_gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    outputs = iteration.values[step.inputs[-1].name].shape[0]
    went = f"Each input went into {'the one output' if outputs == 1 else f'all {outputs} outputs'}"
    return f"{went}: its gradient is the sum of ∂L/∂ of the output × the weight between them."


def window_of(step: Step) -> str:
    """`2×2`."""
    return "×".join(str(n) for n in cast("Pool", step.part).window.size)


def _pool(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    if not isinstance(step.part, MaxPool):
        return f"Each {window_of(step)} window becomes one number: its mean."
    tied = int(ties(step.part, iteration.values[step.inputs[0].name]).sum())
    words = f"The largest number of each {window_of(step)} window is passed on, the others are dropped."
    if not tied:
        return words
    rule = "on the way back they share the gradient" if step.part.shares else "the first in reading order wins"
    return f"{words} In {counted(tied, 'window')} several numbers are equally large; {rule}."


def ties(pool: MaxPool, image: np.ndarray) -> np.ndarray:
    """Which windows have their largest number more than once: [N, C, oh, ow]."""
    windows = pool.window.views(image, -np.inf)
    largest = windows.max(axis=(-2, -1), keepdims=True)
    return np.asarray((windows == largest).sum(axis=(-2, -1)) > 1)


def won(pool: MaxPool, image: np.ndarray) -> tuple[set[Cell], set[Cell]]:
    """The cells of the image that won a window, and those that were equally large and came later."""
    windows, winners, equals = pool.window.views(image, -np.inf), set(), set()
    for cell in np.ndindex(*windows.shape[:4]):
        largest = np.argwhere(windows[cell] == windows[cell].max()).tolist()  # in reading order
        places = [(*cell[:2], *pool.window.geometry.met((cell[2], cell[3]), (u, v))) for u, v in largest]
        winners.add(places[0])
        equals.update(places)
    return winners, equals - winners


def _pool_gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    if not isinstance(step.part, MaxPool):
        return (
            f"Each cell of a {window_of(step)} window had an equal part in the mean, so each gets an equal share back."
        )
    passed = share(iteration.values[step.name] != 0, "cell gets", "cells get")
    words = f"Only the winner of a window was passed on, so it alone gets the gradient, all of it: {passed} something."
    if step.part.shares:
        words = f"Only the largest number of a window was passed on, so the gradient goes there: {passed} something."
    if ties(step.part, iteration.values[step.inputs[-1].name]).any():
        gets = "they get equal parts" if step.part.shares else "the first in reading order gets it"
        words += f" Where several were equally large, {gets}."
    return words


def _flatten(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    maps = "×".join(str(n) for n in iteration.values[step.inputs[0].name].shape[1:])
    length = iteration.values[step.name].shape[1]
    return f"The {maps} numbers stand in one row of {length}, map after map, in reading order. Nothing is computed."


def _softmax(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    label, value = peak(iteration, step)
    return (
        "e to the power of each number, divided by their sum: probabilities that add up to 1. "
        f"The largest is {label} = {numbers.text(value)}."
    )


def _softmax_gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    words = "Every p depends on every z, so each number here is a sum over all p: upstream gradient times Jacobian."
    if step.short:
        words += f" With cross-entropy it simplifies to {step.short.formula}."
    return words


ERROR = Words("Error", _network_error, "how the loss changes with this output of the network")
"""`error` in a network: ∂L/∂ of its output."""

HAPPENED: Mapping[str, Sentence] = {
    "dense": _dense,
    "dense_gradient": _dense_gradient,
    "dense_input_gradient": _dense_input_gradient,
    "pool": _pool,
    "pool_gradient": _pool_gradient,
    "flatten": _flatten,
    "softmax": _softmax,
    "softmax_gradient": _softmax_gradient,
}
"""What happened in a step that only a network has, by its word, where that depends on its numbers."""


def _forward(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    z, (rows, columns) = iteration.values[step.name], iteration.values[step.inputs[1].name].shape[2:]
    return (
        f"The filter slides over the input; each output is the sum of input × filter on one {rows}×{columns} patch. "
        f"{share(z > 0, 'output is', 'outputs are')} positive."
    )


def _activation(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    z, a = iteration.values[step.inputs[0].name], iteration.values[step.name]
    name = step.part.phi.name if isinstance(step.part, ActivationLayer) else "the activation"
    if name == "linear":
        return "linear changes nothing: every number goes on as it is."
    if name == "relu":
        stopped = int((z < 0).sum())
        became = f"{counted(stopped, 'negative number')} became 0" if stopped else "none was negative"
        return f"relu lets positive numbers through; {became}."
    moved = np.abs(a - z)
    cell = tuple(int(i) for i in np.unravel_index(int(moved.argmax()), moved.shape))
    return (
        f"{name} acts on each number by itself. Largest change: {step.inputs[0].label(cell)}, "
        f"from {numbers.text(float(z[cell]))} to {numbers.text(float(a[cell]))}."
    )


def _error(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    e = iteration.values[step.name]
    if not e.any():
        return "Every output equals its target: nothing is left to learn."
    label, value = peak(iteration, step)
    above = (value > 0) == (iteration.lesson.scenario.sign > 0)
    off = f"{share(e != 0, 'output is', 'outputs are')} off"
    return f"{off}; largest: {label}, {numbers.text(abs(value))} too {'high' if above else 'low'}."


def _delta(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    delta = iteration.values[step.name]
    if not delta.any():
        return "Nothing passes back: no cell has both an error and a slope."
    return f"Each error × the activation's slope: {share(delta != 0, 'cell passes', 'cells pass')} something back."


def _gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    if not iteration.values[step.name].any():
        return "All 0: nothing tells the weights which way to move."
    label, value = peak(iteration, step)
    meaning = (
        ": how fast the loss grows as that weight grows."
        if iteration.lesson.scenario.sign > 0
        else ". With e = t − a this points downhill."
    )
    steepest = f"The steepest is {label} = {numbers.text(value)}."
    return f"Each weight gets the sum of δ × the input that it met{meaning} {steepest}"


def _input_gradient(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    if step.layer and step.layer != iteration.lesson.scenario.names[0]:
        return "How the loss changes with each number that this layer read: the upstream gradient of the layer before."
    return "How the loss changes with each input number: the upstream gradient of a layer before, if there were one."


def _velocity(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    return "The optimizer's memory of its direction: the last velocity, weakened, plus this gradient."


def _first_moment(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    return "A running mean of the gradient: its recent direction."


def _second_moment(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    return "A running mean of the squared gradient: its recent size."


def _update(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    before = iteration.values[step.inputs[0].name]
    moved = np.abs(iteration.values[step.name] - before)
    if not moved.any():
        return "Nothing moves: the step is 0 everywhere."
    cell = tuple(int(i) for i in np.unravel_index(int(moved.argmax()), moved.shape))
    was, now = float(before[cell]), float(iteration.values[step.name][cell])
    label = step.inputs[0].symbol + bracketed(step.inputs[0].layout.shown_cell(cell))
    one, which = _parameter(step, moved.size), "" if moved.size == 1 else f"; {label} moves most"
    return f"{one} moves by {_by(iteration, step, numbers)}{which}, from {numbers.text(was)} to {numbers.text(now)}."


def _parameter(step: Step, size: int) -> str:
    noun = "bias" if isinstance(step.part, Slot) and step.part.is_bias else "weight"
    return f"The {noun}" if size == 1 else f"Each {noun}"


def _by(iteration: Iteration, step: Step, numbers: Numbers) -> str:
    """`−0.5 × its gradient`: what each weight moves by, where the optimizer says it in one product."""
    scenario, direction = iteration.lesson.scenario, step.inputs[-1].name
    moves_by = iteration.lesson.step(direction).word if direction in iteration.lesson.names else ""
    if scenario.optimizer.name not in ("sgd", "momentum"):
        return f"one step of {scenario.optimizer.name}"
    sign, downhill = ("−", "") if scenario.sign > 0 else ("", "negative ")
    what = "velocity" if moves_by == "velocity" else f"{downhill}gradient"
    return f"{sign}{numbers.text(scenario.learning_rate)} × its {what}"


WORDS: Mapping[str, Words] = {
    "error": Words("Error", _error, "how far this output is from its target"),
    "velocity": Words("Velocity", _velocity, "the old velocity, weakened, plus the new gradient"),
    "first_moment": Words("First moment", _first_moment, "the old mean, weakened, plus a share of the new gradient"),
    "second_moment": Words("Second moment", _second_moment, "the old mean, weakened, plus a share of the new square"),
    "update": Words("Update", _update, "the old weight plus its step"),
}
"""What is said of the steps that belong to no layer: the error's and the optimizer's, by their words."""

_HAPPENED: Mapping[str, Sentence] = {
    "forward": _forward,
    "activation": _activation,
    "delta": _delta,
    "gradient": _gradient,
    "input_gradient": _input_gradient,
    **HAPPENED,
}


def words_of(iteration: Iteration, step: Step) -> Words:
    """The words of a step; an error that is shown as ∂L/∂a is another quantity than e."""
    is_slope = step.role == "error" and not iteration.lesson.scenario.vocabulary.shows_difference
    return ERROR if is_slope else _words(step)


def _words(step: Step) -> Words:
    """What its layer says of it; the sentence is made here where it depends on the numbers."""
    told = told_of(step)
    if told is None:
        return WORDS[step.word]
    return Words(told.title, _HAPPENED.get(step.word) or (lambda *_: told.happens), told.why)


def meaning_of(step: Step) -> str:
    """What the numbers of a step mean, in a few words that hold in every iteration."""
    told = told_of(step)
    if told is None:
        return ERROR.why if step.role == "error" and step.quantity.letter != "e" else _words(step).why
    return told.meaning or told.why


def title_of(step: Step) -> str:
    """`Filter gradient`, in a network `conv1: filter gradient`; what belongs to the bias says so."""
    title = _title(step)
    return f"{step.layer}: {title[:1].lower()}{title[1:]}" if step.layer else title


def place_of(step: Step) -> str:
    """`the filter gradient`, in a network `conv1's filter gradient`: the title in a sentence."""
    title, owner = _title(step), f"{step.layer}'s" if step.layer else "the"
    return f"{owner} {title[:1].lower()}{title[1:]}"


def _title(step: Step) -> str:
    title = _words(step).title
    if isinstance(step.part, Slot) and step.part.is_bias:
        return f"Bias {title.lower()}"
    return title
