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
from cnnstep.surface.loading import shipped
from cnnstep.surface.page.html import ASSETS
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


def same(mine: list[float], theirs: Any) -> bool:
    return bool(np.allclose(mine, theirs, rtol=1e-9, atol=1e-9)) and all(map(math.isfinite, mine))
