"""In a notebook each of our values shows itself: as the terminal prints it, and as tables that need no script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import cnnstep
from cnnstep.surface.notebook import SHOWN, bundle, install
from tests.conftest import environment
from tests.extras import needs
from tests.markup import faults, parsed

if TYPE_CHECKING:
    from tests.browser import Tabs

Formatters = dict[str, Callable[[object], dict[str, str]]]

CELLS = {
    "scenario": 'import cnnstep\nlesson = cnnstep.scenario("first-filter")\nlesson',
    "lesson": "cnnstep.lesson_of(lesson)",
    "iteration": "first = next(cnnstep.trace(lesson))\nfirst",
    "working": 'first.working("gradient", 0, 1)',
    "finding": "cnnstep.findings(first)[0]",
    "outcome": "run = list(cnnstep.trace(lesson, 40))\ncnnstep.outcome(run[0], run[-1])",
    "diagnosis": 'cnnstep.check("first-filter", gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]])',
    "sweep": "cnnstep.sweep(lesson, cnnstep.Plan(starts=50))",
    "graded": "def conv_forward(x, w, b, conv_param):\n    return x, None\ncnnstep.grade(conv_forward)",
    "network": 'cnnstep.scenario("smallest-network")',
}
SAID = {
    "scenario": ["The first filter", "Input X", "learning_rate  0.5", "half_squared_error: L = ½ Σ e²"],
    "lesson": ["delta       δ       δ = e ⊙ relu′(z)"],
    "iteration": ["The first filter   iteration 0, loss 2", "4 Delta   δ = e ⊙ relu′(z)"],
    "working": ["δ[0,0] · X[0,1]  = 2 · (-1)  = -2"],
    "finding": ["• dead-relu  2 inactive cells"],
    "outcome": ["The run is stuck: an error is left, but every gradient is 0. Its loss is 1.", "-0.0998"],
    "diagnosis": ["One thing went wrong, in the update: you walked uphill."],
    "sweep": ["Sweep: The first filter", "50 "],
    "graded": ["conv_forward"],
    "network": ["conv1", "max_pool1", "dense1.gradient"],
}


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """The value of each cell."""
    known: dict[str, Any] = {}
    found = {}
    for name, cell in CELLS.items():
        *before, last = cell.splitlines()
        exec("\n".join(before), known)
        found[name] = eval(last, known)
    return found


@pytest.fixture
def formatters(monkeypatch: pytest.MonkeyPatch) -> Formatters:
    """What an IPython is told, by the names of the types."""
    told: Formatters = {}

    def for_type_by_name(module: str, name: str, show: Callable[[object], dict[str, str]]) -> None:
        told[f"{module}.{name}"] = show

    formatter = SimpleNamespace(for_type_by_name=for_type_by_name)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(mimebundle_formatter=formatter))
    ipython = ModuleType("IPython")
    ipython.__dict__["get_ipython"] = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    install()
    return told


def shown_by(formatters: Formatters, value: object) -> dict[str, str]:
    (name,) = (name for kind in type(value).__mro__ if (name := f"{kind.__module__}.{kind.__name__}") in formatters)
    return formatters[name](value)


@pytest.mark.parametrize("name", CELLS)
def test_each_value_is_shown_as_text_and_as_tables(formatters: Formatters, values: dict[str, Any], name: str) -> None:
    shown = shown_by(formatters, values[name])
    assert [words for words in SAID[name] if words not in shown["text/plain"]] == []
    root = parsed(shown["text/html"])
    assert faults(root) == []
    words, told = ({*re.findall(r"[^\W\d_]{2,}", text)} for text in (shown["text/plain"], root.text))
    assert {word for word in words - told if len({*word}) > 1} == set()  # a bar of a sweep is of one letter


def test_a_diagnosis_is_the_report_that_printing_it_gives(formatters: Formatters, values: dict[str, Any]) -> None:
    assert shown_by(formatters, values["diagnosis"])["text/plain"] == str(values["diagnosis"])


def test_every_name_that_is_told_is_a_type() -> None:
    assert all(isinstance(getattr(import_module(module), name), type) for module, name in SHOWN)


def test_outside_of_a_notebook_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    install()
    ipython = ModuleType("IPython")
    ipython.__dict__["get_ipython"] = lambda: None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    install()


def test_a_title_is_text_in_a_notebook_too() -> None:
    mine = cnnstep.one_filter(
        input=[[1]], filter=[[1]], target=[[1]], activation="relu", learning_rate=1, title="<b>&amp;"
    )
    show = SHOWN["cnnstep.engine.scenario", "Scenario"]
    assert "<h3>&lt;b&gt;&amp;amp;</h3>" in bundle(show, mine)["text/html"]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The cells run by a kernel of their own: the notebook afterwards, and the page that nbconvert makes of it."""
    folder = tmp_path_factory.mktemp("notebook")
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for name, cell in CELLS.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    written = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    (folder / "before.ipynb").write_text(json.dumps(written), encoding="utf-8")
    nbconvert = [sys.executable, "-m", "nbconvert", "--log-level=ERROR"]
    from_here = ["--HTMLExporter.mathjax_url=", "--HTMLExporter.require_js_url=", "--HTMLExporter.jquery_url="]
    for arguments in (
        ["--execute", "--to", "notebook", "--output", "after.ipynb", "before.ipynb"],
        ["--to", "html", *from_here, "after.ipynb"],
    ):
        subprocess.run([*nbconvert, *arguments], cwd=folder, env=environment(), check=True, timeout=120)
    ran: dict[str, Any] = json.loads((folder / "after.ipynb").read_text(encoding="utf-8"))
    return ran, (folder / "after.html").read_text(encoding="utf-8")


@needs("notebook")
def test_a_kernel_keeps_both_of_each(notebook: tuple[dict[str, Any], str]) -> None:
    for cell in notebook[0]["cells"]:
        (output,) = cell["outputs"]
        assert {*output["data"]} == {"text/plain", "text/html"}, cell["id"]
        assert [words for words in SAID[cell["id"]] if words not in "".join(output["data"]["text/plain"])] == []


@needs("browser")
@needs("notebook")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_the_page_of_a_notebook_the_tables_are_read_and_heard(
    notebook: tuple[dict[str, Any], str], tabs: Tabs, tmp_path: Path, scheme: str
) -> None:
    page = tmp_path / "page.html"
    page.write_text(notebook[1], encoding="utf-8")
    tab = tabs(color_scheme=scheme, viewport={"width": 1000, "height": 800})
    tab.goto(page.as_uri())
    delta = tab.get_by_role("table", name="δ", exact=True).first
    assert delta.get_by_role("row", name="row 1").get_by_role("cell").all_inner_texts() == ["0 ✝", "0"]
    assert tab.get_by_role("heading", name="The first filter", exact=True).first.is_visible()
    steps = tab.get_by_role("table", name="One iteration").first
    assert steps.get_by_role("cell").first.evaluate("cell => getComputedStyle(cell).textAlign") == "left"
    assert delta.get_by_role("cell").last.evaluate("cell => getComputedStyle(cell).textAlign") == "right"


@needs("browser")
@needs("notebook")
def test_where_styles_are_taken_away_as_on_github_every_number_is_still_in_its_row(
    notebook: tuple[dict[str, Any], str], tabs: Tabs
) -> None:
    bare = re.sub(
        r"<style.*?</style>", "", "".join(notebook[0]["cells"][2]["outputs"][0]["data"]["text/html"]), flags=re.S
    )
    tab = tabs(java_script_enabled=False)
    tab.set_content(re.sub(r' (class|role|aria-\w+)="[^"]*"', "", bare))
    delta = tab.get_by_role("table", name="δ", exact=True)
    assert delta.get_by_role("row").nth(1).inner_text().split() == ["0", "2", "0", "✝"]
    assert "✝ inactive: the slope is 0, nothing passes back" in tab.inner_text("body")
