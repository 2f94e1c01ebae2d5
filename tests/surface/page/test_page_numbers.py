"""What a page shows in a real Chromium is what the engine says: every cell, every iteration, and every what-if."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cnnstep
from cnnstep import lesson_of, trace
from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.lesson import Lesson
from cnnstep.surface.loading import read_scenario_text, shipped
from cnnstep.surface.page.html import page_html
from cnnstep.tutor.cards import lesson_for
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.page.data import page_data
from cnnstep.tutor.page.run import PageRequest
from tests.examples import share, some
from tests.extras import marks
from tests.surface.page.pages import data_of, lesson_called, opens, page_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = marks("browser")

SMALL = [one.name for one in shipped() if one.name != "digits-cnn"]
FEW = [name for (name,) in share(SMALL)]
"""All of them, or the share that is tried where another run tries the rest."""
CELLS = """() => {
    document.querySelectorAll('details').forEach(one => { one.open = true; });
    const text = element => element?.textContent ?? '';
    const asked = (tile, cell) => {
        cell.click();
        const rows = [...document.querySelectorAll('#working .products tbody tr')];
        return {
            name: tile.dataset.name,
            title: text(document.querySelector('#working h2')),
            shown: tile.classList.contains('shades') ? null : text(cell.querySelector('.number')),
            products: rows.map(row => text(row.querySelector('.value')).replace('= ', '')),
        };
    };
    const tiles = [...document.querySelectorAll('figure.tile')];
    return tiles.flatMap(tile => [...tile.querySelectorAll('td')].map(cell => asked(tile, cell)));
}"""
FEWEST_SHOWN = 12
OTHERWISE = ("error", "softmax_gradient")
"""Steps whose program has other products than their working, where a network's error is its loss's slope."""


@pytest.mark.parametrize("name", FEW)
def test_every_cell_shows_the_engines_number_and_its_working(tab: Page, tmp_path: Path, name: str) -> None:
    lesson, text = lesson_called(name), AS_USUAL.text
    opens(tab, tmp_path, page_of(name, 2, 1), "#i=1")
    iteration = list(trace(lesson, 2))[1]
    shown = tab.evaluate(CELLS)
    assert {one["name"] for one in shown} == set(data_of(page_of(name, 2, 1))["tiles"])
    for one in shown:
        label, _, value = one["title"].partition(" = ")
        assert one["shown"] in (None, value)
        if one["name"] == "learning_rate" or one["name"] not in lesson.names:
            continue
        step = lesson.step(one["name"])
        cell = _cell(label)
        assert value == text(float(iteration.matrix(step.name)[cell])), label
        working = step.working(iteration.values, step.quantity.cell(cell, iteration.values[step.name]))
        if step.word in OTHERWISE:  # the same number, in terms of its own
            assert len(one["products"]) >= 1
        elif len(working.terms) <= FEWEST_SHOWN:
            expected = sorted(text(term.value) for term in working.terms if term.value)
            assert sorted(value for value in one["products"] if value != "0") == expected, label


def _cell(label: str) -> tuple[int, ...]:
    """The index in `W[0,1] new`, the last bracket that holds one."""
    inside = [part.partition("]")[0] for part in label.split("[")[1:]]
    return tuple(int(index) for index in inside[-1].split(",")) if inside else ()


SLIDE = """() => {
    const slider = document.querySelector('#run input');
    const numbers = tile => [...tile.querySelectorAll('.number')].map(one => one.textContent);
    return Array.from({length: Number(slider.max) + 1}, (_, k) => {
        slider.value = k;
        slider.dispatchEvent(new Event('input'));
        const tiles = [...document.querySelectorAll('figure.tile')];
        const told = document.querySelector('output').textContent;
        return [told, Object.fromEntries(tiles.map(tile => [tile.dataset.name, numbers(tile)]))];
    });
}"""


@pytest.mark.parametrize("name", ["first-filter", "momentum", "smallest-network", "small-batch"])
def test_the_slider_shows_each_iteration_as_the_engine_has_it(tab: Page, tmp_path: Path, name: str) -> None:
    lesson, last = lesson_called(name), 40
    opens(tab, tmp_path, page_of(name, last))
    shown = tab.evaluate(SLIDE)
    assert len(shown) == last + 1
    for iteration, (told, numbers) in zip(trace(lesson, last + 1), shown, strict=True):
        assert told.startswith(f"iteration {iteration.number} of {last} · loss {AS_USUAL.text(iteration.loss)}")
        for step in lesson.names:
            flat = iteration.matrix(step)
            flat = flat[0] if lesson.quantity(step).layout.visible[:1] == ("sample",) else flat
            assert numbers[step] == [AS_USUAL.text(value) for value in flat.ravel().tolist()], (iteration.number, step)


def edits(lesson: Lesson, random: Random, count: int) -> list[list[Any]]:
    """Random numbers for random leaves, rates and activations."""
    given = [leaf for leaf in lesson.leaves if leaf.kind in ("given", "parameter")]
    fixed = lesson.scenario.loss.only_with is not None
    one_hot = lesson.scenario.loss.pull is not None
    found: list[list[Any]] = []
    for _ in range(count):
        if random.random() < 0.15:
            found.append(["learning_rate", 0, round(random.uniform(0.001, 0.3), 4)])
        elif not fixed and random.random() < 0.2:
            found.append(["activation", 0, random.choice(list(ACTIVATIONS))])
        else:
            leaf = random.choice([leaf for leaf in given if not (one_hot and leaf.name == "target")])
            value = round(random.uniform(-2, 2), 3)
            value = abs(value) / 2 if leaf.name == "target" and fixed else value
            found.append([leaf.name, random.randrange(lesson.start[leaf.name].size), value])
    return found


EDIT = """edits => edits.map(([name, flat, value]) => {
    const {lesson} = window;
    const layer = lesson.data.activations[0];
    if (name !== 'activation') lesson.change(name, flat, value);
    else if (layer) lesson.changeActivation(layer.layer, value);
    lesson.goTo(1);
    const numbers = k => lesson.run.program.steps.map(({name}) => [name, Array.from(lesson.run.values(k)[name])]);
    const [first, second] = [0, 1].map(k => Object.fromEntries(numbers(k)));
    const losses = [0, 1].map(k => lesson.run.loss(k));
    return {yaml: document.querySelector('#whatif pre').textContent, first, second, losses};
})"""


@pytest.mark.parametrize("name", FEW)
def test_what_if_equals_the_engine_after_every_edit(tab: Page, tmp_path: Path, name: str) -> None:
    lesson = lesson_called(name)
    opens(tab, tmp_path, page_of(name, 3))
    made = edits(lesson, Random(name), max(3, some(100) // 6))
    for done in tab.evaluate(EDIT, made):
        again = lesson_for(read_scenario_text(done["yaml"]))
        assert again.names == lesson.names
        with np.errstate(all="ignore"):
            iterations = list(trace(again, 2))
        for iteration, values, loss in zip(iterations, (done["first"], done["second"]), done["losses"], strict=True):
            _same(loss, iteration.loss)
            for step, numbers in values.items():
                for mine, theirs in zip(numbers, iteration.values[step].ravel().tolist(), strict=True):
                    _same(mine, theirs)


def _same(mine: float | None, theirs: float) -> None:
    """Equal to 1e-9; where numbers have left what a double can hold, both have."""
    if mine is None or not math.isfinite(mine) or not math.isfinite(theirs) or abs(theirs) > 1e100:
        assert mine is None or not math.isfinite(mine) or abs(mine) > 1e90
    else:
        assert abs(mine - theirs) <= 1e-9 * max(1.0, abs(theirs))


def test_a_long_run_that_is_not_stored_is_worked_out_in_the_page(tab: Page, tmp_path: Path) -> None:
    rows = [[(r * c) % 5 - 2 for c in range(12)] for r in range(12)]
    text = (
        f"input: {rows}\nfilter: [[0.1, 0], [0, -0.1]]\ntarget: {[[0.5] * 11] * 11}\n"
        "activation: tanh\nlearning_rate: 0.001\n"
    )
    lesson = lesson_of(read_scenario_text(text))
    opens(tab, tmp_path, page_html(page_data(PageRequest(lesson, "mine", 150))))
    values = tab.evaluate("() => [0, 77, 150].map(k => Array.from(window.lesson.run.values(k).gradient))")
    for number, gradient in zip((0, 77, 150), values, strict=True):
        iteration = list(trace(lesson, number + 1))[-1]
        assert gradient == pytest.approx(iteration.values["gradient"].ravel().tolist(), rel=1e-9)


def test_of_a_large_batch_a_gradient_has_the_products_of_the_sample_that_is_shown(tab: Page, tmp_path: Path) -> None:
    scenario = cnnstep.scenario("digits-cnn")
    lesson = lesson_for(replace(scenario, inputs=scenario.inputs[:20], targets=scenario.targets[:20]))
    alone = lesson_for(replace(scenario, inputs=scenario.inputs[:1], targets=scenario.targets[:1]))
    opens(tab, tmp_path, page_html(page_data(PageRequest(lesson, "digits", 1))))
    own, whole = next(trace(alone, 1)).values, next(trace(lesson, 1)).values
    for name in ("conv1.gradient", "conv1.bias_gradient", "dense1.gradient", "dense1.bias_gradient"):
        for flat in (0, own[name].size // 2, own[name].size - 1):
            terms, told = tab.evaluate(PRODUCTS, [name, flat])
            assert sum(terms) == pytest.approx(own[name].ravel()[flat], rel=1e-9, abs=1e-12)
            rest = whole[name].ravel()[flat] - own[name].ravel()[flat]
            assert f"the other 19 samples= {AS_USUAL.text(float(rest))}" in told
    for name in ("conv1.forward", "relu1.input_gradient", "max_pool1.forward", "softmax1.forward"):
        terms, _ = tab.evaluate(PRODUCTS, [name, 5])
        assert sum(terms) == pytest.approx(own[name].ravel()[5], rel=1e-9, abs=1e-12)


PRODUCTS = """([name, flat]) => {
    window.lesson.point({name, flat});
    const terms = window.lesson.terms({name, flat}).map(term => term.value);
    return [terms, document.querySelector('#working .products').textContent];
}"""


def test_where_a_run_explodes_its_last_numbers_are_infinite_as_the_engines_are(tab: Page, tmp_path: Path) -> None:
    lesson = lesson_called("first-filter-linear-fast")
    opens(tab, tmp_path, page_of("first-filter-linear-fast", 1000))
    last = tab.evaluate("window.lesson.run.last")
    *_, before = trace(lesson, last)
    shown = tab.evaluate("(() => { window.lesson.goTo(1e9); return window.lesson.values; })()")
    texts = tab.locator("figure[data-name=forward] .number").all_inner_texts()
    assert texts == [AS_USUAL.text(value) for value in before.following["forward"].ravel().tolist()]
    assert math.isinf(tab.evaluate("window.lesson.run.loss(window.lesson.iteration)"))
    assert set(shown) >= set(lesson.names)
