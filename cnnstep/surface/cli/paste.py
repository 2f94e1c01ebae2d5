"""`check --interactive`: the matrices of a sheet, pasted one after another."""

from __future__ import annotations

from collections.abc import Iterable

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.surface.cli.context import say
from cnnstep.surface.cli.conversation import ask
from cnnstep.surface.cli.faults import faults_text
from cnnstep.surface.loading import load
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.typed import Typed, read_matrix


def pasted(scenario: str) -> Sheet:
    """Asks for every step's matrix in turn; an empty line leaves a step out or ends a matrix, `done` ends it all."""
    loaded = load(scenario)
    iteration = first_iteration(lesson_of(loaded.scenario))
    say("Paste a matrix for each step, in any usual spelling. An empty line skips a step; done ends.")
    work: dict[str, Written] = {}
    for step in iteration.lesson.steps:
        shape = iteration.matrix(step.name).shape
        try:
            mine = _matrix(step, shape)
        except EOFError:
            break
        if mine is not None:
            work[step.name] = mine
    return Sheet(loaded.scenario, work, 0, loaded.name)


def _matrix(step: Step, shape: tuple[int, ...]) -> Written | None:
    """One matrix, over as many lines as it takes; `EOFError` where no more will come."""
    lines: list[str] = []
    wanted = 1
    for size in shape:
        wanted *= size
    size_text = "×".join(str(n) for n in shape) or "one number"
    while True:
        line = ask(f"{title_of(step)} {step.symbol} ({size_text}): " if not lines else "  ")
        if line is None or line.strip().lower() in ("done", "quit", "q"):
            if lines:
                return _shaped(read_matrix("\n".join(lines)), shape)
            raise EOFError
        if line.strip():
            lines.append(line)
        try:
            rows = read_matrix("\n".join(lines)) if lines else ()
        except InputError as error:
            if line.strip() and error.faults[0].code == "ragged":
                continue
            say(faults_text(error))
            lines = []
            continue
        if not line.strip() or sum(len(row) for row in rows) >= wanted:
            return _shaped(rows, shape) if lines else None


def _shaped(rows: tuple[tuple[Typed, ...], ...], shape: tuple[int, ...]) -> Written:
    """The rows as a matrix of the step's own shape where the count agrees, as they are where it does not."""
    flat = [cell for row in rows for cell in row]
    wanted = 1
    for size in shape:
        wanted *= size
    if len(flat) != wanted or (len(shape) == 2 and len(rows) not in (1, shape[0])):
        return Written.of([list(row) for row in rows])
    return Written.of(_nested(iter(flat), shape))


def _nested(cells: Iterable[Typed], shape: tuple[int, ...]) -> object:
    cells = iter(cells)
    if not shape:
        return next(iter(cells))
    return [_nested(cells, shape[1:]) for _ in range(shape[0])]
