"""Many sheets marked at once: a row for each, also for one that can't be read, and what the class has understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import Exit, give, progress, say, stopping
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.tutor.marking.marks import MarkedSheet
    from cnnstep.tutor.numbers import Numbers

MOST_POINTS = 1_000_000


def is_folder(name: str) -> bool:
    """Whether the name is a folder's."""
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def missing_work() -> InputError:
    """The fault where nothing is named that could be marked."""
    hint = "name a work file, or type your numbers in: cnnstep check --interactive"
    return InputError(Fault("usage", "WORK is missing", hint))


def mark_class(names: Sequence[str], table: str, points: str, force: bool, style: Numbers, shape: str) -> None:
    """Marks all sheets, says what they come to, and writes the table; exit 1 where one is not right."""
    from cnnstep.surface.sheet_files import sheets_in
    from cnnstep.surface.spreadsheet import csv_text
    from cnnstep.surface.writing import check_free, write_file
    from cnnstep.tutor.marking.marks import marked_class
    from cnnstep.tutor.marking.report import class_data, class_rows, report_of_class

    if not names:
        raise missing_work()
    asked = read_points(points)
    if table:
        check_free(table, force)
    files = [name for name in sheets_in(names) if not table or Path(name).absolute() != Path(table).absolute()]
    if not files:
        raise InputError(Fault("no-work", f"there are no sheets in {names[0]}", "name the folder that they lie in"))
    folder = Path(names[0]) if len(names) == 1 and is_folder(names[0]) else None
    sheets = _marked({file: str(Path(file).relative_to(folder)) if folder else file for file in files})
    marked = marked_class(sheets, asked, len(sheets) < len(files))
    if table:
        write_file(table, csv_text(class_rows(marked)), force)
    give(Answer(partial(report_of_class, marked, style), partial(class_data, marked), style), shape)
    if table:
        say(f"Written: {table}, a row for each of {len(sheets)}.")
    if marked.stopped:
        say(f"{len(sheets)} of {len(files)} sheets were marked.")
        raise typer.Exit(Exit.INTERRUPTED)
    if not marked.read:
        raise typer.Exit(Exit.UNUSABLE)
    if marked.count("correct") < len(sheets):
        raise typer.Exit(Exit.WRONG)


def _marked(files: Mapping[str, str]) -> list[MarkedSheet]:
    """The sheets in their order, each under its name, until all are marked or Ctrl-C is heard."""
    from cnnstep.surface.sheet_files import Marker

    marker = Marker()
    done: list[MarkedSheet] = []
    with stopping() as stopped, progress(len(files), "marking") as tell:
        for number, (file, name) in enumerate(files.items()):
            if stopped():
                break
            done.append(marker.mark(file, name))
            tell(number)
    return done


def read_points(text: str) -> dict[str, float]:
    """`forward=2,gradient=3` as numbers by names; `InputError` where it can't be read so."""
    return dict(_worth(part.strip()) for part in _parts(text))


def _parts(text: str) -> Iterable[str]:
    return (part for part in text.split(",") if part.strip())


def _worth(part: str) -> tuple[str, float]:
    name, equals, number = (word.strip() for word in part.partition("="))
    try:
        worth = float(number)
    except ValueError:
        worth = -1.0
    if not (name and equals and 0 <= worth <= MOST_POINTS):
        raise InputError(
            Fault("points", f'"{part[:40]}" gives no step its points', "type: --points forward=2,gradient=3")
        )
    return name, worth
