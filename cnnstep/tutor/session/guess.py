"""`guess`: the learner types the next matrix first, and it is marked cell by cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.step import Step
from cnnstep.tutor.document import Block, Command, Mark, Matrix, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.session.screens import shown
from cnnstep.tutor.session.state import Answer, Reply, Session
from cnnstep.tutor.typed import Typed, read_matrix

WRONG = Mark("✗", "not this number", "bad")
RIGHT = Mark("✓", "right", "good")
EXACT_DIGITS = 12
"""What was shown counts as known to so many decimals."""


def start_guess(session: Session) -> Answer:
    """Asks for the next step's matrix."""
    step = session.coming
    ready = session
    if session.position + 1 == len(session.iteration.lesson.steps):
        ready = session.moved(session.iteration.next(), -1)
    words = f"Work out {step.symbol} yourself: {title_of(step).lower()}, {step.formula}."
    how = f"Type {_how(_shape(ready, step))}. An empty line gives up."
    return replace(ready, guess=()), Reply((Paragraph(words), Paragraph(how, "quiet")))


def _how(shape: tuple[int, ...]) -> str:
    """`2×2: a row on a line, …`, `2 numbers: 3 0`, `one number`."""
    if len(shape) < 2:
        return "one number" if shape in ((), (1,)) else f"{shape[0]} numbers, as in 3 0"
    return f"{'×'.join(str(n) for n in shape)}: a row on a line, or 3 0; -2 1 in one"


def guessing(session: Session, line: str) -> Answer:
    """Takes in a line of the guess; once it is complete, marks it and shows the step."""
    if not line.strip() or line.strip().lower() in ("quit", "q", "back", "b"):
        return replace(session, guess=None), Reply((Paragraph("Given up. Enter shows the step.", "quiet"),))
    lines = (*(session.guess or ()), line)
    step = session.coming
    shape = _shape(session, step)
    typed = read_matrix("\n".join(lines))
    wanted = int(np.prod(shape, dtype=int))
    count = sum(len(row) for row in typed)
    if count < wanted:
        return replace(session, guess=lines), Reply(())
    again = replace(session, guess=())
    if count > wanted or (len(shape) == 2 and 1 < len(typed) != shape[0]):
        size = "×".join(str(n) for n in shape) or "one number"
        what = f"That is {len(typed)}×{len(typed[0])}, but {step.symbol} is {size}"
        return again, Reply((Paragraph(f"{what}. Type it again, or an empty line to give up.", "warn"),))
    return _marked(replace(session, guess=None), step, [cell for row in typed for cell in row])


def _shape(session: Session, step: Step) -> tuple[int, ...]:
    iteration = session.iteration
    return tuple(iteration.matrix(step.name).shape)


def _marked(session: Session, step: Step, typed: list[Typed]) -> Answer:
    shape = _shape(session, step)
    true = session.iteration.matrix(step.name)
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
        Paragraph(f"{len(wrong) - sum(wrong)} right, {counted(sum(wrong), 'cell is', 'cells are')} not.", "warn"),
        *_named(session, step, typed, shape),
        Command(f"why {step.name} {cell}".strip(), "how that number comes about. Or: guess, Enter"),
    ]
    return session, Reply(tuple(blocks))


def _named(session: Session, step: Step, typed: list[Typed], shape: tuple[int, ...]) -> tuple[Block, ...]:
    """What went wrong, where the numbers say so: the steps before this one were shown, so they are known."""
    from cnnstep.tutor.check.diagnose import diagnose  # the mistakes, which only a wrong guess asks for
    from cnnstep.tutor.check.report import causes
    from cnnstep.tutor.check.sheet import Sheet, Written

    iteration = session.iteration
    before = iteration.lesson.names[: iteration.lesson.names.index(step.name)]
    work = {name: Written.rounded(iteration.matrix(name), EXACT_DIGITS) for name in before}
    values = np.array([cell.value for cell in typed]).reshape(shape)
    work[step.name] = Written(values, np.array([cell.tolerance for cell in typed]).reshape(shape))
    return causes(diagnose(Sheet(session.scenario, work, iteration.number, session.name)), step.name)
