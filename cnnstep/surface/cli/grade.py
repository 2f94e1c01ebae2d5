"""`cnnstep grade`: a learner's own functions, carried out over cases from small to large, and the mistake named."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.surface.cli.context import (
    AsJson,
    Exit,
    FormatOption,
    Fractions,
    Precision,
    format_of,
    give,
    say,
    style_of,
)
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.grade.verdict import Graded

MOST_SECONDS = 3600.0
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def grade(
    file: Annotated[
        str, typer.Argument(metavar="FILE.py", help="A Python file with your functions.", show_default=False)
    ] = "",
    signature: Annotated[
        str, typer.Option("--signature", metavar="NAME", help="What your functions are like; --list shows them all.")
    ] = "",
    function: Annotated[
        str, typer.Option("--function", metavar="NAME", help="Only this function of yours; --only says which it is.")
    ] = "",
    only: Annotated[
        str, typer.Option("--only", metavar="WHAT", help="Only this: backward, or a result such as dx.")
    ] = "",
    seconds: Annotated[float, typer.Option("--seconds", help="The longest that all of it may take.")] = 5.0,
    memory: Annotated[str, typer.Option("--memory", help="The most memory it may take: 512M, 2G.")] = "1G",
    save: Annotated[
        str, typer.Option("--save", metavar="FILE", help="Keep the smallest case that fails, as a scenario.")
    ] = "",
    junit: Annotated[
        str, typer.Option("--junit", metavar="FILE", help="Write the result as JUnit XML too, for a course's pipeline.")
    ] = "",
    template: Annotated[
        str, typer.Option("--template", metavar="NAME", help="Print a file to fill in, of this signature.")
    ] = "",
    list_them: Annotated[bool, typer.Option("--list", help="List the signatures.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: AsJson = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Run your own functions on small cases, and name the mistake.

    It runs your code as you; this is no sandbox. It is ended when its time or its memory is used up.

    \b
    Examples:
      cnnstep grade --template cs231n > my_conv.py
      cnnstep grade my_conv.py
      cnnstep grade my_conv.py --only dx --save case.yaml
      cnnstep grade --list
    """
    from cnnstep.tutor.grade.data import grade_data
    from cnnstep.tutor.grade.report import report

    style, shape = style_of(precision, fractions), format_of(format, as_json)
    if template or list_them:
        _look_up(template, shape)
        return
    _check_free(force, save, junit)
    graded = _graded(file, signature, only, function, seconds, memory)
    saved = _save(graded, save, force) if save else ""
    if junit:
        _write_junit(graded, junit, force)
    give(Answer(partial(report, graded, style, saved), partial(grade_data, graded), style), shape)
    if graded.verdict != "right":
        raise typer.Exit(Exit.WRONG)


def _check_free(force: bool, *paths: str) -> None:
    """A fault before anything runs, where a file that is to be written is there."""
    from cnnstep.surface.writing import check_free

    for path in filter(None, paths):
        check_free(path, force)


def _graded(file: str, signature: str, only: str, function: str, seconds: float, memory: str) -> Graded:
    from cnnstep.errors import Fault, InputError
    from cnnstep.surface.grading.grading import Wish, grade_file
    from cnnstep.surface.grading.process import Limits

    if not file:
        hint = "name a Python file, or begin with: cnnstep grade --template cs231n > my_conv.py"
        raise InputError(Fault("usage", "FILE.py is missing", hint))
    if not 0 < seconds <= MOST_SECONDS:
        raise InputError(Fault("usage", f"--seconds is {seconds:g}", f"give a number from 1 to {MOST_SECONDS:g}"))
    return grade_file(file, Wish(signature, only, function), Limits(seconds, bytes_of(memory)))


def bytes_of(written: str) -> int:
    """`512M` or `2G` in bytes."""
    from cnnstep.errors import Fault, InputError

    number, unit = written[:-1], UNITS.get(written[-1:].upper())
    if unit is None or not number.isdigit() or not int(number):
        raise InputError(Fault("usage", f'--memory is "{written}"', "write it as 512M or 2G"))
    return int(number) * unit


def _save(graded: Graded, path: str, force: bool) -> str:
    """Writes the smallest case of all that fail; where none does, that is said."""
    from cnnstep.surface.scenario_file.writer import write_scenario

    smallest = graded.smallest
    if smallest is None:
        say("Nothing was wrong, so there is no case to keep.")
        return ""
    write_scenario(path, smallest.case.scenario, force)
    say(f"Written: {path}. Its error is your dout.")
    return path


def _write_junit(graded: Graded, path: str, force: bool) -> None:
    from cnnstep.surface.grading.junit import junit
    from cnnstep.surface.writing import write_file

    write_file(path, junit(graded), force)


def _look_up(template: str, shape: str) -> None:
    """A template as it is, or the list."""
    from cnnstep.tutor.grade.signatures import SIGNATURES

    if template:
        sys.stdout.write(SIGNATURES.find(template).template)
        return
    from cnnstep.tutor.document import Command, Heading, Table

    found = [(name, one.about, [function.line for function in one.functions]) for name, one in SIGNATURES.items()]
    tables = (Table((about,), tuple((line,) for line in lines), name) for name, about, lines in found)
    blocks: tuple[Block, ...] = (
        Heading("Signatures", 1),
        *tables,
        Command(f"cnnstep grade --template {found[0][0]} > my_conv.py", "a file to fill in"),
    )
    data = {"schema": 1, "signatures": [{"name": name, "functions": lines} for name, _, lines in found]}
    give(Answer(lambda: blocks, lambda: data), shape)
