"""The oracle itself: alone with its loops, and of one mind with the engine."""

from __future__ import annotations

import ast
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np

from cnnstep import lesson_of, network, one_filter, trace
from cnnstep.engine.scenario import Scenario
from tests.examples import some
from tests.oracle.cells import nested
from tests.oracle.drawing import draw
from tests.oracle.drawing_networks import draw_network
from tests.oracle.question import Question, work

DOOR = {"sheet", "printed", "told", "trials", "test_goals", "test_oracle"}
"""The files that meet the product."""


def test_the_oracle_knows_nothing_of_what_it_judges() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        if path.stem not in DOOR:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            assert not [name for name in froms if name.startswith(("cnnstep", "numpy"))], path.name


def test_the_oracles_loops_and_the_engine_come_to_the_same_numbers() -> None:
    for number in range(some(60)):
        question = draw(Random(f"engine {number}"))
        agree(question, one_filter(**question.keys()))


def test_so_they_do_for_networks() -> None:
    for number in range(some(30)):
        question = draw_network(Random(f"engine {number}"))
        agree(question, network(**question.keys()))


def agree(question: Question, scenario: Scenario) -> None:
    """Every step, and every number of it, is the same in both."""
    mine = work(question)
    lesson = lesson_of(scenario, input_gradient=True)
    (theirs,) = islice(trace(lesson), question.iteration, question.iteration + 1)
    assert lesson.names == question.names(sent_back=True)
    for name in lesson.names:
        shown = np.array(nested(question.shown(name, mine[name])))
        np.testing.assert_allclose(shown, theirs.matrix(name), rtol=1e-9, atol=1e-9, err_msg=name)
