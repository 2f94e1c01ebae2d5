"""The scenario that a page is worked on, loaded and computed only as far as the page asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cnnstep.tutor.document import Block, Command, Formula, Heading, Paragraph
from cnnstep.tutor.numbers import listed

if TYPE_CHECKING:  # a page that needs no scenario does without NumPy, and so starts 80 ms sooner
    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.scenario import Scenario
    from cnnstep.engine.trace import Iteration
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.view import View

FIRST_LESSON = "first-filter"


@dataclass(frozen=True)
class Example:
    """A scenario by its name; `own` where the learner named it. Numbers on the page are written in `style`."""

    load: Callable[[str], Scenario] = field(repr=False)
    name: str
    own: bool
    style: Numbers
    left_out: int = 0

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.load(self.name)

    @cached_property
    def view(self) -> View:
        """The view of the example's scenario."""
        from cnnstep.tutor.cards import view_of

        return view_of(self.scenario)

    @cached_property
    def lesson(self) -> Lesson:
        """The lesson of the example's scenario, with the input gradient."""
        from cnnstep.engine.lesson import lesson_of

        return lesson_of(self.scenario, input_gradient=True)

    @cached_property
    def first(self) -> Iteration:
        """Its first iteration."""
        from cnnstep.engine.trace import trace

        return next(trace(self.lesson, 1))

    def few(self, samples: int | None) -> Example:
        """The same with its first samples alone; None is all of them."""
        if samples is None:
            return self
        whole = self.scenario
        left_out = max(0, len(whole.inputs) - samples)
        if not left_out:
            return self
        short = replace(whole, inputs=whole.inputs[:samples], targets=whole.targets[:samples])
        return replace(self, load=lambda name: short if name == self.name else self.load(name), left_out=left_out)

    def said(self) -> tuple[Block, ...]:
        """A sentence on what was left out."""
        if not self.left_out:
            return ()
        from cnnstep.tutor.document import Paragraph

        used = len(self.scenario.inputs)
        first = "the first is" if used == 1 else f"the first {used} are"
        return (Paragraph(f"Of its {self.left_out + used} samples, {first} used here.", "quiet"),)

    @property
    def typed(self) -> str:
        """The scenario as a command names it; standard input can't be read twice, so the first lesson stands in."""
        if self.name in ("", "-"):
            return FIRST_LESSON
        if not self.own:
            return self.name
        from shlex import quote

        return quote(self.name)

    def text(self, value: float) -> str:
        """One number as the page writes it."""
        return self.style.text(float(value))


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
