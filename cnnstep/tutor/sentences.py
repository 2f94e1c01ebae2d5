"""Each step's title and the one sentence on what happened in it: one entry a word."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.optimizers import Slot
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.network.words import ERROR, HAPPENED
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.words import Sentence, Words, peak, share, told_of


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
