"""Pages on losses: what a loss is, and one for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from cnnstep.engine.losses import LOSSES
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series, Table
from cnnstep.tutor.present import loss_line
from cnnstep.tutor.topics.backward import loss_with
from cnnstep.tutor.topics.blocks import beside, corner, first_of, grid_of, grids, peak, with_loss
from cnnstep.tutor.topics.topic import FIRST_LESSON, TRAINED, Example, Topic

REACH = 2.0
"""How far the weight is moved to either side."""
POINTS = 61


def _loss_numbers(example: Example) -> tuple[Block, ...]:
    return (
        *grids(example.first, "activation", "target", "error", most=2),
        Paragraph(loss_line(example.first, example.style)),
        *_moved(example, "filter", "gradient"),
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    first = next(one for one in iteration.lesson.layers if one.gradients)
    loss = iteration.lesson.scenario.loss
    return (
        *grids(iteration, iteration.lesson.output.name, "target", "error", most=2),
        Paragraph(f"The loss of this network is {loss.name}: L = {loss.formula} = {example.text(iteration.loss)}."),
        *_moved(example, first.leaves[0].name, first.gradients[0].name),
    )


def _moved(example: Example, leaf: str, gradient: str) -> tuple[Block, ...]:
    """The loss while the steepest number of a leaf is moved."""
    iteration, style = example.first, example.style
    cell = iteration.lesson.quantity(gradient).layout.full_cell(peak(iteration, gradient))
    at = float(iteration.values[leaf][cell])
    slope = iteration.lesson.scenario.sign * float(iteration.values[gradient][cell])
    label = iteration.lesson.quantity(leaf).label(cell)
    moves = [REACH * (2 * i / (POINTS - 1) - 1) for i in range(POINTS)]
    losses = tuple(loss_with(iteration, leaf, cell, at + move) for move in moves)
    lowest = min(range(POINTS), key=losses.__getitem__)
    return (
        Curve(f"Loss, when only {label} moves", (Series("loss", losses),), label, at - REACH, at + REACH),
        Paragraph(
            f"{label} is {style.text(at)} now, and the slope there is {style.text(slope)}: that is its gradient. "
            f"Of the points drawn, the lowest is at {style.text(at + moves[lowest])}, "
            f"with a loss of {style.text(losses[lowest])}."
        ),
    )


LOSS = Topic(
    name="loss",
    title="Loss",
    summary="one number for how wrong all outputs are together",
    group="ideas",
    paragraphs=(
        "Every output has an error of its own. To say whether one filter is better than another, one number is "
        "needed: the loss L. It is smallest where every output equals its target, and grows with the errors.",
        "Squares make every error count, too high or too low, and large ones most.",
    ),
    formula="L = ½ Σ (a − t)²",
    formula_words="the usual loss here; others differ by a factor or a formula",
    numbers=_loss_numbers,
    network=_in_network,
    layers=TRAINED,
    goes_wrong=(
        "A lower loss proves nothing about a gradient: some wrong gradients lower it more than the right one. "
        "And a loss that stays above 0 can have several causes: too few steps or too long ones, inactive cells, "
        "or a target that can't be met."
    ),
    next=Command("cnnstep run {scenario} --iterations 20", "watch it fall, or not"),
    see_also=("half_squared_error", "cross_entropy", "error", "loss-scale"),
)


MOST_CELLS = 9
PLAIN = "half_squared_error"


@dataclass(frozen=True)
class LossWords:
    """What the registry can't know of a loss."""

    summary: str
    purpose: str
    slope: str
    goes_wrong: str


WORDS: dict[str, LossWords] = {
    PLAIN: LossWords(
        "half the sum of the squared errors",
        "Square every error, add the squares up, take half. The half is there for one reason: "
        "the slope of e² is 2e, and the half makes that e.",
        "So what goes back is the error itself.",
        "Another book leaves the ½ out or divides by n. All its gradients then differ from yours by one factor: "
        "that is a convention, not a mistake, as long as one loss is kept to the end.",
    ),
    "squared_error": LossWords(
        "the sum of the squared errors",
        "Square every error and add the squares up.",
        "The slope of e² is 2e, so a 2 goes back with every error.",
        "The 2 is easily lost on the way back. The gradient is then half of what it should be: the filter still "
        "learns, but a gradient check fails.",
    ),
    "mean_squared_error": LossWords(
        "the mean of the squared errors",
        "Square every error and take the mean over all n target cells, those of every sample and filter included. "
        "So the loss does not grow with the number of cells.",
        "Every error goes back times 2/n.",
        "n is the number of target cells, not of samples. With many cells the gradients are small, so a learning "
        "rate that suits the sum can be far too small here.",
    ),
    "half_mean_squared_error": LossWords(
        "half the mean of the squared errors",
        "Square every error, take the mean over all n target cells, and halve it.",
        "Every error goes back times 1/n: the 2 and the half cancel.",
        "Forgetting the 1/n on the way back makes every gradient n times too large, and the step may be too long.",
    ),
    "binary_cross_entropy": LossWords(
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


def _losses_numbers(name: str, example: Example) -> tuple[Block, ...]:
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
    from cnnstep.tutor.topics.blocks import with_activation

    return with_loss(with_activation(scenario, iteration.lesson.scenario.activation.name), PLAIN)


def _topic(name: str) -> Topic:
    loss, words = LOSSES[name], WORDS[name]
    numbers = partial(_losses_numbers, name)
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


LOSS_PAGES = tuple(_topic(name) for name in WORDS)


PAGES = (LOSS, *LOSS_PAGES)
