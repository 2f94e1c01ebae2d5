"""`cnnstep explain`, `cnnstep scenarios` and `cnnstep schema`: what there is to look up."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnstep.surface.cli.options import FIRST_LESSON, AsJson, Fractions, Precision, style_of


def _topic_names(incomplete: str) -> list[str]:
    from cnnstep.tutor.topics import TOPICS

    return [name for name in TOPICS if name.startswith(incomplete)]


MANY_WORDS = {"allow_extra_args": True}
"""`explain dead relu`: a topic may have more than one word."""


def explain(
    context: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC", help="A concept; without one, the list.", autocompletion=_topic_names),
    ] = "",
    scenario: Annotated[str, typer.Option("--scenario", metavar="SCENARIO", help="Work it on your own numbers.")] = "",
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Explain a concept with worked numbers; without a TOPIC, list the topics.

    \b
    Examples:
      cnnstep explain
      cnnstep explain dead relu
      cnnstep explain gradient --scenario my.yaml
    """
    from cnnstep.surface.cli.context import show
    from cnnstep.surface.loading import load
    from cnnstep.tutor.topics import explanation, topic_list

    style = style_of(precision, fractions)
    if not topic:
        show(topic_list(), style)
        return
    show(explanation(" ".join((topic, *context.args)), lambda name: load(name).scenario, scenario, style), style)


def scenarios(as_json: AsJson = False) -> None:
    """List the shipped scenarios.

    \b
    Examples:
      cnnstep scenarios
      cnnstep run stride
    """
    from cnnstep.surface.cli.context import show, show_json
    from cnnstep.surface.loading import shipped
    from cnnstep.tutor.document import Command, Heading, Table
    from cnnstep.tutor.numbers import AS_USUAL

    found = shipped()
    if as_json:
        show_json({"schema": 1, "scenarios": [{"name": one.name, "title": one.title} for one in found]})
        return
    rows = tuple((one.name, one.title) for one in found)
    blocks = (
        Heading("Shipped scenarios", 1),
        Table(("name", "what it is about"), rows),
        Command(f"cnnstep run {FIRST_LESSON}", "walk through the first one"),
    )
    show(blocks, AS_USUAL)


def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors that complete and check YAML.

    \b
    Examples:
      cnnstep schema > scenario.schema.json
    """
    from cnnstep.surface.cli.context import show_json
    from cnnstep.surface.schema import json_schema

    show_json(json_schema(), indent=2)
