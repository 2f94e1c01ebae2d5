"""`cnnstep progress` and `cnnstep paths`: what a learner has mastered so far, and where that is kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import AsJson, Exit, format_of, give, not_both, say
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.surface.practice.store import Store
    from cnnstep.tutor.practice.history import Event


def _skill_names(incomplete: str) -> list[str]:
    from cnnstep.tutor.practice.history import ALL
    from cnnstep.tutor.practice.skills import SKILLS

    return [name for name in (*SKILLS, ALL) if name.startswith(incomplete)]


def progress(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="With --csv: other learners' progress files.", show_default=False),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row for each learner and skill, for a table.")] = False,
    reset: Annotated[
        str,
        typer.Option(
            "--reset", metavar="SKILL", help="Begin a skill anew, or all; asks first.", autocompletion=_skill_names
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what you have mastered, the mistakes you made most, and what to do next.

    \b
    Examples:
      cnnstep progress
      cnnstep progress --json
      cnnstep progress --csv anna.db ben.db > course.csv
      cnnstep progress --reset delta
    """
    if files and not as_csv:
        raise InputError(Fault("usage", "FILE needs --csv", f"type: cnnstep progress --csv {files[0]}"))
    if as_csv:
        not_both("--csv", {"--json": as_json, "--reset": reset})
        _write_csv(files or [])
    elif reset:
        not_both("--reset", {"--json": as_json})
        _reset(reset)
    else:
        _show(as_json)


def _show(as_json: bool) -> None:
    from cnnstep.tutor.practice import progress as page

    history = _own_history()
    give(Answer(partial(page.progress, history), partial(page.progress_data, history)), format_of("", as_json))


def _own_history() -> list[Event]:
    """The learner's own; who only looks makes no file."""
    from cnnstep.surface.practice.store import progress_file

    with suppress(OSError):  # a place that can't be looked into, which the store tells
        if not progress_file().exists():
            return []
    with _opened() as store:
        return store.history()


def _opened() -> Store:
    """The learner's own store; what there is to say about it is said."""
    from cnnstep.surface.practice.store import Store

    store = Store.open()
    for note in store.notes:
        say(note)
    return store


def _write_csv(files: Sequence[str]) -> None:
    from cnnstep.surface.spreadsheet import csv_text
    from cnnstep.tutor.practice.progress import COLUMNS, progress_rows

    histories, faults = _collected(files)
    rows: list[tuple[object, ...]] = []
    for learner, history in histories:
        if isinstance(history, Fault):
            rows.append((learner, *("" for _ in COLUMNS[2:]), history.what))
        else:
            rows += progress_rows(learner, history)
    sys.stdout.write(csv_text([COLUMNS, *rows]))
    if faults:
        raise InputError(faults)


def _collected(files: Sequence[str]) -> tuple[list[tuple[str, list[Event] | Fault]], list[Fault]]:
    """Each learner's name with the history, or with why the file has none; and all faults of all files."""
    if not files:
        return [("me", _own_history())], []
    from cnnstep.surface.practice.learner_files import learners, read_history

    found: list[tuple[str, list[Event] | Fault]] = []
    faults: list[Fault] = []
    for learner, file in zip(learners(files), files, strict=True):
        try:
            found.append((learner, read_history(file)))
        except InputError as error:
            found.append((learner, error.faults[0]))
            faults += error.faults
    return found, faults


def _reset(name: str) -> None:
    """Asks, and where the answer is yes, adds an event from which on the skill's earlier ones no longer count."""
    from cnnstep.surface.cli.conversation import ask
    from cnnstep.tutor.practice.history import ALL, Event, reset_question, to_reset

    with _opened() as store:
        history = store.history()
        skills = to_reset(history, name)
        if not skills:
            say(f"Nothing to begin anew: there are no answers in {'any skill' if name == ALL else name}.")
            return
        if (ask(reset_question(history, name, skills)) or "").strip().lower() not in ("y", "yes"):
            say("Nothing has changed.")
            return
        if said := store.add(*(Event(skill, "reset") for skill in skills)):
            say(said)
        if not store.kept:
            raise typer.Exit(Exit.UNUSABLE)
        say("Done. cnnstep progress shows where you are.")


def paths(as_json: AsJson = False) -> None:
    """Show where progress is kept and where the shipped scenarios are.

    CNNSTEP_HOME names another folder for progress.

    \b
    Examples:
      cnnstep paths
      CNNSTEP_HOME=/media/stick cnnstep paths
    """
    from cnnstep.surface.loading import shipped_folder
    from cnnstep.surface.practice.store import home_folder, progress_file
    from cnnstep.tutor.document import Note, Table
    from cnnstep.tutor.numbers import counted

    home, file, scenarios = map(str, (home_folder(), progress_file(), shipped_folder()))
    exists, answers, fault = _state(file)
    about = {"file": file, "exists": exists, "answers": answers, "fault": fault}
    data = {"schema": 1, "home": home, "progress": about, "scenarios": scenarios}
    there = "not usable as it is" if fault else counted(answers or 0, "answer")
    state = there if exists else "not there yet: your first answer makes it"
    rows = (("home", home, ""), ("progress", file, state), ("scenarios", scenarios, "shipped with cnnstep"))
    notes = (Note("", f"{fault}.", "bad"),) if fault else ()
    blocks = (Table(("what", "where", ""), rows), *notes)
    give(Answer(lambda: blocks, lambda: data), format_of("", as_json))


def _state(file: str) -> tuple[bool, int | None, str | None]:
    """Whether the progress file is there, how many answers it holds, and what is wrong with it."""
    from cnnstep.surface.practice.learner_files import read_history
    from cnnstep.tutor.practice.history import answers

    try:
        return True, answers(read_history(file)), None
    except InputError as error:
        fault = error.faults[0]
        there = fault.code != "not-found"
        return there, None, fault.what if there else None
