"""A diagnosis as a document: the verdict in one sentence, the steps, then each cause, the numbers and how they are put
right.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Cell, bracketed
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.account import WRONG, Slip, StepMark
from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.check.headline import (
    convention_words,
    copied,
    headline,
    readings,
    table,
)
from cnnstep.tutor.check.put_right import put_right, put_right_cell
from cnnstep.tutor.check.separate import can_be_separated
from cnnstep.tutor.document import Beside, Block, Command, Heading, Mark, Note, Paragraph
from cnnstep.tutor.mistakes import MISTAKES, Mistake, MistakeWords, mistaken
from cnnstep.tutor.numbers import Numbers, capital, counted, listed
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.typed import EXACT, size
from cnnstep.tutor.why import arithmetic

DIFFERENT = Mark("✗", "not this number", "bad")
SHOWN_LOSSES = 2
"""How many updates are followed to show where a mistake leads."""


def report(diagnosis: Diagnosis, style: Numbers) -> tuple[Block, ...]:
    """The whole page."""
    diagnosis = _settled(diagnosis)
    blocks: list[Block] = [Heading(headline(diagnosis), 1), table(diagnosis)]
    told: set[str] = set()
    for mark in diagnosis.marks:
        blocks += _section(diagnosis, mark, told, style)
        told.update(mark.mistakes)
    blocks += _unreachable(diagnosis)
    blocks += _ending(diagnosis)
    return tuple(blocks)


def _settled(diagnosis: Diagnosis) -> Diagnosis:
    """Without what fits a step as well as a misconception that another step shows for certain."""
    certain = {code for mark in diagnosis.marks if not mark.others for code in mark.mistakes}
    marks = (
        replace(mark, others=()) if mark.mistakes and certain.issuperset(mark.mistakes) else mark
        for mark in diagnosis.marks
    )
    return replace(diagnosis, marks=tuple(marks))


def causes(diagnosis: Diagnosis, name: str) -> tuple[Block, ...]:
    """What went wrong in one step, in short: for a learner in the middle of a lesson."""
    mark = diagnosis.mark(name)
    if mark.others:
        return _each_reading(diagnosis, mark)
    blocks: list[Block] = []
    for code in mark.mistakes:
        words = _words(diagnosis, mark, MISTAKES[code])
        blocks += [Note(code, f"{words.does} {words.hurts}"), Paragraph(f"Instead: {words.fix}", "good")]
    if mark.same_as:
        blocks.append(Paragraph(f"{capital(copied(diagnosis.lesson, mark))}.", "warn"))
    told = [f"{bracketed(slip.cell)}: {slip.reason}" for slip in mark.slips if slip.reason]
    if told:
        blocks.append(Paragraph(f"{'; '.join(told)}.", "warn"))
    if mark.verdict == "correct" and diagnosis.conventions:
        named = listed([convention_words(one) for one in diagnosis.conventions])
        blocks.append(Paragraph(f"Right with {named}; this lesson has another convention.", "good"))
    return tuple(blocks)


def _section(diagnosis: Diagnosis, mark: StepMark, told: set[str], style: Numbers) -> list[Block]:
    """What lies behind one step's numbers; mistakes that an earlier section explained (`told`) are only named."""
    if mark.verdict not in WRONG and not mark.others:
        return []
    blocks = _heading(diagnosis, mark, told)
    if mark.verdict in WRONG:
        slips = [] if mark.same_as else _slips(mark, style)
        blocks += [*_columns(mark), *slips]
        if mark.mistakes and not mark.others:
            blocks += _two_ways(diagnosis, mark, style)
        if mark.mistakes or not slips:
            blocks += _put_right(diagnosis, mark, style)
    return blocks


def _heading(diagnosis: Diagnosis, mark: StepMark, told: set[str]) -> list[Block]:
    """What was done, why it is wrong and what to do instead; where several explanations fit, each of them."""
    title = title_of(mark.step)
    if mark.others:
        each = readings(diagnosis.lesson, mark)
        return [Heading(f"{title}: {'one of these' if len(each) > 1 else each[0]}", 2), *_each_reading(diagnosis, mark)]
    blocks: list[Block] = []
    for code in mark.mistakes:
        mistake = MISTAKES[code]
        blocks.append(Heading(f"{title}: {mistake.title}", 2, code))
        if code in told:
            blocks.append(Paragraph("The same misconception shows here again, so it counts once."))
            continue
        words = _words(diagnosis, mark, mistake)
        blocks += [
            Paragraph(f"What you did: {words.does}"),
            Paragraph(f"Why it hurts: {words.hurts}"),
            Paragraph(f"Instead: {words.fix}", "good"),
        ]
    if not mark.mistakes:
        blocks.append(Heading(f"{title}: {readings(diagnosis.lesson, mark)[0]}", 2))
    return blocks


def _each_reading(diagnosis: Diagnosis, mark: StepMark) -> tuple[Block, ...]:
    """A note for each explanation that the numbers fit."""
    own = [] if mark.verdict in WRONG and not mark.slips and not mark.mistakes else [_own_reading(diagnosis, mark)]
    others = [_reading(diagnosis, mark, other.codes, other.slips) for other in dict.fromkeys(mark.others)]
    words = "Your numbers fit all of these, so they can't tell which it was."
    if len(own) + len(others) == 1:
        words = "So few numbers can fit by chance, so this is not certain."
    return (*own, *others, Paragraph(words, "warn"))


def _own_reading(diagnosis: Diagnosis, mark: StepMark) -> Note:
    if mark.mistakes:
        return _reading(diagnosis, mark, mark.mistakes, len(mark.slips))
    if mark.slips:
        told = [f"{bracketed(slip.cell) or 'it'}{f' ({slip.reason})' if slip.reason else ''}" for slip in mark.slips]
        return Note("slip", f"All right but {listed(told)}.")
    conventions = [convention_words(cause.convention) for cause in mark.causes if cause.convention]
    at_zero = any(cause.convention and cause.convention.key == "relu_slope_at_zero" for cause in mark.causes)
    words = f"Right, with {listed(conventions)}" if conventions else "Right as it is"
    return Note("right", f"{words}{', which matters where z is exactly 0' if at_zero else ''}.", "good")


def _reading(diagnosis: Diagnosis, mark: StepMark, codes: tuple[str, ...], slips: int) -> Note:
    """What was done if these mistakes were made, and so many cells are off besides."""
    said = []
    for code in codes:
        words = _words(diagnosis, mark, MISTAKES[code])
        said.append(f"{words.does} Instead: {words.fix}")
    said += [f"Besides, {counted(slips, 'cell is', 'cells are')} off."] if slips and codes else []
    return Note(" + ".join(codes) or "slip", " ".join(said) or f"{counted(slips, 'cell is', 'cells are')} off.")


def _words(diagnosis: Diagnosis, mark: StepMark, mistake: Mistake) -> MistakeWords:
    """The words for the step that it was made in, which may be one before those that were given."""
    lesson = diagnosis.lesson
    made_in = [cause.step for cause in mark.causes if cause.mistake is mistake]
    if not made_in:
        up_to = lesson.steps[: lesson.names.index(mark.step.name) + 1]
        made_in = [step.name for step in reversed(up_to) if step.word in mistake.alterations]
    return mistake.words(lesson, lesson.step(made_in[0]) if made_in else mark.step)


def _columns(mark: StepMark) -> list[Block]:
    """Your matrix beside the right one; where it differs, also what follows from your earlier numbers."""
    if mark.mine is None or mark.expected is None or mark.right is None:
        return []
    step, mine, right = mark.step, mark.mine, mark.right
    blocks: list[Block] = []
    if not mine.in_shape(right.shape):
        blocks.append(Paragraph(f"Yours is {size(mine.values.shape)}; it should be {size(right.shape)}.", "warn"))
    columns = [
        planes(step.quantity, mine.values, dict.fromkeys(_wrong_cells(mark), DIFFERENT), title=f"your {step.symbol}")
    ]
    if _own_differ(mark):
        columns.append(planes(step.quantity, mark.expected, title=f"{step.symbol} from your numbers"))
    columns.append(planes(step.quantity, right, title=f"{step.symbol}, right"))
    return [*blocks, Beside(tuple(block for column in columns for block in column))]


def _wrong_cells(mark: StepMark) -> list[Cell]:
    """The cells, as a learner counts them, that are neither right nor follow from the numbers before."""
    assert mark.mine is not None
    from_yours, from_right = (None if due is None else mark.mine.wrong(due) for due in (mark.expected, mark.right))
    if from_yours is None or from_right is None:
        return []
    return [tuple(int(i) for i in cell) for cell in np.argwhere(from_yours & from_right)]


def _own_differ(mark: StepMark) -> bool:
    """Whether another matrix follows from the learner's earlier numbers than the one that is right."""
    follows, right = mark.expected, mark.right
    if follows is None or right is None or follows.shape != right.shape:
        return False
    return not np.allclose(follows, right, rtol=EXACT, atol=EXACT)


def _slips(mark: StepMark, style: Numbers) -> list[Block]:
    """Each cell that is off by itself: what stands there, what belongs there, and why."""
    blocks: list[Block] = []
    for slip in mark.slips:
        where = mark.step.quantity.label(mark.step.quantity.layout.full_cell(slip.cell))
        belongs = "with that mistake it would be" if mark.mistakes else _belongs(mark)
        reason = f": {slip.reason}" if slip.reason else ""
        text = f"{where}: you wrote {style.text(slip.yours)}, {belongs} {style.text(slip.expected)}{reason}."
        blocks += [Paragraph(text, "warn"), *_worked(mark, slip, style)]
    return blocks


def _worked(mark: StepMark, slip: Slip, style: Numbers) -> list[Block]:
    """The products of a cell, where no mistake makes other ones of them."""
    if mark.context is None or slip.working is None:
        return []
    cell = mark.step.quantity.layout.full_cell(slip.cell)
    follows = mark.times * mark.context.step.working(mark.context.values, cell).value
    is_sum = len(slip.working.terms) > 1 or mark.times != 1.0  # else a formula says more than one product
    if is_sum and abs(follows - slip.expected) <= EXACT * max(1.0, abs(slip.expected)):
        return [put_right_cell(mark.context, mark.times, cell, style)]
    return [*arithmetic(mark.step, cell, slip.working, style)]


def _two_ways(diagnosis: Diagnosis, mark: StepMark, style: Numbers) -> list[Block]:
    """Where a mistake in the update leads the loss, and where the right way does."""
    if mark.step.role != "update" or diagnosis.sheet.iteration:
        return []
    lesson = diagnosis.lesson
    try:
        wrong = mistaken(lesson, *(MISTAKES[code] for code in mark.mistakes))
        yours, rightly = _losses(wrong), _losses(lesson)
    except InputError:
        return []
    arrows = [" → ".join(style.text(loss) for loss in losses) for losses in (yours, rightly)]
    return [Paragraph(f"Your way the loss goes {arrows[0]}; the right way {arrows[1]}.")]


def _losses(lesson: Lesson) -> list[float]:
    iteration = first_iteration(lesson)
    losses = [iteration.loss, iteration.loss_after]
    while len(losses) <= SHOWN_LOSSES:
        iteration = iteration.next()
        losses.append(iteration.loss_after)
    return losses


def _put_right(diagnosis: Diagnosis, mark: StepMark, style: Numbers) -> list[Block]:
    """The learner's own arithmetic put right, from the step at which it went wrong to the one that was given."""
    made_in = {cause.step for cause in mark.causes if cause.mistake}
    blocks: list[Block] = []
    for one in diagnosis.marks:
        if one.step.name in made_in | {mark.step.name} and one.context is not None:
            blocks += _line_put_right(mark if one.step is mark.step else one, style)
    first = _first_that_differs(mark, style) if mark.verdict == "unexplained" else []
    return [*first, Paragraph(_how(mark), "good"), *blocks] if blocks else first


def _first_that_differs(mark: StepMark, style: Numbers) -> list[Block]:
    cells = _wrong_cells(mark)
    if not cells or mark.mine is None or mark.expected is None:
        return []
    where = mark.step.quantity.label(mark.step.quantity.layout.full_cell(cells[0]))
    yours, due = (style.text(float(array[cells[0]])) for array in (mark.mine.values, mark.expected))
    return [Paragraph(f"The first that differs is {where}: you wrote {yours}, {_belongs(mark)} {due}.")]


def _belongs(mark: StepMark) -> str:
    return "from your numbers it is" if _own_differ(mark) else "it is"


def _how(mark: StepMark) -> str:
    """`Put right:`, for who walked uphill with what to do with the gradient that they have."""
    if "uphill-update" in mark.mistakes and mark.context is not None:
        return f"Put right: with your sign, {'subtract' if mark.context.scenario.sign > 0 else 'add'}."
    return "Put right, from your numbers:" if _own_differ(mark) else "Put right:"


def _line_put_right(mark: StepMark, style: Numbers) -> list[Block]:
    assert mark.context is not None
    quantity = mark.step.quantity
    wrong = _wrong_cells(mark) if mark.mine is not None else []
    wrong.sort(key=lambda cell: mark.right is None or not mark.right[cell])  # a 0 shows less than a sum
    cell = quantity.layout.full_cell(wrong[0]) if wrong else (0,) * len(quantity.layout.axes)
    return [put_right(mark.context, mark.times, cell, style)]


def _unreachable(diagnosis: Diagnosis) -> list[Block]:
    found = findings(first_iteration(diagnosis.lesson))
    return [Note(f.code, f.message) for f in found if f.code == "unreachable-target"]


def _ending(diagnosis: Diagnosis) -> list[Block]:
    """One thing to type next."""
    name = diagnosis.sheet.name or "SCENARIO"
    if any(mark.others for mark in diagnosis.marks) and can_be_separated(diagnosis):
        return [Command("cnnstep check WORK --separate FILE", "writes a scenario that tells these apart")]
    if diagnosis.mistakes:
        command = f"cnnstep run {name} --mistake {diagnosis.mistakes[0]} --iterations 5"
        return [Command(command, "see where it leads")]
    if diagnosis.verdict == "correct":
        return [Command(f"cnnstep run {name} --iterations 40", "see where it leads")]
    return [Command(f"cnnstep step {name} --interactive", "work through it, a number at a time")]
