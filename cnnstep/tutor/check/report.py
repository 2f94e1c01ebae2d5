"""A diagnosis as a document: the verdict in one sentence, the steps, then each cause with its two lines."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.conventions import Convention
from cnnstep.tutor.check.diagnose import Diagnosis, first_wrong
from cnnstep.tutor.check.marks import Slip, StepMark
from cnnstep.tutor.check.separate import can_be_separated
from cnnstep.tutor.document import Beside, Block, Command, Heading, Mark, Note, Paragraph, Table, Tone
from cnnstep.tutor.mistakes import MISTAKES, Mistake, Words, mistaken
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import place_of, title_of
from cnnstep.tutor.why import arithmetic

DIFFERENT = Mark("✗", "not this number", "bad")
SHOWN_LOSSES = 2
"""So many updates are followed to show where a mistake leads."""


def report(diagnosis: Diagnosis, style: Numbers) -> tuple[Block, ...]:
    """The whole page."""
    blocks: list[Block] = [Heading(_verdict(diagnosis), 1), _table(diagnosis)]
    told: set[str] = set()
    for mark in diagnosis.marks:
        blocks += _cause(diagnosis, mark, told, style)
        told.update(mark.mistakes)
    blocks += _unreachable(diagnosis)
    blocks += _ending(diagnosis)
    return tuple(blocks)


def causes(diagnosis: Diagnosis, name: str) -> tuple[Block, ...]:
    """What went wrong in one step, in short: for a learner in the middle of a lesson."""
    mark = diagnosis.mark(name)
    blocks: list[Block] = []
    for code in mark.mistakes:
        words = _words(diagnosis, mark, MISTAKES[code])
        blocks += [Note(code, f"{words.does} {words.hurts}"), Paragraph(f"The right line: {words.fix}", "good")]
    told = [f"{bracketed(slip.cell)}: {slip.reason}" for slip in mark.slips if slip.reason]
    if told:
        blocks.append(Paragraph(f"{'; '.join(told)}.", "warn"))
    if mark.verdict == "correct" and diagnosis.conventions:
        named = listed([_convention(one) for one in diagnosis.conventions])
        blocks.append(Paragraph(f"Right with {named}; this lesson has another convention.", "good"))
    return (*blocks, *_alternatives(mark))


def _verdict(diagnosis: Diagnosis) -> str:
    """One sentence: what went wrong, and where."""
    wrong = [mark for mark in diagnosis.marks if mark.verdict in ("mistake", "slip", "unexplained")]
    given = sum(1 for mark in diagnosis.marks if mark.verdict != "missing")
    if not wrong:
        conventions = [_convention(one) for one in diagnosis.conventions]
        right = "All right" if given > 1 else "Right"
        return f"{right}, with {listed(conventions)}." if conventions else f"{right}."
    told = _told(wrong)
    if len(told) == 1:
        return f"One thing went wrong, in {told[0]}."
    count = {2: "Two", 3: "Three", 4: "Four"}.get(len(told), str(len(told)))
    return f"{count} things went wrong: in {'; in '.join(told)}."


def _told(wrong: list[StepMark]) -> list[str]:
    """`the filter gradient: you …`, one for each cause; a misconception that shows in several steps names them all."""
    steps: dict[tuple[str, str], list[str]] = {}
    for mark in wrong:
        name = place_of(mark.step)
        for code in mark.mistakes:
            steps.setdefault((MISTAKES[code].title, code), []).append(name)
        if mark.slips:
            turned = all("sign is turned" in slip.reason for slip in mark.slips)
            what = f"{counted(len(mark.slips), 'cell')} {'with the sign turned' if turned else 'off'}"
            steps[what, name] = [name]
        if mark.verdict == "unexplained":
            steps["these numbers don't come out, and no mistake known here gives them", name] = [name]
    return [f"{listed(names)}: {what}" for (what, _), names in steps.items()]


def _table(diagnosis: Diagnosis) -> Table:
    """A row a step: right, follows, mistake, slip, not given."""
    rows: list[tuple[str | float, ...]] = []
    tones: list[Tone] = []
    for mark in diagnosis.marks:
        word, tone = _word(diagnosis, mark)
        rows.append((title_of(mark.step).lower(), word))
        tones.append(tone)
    return Table(("step", "your numbers"), tuple(rows), tones=tuple(tones))


def _word(diagnosis: Diagnosis, mark: StepMark) -> tuple[str, Tone]:
    conventions = [_convention(cause.convention) for cause in mark.causes if cause.convention]
    with_those = f", with {listed(conventions)}" if conventions else ""
    if mark.verdict == "missing":
        return "not given", "quiet"
    if mark.verdict == "mistake":
        return f"mistake: {listed(mark.mistakes)}{_and_slips(mark)}{with_those}", "bad"
    if mark.verdict == "slip":
        return f"slip in {listed([bracketed(slip.cell) or 'it' for slip in mark.slips])}{with_those}", "bad"
    if mark.verdict == "unexplained":
        return "not explained", "warn"
    if mark.verdict == "follows":
        return f"follows from your earlier numbers{with_those}", "plain"
    if mark.from_intended:
        return f"right, for the numbers you should have had before it{with_those}", "good"
    downhill = ": with it, the gradient points downhill" if _points_downhill(diagnosis, mark) else ""
    return f"right{with_those}{' for that sign' + downhill if downhill else ''}", "good"


def _and_slips(mark: StepMark) -> str:
    return f" and {counted(len(mark.slips), 'slip')}" if mark.slips else ""


def _points_downhill(diagnosis: Diagnosis, mark: StepMark) -> bool:
    turned = any(one.key == "error" for one in diagnosis.conventions)
    return turned and mark.step.role == "gradient" and diagnosis.lesson.scenario.sign < 0 and not mark.causes


def _convention(convention: Convention) -> str:
    if convention.key == "error":
        if convention.negate:
            return "the gradient's sign turned"
        return f"error = {str(convention.value).replace('_minus_', ' − ')}"
    if convention.key == "loss":
        return f"the loss {listed((str(convention.value), *convention.also), 'or')}"
    return f"ReLU′(0) = {float(convention.value):g}"


def _cause(diagnosis: Diagnosis, mark: StepMark, told: set[str], style: Numbers) -> list[Block]:
    """What stands behind one step's numbers; mistakes that were `told` of at an earlier step are only named."""
    if mark.verdict not in ("mistake", "slip", "unexplained") and not mark.alternatives:
        return []
    blocks: list[Block] = []
    for code in mark.mistakes:
        blocks += _again(MISTAKES[code], mark) if code in told else _mistake(diagnosis, MISTAKES[code], mark)
    blocks += _two_lines(mark)
    if any(code == "uphill-update" or mark.step.role == "update" for code in mark.mistakes):
        blocks += _two_ways(diagnosis, mark, style)
    for slip in mark.slips:
        blocks += _slip(mark, slip, style)
    if mark.verdict == "unexplained":
        blocks += _first_wrong_cell(mark, style)
    blocks += _alternatives(mark)
    return blocks


def _again(mistake: Mistake, mark: StepMark) -> list[Block]:
    return [
        Heading(f"{title_of(mark.step)}: {mistake.title}", 2, mistake.code),
        Paragraph("The same misconception shows here again, so it counts once."),
    ]


def _mistake(diagnosis: Diagnosis, mistake: Mistake, mark: StepMark) -> list[Block]:
    words = _words(diagnosis, mark, mistake)
    return [
        Heading(f"{title_of(mark.step)}: {mistake.title}", 2, mistake.code),
        Paragraph(f"What you did: {words.does}"),
        Paragraph(f"Why it hurts: {words.hurts}"),
        Paragraph(f"The right line: {words.fix}", "good"),
    ]


def _words(diagnosis: Diagnosis, mark: StepMark, mistake: Mistake) -> Words:
    """The words for the step that it was made in, which may be one before those that were given."""
    made_in = next(cause.step for cause in mark.causes if cause.mistake is mistake)
    return mistake.words(diagnosis.lesson, diagnosis.lesson.step(made_in))


def _two_lines(mark: StepMark) -> list[Block]:
    """Your matrix, the cells that differ marked, beside the right one from your earlier numbers."""
    if mark.mine is None or mark.verdict not in ("mistake", "slip", "unexplained"):
        return []
    right = mark.expected
    if right is None:
        return []
    wrong = mark.mine.wrong(right)
    cells = () if wrong is None else (tuple(int(i) for i in cell) for cell in np.argwhere(wrong))
    step = mark.step
    blocks: list[Block] = []
    if wrong is None:
        sizes = ["×".join(str(n) for n in shape) or "one number" for shape in (mark.mine.values.shape, right.shape)]
        blocks.append(Paragraph(f"Yours is {sizes[0]}; it should be {sizes[1]}.", "warn"))
    mine = planes(step.quantity, mark.mine.values, dict.fromkeys(cells, DIFFERENT), title=f"your {step.symbol}")
    return [*blocks, Beside((*mine, *planes(step.quantity, right, title=f"{step.symbol}, right")))]


def _two_ways(diagnosis: Diagnosis, mark: StepMark, style: Numbers) -> list[Block]:
    """Where the mistake leads the loss, and where the right way does."""
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


def _slip(mark: StepMark, slip: Slip, style: Numbers) -> list[Block]:
    cell = mark.step.quantity.layout.full_cell(slip.cell)
    where = mark.step.quantity.label(cell)
    reason = f": {slip.reason}" if slip.reason else ""
    text = f"{where}: you wrote {style.text(slip.yours)}, it is {style.text(slip.expected)}{reason}."
    shown = () if slip.working is None else arithmetic(mark.step, cell, slip.working, style)
    return [Paragraph(text, "warn"), *shown]


def _first_wrong_cell(mark: StepMark, style: Numbers) -> list[Block]:
    cell = first_wrong(mark)
    if cell is None or mark.line is None or mark.mine is None or mark.expected is None:
        return []
    step = mark.line.lesson.step(mark.step.name)
    full = step.quantity.layout.full_cell(cell)
    shown = arithmetic(step, full, step.working(mark.line.values, full), style)
    where = step.quantity.label(full)
    yours, right = style.text(float(mark.mine.values[cell])), style.text(float(mark.expected[cell]))
    return [Paragraph(f"The first that differs is {where}: you wrote {yours}, it is {right}."), *shown]


def _alternatives(mark: StepMark) -> list[Block]:
    """The other explanations, and for ReLU′(0) the cells that it is about."""
    if not mark.alternatives:
        return []
    words = []
    for cause in mark.causes:
        if cause.convention and cause.convention.key == "relu_slope_at_zero":
            words.append(f"Right with {_convention(cause.convention)}, which matters where z is exactly 0.")
    told = [f"{' and '.join(MISTAKES[code].title for code in codes)} ({listed(codes)})" for codes in mark.alternatives]
    words.append(f"These numbers fit just as well if {listed(told, 'or')}. They can't tell which it was.")
    return [Paragraph(" ".join(words), "warn")]


def _unreachable(diagnosis: Diagnosis) -> list[Block]:
    found = findings(first_iteration(diagnosis.lesson))
    return [Note(f.code, f.message) for f in found if f.code == "unreachable-target"]


def _ending(diagnosis: Diagnosis) -> list[Block]:
    """One thing to type next."""
    name = diagnosis.sheet.name or "SCENARIO"
    if any(mark.alternatives for mark in diagnosis.marks) and can_be_separated(diagnosis):
        return [Command("cnnstep check WORK --separate FILE", "writes a scenario that tells these apart")]
    if diagnosis.mistakes:
        command = f"cnnstep run {name} --mistake {diagnosis.mistakes[0]} --iterations 5"
        return [Command(command, "see where it leads")]
    if diagnosis.verdict == "correct":
        return [Command(f"cnnstep run {name} --iterations 40", "see where it leads")]
    return [Command(f"cnnstep step {name} --interactive", "work through it, a number at a time")]
