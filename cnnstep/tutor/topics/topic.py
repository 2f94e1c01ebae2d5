"""A topic: one concept as one page, with the same parts on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cnnstep.tutor.document import Block, Command, Formula, Heading, Paragraph
from cnnstep.tutor.topics.example import FIRST_LESSON, Example

GROUPS = ("ideas", "steps", "activations", "losses", "optimizers", "conventions")
"""The order in which the list of topics shows them."""


@dataclass(frozen=True)
class Topic:
    """What a page says, and `numbers`, which works the concept on an example.

    `scenario` is the shipped scenario that the page uses unless the learner brings one; "" where the page
    needs none. In `next`, `{scenario}` stands for the one in use; `next_own` takes its place on a learner's own.
    """

    name: str
    title: str
    summary: str
    group: str
    paragraphs: tuple[str, ...]
    formula: str
    numbers: Callable[[Example], tuple[Block, ...]] = field(repr=False)
    goes_wrong: str
    next: Command
    see_also: tuple[str, ...]
    formula_words: str = ""
    scenario: str = FIRST_LESSON
    next_own: Command | None = None


def page(topic: Topic, example: Example) -> tuple[Block, ...]:
    """The page from top to bottom: words, formula, numbers, what goes wrong, what to type, where to read on."""
    name = "" if topic.title.lower() == topic.name else topic.name
    return (
        Heading(topic.title, 1, name),
        *(Paragraph(text) for text in topic.paragraphs),
        Formula(topic.formula, topic.formula_words),
        Heading("With numbers", 2, example.name),
        *topic.numbers(example),
        Heading("What goes wrong"),
        Paragraph(topic.goes_wrong),
        _next(topic, example),
        Paragraph(f"See also: {', '.join(topic.see_also)}", "quiet"),
    )


def _next(topic: Topic, example: Example) -> Command:
    command = topic.next_own if example.own and topic.next_own else topic.next
    return replace(command, command=command.command.format(scenario=example.typed))
