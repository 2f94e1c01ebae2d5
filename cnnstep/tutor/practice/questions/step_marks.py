"""An answer to a step's question, marked; and what misconceptions give in the place of the right one.

Each cell is marked, and `check` names the mistake that gives these numbers. A question is set only where the mistakes
that it is about give answers of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.build import size_text
from cnnstep.engine.quantity import Array, Cell, frozen
from cnnstep.engine.step import Step
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.check.diagnose import Diagnosis, SharedLessons, diagnose
from cnnstep.tutor.check.report import causes
from cnnstep.tutor.check.sheet import Sheet, Written, as_shown
from cnnstep.tutor.document import Block, Mark, Note, Paragraph
from cnnstep.tutor.mistakes import MISTAKES, Mistake, StepContext, carry_out
from cnnstep.tutor.numbers import AS_USUAL, Numbers, capital, listed
from cnnstep.tutor.practice.questions.fit import refuse_coarse, tolerance_for
from cnnstep.tutor.practice.questions.plain import ALONE
from cnnstep.tutor.practice.questions.question import Marked, Wrong
from cnnstep.tutor.present import planes
from cnnstep.tutor.typed import EXACT, Typed, read_matrix

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

WRONG = Mark("✗", "not this number", "bad")
RIGHT = Mark("✓", "right", "good")


SETTLED = {
    "error": "Every number has the other sign. The error is given, and so its sign is: go on from it as it stands.",
    "loss": "Every number is the right one times the same factor. That of the loss is in the error already.",
}
"""What is said where a convention is followed that what is given leaves no room for."""


def mark(question: StepQuestion, text: str, style: Numbers, shared: SharedLessons | None = None) -> Marked:
    """The answer, cell by cell or as one number; `InputError` where it is neither.

    `shared` is what many answers to one question have in common.
    """
    rows = read_matrix(text)
    if question.cell is None:
        return _matrix(question, rows, style, shared)
    if (len(rows), len(rows[0])) != (1, 1):
        what = f"that is {len(rows)}×{len(rows[0])}; one number is asked for"
        raise InputError(Fault("size", what, ALONE))
    return _cell(question, question.cell, rows[0][0], style, shared)


def _matrix(
    question: StepQuestion, rows: tuple[tuple[Typed, ...], ...], style: Numbers, shared: SharedLessons | None
) -> Marked:
    typed = _written(rows, question.right.shape)
    mine = Written(typed.values, tolerance_for(question.answer, typed.tolerance))
    diagnosis = _diagnosed(question, mine, style, shared)
    settled = [one.key for one in diagnosis.conventions if _settled(question, one.key)]
    if diagnosis.verdict == "correct" and not settled:
        refuse_coarse(typed.values, typed.tolerance, diagnosis.mark(question.step.name).expected)
        return Marked(True, (Paragraph("Right.", "good"), *causes(diagnosis, question.step.name)))
    wrong = mine.wrong(question.right)
    if wrong is None and not diagnosis.mistakes:
        raise InputError(_other_size(question, mine))
    cells = [] if wrong is None else [tuple(int(i) for i in cell) for cell in np.argwhere(wrong)]
    focus, shown = cells[0] if cells else None, _shown(question, mine, cells, wrong is None)
    if settled:
        codes = _giving(question, mine)
        told = _explanations(question, codes) if codes else (Paragraph(SETTLED[settled[0]]),)
        return Marked(False, (*shown, *told), tuple(codes[:1]), tuple(codes[1:]), focus)
    blocks = (*shown, *_named(question, diagnosis))
    found = diagnosis.mark(question.step.name)
    others = tuple(code for codes in found.alternatives for code in codes)
    return Marked(False, blocks, found.mistakes, others, focus)


def _giving(question: StepQuestion, mine: Written) -> list[str]:
    """The mistakes that it is about and that give these numbers."""
    found = {code: [mine.wrong(result) for result in question.by_mistake.get(code, ())] for code in question.tells}
    return [code for code, every in found.items() if any(one is not None and not one.any() for one in every)]


def _settled(question: StepQuestion, key: str) -> bool:
    """Whether what is given leaves no choice here: the sign and the loss's number come in with the error."""
    return key in SETTLED and all(step.role != "error" for step in question.worked)


def _written(rows: tuple[tuple[Typed, ...], ...], shape: tuple[int, ...]) -> Written:
    """The typed numbers, in the shape of the answer where they are as many; a matrix of another size keeps its own."""
    written = Written.of(rows)
    count, last = written.values.size, shape[-1] if shape else 1
    if count != int(np.prod(shape, dtype=int)) or (len(rows) > 1 and len(rows[0]) != last):
        return written
    return Written(written.values.reshape(shape), written.tolerance.reshape(shape))


def _diagnosed(question: StepQuestion, mine: Written, style: Numbers, shared: SharedLessons | None) -> Diagnosis:
    """`check`, with the steps that were given as known ones."""
    lesson = question.lesson
    before = lesson.names[: lesson.names.index(question.step.name)]
    given = [name for name in before if name not in question.hidden]
    work = {name: _as_given(question.iteration.matrix(name), style.precision) for name in given}
    return diagnose(Sheet(question.scenario, work | {question.step.name: mine}, question.number), shared)


def _as_given(array: Array, digits: int) -> Written:
    """A matrix as it stands on the screen: who goes on from its rounded numbers is right."""
    shown = Written.rounded(array, digits)
    exact = np.isclose(shown.values, array, rtol=0, atol=EXACT)
    return Written(shown.values, np.where(exact, 0.0, shown.tolerance))


def _shown(question: StepQuestion, mine: Written, cells: list[Cell], other_size: bool) -> tuple[Block, ...]:
    step = question.step
    if other_size:
        return (Paragraph(f"{capital(_other_size(question, mine).what)}.", "warn"),)
    marks = {cell: WRONG if cell in cells else RIGHT for cell in np.ndindex(*mine.values.shape)}
    count, wrong = mine.values.size, len(cells)
    words = "Not this number." if count == 1 else f"{count - wrong} of {count} right."
    matrix = planes(step.quantity, mine.values, marks, title=f"your {step.symbol}", all_of_them=True)
    return (*(matrix if count > 1 else ()), Paragraph(words, "warn"))


def _other_size(question: StepQuestion, mine: Written) -> Fault:
    """A matrix of another size: where no mistake gives it, it is taken for an answer that is not complete yet."""
    rows = mine.values.reshape(-1, mine.values.shape[-1]) if mine.values.ndim else mine.values.reshape(1, 1)
    what = f"yours is {size_text(rows.shape)}; {question.step.symbol} is {size_text(question.right.shape)}"
    return Fault("size", what, "it was not counted: type all of it")


def _named(question: StepQuestion, diagnosis: Diagnosis) -> tuple[Block, ...]:
    """What gives these numbers; where nothing does, that, and where to look."""
    told = causes(diagnosis, question.step.name)
    what = "these numbers" if question.kind == "matrix" else "this number"
    return told or (Paragraph(f"No mistake known here gives {what}."),)


def _cell(question: StepQuestion, cell: Cell, typed: Typed, style: Numbers, shared: SharedLessons | None) -> Marked:
    right = float(question.right[cell])
    if Typed(typed.value, float(tolerance_for(question.answer, typed.tolerance))).fits(right):
        refuse_coarse(typed.value, typed.tolerance, right)
        return Marked(True, (Paragraph("Right.", "good"),))
    found = [code for code, results in question.by_mistake.items() if any(_gives(r, cell, typed) for r in results)]
    if found:
        return Marked(
            False,
            (Paragraph("Not this number.", "warn"), *_explanations(question, found)),
            (found[0],),
            tuple(found[1:]),
            cell,
        )
    filled = question.right.copy()
    filled[cell] = typed.value
    diagnosis = _diagnosed(question, Written(filled, np.zeros_like(filled)), style, shared)
    return Marked(False, (Paragraph("Not this number.", "warn"), *_named(question, diagnosis)), focus=cell)


def _gives(result: Array, cell: Cell, typed: Typed) -> bool:
    inside = result.ndim == len(cell) and all(i < size for i, size in zip(cell, result.shape, strict=True))
    return inside and typed.fits(float(result[cell]))


def _explanations(question: StepQuestion, codes: list[str]) -> tuple[Block, ...]:
    """The mistake in full; others that give the same number, by name."""
    words = question.words(codes[0])
    blocks: tuple[Block, ...] = (
        Note(codes[0], f"{words.does} {words.hurts}"),
        Paragraph(f"Instead: {words.fix}", "good"),
    )
    if len(codes) == 1:
        return blocks
    others = [f"{MISTAKES[code].title} ({code})" for code in codes[1:]]
    return (*blocks, Paragraph(f"This number fits just as well if {listed(others, 'or')}.", "warn"))


MOST_NAMES = 7
"""Of so many mistakes each name is looked for, a step hidden or not."""
REDRAWN = 8
LARGEST = 4
"""So many questions with other numbers show whether two mistakes are always alike; their largest number."""
ALIKE = 9
"""Numbers that agree in so many decimals are the same: two ways to work them out may round otherwise."""


def by_mistake(question: StepQuestion) -> dict[str, tuple[Array, ...]]:
    """What each misconception gives, where it differs from what is right, by its code."""
    results = {code: results_of(question, code) for code in MISTAKES}
    return {code: found for code, found in results.items() if found}


def results_of(question: StepQuestion, code: str) -> tuple[Array, ...]:
    """The step's matrix, as shown, with the mistake made at one of the steps to be carried out."""
    mistake = MISTAKES[code]
    return () if mistake.remembers and not question.number else tuple(_carried_out(question, mistake))


def _carried_out(question: StepQuestion, mistake: Mistake) -> Iterator[Array]:
    right, worked = question.right, question.worked
    for position, step in enumerate(worked):
        if not mistake.fits(question.lesson, step):
            continue
        values = {**question.iteration.values}
        for earlier in worked[:position]:
            values[earlier.name] = earlier.compute(values)
        with np.errstate(all="ignore"):
            for result in _results(question, step, values, mistake, worked[position + 1 :]):
                if result.shape != right.shape or not np.allclose(result, right):
                    yield result


def _results(
    question: StepQuestion, step: Step, values: dict[str, Array], mistake: Mistake, later: tuple[Step, ...]
) -> list[Array]:
    """The results of one step done wrongly, carried on rightly; none where that has no result."""
    found = []
    try:
        for result in carry_out(StepContext(question.lesson, step, values), mistake):
            onward = {**values, step.name: result}
            for one in later:
                onward[one.name] = one.compute(onward)
            found.append(as_shown(question.step, onward[question.step.name]))
    except ValueError:  # a matrix of another size, with which nobody goes on
        return found
    return found


def wrongs(question: StepQuestion) -> tuple[Wrong, ...]:
    """Each mistake's answer; of several that give the same, the first."""
    found: dict[str, Wrong] = {}
    for code, results in question.by_mistake.items():
        for result in results:
            text = question.text_of(result)
            if text is not None and text != question.answer:
                words = question.words(code)
                found.setdefault(text, Wrong(code, text, f"{words.does} {words.fix}"))
    return tuple(found.values())


def shows(question: StepQuestion, code: str) -> bool:
    """Whether whoever has this misconception gives another answer, in more than one cell: one could be a slip too."""
    results = results_of(question, code)
    other = all(_is_another_answer(question, question.text_of(result)) for result in results)
    return bool(results) and other and all(_is_plain(question, result) for result in results)


def _is_another_answer(question: StepQuestion, text: str | None) -> bool:
    """Whether this is read as another answer than the right one: all numbers in one line are read row by row."""
    if text is None:
        return False
    in_one_line = ";" not in text and text.split() == question.answer.replace(";", " ").split()
    return text != question.answer and not in_one_line


def _is_plain(question: StepQuestion, result: Array) -> bool:
    if question.cell is not None or result.shape != question.right.shape or result.size < 2:
        return True
    return int((~np.isclose(result, question.right)).sum()) > 1


def blurred(question: StepQuestion, first: tuple[str, ...] = ()) -> Iterator[str]:
    """Those of the mistakes it is about that change nothing here, give the numbers of another that give others
    elsewhere, or are not told by theirs; those in `first` are looked at first.
    """
    texts = {code: {str(question.text_of(r)) for r in results_of(question, code)} for code in question.tells}
    marked_together = SharedLessons()
    for code in sorted(question.tells, key=lambda code: code not in first):
        others = [other for other in question.tells if other != code and texts[other] & texts[code]]
        shared = any(not _are_alike(question, code, other) for other in others)
        if shared or not shows(question, code) or not _is_told(question, code, marked_together):
            yield code


def _are_alike(question: StepQuestion, *codes: str) -> bool:
    """Whether mistakes can come to the same numbers whatever the question's own are: nothing tells them apart here."""
    scenario, random = question.scenario, np.random.default_rng(0)
    for _ in range(REDRAWN):
        inputs, targets = (
            frozen(random.integers(-LARGEST, LARGEST + 1, array.shape)) for array in (scenario.inputs, scenario.targets)
        )
        other = replace(question, scenario=replace(scenario, inputs=inputs, targets=targets))
        results = ({str((array.round(ALIKE) + 0.0).tolist()) for array in results_of(other, code)} for code in codes)
        if not set.intersection(*results):
            return False
    return True


def _is_told(question: StepQuestion, code: str, shared: SharedLessons) -> bool:
    """Whether each answer that the misconception gives is called wrong, and this the mistake behind it, or one of
    those that it can be: with δ hidden, who goes on with e has left the slope out, or taken e for δ.

    With a step hidden and many mistakes, to look for all the names takes seconds: there it is enough that no
    convention gives the answer. Of those only the error's sign is open, for no z is exactly at a kink.
    """
    results = results_of(question, code)
    if question.hidden and len(question.tells) > MOST_NAMES:
        return not any(_is_the_right_one_negated(question, result) for result in results)
    for result in results:
        try:
            marked = mark(question, str(question.text_of(result)), AS_USUAL, shared)
        except InputError:  # taken for no answer yet: too far rounded, or of another size and not known
            return False
        named = (*marked.mistakes, *marked.others)
        if marked.right or not (code in named or any(_are_alike(question, code, one) for one in named)):
            return False
    return True


def _is_the_right_one_negated(question: StepQuestion, result: Array) -> bool:
    return result.shape == question.right.shape and bool(np.allclose(result, -question.right))
