"""A page for every loss in the registry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from cnnstep.engine.losses import LOSSES
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.present import loss_line
from cnnstep.tutor.topics.blocks import beside, corner, grid_of
from cnnstep.tutor.topics.example import FIRST_LESSON, Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.variants import first_of, with_loss

MOST_CELLS = 9
PLAIN = "half_squared_error"


@dataclass(frozen=True)
class Words:
    """What the registry can't know of a loss."""

    summary: str
    purpose: str
    slope: str
    goes_wrong: str


WORDS: dict[str, Words] = {
    PLAIN: Words(
        "half the sum of the squared errors",
        "Square every error, add the squares up, take half. The half is there for one reason: "
        "the slope of e² is 2e, and the half makes that e.",
        "So what goes back is the error itself.",
        "Another book leaves the ½ out or divides by n. All its gradients then differ from yours by one factor: "
        "that is a convention, not a mistake, as long as one loss is kept to the end.",
    ),
    "squared_error": Words(
        "the sum of the squared errors",
        "Square every error and add the squares up.",
        "The slope of e² is 2e, so a 2 goes back with every error.",
        "The 2 is easily lost on the way back. The gradient is then half of what it should be: the filter still "
        "learns, but a gradient check fails.",
    ),
    "mean_squared_error": Words(
        "the mean of the squared errors",
        "Square every error and take the mean over all n target cells, those of every sample and filter included. "
        "So the loss does not grow with the number of cells.",
        "Every error goes back times 2/n.",
        "n is the number of target cells, not of samples. With many cells the gradients are small, so a learning "
        "rate that suits the sum can be far too small here.",
    ),
    "half_mean_squared_error": Words(
        "half the mean of the squared errors",
        "Square every error, take the mean over all n target cells, and halve it.",
        "Every error goes back times 1/n: the 2 and the half cancel.",
        "Forgetting the 1/n on the way back makes every gradient n times too large, and the step may be too long.",
    ),
    "binary_cross_entropy": Words(
        "how far a yes-or-no guess is off; goes with sigmoid",
        "The output is read as the probability of a yes, the target is yes (1) or no (0). A guess that is sure and "
        "right costs next to nothing; the cost of one that is sure and wrong has no limit.",
        "Its slope is 1/(a(1 − a)) times the error. That factor is exactly one over the slope of sigmoid, so the two "
        "cancel, and δ is the error itself: no saturation.",
        "Targets must lie from 0 to 1 and the activation must be sigmoid. A common mistake is to multiply by the "
        "sigmoid's slope all the same: δ comes out far too small where the output is near 0 or 1.",
    ),
}
"""One entry a loss; a test says so where one is missing."""


def _numbers(name: str, example: Example) -> tuple[Block, ...]:
    scenario, words = _suited(name, example)
    iteration = first_of(with_loss(scenario, name))
    blocks: list[Block] = [Paragraph(words)] if words else []
    blocks += [
        _table(iteration),
        Paragraph(loss_line(iteration, example.style)),
        *_gradients(name, scenario, iteration),
    ]
    return tuple(blocks)


def _suited(name: str, example: Example) -> tuple[Scenario, str]:
    """The example, or the first lesson where its targets are none for this loss; and a word on what was changed."""
    scenario, needs = example.scenario, LOSSES[name].only_with
    if needs and not ((scenario.targets >= 0) & (scenario.targets <= 1)).all():
        return example.load(FIRST_LESSON), (
            f"{name} needs targets from 0 to 1, and this scenario has others. So this is the first lesson, with "
            f"{needs}."
        )
    if needs and scenario.activation.name != needs:
        return scenario, f"{name} goes with {needs}, so here {needs} takes the place of {scenario.activation.name}."
    if scenario.loss.name != name:
        return scenario, f"This scenario has {scenario.loss.name}. Here {name} takes its place."
    return scenario, ""


def _table(iteration: Iteration) -> Table:
    """Every target cell: what it adds to the loss and what it sends back."""
    loss, quantity = iteration.lesson.scenario.loss, iteration.lesson.quantity("error")
    outputs, targets = iteration.values[iteration.lesson.output.name], iteration.values["target"]
    rows: list[tuple[str | float, ...]] = []
    for cell in list(np.ndindex(*outputs.shape))[:MOST_CELLS]:
        a, t = float(outputs[cell]), float(targets[cell])
        share = loss.scale(outputs.size) * loss.cell_at(a, t)
        rows.append((quantity.label(cell), a, t, a - t, share, loss.weight_at(a, outputs.size) * (a - t)))
    title = "Every cell" if outputs.size <= MOST_CELLS else f"The first {len(rows)} of {outputs.size} cells"
    return Table(("cell", "a", "t", "a − t", "adds to L", "∂L/∂a"), tuple(rows), title)


def _gradients(name: str, scenario: Scenario, iteration: Iteration) -> tuple[Block, ...]:
    quantity = iteration.lesson.quantity(iteration.lesson.trained[0].gradient)
    groups = [grid_of(f"{quantity.symbol} with {name}", quantity, iteration.values[quantity.name])]
    if name != PLAIN:
        plain = with_loss(scenario, PLAIN) if not LOSSES[name].only_with else _plain_with(scenario, iteration)
        other = first_of(plain)
        groups.append(grid_of(f"with {PLAIN}", quantity, other.values[quantity.name]))
    return (beside(*([corner(block) for block in group] for group in groups)),)


def _plain_with(scenario: Scenario, iteration: Iteration) -> Scenario:
    """½Σe² under the same activation as the iteration has."""
    from cnnstep.tutor.topics.variants import with_activation

    return with_loss(with_activation(scenario, iteration.lesson.scenario.activation.name), PLAIN)


def _topic(name: str) -> Topic:
    loss, words = LOSSES[name], WORDS[name]
    numbers = partial(_numbers, name)
    weight = f"{loss.weight_formula} " if loss.weight_formula else ""
    return Topic(
        name=name,
        title=name,
        summary=words.summary,
        group="losses",
        paragraphs=(f"{words.purpose} {words.slope}", "A loss L is one number for how wrong all outputs are together."),
        formula=f"L = {loss.formula}",
        formula_words=f"∂L/∂a = {weight}(a − t)",
        numbers=numbers,
        network=None if loss.only_with else numbers,
        layers=TRAINED,
        goes_wrong=words.goes_wrong,
        next=Command("cnnstep explain loss-scale", "all losses side by side"),
        see_also=("loss", "error", "loss-scale", "sigmoid" if loss.only_with else "gradient"),
    )


PAGES = tuple(_topic(name) for name in WORDS)
