"""The sentences on what happened in the steps that only a network has: one entry a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from cnnstep.engine.layers.pool import MaxPool, Pool
from cnnstep.engine.quantity import Cell
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.words import Sentence, Words, peak, share


def _error(iteration: Iteration, step: Step, numbers: Numbers) -> str:
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


ERROR = Words("Error", _error, "how the loss changes with this output of the network")
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
