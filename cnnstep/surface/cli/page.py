"""`cnnstep page`: a lesson as one HTML file that opens in any browser, or all the shipped ones with an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import at_least, not_both, progress, say, scenario_names

if TYPE_CHECKING:
    from pathlib import Path

    from cnnstep.tutor.page.run import PageRequest


def page(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.html", help="The file to write; with --all, the folder.")
    ],
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO",
            help="A scenario file, - for standard input, or the name of a shipped scenario.",
            autocompletion=scenario_names,
            show_default=False,
        ),
    ] = "",
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", "-n", help="Number of updates; without it, the scenario's own, 40 at least."),
    ] = None,
    iteration: Annotated[int, typer.Option("--iteration", help="The iteration that it opens with.")] = 0,
    mistake: Annotated[
        str, typer.Option("--mistake", metavar="CODE", help="Show this mistake beside the right way.")
    ] = "",
    quiz: Annotated[
        str, typer.Option("--quiz", metavar="STEP", help="Leave these steps blank, to be filled in: delta,gradient.")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every shipped scenario, and an index of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a lesson as one HTML file that opens in any browser, and in which every number can be touched.

    \b
    Examples:
      cnnstep page first-filter -o lesson.html
      cnnstep page first-filter --iterations 60 --iteration 34 -o dead.html
      cnnstep page first-filter --mistake uphill-update -o uphill.html
      cnnstep page first-filter --quiz delta,gradient -o quiz.html
      cnnstep page --all -o lessons
    """
    from cnnstep.surface.loading import load
    from cnnstep.surface.writing import check_free, user_path
    from cnnstep.tutor.cards import names_of
    from cnnstep.tutor.page.run import requested

    if iterations is not None:
        at_least(iterations, 1, "--iterations")
    at_least(iteration, 0, "--iteration")
    if quiz:
        not_both("--quiz", {"--mistake": mistake})
    path = user_path(output)
    if every:
        not_both("--all", {"a scenario": scenario, "--quiz": quiz, "--mistake": mistake, "--iteration": iteration})
        _write_all(path, iterations, force)
        return
    if not scenario:
        raise InputError(Fault("usage", "say which scenario", "cnnstep page first-filter -o lesson.html, or --all"))
    check_free(path, force)
    loaded = load(scenario)
    asked = requested(loaded.scenario, loaded.name, iterations, iteration, mistake, names_of(quiz))
    _write(path, asked, force)
    say(f"Written: {output}")


def _write(path: Path, asked: PageRequest, force: bool) -> None:
    from cnnstep.surface.page.html import page_html
    from cnnstep.surface.writing import write_file
    from cnnstep.tutor.page.data import page_data

    with progress(asked.last, "iterations") as done:
        text = page_html(page_data(asked, done))
    write_file(path, text, force)


def _write_all(folder: Path, iterations: int | None, force: bool) -> None:
    """A page for each shipped scenario, and an index page; a fault before any is written where one is there already."""
    from cnnstep.surface.loading import load, shipped
    from cnnstep.surface.page.html import index_html
    from cnnstep.surface.writing import check_free, write_file
    from cnnstep.tutor.page.run import requested

    if not folder.exists() and folder.parent.is_dir():
        folder.mkdir()
    known = shipped()
    targets = [folder / f"{one.name}.html" for one in known]
    for target in (*targets, folder / "index.html"):
        check_free(target, force)
    lessons = []
    for one, target in zip(known, targets, strict=True):
        asked = requested(load(one.name).scenario, one.name, iterations)
        _write(target, asked, force)
        lessons.append((target.name, asked.title, asked.about))
    write_file(folder / "index.html", index_html(lessons), force)
    say(f"Written: {len(lessons)} lessons, and {folder / 'index.html'}")
