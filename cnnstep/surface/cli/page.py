"""`cnnstep page`: a lesson as one HTML file that opens in any browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.surface.cli.context import ScenarioName, at_least, not_both, progress, say

if TYPE_CHECKING:
    from cnnstep.engine.scenario import Scenario
    from cnnstep.tutor.page.run import PageRequest

FEWEST = 40
"""So many iterations can be looked at, though a scenario asks for fewer."""


def page(
    scenario: ScenarioName,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.html", help="The file to write.")],
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", "-n", help="Number of updates; without it, the scenario's own, or 40 if fewer."),
    ] = None,
    iteration: Annotated[int, typer.Option("--iteration", help="The iteration that it opens with.")] = 0,
    mistake: Annotated[
        str, typer.Option("--mistake", metavar="CODE", help="Show this mistake beside the right way.")
    ] = "",
    quiz: Annotated[
        str, typer.Option("--quiz", metavar="STEP", help="Leave these steps blank, to be filled in: delta,gradient.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a lesson as one HTML file that opens in any browser, and in which every number can be touched.

    \b
    Examples:
      cnnstep page first-filter -o lesson.html
      cnnstep page first-filter --iterations 60 --iteration 34 -o dead.html
      cnnstep page first-filter --mistake uphill-update -o uphill.html
      cnnstep page first-filter --quiz delta,gradient -o quiz.html
    """
    from cnnstep.surface.loading import load
    from cnnstep.surface.page.html import page_html
    from cnnstep.surface.writing import check_free, user_path, write_file
    from cnnstep.tutor.cards import names_of
    from cnnstep.tutor.page.data import page_data

    if iterations is not None:
        at_least(iterations, 1, "--iterations")
    at_least(iteration, 0, "--iteration")
    if quiz:
        not_both("--quiz", {"--mistake": mistake})
    path = user_path(output)
    check_free(path, force)
    loaded = load(scenario)
    asked = replace(_asked(loaded.scenario, loaded.name, iterations, iteration), mistake=mistake, quiz=names_of(quiz))
    with progress(asked.last, "iterations") as done:
        text = page_html(page_data(asked, done))
    write_file(path, text, force)
    say(f"Written: {output}")


def _asked(scenario: Scenario, name: str, iterations: int | None, iteration: int) -> PageRequest:
    """The page of a scenario: at least as many iterations as the one that it opens with."""
    from cnnstep.tutor.cards import lesson_for
    from cnnstep.tutor.page.run import PageRequest

    last = iterations or max(scenario.iterations, FEWEST)
    return PageRequest(lesson_for(scenario), name, max(last, iteration), iteration)
