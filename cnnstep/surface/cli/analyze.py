"""`cnnstep analyze`: why a scenario will learn, or won't."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cnnstep.surface.cli.context import (
    AsJson,
    FormatOption,
    Fractions,
    Precision,
    ScenarioName,
    at_least,
    format_of,
    give,
    progress,
    style_of,
)
from cnnstep.surface.formats import Answer


def analyze(
    scenario: ScenarioName,
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", "-n", help="Most iterations of the forecast; 3000, or fewer for a large layer."),
    ] = None,
    as_json: AsJson = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Predict whether a scenario will learn; if not, why, and what to change.

    \b
    Examples:
      cnnstep analyze first-filter
      cnnstep analyze my.yaml --iterations 10000
      cnnstep analyze first-filter --json
    """
    from cnnstep.engine.analysis import MOST_RUNS
    from cnnstep.engine.analysis import analyze as analysis_of
    from cnnstep.surface.loading import load
    from cnnstep.tutor.analyze.document import analyze_document
    from cnnstep.tutor.analyze.verdict import analyze_data

    style, shape = style_of(precision, fractions), format_of(format, as_json)
    if iterations is not None:
        at_least(iterations, 1, "--iterations")
    loaded = load(scenario)
    with progress(MOST_RUNS, "runs") as done:
        analysis = analysis_of(loaded.scenario, iterations, done)
    document = partial(analyze_document, analysis, loaded.name, style)
    give(Answer(document, partial(analyze_data, analysis), style), shape)
