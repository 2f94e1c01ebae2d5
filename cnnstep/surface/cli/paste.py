"""`check --interactive`: a sheet typed or pasted in as a conversation on standard error."""

from __future__ import annotations

from cnnstep.surface.cli.context import say, show_aside
from cnnstep.surface.cli.conversation import converse, take_any_bytes
from cnnstep.surface.loading import STANDARD_INPUT, load
from cnnstep.tutor.check.entry import Entry, advance, begin, prompt
from cnnstep.tutor.numbers import Numbers


def pasted(scenario: str, style: Numbers) -> Entry:
    """The sheet as it was when it was done or left, or the input ended."""
    loaded = load(scenario)
    take_any_bytes()
    entry, blocks = begin("SCENARIO" if loaded.name == STANDARD_INPUT else loaded.name, loaded.scenario)
    show_aside(blocks, style)
    say("")
    entry = converse(entry, prompt, advance, style, "the sheet", aside=True)
    if entry.rows:
        say(f"{entry.step.symbol} was not complete, so it is left out.")
    say("")
    return entry
