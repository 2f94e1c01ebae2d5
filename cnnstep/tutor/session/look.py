"""What a session can be asked: to show a step, a part, a number's working; to let the learner guess a matrix first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Cell, Quantity, bracketed
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.cards import checked_part, iteration_cards, lesson_for, only_step, question, steps_of, view_of
from cnnstep.tutor.check.sheet import refuse_coarse
from cnnstep.tutor.document import Block, Command, Mark, Matrix, Paragraph
from cnnstep.tutor.network.cards import arrays
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import checked_sample, one_sample, planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.session.state import Answer, Reply, Session, shown
from cnnstep.tutor.typed import Rows, Typed, entered, fault_note, find, index, is_index, read_place
from cnnstep.tutor.typed import size as size_in_words
from cnnstep.tutor.why import why


def show(session: Session, rest: str) -> Answer:
    """The present step again, another one, a part of one, a layer, a leaf, all of them, or the network's overview."""
    if not rest:
        return session, Reply(shown(session))
    if rest == "all":
        kept_back(session, session.iteration.lesson.steps)
        cards = iteration_cards(session.iteration, session.style, sample=session.sample)
        return session, Reply((*question(session.iteration, session.sample), *cards))
    if rest == "network" and (overview := view_of(session.scenario).overview(session.iteration)):
        return session, Reply(overview)
    place = read_place(rest)
    if place.name in session.scenario.names:
        iteration = _under(session, lesson_for(session.scenario, (place.name,)))
        kept_back(session, steps_of(iteration.lesson, place.name))
        return session, Reply(iteration_cards(iteration, session.style, (rest,), session.sample))
    iteration, found = _found(session, place.name)
    if isinstance(found, Quantity):
        return session, Reply(_leaf(one_sample(iteration, session.sample), found.name, place.cell))
    wanted = found.name + bracketed(place.cell)
    return session, Reply(iteration_cards(iteration, session.style, (wanted,), session.sample))


def _leaf(view: Iteration, name: str, part: Cell) -> tuple[Block, ...]:
    """What no step computes, or the part of it under these indices."""
    leaf, array = view.lesson.quantity(name), view.matrix(name)
    checked_part(leaf.name, leaf.layout, array, part)
    if "." in leaf.name and not part:
        return arrays(leaf, array)
    return planes(leaf, array, all_of_them=True, part=part)


def _found(session: Session, name: str) -> tuple[Iteration, Step | Quantity]:
    """What is called so, and the session's iteration with it: ∂L/∂X is worked out once it is asked for."""
    iteration = session.iteration
    try:
        found = find(iteration.lesson, name)
    except InputError:
        whole = lesson_of(session.scenario, input_gradient=True)
        found = only_step(whole, name)
        iteration = _under(session, whole)
    if isinstance(found, Step):
        kept_back(session, (found,))
    return iteration, found


def kept_back(session: Session, steps: Iterable[Step]) -> None:
    """`InputError` where one of the steps would give away what is being guessed."""
    if session.guess is not None and not {step.name for step in steps}.isdisjoint(session.to_come):
        what = f"that would give {session.coming.symbol} away"
        raise InputError(Fault("guess", what, "type it first, or give up with an empty line"))


def _under(session: Session, lesson: Lesson) -> Iteration:
    """The session's iteration, with the steps of this lesson, which may have ∂L/∂X besides."""
    iteration = session.iteration
    if len(lesson.steps) <= len(iteration.lesson.steps):
        return iteration
    begin = {name: iteration.values[name] for name in lesson.start}
    return replace(iteration, lesson=lesson, values=lesson.carry_out(begin))


def why_number(session: Session, rest: str) -> Answer:
    """Where one number comes from: `0 1` in the step shown last, or `gradient 0 1`."""
    place = read_place(rest)
    if not place.name and session.step is None:
        raise InputError(Fault("step", "no step has been shown yet", "say which step: why forward 0 1"))
    iteration, found = _found(session, place.name or (session.step.name if session.step else ""))
    return session, Reply(why(iteration, found, place.cell, session.style, session.sample))


def sample(session: Session, rest: str) -> Answer:
    """Another sample of the batch; `all` shows them all where the screens can."""
    if rest == "all" and view_of(session.scenario).every_sample:
        after = replace(session, sample=None, guess=None, before=session)
        return after, Reply(shown(after))
    if not is_index(rest):
        count = len(session.scenario.inputs)
        checked_sample(session.iteration, 0)
        hint = f"type: sample 0, up to sample {count - 1}"
        raise InputError(Fault("sample", "say which sample" if not rest else f'"{rest}" is no sample', hint))
    after = replace(session, sample=checked_sample(session.iteration, index(rest)), guess=None, before=session)
    return after, Reply(shown(after))


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
        return replace(session, guess=()), Reply(tuple(map(fault_note, error.faults)))
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
