"""`run --mistake`: where a mistake leads, beside the right way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnstep.engine.quantity import number, numbers
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Command, Curve, Heading, Paragraph, Series, Table
from cnnstep.tutor.mistakes.mistake import Mistake
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import planes
from cnnstep.tutor.record import Record
from cnnstep.tutor.run import ending, run_data

FIRST_LOSSES = 6
"""At most this many losses are written out side by side."""


def comparison_document(wrong: Record, right: Record, mistake: Mistake, name: str, style: Numbers) -> tuple[Block, ...]:
    """What the learner does, the step beside the right one, two loss curves, two filters."""
    heading = Heading(f"The mistake: {mistake.title}", 1, mistake.code)
    apart = _first_difference(wrong, right)
    step = apart[0] if apart else next(iter(mistake.occasions(right.lesson)), None)
    if step is None:
        where = Command(f"cnnstep run {mistake.shown_on} --mistake {mistake.code}", "a scenario that shows it")
        return heading, Paragraph("This mistake can't be made in this scenario.", "warn"), where
    words = mistake.words(right.lesson, step)
    blocks: list[Block] = [
        heading,
        Paragraph(words.does),
        Paragraph(words.hurts),
        Paragraph(f"Instead: {words.fix}", "good"),
    ]
    if not apart and not _end_apart(wrong, right):
        return *blocks, *_unnoticed(wrong, mistake, name)
    blocks += _pair(*apart) if apart else []
    blocks.append(_losses(wrong, right))
    if wrong.iterations > 1:
        series = (Series("with the mistake", wrong.losses, "x"), Series("right", right.losses, "•"))
        blocks.append(
            Curve("Loss", series, "iteration", 0, max(wrong.iterations, right.iterations), log=_far_apart(wrong))
        )
    blocks += _filters(wrong, right)
    for record, way in ((wrong, "With the mistake"), (right, "The right way")):
        meaning, tone = ending(record)
        after = counted(record.iterations, "iteration")
        blocks.append(Paragraph(f"{way}, after {after}: loss {style.text(record.outcome.loss)}, {meaning}.", tone))
    blocks.append(Command(f"cnnstep run {name}", "the right way, every number"))
    return tuple(blocks)


def _unnoticed(wrong: Record, mistake: Mistake, name: str) -> tuple[Block, ...]:
    """Why nothing shows, and what would show it."""
    if mistake.remembers and wrong.iterations == 1:
        words = "In iteration 0 there is nothing left from an earlier one, so it can't show before iteration 1."
        again = Command(f"cnnstep run {name} --mistake {mistake.code} --iterations 2", "one iteration more")
        return Paragraph(words, "warn"), again
    words = "On these numbers the mistake changes nothing, so nothing here gives it away."
    return Paragraph(words, "warn"), Command("cnnstep scenarios", "find one that shows it")


def _end_apart(wrong: Record, right: Record) -> bool:
    names = (leaf for leaf, _ in right.lesson.carried)
    return any(not np.array_equal(wrong.outcome.values[n], right.outcome.values[n]) for n in names)


def _first_difference(wrong: Record, right: Record) -> tuple[Step, Iteration, Iteration] | None:
    """The first step of the first two iterations that comes out otherwise, and the iterations both ways."""
    pair = wrong.first, right.first
    while True:
        for step in right.lesson.steps:
            if not np.array_equal(pair[0].values[step.name], pair[1].values[step.name]):
                return step, *pair
        if pair[1].number or wrong.iterations == 1:
            return None
        pair = pair[0].next(), pair[1].next()


def _pair(step: Step, wrong: Iteration, right: Iteration) -> list[Block]:
    """The step with the mistake beside the right one."""
    pair = (
        *planes(step.quantity, wrong.matrix(step.name), title=f"{step.symbol} with the mistake"),
        *planes(step.quantity, right.matrix(step.name), title=f"{step.symbol}, right"),
    )
    return [Heading(f"Iteration {right.number}, {step.name.replace('_', ' ')}", 2, step.formula), Beside(pair)]


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
    for leaf in (one.leaf for one in right.lesson.trained):
        pair = (
            *planes(leaf, wrong.outcome.matrix(leaf.name), title=f"{leaf.name} {leaf.symbol} in the end"),
            *planes(leaf, right.outcome.matrix(leaf.name), title="right"),
        )
        blocks.append(Beside(pair))
    return blocks


def comparison_data(
    wrong: Record,
    right: Record,
    mistake: Mistake,
    scenario: Mapping[str, Any],
    only: tuple[str, ...] = (),
    asked: int | None = None,
) -> dict[str, Any]:
    """The run with the mistake as a run's JSON, and beside it `mistake` and how the right way goes."""
    rightly: dict[str, Any] = {"losses": [number(loss) for loss in right.losses], "status": right.outcome.status}
    for one in right.lesson.trained:
        rightly[one.leaf.name] = numbers(right.outcome.matrix(one.leaf.name))
    return run_data(wrong, scenario, only, asked) | {"mistake": mistake.code, "right": rightly}
