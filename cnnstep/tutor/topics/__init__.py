"""One page a concept: plain words, the formula, numbers worked by the engine, what goes wrong, what to type next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

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
    return (
        Heading("What there is to explain", 1),
        *tables,
        Command("cnnstep explain dead-relu", "a good one to begin"),
    )


def explanation(topic: str, load: Callable[[str], Scenario], scenario: str, style: Numbers) -> tuple[Block, ...]:
    """The page of a topic, worked on the learner's scenario, or on the page's own where `scenario` is ""."""
    from cnnstep.tutor.topics.example import Example
    from cnnstep.tutor.topics.topic import page

    found = _topic(find(topic))
    return page(found, Example(load, scenario or found.scenario, bool(scenario), style))


def find(typed: str) -> str:
    """The topic's name for what was typed: any case, underscores for hyphens, everyday words."""
    wanted = _folded(typed)
    for names in (TOPICS, ALIASES):
        for name in names:
            if _folded(name) == wanted:
                return ALIASES.get(name, name)
    from cnnstep.errors import Fault, InputError
    from cnnstep.registry import did_you_mean

    hint = did_you_mean(typed, (*TOPICS, *ALIASES))
    hint = hint if hint.startswith("did") else "cnnstep explain lists them all"
    raise InputError(Fault("unknown-topic", f'there is no topic called "{typed}"', hint))


def _folded(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def _topic(name: str) -> Topic:
    module = import_module(f"{__name__}.{TOPICS[name]}")
    topics: Mapping[str, Topic] = {topic.name: topic for topic in module.PAGES}
    return topics[name]
