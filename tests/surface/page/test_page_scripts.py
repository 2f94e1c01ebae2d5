"""The page's scripts by themselves: linted, their types checked, and their arithmetic equal to the engine's."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnstep import trace
from cnnstep.engine.links import links
from cnnstep.surface.loading import read_scenario_text, shipped
from cnnstep.surface.page.html import ASSETS
from cnnstep.tutor.cards import lesson_for
from tests.extras import NODE_MODULES, marks
from tests.surface.page.pages import lesson_called

pytestmark = marks("node")

TOOLS = Path(__file__).parents[2] / "javascript"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's scripts, their tests and the tools."""
    folder = tmp_path_factory.mktemp("workshop")
    for path in TOOLS.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    shutil.copytree(ASSETS, folder / "assets")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    return folder


def ran(folder: Path, *command: str, given: str = "") -> str:
    """What a command of Node's prints; it has to end well."""
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_the_types_hold(workshop: Path) -> None:
    settings = json.loads((workshop / "tsconfig.json").read_text())
    (workshop / "tsconfig.json").write_text(json.dumps(settings | {"include": ["assets/*.js"]}))
    ran(workshop, "node_modules/.bin/tsc", "-p", ".")


def test_the_linter_has_nothing_to_say(workshop: Path) -> None:
    ran(workshop, "node_modules/.bin/eslint", "--max-warnings", "0", "assets")


def test_the_arithmetic_passes_its_own_tests(workshop: Path) -> None:
    assert "# fail 0" in ran(workshop, "node", "--test", "--test-reporter", "tap")


def test_the_arithmetic_gives_every_number_of_every_shipped_scenario(workshop: Path) -> None:
    names = [one.name for one in shipped() if one.name != "digits-cnn"]
    asked = [{"program": links(lesson_called(name)).to_dict(), "iterations": 3} for name in names]
    made = json.loads(ran(workshop, "node", "programs.js", given=json.dumps(asked)))
    for name, iterations in zip(names, made, strict=True):
        for iteration, mine in zip(trace(lesson_called(name), 3), iterations, strict=True):
            assert mine["loss"] == pytest.approx(iteration.loss, rel=1e-9, abs=1e-9)
            for step, numbers in mine["steps"].items():
                assert same(numbers, iteration.values[step].ravel()), (name, step)


IMAGE = [[[(3 * r + 2 * c + r * c) % 7 - 3 for c in range(9)] for r in range(9)]]
LAYERS = {
    "ties shared, padding at the rim": """
  - {type: conv, weights: {init: he_normal, seed: 1, filters: 2, size: 3}, bias: 0.1, padding: 1, stride: 2}
  - {type: relu}
  - {type: max_pool, size: 3, stride: 1, padding: 1, ties: share}
  - {type: average_pool, size: 2, leftover: drop}
  - {type: gelu}
  - {type: flatten}
  - {type: dense, weights: {init: glorot_uniform, seed: 2, outputs: 3}, bias: 0}
  - {type: softmax}""",
    "dilated, transposed": """
  - {type: conv, weights: {init: he_normal, seed: 3, filters: 2, size: 3}, dilation: 2}
  - {type: silu}
  - {type: transposed_conv, weights: {init: he_normal, seed: 4, filters: 2, size: 3}, stride: 2}
  - {type: elu, alpha: 0.5}
  - {type: max_pool, size: 2, stride: 3, leftover: drop}
  - {type: softplus}
  - {type: flatten}
  - {type: dense, weights: {init: glorot_uniform, seed: 5, outputs: 3}}
  - {type: softmax}""",
}


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_the_arithmetic_gives_what_no_shipped_scenario_has(workshop: Path, optimizer: str) -> None:
    rest = f"loss: cross_entropy\nlearning_rate: 0.05\noptimizer: {optimizer}\n"
    texts = [f"input: {IMAGE}\ntarget: {{class: 1}}\nlayers:{layers}\n{rest}" for layers in LAYERS.values()]
    lessons = [lesson_for(read_scenario_text(text)) for text in texts]
    asked = [{"program": links(lesson).to_dict(), "iterations": 3} for lesson in lessons]
    made = json.loads(ran(workshop, "node", "programs.js", given=json.dumps(asked)))
    for lesson, iterations in zip(lessons, made, strict=True):
        for iteration, mine in zip(trace(lesson, 3), iterations, strict=True):
            for step, numbers in mine["steps"].items():
                assert same(numbers, iteration.values[step].ravel()), step


def same(mine: list[float], theirs: Any) -> bool:
    return bool(np.allclose(mine, theirs, rtol=1e-9, atol=1e-9)) and all(map(math.isfinite, mine))
