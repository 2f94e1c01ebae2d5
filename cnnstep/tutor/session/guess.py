"""`guess`: the learner types the next matrix first, and it is marked cell by cell."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cnnstep.engine.step import Step
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.check.sheet import refuse_coarse
from cnnstep.tutor.document import Block, Command, Mark, Matrix, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.session.state import Answer, Reply, Session, shown
from cnnstep.tutor.typed import Rows, Typed, entered, told
from cnnstep.tutor.typed import size as size_in_words

WRONG = Mark("✗", "not this number", "bad")
RIGHT = Mark("✓", "right", "good")
MOST_NUMBERS = 256
"""Nobody types a matrix of more."""
EXACT_DIGITS = 12
"""What was shown counts as known to so many decimals."""


def start_guess(session: Session) -> Answer:
    """Asks for the next step's matrix."""
    ready = session
    if session.position + 1 == len(session.iteration.lesson.steps):
        ready = session.moved(session.iteration.next(), -1)
    ready = replace(ready, guess=())
    step, size = ready.coming, ready.asked.size
    if size > MOST_NUMBERS:
        what = f"that is {size} numbers, too many to type"
        raise InputError(Fault("guess", what, f"Enter shows it; why {step.name} works one of its numbers out"))
    return ready, Reply((Paragraph(f"Work out {step.symbol} yourself: {title_of(step).lower()}, {step.formula}."),))


def still_asked(session: Session) -> Paragraph:
    """What is still to be typed, in words, for an example might be the answer; and the way out."""
    shape = session.asked.shape
    if session.guess:
        words = f"Still to come: row {session.rows_typed}, {counted(shape[-1], 'number')}."
    elif len(shape) < 2:
        words = f"Type {size_in_words(shape)}{', all in one line' if sum(shape) > 1 else ''}."
    else:
        visible = session.coming.quantity.layout.visible
        planes = f", {visible[-3]} by {visible[-3]}" if len(shape) > 2 else ""
        count = counted(math.prod(shape[:-1]), "row")
        words = f"Type {count} of {counted(shape[-1], 'number')}{planes}, each on its own line or with ; between them."
    return Paragraph(f"{words} An empty line gives up.", "quiet")


def guessing(session: Session, line: str) -> Answer:
    """Takes in a line of the guess; once it is complete, marks it and shows the step."""
    if not line.strip():
        return replace(session, guess=None), Reply((Paragraph("Given up. Enter shows the step.", "quiet"),))
    lines = (*(session.guess or ()), line)
    rows = _rows(session, lines)
    if rows is None:
        return replace(session, guess=lines), Reply(())
    return _marked(replace(session, guess=None), session.coming, [cell for row in rows for cell in row])


def _rows(session: Session, lines: tuple[str, ...]) -> Rows | None:
    """The rows of the whole matrix; None while some are missing; `InputError` where they make one of another size."""
    shape = session.asked.shape
    try:
        rows = entered(lines, shape)
    except InputError as error:  # whose hint is for a matrix that may have another size
        raise InputError(replace(f, hint="") if f.code == "width" else f for f in error.faults) from None
    if rows is None:
        return None
    width, size = len(rows[0]), math.prod(shape)
    fits = len(rows) == 1 or width in shape[-1:] or (len(shape) == 1 and width == 1)
    if fits and len(rows) * width == size:
        return rows
    if fits and len(shape) > 2 and len(rows) * width < size:
        return None  # of several matrices, one after another
    what = f"that is {len(rows)}×{width}, but {session.coming.symbol} is {size_in_words(shape)}"
    raise InputError(Fault("shape", what))


def _marked(session: Session, step: Step, typed: list[Typed]) -> Answer:
    true = session.asked
    try:
        refuse_coarse([cell.value for cell in typed], [cell.tolerance for cell in typed], true)
    except InputError as error:  # any of its rows may hold the number, so it is typed again from the first
        return replace(session, guess=()), Reply(tuple(map(told, error.faults)))
    shape: tuple[int, ...] = true.shape
    wrong = [not cell.fits(float(value)) for cell, value in zip(typed, true.ravel(), strict=True)]
    table = np.array([cell.value for cell in typed]).reshape(shape if len(shape) > 1 else (1, -1))
    flat = table.reshape(-1, table.shape[-1])
    flags = np.array(wrong).reshape(flat.shape)
    marks = {(r, c): WRONG if flags[r, c] else RIGHT for r, c in np.ndindex(*flat.shape)}
    mine = Matrix(tuple(tuple(float(v) for v in row) for row in flat), f"your {step.symbol}", marks)
    if not any(wrong):
        after = session.forward()
        return after, Reply((mine, Paragraph("All right.", "good"), *shown(after)))
    first = np.argwhere(np.array(wrong).reshape(shape))[0] if shape else ()
    cell = " ".join(str(int(i)) for i in first)
    blocks: list[Block] = [
        mine,
        Paragraph(f"{len(wrong) - sum(wrong)} of {len(wrong)} right.", "warn"),
        *_named(session, step, typed, shape),
        Command(f"why {step.name} {cell}".strip(), "how that number comes about; or guess again"),
    ]
    return session, Reply(tuple(blocks))


def _named(session: Session, step: Step, typed: list[Typed], shape: tuple[int, ...]) -> tuple[Block, ...]:
    """What went wrong, where the numbers say so: the steps before this one were shown, so they are known."""
    if session.sample is not None:  # a sheet is of the whole batch
        return ()
    from cnnstep.tutor.check.diagnose import diagnose  # the mistakes, which only a wrong guess asks for
    from cnnstep.tutor.check.report import causes
    from cnnstep.tutor.check.sheet import Sheet, Written

    iteration = session.iteration
    before = iteration.lesson.names[: iteration.lesson.names.index(step.name)]
    work = {name: Written.rounded(iteration.matrix(name), EXACT_DIGITS) for name in before}
    values = np.array([cell.value for cell in typed]).reshape(shape)
    work[step.name] = Written(values, np.array([cell.tolerance for cell in typed]).reshape(shape))
    return causes(diagnose(Sheet(session.scenario, work, iteration.number, session.name)), step.name)
