"""`cnnstep explain`, `cnnstep scenarios` and `cnnstep schema`: what there is to look up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.surface.cli.context import (
    FIRST_LESSON,
    AsJson,
    FormatOption,
    Fractions,
    Precision,
    format_of,
    give,
    not_both,
    show_json,
    style_of,
)
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from cnnstep.tutor.document import Block


def _topic_names(incomplete: str) -> list[str]:
    from cnnstep.tutor.topics import TOPICS

    return [name for name in TOPICS if name.startswith(incomplete)]


MANY_WORDS = {"allow_extra_args": True}
"""`explain dead relu`: a topic may have more than one word."""


def explain(
    context: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC", help="A topic; without one, the list.", autocompletion=_topic_names),
    ] = "",
    scenario: Annotated[str, typer.Option("--scenario", metavar="SCENARIO", help="Use your own numbers.")] = "",
    in_order: Annotated[
        bool, typer.Option("--path", help="A reading order, from the first output to whole networks.")
    ] = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Explain a concept with worked numbers; without a TOPIC, list the topics.

    \b
    Examples:
      cnnstep explain
      cnnstep explain --path
      cnnstep explain dead relu
      cnnstep explain gradient --scenario my.yaml
    """
    from cnnstep.surface.loading import load
    from cnnstep.tutor.topics import explanation, path_of_topics, topic_list

    style, shape, name = style_of(precision, fractions), format_of(format, False), " ".join((topic, *context.args))

    not_both("--path", {"a topic": name if in_order else "", "--scenario": scenario if in_order else ""})

    def page() -> tuple[Block, ...]:
        if in_order:
            return path_of_topics()
        return explanation(name, lambda name: load(name).scenario, scenario, style) if name else topic_list()

    give(Answer(page, None, style), shape)


def scenarios(as_json: AsJson = False) -> None:
    """List the shipped scenarios.

    \b
    Examples:
      cnnstep scenarios
      cnnstep run stride
    """
    from cnnstep.surface.loading import shipped
    from cnnstep.tutor.document import Command, Heading, Table

    found = [(one.name, one.title) for one in shipped()]
    blocks = (
        Heading("Shipped scenarios", 1),
        Table(("name", "what it is about"), tuple(found)),
        Command(f"cnnstep run {FIRST_LESSON}", "walk through the first one"),
    )
    data = {"schema": 1, "scenarios": [{"name": name, "title": title} for name, title in found]}
    give(Answer(lambda: blocks, lambda: data), format_of("", as_json))


def schema(
    of: Annotated[
        str,
        typer.Option(
            "--of",
            metavar="WHAT",
            help="scenario, work, course; or what run, check, marks (of many) or grade --json is.",
        ),
    ] = "scenario",
) -> None:
    """Print the JSON Schema of a file or of a JSON document, for editors that check YAML and for programs.

    \b
    Examples:
      cnnstep schema > scenario.schema.json
      cnnstep schema --of work
      cnnstep schema --of run
    """
    if of == "scenario":  # an editor asks for it at each start
        from cnnstep.surface.scenario_file.schema import json_schema

        show_json(json_schema(), indent=2)
        return
    from cnnstep.surface.schemas import schema_of

    show_json(schema_of(of), indent=2)
