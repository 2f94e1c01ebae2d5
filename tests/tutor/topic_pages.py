"""A topic's page and its parts, as the tests of the pages look at them."""

from __future__ import annotations

from collections.abc import Iterator

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.tutor.document import Beside, Block, Matrix, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.topics import explanation
from tests.tutor.network_scenarios import find


def page(topic: str, scenario: str = "", **others: Scenario) -> tuple[Block, ...]:
    return explanation(topic, lambda name: others[name] if name in others else find(name), scenario, AS_USUAL)


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Beside):
            yield from flat(block.blocks)
        else:
            yield block


def text(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def tables(blocks: tuple[Block, ...]) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def matrix(blocks: tuple[Block, ...], title: str) -> list[list[float | None]]:
    (found,) = {m.rows for m in flat(blocks) if isinstance(m, Matrix) and m.title == title}
    return [list(row) for row in found]


def first(scenario: Scenario) -> Iteration:
    return first_iteration(lesson_of(scenario, input_gradient=True))
