"""Pages on what books do differently: the sign of the error, the loss's scale, the slope at a kink."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.losses import FILTER_LOSSES
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.topics.blocks import beside, corner, first_of, grid_of, peak, with_activation, with_loss
from cnnstep.tutor.topics.topic import TRAINED, Example, Topic

SAME = 1e-12


def _error_sign_numbers(example: Example) -> tuple[Block, ...]:
    return _both_ways(example, ("error", "delta", "gradient", "update"))


def _in_network(example: Example) -> tuple[Block, ...]:
    """The error, what the last layer sends back, and the first trained layer's gradient and update."""
    at = example.lesson.trained[0]
    back = next(step.name for step in example.lesson.steps if step.role == "input_gradient")
    return _both_ways(example, ("error", back, at.gradient, at.update))


def _both_ways(example: Example, names: tuple[str, ...]) -> tuple[Block, ...]:
    turns = [first_of(replace(example.scenario, error=sign)) for sign in ERROR_SIGNS]
    rows: list[tuple[str | float, ...]] = []
    blocks: list[Block] = []
    for name in names:
        steps = [turn.lesson.step(name) for turn in turns]
        rows.append((name, *(step.formula for step in steps)))
        groups = [
            [corner(block) for block in grid_of(f"{step.symbol}, {sign}", step.quantity, turn.values[name])[:1]]
            for step, turn, sign in zip(steps, turns, ERROR_SIGNS, strict=True)
        ]
        if name != names[1]:
            blocks.append(beside(*groups))
    one, other = (turn.values[names[-1]] for turn in turns)
    apart = float(np.abs(one - other).max())
    verdict = "The new weights are equal." if apart <= SAME else f"The new weights differ by {example.text(apart)}."
    return (Table(("step", *ERROR_SIGNS), tuple(rows)), *blocks, Paragraph(verdict, "good"))


ERROR_SIGN = Topic(
    name="error-sign",
    title="The sign of the error",
    summary="output − target or target − output: both are right",
    group="conventions",
    paragraphs=(
        "Some books write e = a − t, others e = t − a. The loss is the same, because it squares e. "
        "But everything that follows changes its sign.",
        "With e = a − t you get ∂L/∂W, which points uphill, and subtract it. With e = t − a you get −∂L/∂W, "
        "which points downhill, and add it. The two signs cancel: the new filter is the same.",
    ),
    formula="W ← W − η·∂L/∂W",
    formula_words="the same as W ← W + η·(−∂L/∂W)",
    numbers=_error_sign_numbers,
    network=_in_network,
    layers=TRAINED,
    goes_wrong=(
        "The two are mixed: e = t − a, and then subtracted. That walks uphill: away from a kink, the loss grows "
        "however small the learning rate is. That is how you tell it from a step that is too long."
    ),
    next=Command("cnnstep run target-minus-output", "a lesson with the other sign"),
    see_also=("error", "update", "loss-scale", "learning-rate"),
)


PLAIN = "half_squared_error"


def _loss_scale_numbers(example: Example) -> tuple[Block, ...]:
    scenario = with_loss(example.scenario, PLAIN) if example.scenario.loss.only_with else example.scenario
    plain = first_of(with_loss(scenario, PLAIN))
    gradient = plain.lesson.quantity(plain.lesson.trained[0].gradient)
    cell = gradient.layout.full_cell(peak(plain, gradient.name))
    count = plain.values["error"].size
    reference = float(plain.values[gradient.name][cell])
    rows: list[tuple[str | float, ...]] = []
    apart: list[str] = []
    for name, loss in FILTER_LOSSES.items():
        if loss.factor is None:
            apart.append(f"{name} is left out: its factor {loss.weight_label} differs from cell to cell.")
            continue
        turn = first_of(with_loss(scenario, name))
        value = float(turn.values[gradient.name][cell])
        times: str | float = value / reference if reference and np.isfinite(value) else "—"
        rows.append((name, loss.formula, turn.loss, loss.weight_formula or "1", loss.factor(count), value, times))
    label, symbol = gradient.label(cell), gradient.symbol
    return (
        Table(("name", "L", "loss", "factor", "here", symbol, "times"), tuple(rows)),
        Paragraph(
            f"Here n = {example.text(count)} target cells. The factor is what each error is multiplied by on its way "
            f"back: ∂L/∂a = factor · e. The last column compares {label} with that of {PLAIN}: the same factor."
        ),
        *(Paragraph(words, "quiet") for words in apart),
    )


LOSS_SCALE = Topic(
    name="loss-scale",
    title="The scale of the loss",
    summary="½Σe², Σe², means: the same direction, different lengths",
    group="conventions",
    paragraphs=(
        "½Σe², Σe² and their means all agree on which filter is better. They differ by a factor, "
        "and that factor goes into every gradient.",
        "In a plain step (sgd) a larger factor does the same as a larger learning rate. So none of them is wrong, "
        "but a learning rate that suits one may be far too large for another.",
    ),
    formula="∂L/∂a = factor · (a − t)",
    formula_words="factor 1, 2, 2/n or 1/n",
    numbers=_loss_scale_numbers,
    network=_loss_scale_numbers,
    layers=TRAINED,
    goes_wrong=(
        "One loss is written down and another one's slope is used. Then every number of the gradient is off by the "
        "same factor, such as 2, ½, 1/n or 2/n. If all your numbers are off by one factor, look here first."
    ),
    next=Command("cnnstep explain mean_squared_error", "the mean, worked out"),
    see_also=("loss", "half_squared_error", "gradient-check", "learning-rate"),
)


CHOICES = (0.0, 0.5, 1.0)
LONGEST = 50
"""At most this many iterations are searched for a z of exactly 0."""
MOST_CELLS = 6


def _slope_at_zero_numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if scenario.activation.name != "relu":
        blocks.append(Paragraph(f"This scenario has {scenario.activation.name}. Here relu takes its place."))
        scenario = with_activation(scenario, "relu")
    turn = _at_zero(scenario)
    if turn is None:
        words = f"In its first {LONGEST} iterations no z is exactly 0, so here the choice changes nothing."
        return (*blocks, Paragraph(words), *_choices(first_of(scenario), example))
    layout = turn.lesson.quantity("forward").layout
    cells = [bracketed(layout.shown_cell(tuple(int(i) for i in c))) for c in np.argwhere(turn.values["forward"] == 0)]
    more = f" and {len(cells) - MOST_CELLS} more" if len(cells) > MOST_CELLS else ""
    words = f"In iteration {turn.number} z is exactly 0 at {listed(cells[:MOST_CELLS], ',' if more else 'and')}{more}."
    return (*blocks, Paragraph(words), *_choices(turn, example))


def _at_zero(scenario: Scenario) -> Iteration | None:
    """The first iteration with a z of exactly 0 and an error there; else the first with such a z."""
    harmless = None
    for turn in trace(scenario, LONGEST):
        at = turn.values["forward"] == 0
        if (at & (turn.values["error"] != 0)).any():
            return turn
        if at.any() and harmless is None:
            harmless = turn
    return harmless


def _choices(turn: Iteration, example: Example) -> tuple[Block, ...]:
    """δ and gradient of this very filter for each choice of slope."""
    scenario = turn.lesson.scenario.with_weights(turn.values["filter"], turn.values.get("bias"))
    turns = {choice: first_of(_choosing(scenario, choice)) for choice in CHOICES}
    quantity = turn.lesson.quantity
    gradients = [one.values["gradient"] for one in turns.values()]
    same = all(np.array_equal(gradients[0], other) for other in gradients[1:])
    verdict = (
        "All three gradients are the same: no cell at 0 has an error."
        if same
        else "The gradients differ, and all of them are right: which slope to take at a corner is a choice."
    )
    return (
        beside(
            grid_of("z", quantity("forward"), turn.values["forward"])[:1],
            grid_of("e", quantity("error"), turn.values["error"])[:1],
        ),
        beside(*(grid_of(f"δ with {c:g}", quantity("delta"), t.values["delta"])[:1] for c, t in turns.items())),
        beside(
            *(grid_of(f"∂L/∂W with {c:g}", quantity("gradient"), t.values["gradient"])[:1] for c, t in turns.items())
        ),
        Paragraph(verdict),
    )


def _choosing(scenario: Scenario, slope: float) -> Scenario:
    layer = ActivationLayer(ACTIVATIONS["relu"](slope))
    return replace(scenario, layers=(scenario.conv, layer), relu_slope_at_zero=slope)


SLOPE_AT_ZERO = Topic(
    name="slope-at-zero",
    title="The slope of relu at 0",
    summary="relu has a corner at 0: its slope there is a choice",
    group="conventions",
    paragraphs=(
        "Left of 0 relu is flat, right of 0 it climbs with slope 1. At exactly 0 it has a corner, and no slope of "
        "its own. Every number from 0 to 1 is a fair choice (a subgradient).",
        "Most libraries take 0, and so does this program unless the scenario says relu_slope_at_zero. "
        "It matters only where z is exactly 0, which happens with small whole numbers and hardly ever otherwise.",
    ),
    formula="relu′(0) = 0, or any number up to 1",
    formula_words="in a scenario: relu_slope_at_zero: 1",
    numbers=_slope_at_zero_numbers,
    goes_wrong=(
        "Two people get different gradients and both are right. Look for a z of exactly 0. "
        "A mask of a ≥ 0 is something else (mask-not-strict): after relu that holds everywhere, "
        "so nothing is ever stopped."
    ),
    next=Command("cnnstep run at-the-kink", "a lesson that starts at the corner"),
    see_also=("relu", "delta", "dead-relu", "gradient-check"),
    scenario="at-the-kink",
)


PAGES = (ERROR_SIGN, LOSS_SCALE, SLOPE_AT_ZERO)
