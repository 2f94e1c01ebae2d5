"""One page a concept: plain words, the formula, numbers worked by the engine, what goes wrong, what to type next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from cnnstep.engine.vocabulary import SYMBOLS
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.place import read_place
from cnnstep.tutor.topics.index import ALIASES, MODULE_OF

if TYPE_CHECKING:  # nothing here may bring NumPy: a page decides for itself what it needs
    from cnnstep.engine.scenario import Scenario
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.topics.topic import Topic

TOPICS: Mapping[str, str] = MODULE_OF
"""Every topic's name, and the module that holds its page."""


def topic_list() -> tuple[Block, ...]:
    """All topics: a table a group, each topic with its summary."""
    from cnnstep.tutor.document import Command, Heading, Table
    from cnnstep.tutor.topics.topic import GROUPS

    topics = [_topic(name) for name in TOPICS]
    tables = (
        Table(
            ("topic", "what it is"), tuple((t.name, t.summary) for t in topics if t.group == group), group.capitalize()
        )
        for group in GROUPS
    )
    from cnnstep.tutor.topics.mistakes import mistake_tables

    return (
        Heading("Topics", 1),
        *tables,
        *mistake_tables(),
        Command("cnnstep explain dead-relu", "a good one to start with"),
    )


def explanation(topic: str, load: Callable[[str], Scenario], scenario: str, style: Numbers) -> tuple[Block, ...]:
    """The page of a topic, worked on the learner's scenario, or on the page's own where `scenario` is ""."""
    name = topic if topic in TOPICS else None if _is_mistake(topic) else known(topic)
    if name is None:
        return _of_mistake(topic, load, scenario, style)
    from cnnstep.tutor.topics.example import Example
    from cnnstep.tutor.topics.topic import page

    found = _topic(name)
    return page(found, Example(load, scenario or found.scenario, bool(scenario), style))


def _is_mistake(typed: str) -> bool:
    """Whether this is a mistake's code to the letter: `squared-error` is one, `squared_error` is a loss."""
    from cnnstep.tutor.mistakes import MISTAKES

    return typed in MISTAKES


def _of_mistake(typed: str, load: Callable[[str], Scenario], scenario: str, style: Numbers) -> tuple[Block, ...]:
    """The page of a mistake; its entries bring the engine, so they are asked last."""
    from cnnstep.tutor.mistakes import MISTAKES
    from cnnstep.tutor.topics.example import Example
    from cnnstep.tutor.topics.mistakes import mistake_page

    code = _folded(typed)
    if code in MISTAKES:
        found = MISTAKES[code]
        return mistake_page(found, Example(load, scenario or found.shown_on, bool(scenario), style))
    hint = did_you_mean(typed, (*TOPICS, *ALIASES, *MISTAKES))
    hint = hint if hint.startswith("did") else "cnnstep explain lists them all"
    raise InputError(Fault("unknown-topic", f'there is no topic called "{typed}"', hint))


def known(typed: str) -> str | None:
    """The topic's name for what was typed: any case, underscores for hyphens, everyday words, symbols, cells.

    Of a network's steps, too: `conv1.gradient[0]`.
    """
    with suppress(InputError):  # "adam 0.9" is no cell, and no topic either
        typed = read_place(typed).name or typed
    typed = SYMBOLS.get(typed, typed)
    if "." in typed:
        return _of_layer(*typed.rsplit(".", 1))
    wanted = _folded(typed)
    for names in (TOPICS, ALIASES):
        for name in names:
            if _folded(name) == wanted:
                return ALIASES.get(name, name)
    return None


def _of_layer(layer: str, step: str) -> str | None:
    """`dense1.gradient` is told of on the layer's own page, `conv1.gradient` and `edges.gradient` on the step's."""
    kind = known(layer.rstrip("0123456789"))
    return kind if kind and kind != known("conv") else known(step)


def _folded(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def _topic(name: str) -> Topic:
    module = import_module(f"{__name__}.{TOPICS[name]}")
    topics: Mapping[str, Topic] = {topic.name: topic for topic in module.PAGES}
    return topics[name]
