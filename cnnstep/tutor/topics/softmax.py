"""Softmax: probabilities, the Jacobian in full, and p − y as the short form that comes to the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.lesson import LayerSteps, lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, Values, frozen
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.at_layer import SMALLEST, layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids, number, plain
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of

MOST_UNITS = 10
EQUAL = 1e-12


def in_full(iteration: Iteration, steps: LayerSteps) -> Step:
    """The softmax's backward step without the short form: another loss does not know it."""
    plain_loss = replace(iteration.lesson.scenario, loss=LOSSES["half_squared_error"])
    every = lesson_of(plain_loss, input_gradient=True).steps
    return next(step for step in every if step.layer == steps.name and step.word == "softmax_gradient")


def jacobian(iteration: Iteration, steps: LayerSteps) -> Array:
    """J[i,j] = ∂p_i/∂z_j of the first sample: what each unit's ∂L/∂p of 1 would send back."""
    step, p = in_full(iteration, steps), iteration.values[steps.forward.name]
    rows = []
    for unit in np.eye(p.shape[1]):
        sent: Values = {**iteration.values, received(steps): np.broadcast_to(unit, p.shape)}
        rows.append(step.compute(sent)[0])
    return np.stack(rows)


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    steps = layer_of(iteration, "softmax")
    z, p = steps.forward.inputs[0], steps.forward.quantity
    whole, step = jacobian(iteration, steps), in_full(iteration, steps)
    through = step.compute(iteration.values)
    at = (0, int(np.abs(through[0]).argmax()))
    total = example.text(iteration.values[p.name][0].sum())
    return (
        *grids(iteration, z.name, p.name, most=2),
        Paragraph(f"All probabilities together are {total}. The largest score has the largest probability."),
        plain(f"∂{p.symbol}/∂{z.symbol}: row i is how {p.symbol}[i] changes with each score", whole[:MOST_UNITS]),
        Paragraph(
            "On the diagonal a probability grows with its own score; elsewhere it shrinks as another score grows."
        ),
        *number(step, iteration.values, at, example.style),
        *_short_form(iteration, steps, through, example),
    )


def _short_form(iteration: Iteration, steps: LayerSteps, through: Array, example: Example) -> tuple[Block, ...]:
    """p − y, or p·Σy − y, beside the long way, unit by unit; and the targets for which it is the other one."""
    if iteration.lesson.scenario.loss.only_with != "softmax":
        return (Paragraph("The short form p − y belongs to cross_entropy, and this network has another loss."),)
    p = iteration.values[steps.forward.name]
    y, upstream = iteration.values["target"], iteration.values[received(steps)]
    direct = iteration.values[way_back(iteration, steps).name]
    rows: list[tuple[str | float, ...]] = [
        (str(unit), *(float(array[0, unit]) for array in (p, y, upstream, through, direct)))
        for unit in range(min(p.shape[1], MOST_UNITS))
    ]
    apart = float(np.abs(through - direct).max())
    same = "The last two columns are equal" if apart <= EQUAL else f"They differ by {example.text(apart)}"
    form = _form(iteration, steps)
    error = iteration.lesson.quantity(received(steps)).symbol
    return (
        Table(("unit", "p", "y", error, "by the Jacobian", form), tuple(rows), "Both ways, unit by unit"),
        Paragraph(f"{same}: with cross_entropy it simplifies to {form}.", "good"),
        *_other_targets(iteration, steps, example),
    )


def _form(iteration: Iteration, steps: LayerSteps) -> str:
    """`p − y`, with Σy where the targets do not add up to 1, and turned round with the sign of the error."""
    first = "p·Σy" if "Σt" in way_back(iteration, steps).formula else "p"
    return f"{first} − y" if iteration.lesson.scenario.sign > 0 else f"y − {first}"


def _other_targets(iteration: Iteration, steps: LayerSteps, example: Example) -> tuple[Block, ...]:
    """What comes back where every unit's target is 1, by the engine, beside p − y."""
    if "Σy" in _form(iteration, steps):
        total = example.text(iteration.values["target"][0].sum())
        return (Paragraph(f"The targets here add up to {total}. Where they add up to 1 it is p − y."),)
    scenario = iteration.lesson.scenario
    other = first_of(replace(scenario, targets=frozen(np.ones_like(scenario.targets))))
    p, sent = other.values[steps.forward.name][0], other.values[way_back(other, steps).name][0]
    form, error = _form(other, steps), other.lesson.quantity(way_back(other, steps).name).symbol
    rows = tuple(
        (str(unit), float(p[unit]), 1.0, float(sent[unit]), scenario.sign * (float(p[unit]) - 1.0))
        for unit in range(min(len(p), MOST_UNITS))
    )
    words = f"That holds for targets that add up to 1, as those of one class do. For others it is {form}."
    title = f"With a target of 1 at every unit, {form}"
    return (Paragraph(words), Table(("unit", "p", "y", error, _form(iteration, steps)), rows, title))


PAGES = (
    Topic(
        name="softmax",
        scenario=SMALLEST,
        title="Softmax",
        summary="turns scores into probabilities that add up to 1",
        group="layers",
        paragraphs=(
            "softmax turns scores into probabilities, one for each class: raise e to each score and divide by the sum. "
            "Each is above 0, and together they are 1.",
            "Each probability depends on every score, since all of them are in the sum. So the slope is a whole "
            "matrix, the Jacobian, and an error goes back through all of its entries.",
        ),
        formula="p[i] = e^z[i] / Σ e^z",
        formula_words="∂p[i]/∂z[j] = p[i]·(1 − p[i]) where i is j, and −p[i]·p[j] elsewhere",
        numbers=None,
        network=_numbers,
        layers=("softmax",),
        goes_wrong=(
            "Only the diagonal p(1 − p) is used, as if each probability moved alone (softmax-diagonal-only). Or p − y "
            "is multiplied by a slope once more (softmax-slope-twice): it has the whole Jacobian in it already. Or p − "
            "y is used where the targets do not add up to 1: then it is p·Σy − y. And e raised to a large score "
            "overflows; subtracting the largest score first changes no probability."
        ),
        next=Command("cnnstep explain cross_entropy", "the loss that makes it short"),
        see_also=("cross_entropy", "dense", "network", "sigmoid"),
    ),
)
