"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import Numbers

FIRST_LESSON = "first-filter"


def _scenario_names(incomplete: str) -> list[str]:
    from cnnstep.surface.loading import shipped

    return [one.name for one in shipped() if one.name.startswith(incomplete)]


ScenarioName = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario file, - for standard input, or the name of a shipped scenario.",
        autocompletion=_scenario_names,
    ),
]
MaybeScenario = Annotated[
    str,
    typer.Argument(
        metavar="[SCENARIO]",
        help="A scenario file, - for standard input, or a shipped name; without one, the first lesson.",
        autocompletion=_scenario_names,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Precision = Annotated[int, typer.Option("--precision", help="Decimals at most.", min=0, max=15)]
Fractions = Annotated[bool, typer.Option("--fractions", help="1/3 and not 0.3333, where that is exact.")]
Only = Annotated[
    str,
    typer.Option("--only", metavar="STEP", help="Only these steps, separated by commas: forward,gradient."),
]


def style_of(precision: int, fractions: bool) -> Numbers:
    """How numbers are to be written."""
    return Numbers(precision, fractions)


def names_in(only: str) -> tuple[str, ...]:
    """`forward, gradient` as names."""
    return tuple(name.strip() for name in only.split(",") if name.strip())


def at_least(value: int, least: int, option: str) -> None:
    """A fault where an option's number is too small."""
    if value < least:
        raise InputError(Fault("usage", f"{option} is {value}; it must be {least} or more", f"type {option} {least}"))
