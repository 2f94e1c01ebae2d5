"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import Numbers

FIRST_LESSON = "first-filter"
MOST_DECIMALS = 15
"""A double has no more that mean something."""
MOST_COUNTED = 10**12
"""Of iterations or runs: a year of the fastest machine has fewer."""


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
        metavar="SCENARIO",
        help="A scenario file, - for standard input, or a shipped name; without one, the first lesson.",
        autocompletion=_scenario_names,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def _format_names(incomplete: str) -> list[str]:
    from cnnstep.surface import formats

    return [name for name in formats.names() if name.startswith(incomplete)]


Format = Annotated[
    str,
    typer.Option(
        "--format", metavar="NAME", help="The format of the answer: text, json.", autocompletion=_format_names
    ),
]
Precision = Annotated[int, typer.Option("--precision", help="Most decimals to show, 0 to 15.")]
Fractions = Annotated[bool, typer.Option("--fractions", help="Show 1/3, not 0.3333, where that is exact.")]
Only = Annotated[
    str,
    typer.Option(
        "--only",
        metavar="STEP",
        help="Show only these steps: error,delta; in a network also conv1 or conv1.gradient[3].",
    ),
]


All = Annotated[bool, typer.Option("--all", help="Print every number of a large matrix.")]


def style_of(precision: int, fractions: bool, every: bool = False) -> Numbers:
    """How numbers are to be written."""
    between(precision, 0, MOST_DECIMALS, "--precision")
    return Numbers(precision, fractions, every)


def format_of(name: str, as_json: bool) -> str:
    """The format that is asked for by its name, or by --json; `InputError` where there is none of this name."""
    from cnnstep.surface import formats

    if as_json:
        not_both("--json", {"--format": name})
    elif name:
        formats.find(name)
    return "json" if as_json else name or formats.USUAL


def between(value: int, least: int, most: int, option: str) -> None:
    """A fault where an option's number is too small or too large."""
    if value < least:
        raise InputError(Fault("usage", f"{option} is {value}; it must be {least} or more", f"type: {option} {least}"))
    if value > most:
        what = f"{option} is {value!s:.25}; it must be {most} or less"
        raise InputError(Fault("usage", what, f"type: {option} {most}"))


def at_least(value: int, least: int, option: str) -> None:
    """A fault where a count is too small, or larger than anything that is counted here."""
    between(value, least, MOST_COUNTED, option)


def not_both(option: str, others: Mapping[str, object]) -> None:
    """A fault where an option was given along with one of the others, which mean nothing beside it."""
    for other, given in others.items():
        if given:
            raise InputError(Fault("usage", f"{option} and {other} don't go together", f"leave out {other}"))
