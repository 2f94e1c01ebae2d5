"""From an iteration to a document: the question, one card a step, the findings."""

from __future__ import annotations

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Heading, Paragraph
from cnnstep.tutor.network.overview import one_sample
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import Part
from cnnstep.tutor.select import Selection, selected
from cnnstep.tutor.sentences import title_of, words_of
from cnnstep.tutor.views import view_of

SILENT = ("forward", "gradient", "bias_gradient")
"""Roles of steps at which no finding ever stands: a large batch is not searched for them."""
CELL_BY_CELL = ("dead-relu", "at-kink", "saturated", "unreachable-target")
"""Findings that name cells, so that each sample has its own."""


def question(iteration: Iteration, sample: int | None = None) -> tuple[Block, ...]:
    """What the iteration starts from: input, filter, bias and target, next to each other; of a batch, one sample's."""
    return view_of(iteration.lesson.scenario).question(iteration, sample)


def step_card(
    iteration: Iteration,
    step: Step,
    numbers: Numbers,
    *,
    all_of_them: bool = False,
    part: Part = ((), None),
    sample: int | None = None,
    found: list[Finding] | None = None,
    numbered: bool = True,
) -> tuple[Block, ...]:
    """One step: its number, title and formula, the sentence on what happened, its matrix, what is worth saying.

    `part` is what is wanted of its matrices; `sample` is the one of a batch that is looked at.
    `found` are the iteration's findings, where they are known already; a page that stands alone is not `numbered`.
    """
    position = iteration.lesson.names.index(step.name) + 1
    if step.role in SILENT:
        found = []
    found = [f for f in (findings(iteration) if found is None else found) if f.step == step.name]
    if sample is not None:
        iteration, found = _of_sample(iteration, sample, step.name, found)
        step = iteration.lesson.step(step.name)
    heading = Heading(f"{position} {title_of(step)}" if numbered else title_of(step), note=step.formula)
    happened = Paragraph(words_of(iteration, step).happened(iteration, step, numbers))
    view = view_of(iteration.lesson.scenario)
    return (heading, happened, *view.card(iteration, step, numbers, found, part, whole=all_of_them))


def _of_sample(iteration: Iteration, sample: int, step: str, found: list[Finding]) -> tuple[Iteration, list[Finding]]:
    """The iteration as one sample sees it; of the batch's findings at a step, those about cells are its own."""
    own = one_sample(iteration, sample)
    if own is iteration:
        return iteration, found
    kept = [finding for finding in found if finding.code not in CELL_BY_CELL]
    return own, [*(f for f in findings(own) if f.step == step and f.code in CELL_BY_CELL), *kept]


def iteration_cards(
    iteration: Iteration, numbers: Numbers, only: tuple[str, ...] = (), sample: int | None = None
) -> tuple[Block, ...]:
    """Every step of an iteration, or only those named: `gradient`, `conv1.gradient[3]`, `conv1`."""
    view = one_sample(iteration, sample)
    chosen = selected(view, only) if only else tuple(Selection(step) for step in iteration.lesson.steps)
    found, whole = findings(iteration), bool(only)
    return tuple(
        block
        for one in chosen
        for block in step_card(
            iteration,
            one.step,
            numbers,
            all_of_them=whole,
            part=(one.part, one.window),
            sample=sample,
            found=found,
        )
    )
