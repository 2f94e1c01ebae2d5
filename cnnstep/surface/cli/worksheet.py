"""`cnnstep worksheet`: sheets to work by hand and their solutions, for print, the web and Moodle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.cli.context import (
    Fractions,
    Precision,
    between,
    not_both,
    say,
    scenario_names,
    screen,
    style_of,
)
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.practice.generate import Exercise

PAGES = ("text", "md", "html", "tex", "typst")
"""The formats of documents in which a sheet can be had."""
FORMATS = (*PAGES, "pdf", "moodle", "gift")
MOST_EXERCISES = 1000
HIGHEST_SEED = 10**9


def worksheet(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[SCENARIO|COURSE]",
            help="A scenario or a course, by its file or its name; or give --skill.",
            autocompletion=scenario_names,
            show_default=False,
        ),
    ] = "",
    skill: Annotated[str, typer.Option("--skill", metavar="SKILL", help="Exercises made for this skill.")] = "",
    level: Annotated[int, typer.Option("--level", help="With --skill: 1 to 3.")] = 2,
    count: Annotated[int, typer.Option("--count", help="With --skill: how many exercises.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="With --skill: begin with this exercise.")] = 0,
    hide: Annotated[
        str, typer.Option("--hide", metavar="STEP,...", help="The steps to work out; without it all of them.")
    ] = "",
    solution: Annotated[
        bool, typer.Option("--solution", help="Every number worked out, and what mistakes give.")
    ] = False,
    format: Annotated[str, typer.Option("--format", metavar="NAME", help=f"One of {', '.join(FORMATS)}.")] = "md",
    students: Annotated[
        str,
        typer.Option(
            "--students", metavar="FILE.csv", help="With --skill: a sheet for each name in it, in the folder -o."
        ),
    ] = "",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Write a sheet to be worked by hand, or its solution.

    \b
    Examples:
      cnnstep worksheet first-filter
      cnnstep worksheet first-filter --hide delta,gradient --format html -o sheet.html
      cnnstep worksheet first-filter --solution --format pdf -o solution.pdf
      cnnstep worksheet --skill gradient --count 5 --seed 7 --format typst -o sheet.typ
      cnnstep worksheet first-steps --format moodle -o quiz.xml
      cnnstep worksheet --skill error --students roster.csv --format html -o sheets
    """
    from cnnstep.surface.writing import check_free, write_file

    style = style_of(precision, fractions)
    if format not in FORMATS:
        raise InputError(Fault("unknown-format", f'there is no format "{format}"', did_you_mean(format, FORMATS)))
    between(count, 1, MOST_EXERCISES, "--count")
    between(level, 1, 3, "--level")
    between(seed, 0, HIGHEST_SEED, "--seed")
    if students:
        not_both("--students", {"a name": name, "--seed": seed})
        _each(students, skill, level, count, solution, format, output, force, style)
        return
    if output:
        check_free(output, force)
    elif format == "pdf":
        raise InputError(Fault("usage", "a PDF is written to a file", "type: -o sheet.pdf"))
    if format in ("moodle", "gift"):
        not_both(f"--format {format}", {"--solution": solution})
        content: str | tuple[bytes] = _quiz(_exercises(name, skill, level, count, seed, hide), format)
    else:
        content = _page(_blocks(name, skill, level, count, seed, hide, solution, style), style, format)
    if not output:
        assert isinstance(content, str)
        sys.stdout.write(content)
        return
    write_file(output, content, force)
    say(f"Written: {output}.")


def _each(
    students: str,
    skill: str,
    level: int,
    count: int,
    solution: bool,
    format: str,
    folder: str,
    force: bool,
    style: Numbers,
) -> None:
    """A sheet a student, the work files to fill in, and a table of who has which exercises."""
    from pathlib import Path

    from cnnstep.surface.practice.roster import file_names, own_seed, roster, work_files
    from cnnstep.surface.spreadsheet import csv_text
    from cnnstep.surface.writing import check_free, write_file
    from cnnstep.tutor.worksheet import exercise_sheet

    if not (skill and folder) or format in ("moodle", "gift"):
        hint = "type: cnnstep worksheet --skill gradient --students roster.csv -o sheets"
        raise InputError(Fault("usage", "--students needs --skill, a folder -o, and a format of pages", hint))
    rows: list[tuple[object, ...]] = [("student", "skill", "level", "seed", "count", "file")]
    files: dict[str, str | tuple[bytes]] = {}
    for student, plain in file_names(roster(students)).items():
        first = own_seed(student)
        exercises = _exercises("", skill, level, count, first, "")
        sheet = exercise_sheet(exercises, exercises[0].course or skill.capitalize(), solution, style, student)
        files[f"{plain}.{format}"] = _page(sheet, style, format)
        files |= {f"{plain}-{number}.yaml": text for number, text in work_files(student, exercises) if not solution}
        rows.append((student, skill, level, first, count, f"{plain}.{format}"))
    files["students.csv"] = csv_text(rows)
    place = Path(folder)
    if not place.exists() and place.parent.is_dir():
        place.mkdir()
    for file in files:
        check_free(place / file, force)
    for file, content in files.items():
        write_file(place / file, content, force)
    say(f"Written: {folder}, {len(rows) - 1} sheets, and who has which in students.csv.")


def _page(blocks: tuple[Block, ...], style: Numbers, format: str) -> str | tuple[bytes]:
    from cnnstep.surface import formats

    if format == "pdf":
        from cnnstep.surface.typeset.pdf import pdf
        from cnnstep.tutor.document import Document

        return (pdf(Document(blocks, style)),)
    return "".join(formats.find(format).write(Answer(lambda: blocks, None, style), screen()))


def _quiz(exercises: tuple[Exercise, ...], format: str) -> str:
    if format == "gift":
        from cnnstep.surface.practice.gift import gift

        return gift(exercises)
    from cnnstep.surface.practice.moodle import moodle

    return moodle(exercises)


def _blocks(
    name: str, skill: str, level: int, count: int, seed: int, hide: str, solution: bool, style: Numbers
) -> tuple[Block, ...]:
    from cnnstep.tutor.practice.skills import SKILLS
    from cnnstep.tutor.worksheet import Worksheet, exercise_sheet, steps_named

    if not skill and not _is_course(name):
        from cnnstep.surface.loading import load

        loaded = load(_named(name))
        return Worksheet(loaded.scenario, loaded.name, steps_named(hide)).blocks(solution, style)
    exercises = _exercises(name, skill, level, count, seed, hide)
    return exercise_sheet(exercises, exercises[0].course or SKILLS.find(skill).title, solution, style)


def _exercises(name: str, skill: str, level: int, count: int, seed: int, hide: str) -> tuple[Exercise, ...]:
    """The exercises of a course, those made for a skill, or the steps of a scenario."""
    from cnnstep.tutor.practice.generate import exercise
    from cnnstep.tutor.practice.skills import SKILLS
    from cnnstep.tutor.worksheet import Worksheet, steps_named

    if skill:
        not_both("--skill", {"a name": name, "--hide": hide})
        return tuple(exercise(SKILLS.find(skill).name, level, seed + at) for at in range(count))
    if _is_course(name):
        from cnnstep.surface.practice.course_file import load_course

        not_both("a course", {"--hide": hide})
        return load_course(name).exercises
    from cnnstep.surface.loading import load

    loaded = load(_named(name))
    return Worksheet(loaded.scenario, loaded.name, steps_named(hide)).exercises()


def _named(name: str) -> str:
    if name:
        return name
    raise InputError(Fault("usage", "SCENARIO is missing", "name one, or type: cnnstep worksheet --skill gradient"))


def _is_course(name: str) -> bool:
    """Whether the name is that of a course: one that is shipped, or a file with exercises."""
    from cnnstep.surface.loading import source_of
    from cnnstep.surface.practice.course_file import shipped_courses

    if not name or name == "-":
        return False
    if name in {one.name for one in shipped_courses()}:
        return True
    try:
        text = source_of(name).text
    except InputError:
        return False
    return any(line.startswith("exercises:") for line in text.splitlines())
