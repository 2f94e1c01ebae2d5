"""`run --mistake`: where a mistake leads, beside the right way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnstep.engine.quantity import number, numbers
from cnnstep.tutor.document import Beside, Block, Command, Curve, Heading, Paragraph, Series, Table
from cnnstep.tutor.mistakes.mistake import Mistake
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import planes
from cnnstep.tutor.record import Record
from cnnstep.tutor.run import STATUS, run_data

FIRST_LOSSES = 6
"""So many losses are written out side by side."""


def astray_document(wrong: Record, right: Record, mistake: Mistake, name: str, style: Numbers) -> tuple[Block, ...]:
    """What the learner does, the step beside the right one, two loss curves, two filters."""
    blocks: list[Block] = [
        Heading(f"The mistake: {mistake.title}", 1, mistake.code),
        Paragraph(mistake.does),
        Paragraph(mistake.hurts),
        Paragraph(f"Instead: {mistake.fix}", "good"),
    ]
    blocks += _first_difference(wrong, right)
    if not _differ(wrong, right):
        blocks.append(
            Paragraph("On these numbers the mistake changes nothing, so nothing here gives it away.", "warn")
        )
        blocks.append(Command("cnnstep scenarios", "find one that shows it"))
        return tuple(blocks)
    blocks.append(_losses(wrong, right))
    if wrong.iterations > 1:
        series = (Series("with the mistake", wrong.losses, "x"), Series("right", right.losses, "•"))
        blocks.append(
            Curve("Loss", series, "iteration", 0, max(wrong.iterations, right.iterations), log=_far_apart(wrong))
        )
    blocks += _filters(wrong, right)
    for record, words in ((wrong, "With the mistake"), (right, "The right way")):
        meaning, tone = STATUS[record.outcome.status]
        after = counted(record.iterations, "iteration")
        blocks.append(Paragraph(f"{words}, after {after}: loss {style.text(record.outcome.loss)}, {meaning}.", tone))
    blocks.append(Command(f"cnnstep run {name}", "the right way, every number"))
    return tuple(blocks)


def _differ(wrong: Record, right: Record) -> bool:
    names = [leaf for leaf, _ in right.lesson.carried]
    return any(not np.array_equal(wrong.outcome.values[n], right.outcome.values[n]) for n in names) or any(
        not np.array_equal(wrong.first.values[n], right.first.values[n]) for n in right.lesson.names
    )


def _first_difference(wrong: Record, right: Record) -> list[Block]:
    """The first step that comes out otherwise, both ways."""
    for step in right.lesson.steps:
        if not np.array_equal(wrong.first.values[step.name], right.first.values[step.name]):
            pair = (
                *planes(step.quantity, wrong.first.matrix(step.name), title=f"{step.symbol} with the mistake"),
                *planes(step.quantity, right.first.matrix(step.name), title=f"{step.symbol}, right"),
            )
            return [Heading(f"Iteration 0, {step.name.replace('_', ' ')}", 2, step.formula), Beside(pair)]
    return []


def _losses(wrong: Record, right: Record) -> Table:
    rows = tuple(
        (str(k), one, other)
        for k, (one, other) in enumerate(zip(wrong.losses[:FIRST_LOSSES], right.losses[:FIRST_LOSSES], strict=False))
    )
    return Table(("iteration", "loss with the mistake", "loss, right"), rows)


def _far_apart(record: Record) -> bool:
    positive = [loss for loss in record.losses if loss > 0 and np.isfinite(loss)]
    return len(positive) > 1 and max(positive) > 100 * min(positive)


def _filters(wrong: Record, right: Record) -> list[Block]:
    blocks: list[Block] = []
    for leaf, _ in right.lesson.carried:
        if leaf.endswith("_before"):
            continue
        quantity = right.lesson.quantity(leaf)
        pair = (
            *planes(quantity, wrong.outcome.matrix(leaf), title=f"{leaf} {quantity.symbol} in the end"),
            *planes(quantity, right.outcome.matrix(leaf), title="right"),
        )
        blocks.append(Beside(pair))
    return blocks


def astray_data(
    wrong: Record, right: Record, mistake: Mistake, scenario: Mapping[str, Any], only: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The run with the mistake as a run's JSON, and beside it `mistake` and how the right way goes."""
    rightly: dict[str, Any] = {"losses": [number(loss) for loss in right.losses], "status": right.outcome.status}
    for leaf, _ in right.lesson.carried:
        if not leaf.endswith("_before"):
            rightly[leaf] = numbers(right.outcome.matrix(leaf))
    return run_data(wrong, scenario, only) | {"mistake": mistake.code, "right": rightly}
