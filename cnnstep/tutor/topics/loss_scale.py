"""The scale of the loss: every loss on the same numbers, its factor and its gradient."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.losses import FILTER_LOSSES
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.blocks import peak
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.variants import first_of, with_loss

PLAIN = "half_squared_error"


def _numbers(example: Example) -> tuple[Block, ...]:
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


PAGES = (
    Topic(
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
        numbers=_numbers,
        network=_numbers,
        layers=TRAINED,
        goes_wrong=(
            "One loss is written down and another one's slope is used. Then every number of the gradient is off by the "
            "same factor, such as 2, ½, 1/n or 2/n. If all your numbers are off by one factor, look here first."
        ),
        next=Command("cnnstep explain mean_squared_error", "the mean, worked out"),
        see_also=("loss", "half_squared_error", "gradient-check", "learning-rate"),
    ),
)
