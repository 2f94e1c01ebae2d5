"""`cnnstep check`: a learner's own numbers, marked, and the mistake named."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnstep.surface.cli.options import AsJson, Fractions, Precision, style_of
from cnnstep.surface.exits import Exit


def check(
    work: Annotated[
        str,
        typer.Argument(metavar="WORK", help="A work file, or - for standard input; with --interactive, a scenario."),
    ],
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Paste your matrices at a prompt; WORK is then a scenario.")
    ] = False,
    separate: Annotated[
        str,
        typer.Option("--separate", metavar="FILE", help="Write a scenario that tells equal explanations apart."),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    as_json: AsJson = False,
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Mark your own numbers, step by step, and name the mistake.

    A work file names the scenario and gives the matrices that you worked out; any of them will do:

    scenario: first-filter

    work: {error: [[-2, 0], [0, 0]], update: [[2, -2], [1, 2]]}

    Examples:

    cnnstep check work.yaml

    cnnstep check --interactive first-filter

    cat work.yaml | cnnstep check - --json
    """
    from cnnstep.surface.cli.context import show, show_json
    from cnnstep.tutor.check.data import check_data
    from cnnstep.tutor.check.diagnose import diagnose
    from cnnstep.tutor.check.report import report

    style = style_of(precision, fractions)
    if interactive:
        from cnnstep.surface.cli.paste import pasted

        sheet = pasted(work)
    else:
        from cnnstep.surface.work_file import load_work

        sheet = load_work(work)
    diagnosis = diagnose(sheet)
    if separate:
        from cnnstep.surface.cli.context import say
        from cnnstep.surface.scenario_text import dump
        from cnnstep.surface.writing import write_file
        from cnnstep.tutor.check.separate import separating

        write_file(separate, dump(separating(diagnosis)), force)
        say(f"Written: {separate}. Work it out, and check that.")
    if as_json:
        show_json(check_data(diagnosis))
    else:
        show(report(diagnosis, style), style)
    if diagnosis.verdict != "correct":
        raise typer.Exit(Exit.WRONG)
