"""`cnnstep check`: a learner's own numbers, marked, and the mistake named."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.surface.cli.context import (
    FIRST_LESSON,
    AsJson,
    Exit,
    FormatOption,
    Fractions,
    Precision,
    format_of,
    give,
    not_both,
    say,
    screen,
    show_aside,
    style_of,
)
from cnnstep.surface.cli.marking import is_folder, mark_class, missing_work
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.surface.work_file import Work
    from cnnstep.tutor.check.diagnose import Diagnosis
    from cnnstep.tutor.check.entry import SheetEntry
    from cnnstep.tutor.numbers import Numbers


def check(
    work: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORK...",
            help="A work file, several, a folder of them, or - for standard input; with --interactive, a scenario.",
            show_default=False,
        ),
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Type in your matrices at a prompt; WORK is then a scenario.")
    ] = False,
    separate: Annotated[
        str,
        typer.Option("--separate", metavar="FILE", help="Write a scenario that tells equal explanations apart."),
    ] = "",
    table: Annotated[
        str, typer.Option("--table", metavar="FILE.csv", help="Write a row for each sheet, for a spreadsheet.")
    ] = "",
    points: Annotated[
        str, typer.Option("--points", metavar="STEP=N,...", help="What each step is worth: forward=2,gradient=3.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: AsJson = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Mark your own numbers, step by step, and name the mistake.

    A work file names the scenario and gives the matrices that you worked out; any of them will do:

    scenario: first-filter

    work: {gradient: [[1, 2], [3, 4]], update: [[5, 6], [7, 8]]}

    Examples:

    cnnstep check work.yaml

    cnnstep check --interactive first-filter

    cat work.yaml | cnnstep check - --json

    cnnstep check handed-in --table marks.csv --points forward=2,gradient=3
    """
    from cnnstep.tutor.check.diagnose import check_data
    from cnnstep.tutor.check.report import report

    style, shape = style_of(precision, fractions), format_of(format, as_json)
    names = work or []
    if table or points or len(names) > 1 or any(map(is_folder, names)):
        not_both("--table, --points and several sheets", {"--interactive": interactive, "--separate": separate})
        mark_class(names, table, points, force, style, shape)
        return
    name = names[0] if names else ""
    if interactive:
        from cnnstep.tutor.check.diagnose import diagnose

        entry = _pasted(name or FIRST_LESSON, style)
        if entry.done and not entry.work and shape != "json":
            return  # left with nothing on it
        diagnosis = diagnose(entry.sheet)
    elif not name:
        raise missing_work()
    else:
        diagnosis = _of_file(name)
    if separate:
        _separate(diagnosis, separate, force)
    give(Answer(partial(report, diagnosis, style), partial(check_data, diagnosis), style), shape)
    if diagnosis.verdict != "correct":
        raise typer.Exit(Exit.WRONG)


def _of_file(path: str) -> Diagnosis:
    from cnnstep.errors import InputError
    from cnnstep.tutor.check.diagnose import diagnose

    work = load_sheet(path)
    try:
        return diagnose(work.sheet)
    except InputError as error:
        raise work.placed(error) from None


def load_sheet(path: str) -> Work:
    """A work file, or a table or a notebook that is named as one."""
    if path.lower().endswith((".csv", ".ipynb")):
        from cnnstep.surface.sheet_files import read_sheet

        return read_sheet(path, {})
    from cnnstep.surface.work_file import load_work

    return load_work(path)


def _separate(diagnosis: Diagnosis, path: str, force: bool) -> None:
    """Writes the scenario that tells the explanations apart; where there is none, that is said."""
    from cnnstep.errors import InputError
    from cnnstep.surface.cli.faults import faults_text
    from cnnstep.surface.scenario_file.writer import dump
    from cnnstep.surface.writing import check_free, write_file
    from cnnstep.tutor.check.separate import separating

    check_free(path, force)
    try:
        other = separating(diagnosis)
    except InputError as error:
        say(faults_text(error, screen().width))
        return
    write_file(path, dump(other), force)
    say(f"Written: {path}. Work it out, and check that.")


def _pasted(scenario: str, style: Numbers) -> SheetEntry:
    """A sheet typed or pasted in, a conversation on standard error, as it was when done or left, or the input ended."""
    from cnnstep.surface.cli.conversation import converse, take_any_bytes
    from cnnstep.surface.loading import STANDARD_INPUT, load
    from cnnstep.tutor.check.entry import advance, begin, prompt

    loaded = load(scenario)
    take_any_bytes()
    entry, blocks = begin("SCENARIO" if loaded.name == STANDARD_INPUT else loaded.name, loaded.scenario)
    show_aside(blocks, style)
    say("")
    entry = converse(entry, prompt, advance, style, "the sheet", aside=True)
    if entry.rows:
        say(f"{entry.step.symbol} was not complete, so it is left out.")
    say("")
    return entry
