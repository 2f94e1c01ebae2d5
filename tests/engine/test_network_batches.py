"""A batch is its samples side by side: each has the numbers that it has alone, and their gradients add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import network
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.pool import MaximaMemory, maxima
from cnnstep.engine.layers.window import Window
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import BATCH, Geometry, PatchMemory, patch_columns, patch_matrix
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.trace import first_iteration
from tests.engine.network_strategies import drawn, network_keys
from tests.engine.test_patches import situations
from tests.engine.test_workings import assert_every_cell_agrees
from tests.examples import examples

SUMS = {"half_squared_error", "squared_error", "binary_cross_entropy", "cross_entropy"}
"""The losses that add up over the samples; the others are means, which depend on how many there are."""


def in_batch(keys: dict[str, Any], size: int, seed: int = 0) -> dict[str, Any]:
    """The same network with so many samples: other inputs, the first sample's target."""
    random = np.random.default_rng(seed)
    first = keys["samples"][0] if "samples" in keys else keys
    shape = np.shape(first["input"])
    samples = [{"input": drawn(random, shape, True), "target": first["target"]} for _ in range(size)]
    return {key: value for key, value in keys.items() if key not in ("input", "target")} | {"samples": samples}


@given(network_keys().filter(lambda keys: keys["loss"] in SUMS))
@examples(80)
def test_a_sample_of_a_batch_has_the_numbers_that_it_has_alone_and_gradients_add_up(keys: dict[str, Any]) -> None:
    keys = in_batch(keys, BATCH + 1)
    batch = first_iteration(lesson_of(network(**keys), input_gradient=True))
    alone = [
        first_iteration(lesson_of(network(**(keys | {"samples": [sample]})), input_gradient=True))
        for sample in keys["samples"]
    ]
    # numbers of all sizes meet in the sums, and may cancel
    rounding = 1e-12 * max(1.0, *(float(np.abs(array).max()) for array in batch.values.values()))
    for step in batch.lesson.steps:
        if step.quantity.layout.axes[0] == "sample":
            expected = np.concatenate([iteration.values[step.name] for iteration in alone])
        elif step.is_gradient:
            expected = np.sum([iteration.values[step.name] for iteration in alone], axis=0)
        else:
            continue
        np.testing.assert_allclose(batch.values[step.name], expected, rtol=1e-10, atol=rounding, err_msg=step.name)
    assert batch.loss == pytest.approx(sum(iteration.loss for iteration in alone), rel=1e-12)


@given(network_keys())
@examples(15)
def test_every_cell_of_every_step_of_a_batch_agrees_with_its_working(keys: dict[str, Any]) -> None:
    assert_every_cell_agrees(first_iteration(lesson_of(network(**in_batch(keys, BATCH)), input_gradient=True)))


@given(situations())
@examples(60)
def test_a_batchs_patch_columns_are_its_patch_matrix_turned_over_a_row_of_ones(
    situation: tuple[Array, Array, Array, Geometry],
) -> None:
    image, weights, delta, geometry = situation
    window = weights.shape[2], weights.shape[3]
    columns = patch_columns(image, window, geometry)
    rows = patch_matrix(image, window, geometry).reshape(len(image), -1, columns.shape[0] - 1)
    np.testing.assert_array_equal(columns[:-1], rows.transpose(2, 1, 0).reshape(len(columns) - 1, -1))
    np.testing.assert_array_equal(columns[-1], np.ones(delta[:, 0].size))


def test_what_layers_give_in_a_batch_lies_sample_beside_sample_so_that_none_of_them_copies() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "conv", "weights": {"init": "normal", "filters": 2, "size": 2}, "bias": 0},
        {"type": "relu"},
        {"type": "max_pool", "size": 2},
        {"type": "flatten"},
        {"type": "dense", "weights": {"init": "normal", "outputs": 3}},
    ]
    random = np.random.default_rng(0)
    samples = [{"input": random.normal(size=(5, 5)), "target": [0, 0, 0]} for _ in range(BATCH)]
    iteration = first_iteration(lesson_of(network(layers=layers, samples=samples, learning_rate=1)))
    for step in iteration.lesson.steps:
        if step.quantity.layout.axes[0] == "sample":
            array = iteration.values[step.name]
            assert array.strides[0] == array.itemsize, step.name
    flat, maps = iteration.values["flatten1.forward"], iteration.values["max_pool1.forward"]
    assert np.shares_memory(flat, maps)


def test_the_patches_of_an_image_are_laid_out_once_and_those_of_another_one_anew() -> None:
    memory = PatchMemory((2, 2), Geometry())
    image, other = (frozen(np.random.default_rng(seed).normal(size=(BATCH, 1, 3, 3))) for seed in (0, 1))
    assert memory.matrix(image) is memory.matrix(image)
    np.testing.assert_array_equal(memory.matrix(other), patch_columns(other, (2, 2), Geometry()))
    changing = image.copy()
    first = memory.matrix(changing)
    changing += 1
    assert (memory.matrix(changing)[:-1] == first[:-1] + 1).all()


def test_the_maxima_of_maps_are_found_once_and_those_of_others_anew() -> None:
    window = Window((2, 2), Geometry.of(stride=2))
    memory = MaximaMemory(window)
    maps, others = (frozen(np.random.default_rng(seed).normal(size=(2, 1, 4, 4))) for seed in (0, 1))
    assert memory.maxima(maps)[1] is memory.maxima(maps)[1]
    np.testing.assert_array_equal(memory.maxima(others)[0], maxima(others, window)[0])
    changing = maps.copy()
    first, _ = memory.maxima(changing)
    changing += 1
    np.testing.assert_array_equal(memory.maxima(changing)[0], maxima(changing, window)[0])
    assert (memory.maxima(changing)[0] > first).all()


@pytest.mark.parametrize("samples", [1, BATCH - 1, BATCH])
def test_the_input_of_a_convolution_may_lie_in_memory_in_any_order(samples: int) -> None:
    random = np.random.default_rng(3)
    images = random.normal(size=(samples, 2, 4, 5))
    layer = {"type": "conv", "weights": random.normal(size=(3, 2, 2, 2)), "bias": [1, 2, 3], "padding": 1}
    given = [{"input": image, "target": np.zeros((3, 5, 6))} for image in images]
    lesson = lesson_of(network(layers=[layer], samples=given, learning_rate=1), input_gradient=True)
    assert isinstance(lesson.scenario.layers[0], Conv)
    usual = lesson.carry_out(lesson.start)
    for order in ((0, 1, 2, 3), (1, 2, 3, 0), (3, 2, 1, 0)):
        back = np.argsort(order)
        turned = np.ascontiguousarray(images.transpose(order)).transpose(back)
        for name, array in lesson.carry_out({**lesson.start, "input": turned}).items():
            np.testing.assert_allclose(array, usual[name], rtol=1e-12, atol=1e-12)
