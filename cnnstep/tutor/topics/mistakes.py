"""`explain CODE`: a mistake as a page, made from its entry and worked on numbers, the wrong ones beside the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.document import Beside, Block, Command, Heading, Paragraph, Table
from cnnstep.tutor.mistakes import MISTAKES, Mistake, MistakeWords, StepContext, carry_out
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.topics.topic import Example

MOST_SEE_ALSO = 5


GROUPS = {
    "on the way forward": ("forward", "activation", "pool"),
    "with the error and δ": ("error", "delta"),
    "in the gradients": ("gradient", "bias_gradient"),
    "on the way back to the input": ("input_gradient", "pool_gradient", "softmax_gradient"),
    "in the update": ("velocity", "first_moment", "second_moment", "update"),
}
"""The words of a lesson's steps, in its order, under what the list calls them."""


def mistake_tables() -> tuple[Table, ...]:
    """All mistakes, by the first step that gives occasion for them."""
    return tuple(
        Table(
            ("mistake", "what went wrong"),
            tuple((code, one.title) for code, one in MISTAKES.items() if one.steps[0] in steps),
            f"Mistakes {where}",
        )
        for where, steps in GROUPS.items()
    )


def mistake_page(mistake: Mistake, example: Example) -> tuple[Block, ...]:
    """What the learner does, why it hurts, what to do instead, the numbers of both, and where it leads."""
    example = example.few(example.view.most_samples)
    where = example.typed if mistake.occasions(example.lesson) else mistake.shown_on
    command = f"cnnstep run {where} --mistake {mistake.code} --iterations 5"
    words = _words(mistake, example)
    return (
        Heading(f"The mistake: {mistake.title}", 1, mistake.code),
        Paragraph(words.does),
        Paragraph(words.hurts),
        Paragraph(f"Instead: {words.fix}", "good"),
        Heading("With numbers", 2, example.name),
        *example.said(),
        *_numbers(mistake, example),
        Command(command, "see where it leads"),
        Paragraph(f"See also: {', '.join(_alike(mistake)[:MOST_SEE_ALSO])}", "quiet"),
    )


def _alike(mistake: Mistake) -> list[str]:
    """The mistakes that can be made in the same steps: those in just these first, and the nearest in the list."""
    codes, own = list(MISTAKES), set(mistake.steps)
    place = codes.index(mistake.code)

    def apart(code: str) -> tuple[int, int]:
        return len(own ^ set(MISTAKES[code].steps)), abs(codes.index(code) - place)

    return sorted((code for code in codes if code != mistake.code and own & set(MISTAKES[code].steps)), key=apart)


def _words(mistake: Mistake, example: Example) -> MistakeWords:
    """What is said of the first step in which the mistake shows, else of one in which it can be made."""
    steps = [step for step, *pair in _wrongly(mistake, example) if not _same(*pair)]
    steps = steps or list(mistake.occasions(example.lesson))
    if not steps:
        return _words(mistake, replace(example, name=mistake.shown_on))
    return mistake.words(example.lesson, steps[0])


def _wrongly(mistake: Mistake, example: Example) -> Iterator[tuple[Step, Array, Array]]:
    """Every step that the mistake can be made in, with its wrong matrix and the right one."""
    iteration, values = _moment(mistake, example.first)
    for step in mistake.occasions(iteration.lesson):
        for wrong in carry_out(StepContext(iteration.lesson, step, values), mistake)[:1]:
            yield step, as_shown(step, wrong), iteration.matrix(step.name)


def _same(wrong: Array, right: Array) -> bool:
    return wrong.shape == right.shape and np.array_equal(wrong, right)


def _numbers(mistake: Mistake, example: Example) -> tuple[Block, ...]:
    """Every step that the mistake can be made in: with it, and without."""
    blocks = [block for found in _wrongly(mistake, example) for block in _pair(*found)]
    if not blocks:
        return (Paragraph("This mistake can't be made in this scenario.", "quiet"),)
    if mistake.remembers:
        words = "In iteration 0 there is nothing left from an earlier one, so this is iteration 1."
        blocks.insert(0, Paragraph(words))
    return tuple(blocks)


def _moment(mistake: Mistake, first: Iteration) -> tuple[Iteration, Mapping[str, Array]]:
    """The iteration to look at: the second one where the mistake is about what the first has left behind."""
    if not mistake.remembers:
        return first, first.values
    gradients = [step.name for step in first.lesson.steps if step.is_gradient]
    second = first.next()
    return second, {**second.values, **{f"{name}_before": first.values[name] for name in gradients}}


def _pair(step: Step, wrong: Array, right: Array) -> list[Block]:
    title = Paragraph(f"{title_of(step)}: {step.formula}", "strong")
    if _same(wrong, right):
        return [title, Paragraph("On these numbers the mistake changes nothing.", "quiet")]
    mine = planes(step.quantity, wrong, title=f"{step.symbol} with the mistake")
    return [title, Beside((*mine, *planes(step.quantity, right, title=f"{step.symbol}, right")))]
