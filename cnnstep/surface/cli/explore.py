"""`cnnstep explore`: the whole chain of matrices on one screen of the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import FIRST_LESSON, Fractions, MaybeScenario, Precision, screen, style_of

if TYPE_CHECKING:
    from cnnstep.tutor.session.state import Saving


def explore(
    scenario: MaybeScenario = FIRST_LESSON,
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """The whole chain of matrices on one screen: choose a number, see what it is made of, change it.

    \b
    Examples:
      cnnstep explore
      cnnstep explore digits-cnn
      cnnstep explore my.yaml --fractions
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        hint = "cnnstep step --interactive goes through the same lesson a step at a time, in a pipe too"
        raise InputError(Fault("terminal", "explore needs a terminal, and this is none", hint))
    from cnnstep.surface.sweeping.executors import extra

    style = style_of(precision, fractions)
    extra("textual", "explore", "explore")
    from cnnstep.surface.explore.app import ExploreApp
    from cnnstep.surface.loading import load
    from cnnstep.surface.loading import scenario as loader
    from cnnstep.tutor.explore.explorer import explore as begin

    loaded = load(scenario)
    code = ExploreApp(begin(loaded.name, loaded.scenario, style, loader), screen(), _saved).run()
    raise typer.Exit(code or 0)


def _saved(saving: Saving) -> str:
    """Writes the scenario; what became of that, in words."""
    from cnnstep.surface.scenario_file.writer import write_scenario
    from cnnstep.surface.writing import user_path

    try:
        write_scenario(user_path(saving.path), saving.scenario)
    except InputError as error:
        return f"Not saved: {error.faults[0].what}."
    return f"Saved as {saving.path}. {saving.words}".rstrip()
