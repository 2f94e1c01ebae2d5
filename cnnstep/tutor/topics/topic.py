"""A topic: one concept as one page, with the same parts on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cnnstep.tutor.document import Block, Command, Formula, Heading, Paragraph
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.topics.example import FIRST_LESSON, Example

GROUPS = ("ideas", "steps", "layers", "networks", "activations", "losses", "optimizers", "conventions")
"""The order in which the list of topics shows them."""

Pages = Callable[[Example], tuple[Block, ...]]
TRAINED = ("conv", "dense")
"""The types of layers that have weights: what a page needs that tells of gradients of weights, or of their updates."""


@dataclass(frozen=True)
class Topic:
    """What a page says, and `numbers` or `network`, which work the concept on one filter or on a network.

    `scenario` is the shipped scenario that the page uses unless the learner brings one; "" where the page
    needs none. It takes the learner's place where theirs is of the other kind, or a network with none of `layers`.
    In `next`, `{scenario}` stands for the one in use; `next_own` takes its place on a learner's own.
    Of a network so many `samples` are worked through.
    """

    name: str
    title: str
    summary: str
    group: str
    paragraphs: tuple[str, ...]
    formula: str
    numbers: Pages | None = field(repr=False)
    goes_wrong: str
    next: Command
    see_also: tuple[str, ...]
    formula_words: str = ""
    scenario: str = FIRST_LESSON
    next_own: Command | None = None
    network: Pages | None = field(default=None, repr=False)
    layers: tuple[str, ...] = ()
    samples: int = 1


def page(topic: Topic, example: Example) -> tuple[Block, ...]:
    """The page from top to bottom: words, formula, numbers, what goes wrong, what to type, where to read on."""
    name = "" if topic.title.lower() == topic.name else topic.name
    example, instead = _suited(topic, example)
    return (
        Heading(topic.title, 1, name),
        *(Paragraph(text) for text in topic.paragraphs),
        Formula(topic.formula, topic.formula_words),
        Heading("With numbers", 2, example.name),
        *((Paragraph(instead),) if instead else ()),
        *_numbers(topic, example),
        Heading("What goes wrong"),
        Paragraph(topic.goes_wrong),
        _next(topic, example),
        Paragraph(f"See also: {', '.join(topic.see_also)}", "quiet"),
    )


def _suited(topic: Topic, example: Example) -> tuple[Example, str]:
    """The learner's example, or the page's own with a sentence on why."""
    why = _unsuited(topic, example) if example.own else ""
    if not why:
        return example, ""
    own = Example(example.load, topic.scenario, False, example.style)
    return own, f"{why} {f'Here is {topic.scenario} in its place.' if topic.scenario else 'Here it is by itself.'}"


def _unsuited(topic: Topic, example: Example) -> str:
    """Why the page can't be worked on the learner's scenario; "" where it can."""
    view = example.view
    if view.pages(topic)[0] is None:
        return view.instead
    needed = view.needed(topic)
    if needed and not {layer.kind for layer in example.scenario.layers} & set(needed):
        return f"Your network has no layer of type {listed(needed, 'or')}."
    return ""


def _numbers(topic: Topic, example: Example) -> tuple[Block, ...]:
    if example.own:
        pages, samples = example.view.pages(topic)
    else:
        pages, samples = (topic.numbers, None) if topic.numbers else (topic.network, topic.samples)
    if pages is None:
        return ()
    few = example.few(samples)
    return (*few.said(), *pages(few))


def _next(topic: Topic, example: Example) -> Command:
    command = topic.next
    if example.own:
        command = example.view.following(topic)
    return replace(command, command=command.command.format(scenario=example.typed))
