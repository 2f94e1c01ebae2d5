"""`explain CODE`: a mistake as a page, made from its entry and worked on numbers, the wrong ones beside the right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.engine.trace import GRADIENT_ROLES, Iteration
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.document import Beside, Block, Command, Heading, Paragraph, Table
from cnnstep.tutor.mistakes import MISTAKES, Case, Mistake, carry_out
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.topics.example import Example

MOST_SEE_ALSO = 5
MOST_SAMPLES = 3
"""So many of a network's samples are worked through."""


def mistake_table() -> Table:
    """All mistakes, in the order in which a lesson gives occasion for them."""
    rows = tuple((code, one.title) for code, one in MISTAKES.items())
    return Table(("mistake", "what went wrong"), rows, "Mistakes")


def mistake_page(mistake: Mistake, example: Example) -> tuple[Block, ...]:
    """What the learner does, why it hurts, what to do instead, the numbers of both, and where it leads."""
    alike = [code for code, one in MISTAKES.items() if set(one.roles) & set(mistake.roles) and one is not mistake]
    example = example.few(MOST_SAMPLES) if example.scenario.is_network else example
    command = f"cnnstep run {example.typed} --mistake {mistake.code} --iterations 5"
    return (
        Heading(f"The mistake: {mistake.title}", 1, mistake.code),
        Paragraph(mistake.does),
        Paragraph(mistake.hurts),
        Paragraph(f"Instead: {mistake.fix}", "good"),
        Heading("With numbers", 2, example.name),
        *example.said(),
        *_numbers(mistake, example),
        Command(command, "see where it leads"),
        Paragraph(f"See also: {', '.join(alike[:MOST_SEE_ALSO])}", "quiet"),
    )


def _numbers(mistake: Mistake, example: Example) -> tuple[Block, ...]:
    """Every step that the mistake can be made in: with it, and without."""
    iteration, values = _moment(mistake, example.first)
    blocks: list[Block] = []
    if iteration.number:
        words = f"Iteration 0 has no gradient before it, so this is iteration {iteration.number}."
        blocks.append(Paragraph(words))
    for step in iteration.lesson.steps:
        if step.role in mistake.slants:
            for wrong in carry_out(Case(iteration.lesson, step, values), mistake)[:1]:
                blocks += _pair(step, as_shown(step, wrong), iteration.matrix(step.name))
    return tuple(blocks) or (Paragraph("This mistake can't be made in this scenario.", "quiet"),)


def _moment(mistake: Mistake, first: Iteration) -> tuple[Iteration, Mapping[str, Array]]:
    """The iteration to look at: the second one where the mistake is about what the first has left behind."""
    if not mistake.remembers:
        return first, first.values
    gradients = [step.name for step in first.lesson.steps if step.role in GRADIENT_ROLES]
    second = first.next()
    return second, {**second.values, **{f"{name}_before": first.values[name] for name in gradients}}


def _pair(step: Step, wrong: Array, right: Array) -> list[Block]:
    title = Paragraph(f"{title_of(step)}: {step.formula}", "strong")
    if wrong.shape == right.shape and np.array_equal(wrong, right):
        return [title, Paragraph("On these numbers the mistake changes nothing.", "quiet")]
    mine = planes(step.quantity, wrong, title=f"{step.symbol} with the mistake")
    return [title, Beside((*mine, *planes(step.quantity, right, title=f"{step.symbol}, right")))]
