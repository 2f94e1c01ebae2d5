"""A transposed convolution: by hand, against its convolution, against finite differences, and against PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from cnnstep.engine.build import network
from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.layers.transposed_conv import TransposedConv
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.trace import trace
from cnnstep.errors import Fault, InputError
from cnnstep.surface.from_torch import from_torch
from tests.engine.strategies import SEEDS, one_or_two
from tests.examples import examples
from tests.extras import needs


def lesson_with(weights: Any, image: Any, **settings: Any) -> Lesson:
    """One transposed convolution, whose target is 0 everywhere: δ is what it gives."""
    layer = {"type": "transposed_conv", "weights": weights, **settings}
    maps = np.asarray(image, dtype=float)
    maps = maps if maps.ndim == 4 else maps.reshape(1, *([1] * (3 - maps.ndim)), *maps.shape)
    size = sized(layer, maps.shape[1:])
    samples = [{"input": one, "target": np.zeros(size)} for one in maps]
    return lesson_of(network(layers=[layer], samples=samples, learning_rate=1), input_gradient=True)


def sized(layer: dict[str, Any], size: tuple[int, ...]) -> tuple[int, ...]:
    probe = network(layers=[layer, {"type": "flatten"}, {"type": "dense", "weights": {"init": "zeros", "outputs": 1}}],
                    input=np.zeros(size), target=[0], learning_rate=1)  # fmt: skip
    return probe.layers[0].output_size(size)


def written(weights: Any, image: Any, **settings: Any) -> list[Any]:
    (iteration,) = trace(lesson_with(weights, image, **settings), 1)
    found: list[Any] = iteration.values["transposed_conv1.forward"].squeeze(axis=(0, 1)).tolist()
    return found


def test_each_number_writes_its_multiple_of_the_filter_and_overlaps_add_up() -> None:
    assert written([[[[1, 3]]]], [[1, 2]]) == [[1 * 1, 1 * 3 + 2 * 1, 2 * 3]]
    assert written([[[[1, 3]]]], [[1, 2]], stride=[1, 2]) == [[1 * 1, 1 * 3, 2 * 1, 2 * 3]]
    assert written([[[[1, 3]]]], [[1, 2]], dilation=[1, 2]) == [[1 * 1, 2 * 1, 1 * 3, 2 * 3]]
    assert written([[[[1, 3]]]], [[1, 2]], padding=[0, 1], bias=10) == [[10 + 1 * 3 + 2 * 1]]


def test_where_no_filter_reaches_there_is_0_and_its_working_says_so() -> None:
    assert written([[[[1]]]], [[1, 2]], stride=[1, 2]) == [[1, 0, 2]]
    (iteration,) = trace(lesson_with([[[[1]]]], [[1, 2]], stride=[1, 2]), 1)
    (term,) = iteration.lesson.step("transposed_conv1.forward").working(iteration.values, (0, 0, 0, 1)).terms
    assert (term.value, term.note) == (0, "no filter was written here")


@st.composite
def lessons(draw: st.DrawFn) -> Lesson:
    random = np.random.default_rng(draw(SEEDS))
    samples, channels, filters = (draw(st.integers(1, 2)) for _ in range(3))
    size, window = [(draw(st.integers(1, 3)), draw(st.integers(1, 3))) for _ in range(2)]
    stride, apart = [(draw(st.integers(1, 3)), draw(st.integers(1, 2))) for _ in range(2)]
    longest = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(size, stride, window, apart, strict=True)]
    above, left = (draw(st.integers(0, min(2, (cells - 1) // 2))) for cells in longest)
    return lesson_with(
        random.normal(size=(channels, filters, *window)),
        random.normal(size=(samples, channels, *size)),
        bias=random.normal(size=filters) if draw(st.booleans()) else None,
        stride=one_or_two(draw, stride),
        padding=one_or_two(draw, (above, left)),
        dilation=one_or_two(draw, apart),
    )


def layer_of(lesson: Lesson) -> TransposedConv:
    (layer,) = lesson.scenario.layers
    assert isinstance(layer, TransposedConv)
    return layer


@given(lessons())
@examples(60)
def test_every_number_is_worked_out_by_a_second_route(lesson: Lesson) -> None:
    (iteration,) = trace(lesson, 1)
    for step in lesson.steps:
        for cell in np.ndindex(iteration.values[step.name].shape):
            exact = iteration.values[step.name][cell]
            assert_allclose(step.working(iteration.values, cell).value, exact, rtol=1e-9, atol=1e-12)


@given(lessons(), SEEDS)
@examples(60)
def test_it_is_the_transpose_of_the_convolution_with_the_same_filter(lesson: Lesson, seed: int) -> None:
    layer, x = layer_of(lesson), lesson.scenario.inputs
    z = lesson.output_of(lesson.start)
    y = np.random.default_rng(seed).normal(size=z.shape)
    bias = 0 if layer.bias is None else layer.bias[:, None, None]
    assert_allclose(((z - bias) * y).sum(), (x * correlate(y, layer.weights, None, layer.geometry)).sum(), atol=1e-9)


@given(lessons())
@examples(40)
def test_its_gradients_are_the_slopes_of_the_loss(lesson: Lesson) -> None:
    (iteration,) = trace(lesson, 1)
    gradients = {"input": "input_gradient", **{one.leaf.name: one.gradient for one in lesson.trained}}
    for leaf, step in gradients.items():
        gradient = iteration.values[lesson.step(step).name]
        for cell in np.ndindex(gradient.shape):
            below, above = (loss_with(lesson, leaf, cell, change) for change in (-1e-3, 1e-3))
            assert_allclose((above - below) / 2e-3, gradient[cell], rtol=1e-6, atol=1e-8)  # L is a square: exact


def loss_with(lesson: Lesson, leaf: str, cell: tuple[int, ...], change: float) -> float:
    moved = lesson.start[leaf].copy()
    moved[cell] += change
    return lesson.loss(lesson.carry_out({**lesson.start, leaf: moved}))


@needs("torch")
@given(lessons())
@examples(40)
def test_pytorch_gets_the_same(lesson: Lesson) -> None:
    torch = import_module("torch")
    layer, x = layer_of(lesson), torch.tensor(lesson.scenario.inputs, requires_grad=True)
    weights = torch.tensor(layer.weights, requires_grad=True)
    bias = None if layer.bias is None else torch.tensor(layer.bias, requires_grad=True)
    moves = {key: layer.geometry.written[key] for key in ("stride", "padding", "dilation")}
    moves = {key: tuple(value) if isinstance(value, list) else value for key, value in moves.items()}
    z = torch.nn.functional.conv_transpose2d(x, weights, bias, **moves)
    (z.square().sum() / 2).backward()
    (iteration,) = trace(lesson, 1)
    theirs = {"forward": z.detach(), "gradient": weights.grad, "input_gradient": x.grad}
    if bias is not None:
        theirs["bias_gradient"] = bias.grad
    for step, array in theirs.items():
        assert_allclose(iteration.values[f"transposed_conv1.{step}"], array.numpy(), rtol=1e-10, atol=1e-12)


@needs("torch")
def test_a_model_of_pytorch_becomes_the_same_layer() -> None:
    torch = import_module("torch")
    layer = torch.nn.ConvTranspose2d(2, 3, (2, 3), stride=2, padding=(0, 1), dilation=1).double()
    image = torch.arange(12.0, dtype=torch.float64).reshape(1, 2, 2, 3)
    output = layer(image).detach()
    lesson = lesson_of(from_torch(torch.nn.Sequential(layer), image, output, learning_rate=1))
    assert_allclose(lesson.output_of(lesson.start), output.numpy(), rtol=1e-12)
    model = torch.nn.Sequential(torch.nn.ConvTranspose2d(2, 3, 2, stride=2, output_padding=1))
    with pytest.raises(InputError, match="output_padding"):
        from_torch(model, image, output, learning_rate=1)


def faults(weights: Any = ((((1, 1), (1, 1)),),), **settings: Any) -> list[Fault]:
    keys: dict[str, Any] = {"input": [[1, 2], [3, 4]], "target": [[0]], "learning_rate": 1}
    layers = [*settings.pop("before", ()), {"type": "transposed_conv", "weights": weights, **settings}]
    with pytest.raises(InputError) as caught:
        network(layers=layers, **keys)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("settings", "path", "what"),
    [
        ({"padding": 2}, ("layers", 0, "padding"), "padding 2 cuts off all that 2×2 maps become"),
        (
            {"weights": np.ones((2, 1, 1, 1))},
            ("layers", 0, "weights"),
            "the weights are for 2 maps, but the input has 1",
        ),
        ({"before": [{"type": "flatten"}]}, ("layers", 1), "takes maps, but its input is one row of 4 numbers"),
        ({"leftover": "drop"}, ("layers", 0, "leftover"), 'a transposed_conv layer has no "leftover"'),
        ({"bias": [1, 2]}, ("layers", 0, "bias"), "this layer needs 1 numbers"),
    ],
)
def test_what_does_not_fit_is_said_with_the_sizes(settings: dict[str, Any], path: Any, what: str) -> None:
    (fault, *_) = faults(**settings)
    assert fault.path == path
    assert what in fault.what


def test_a_draw_counts_the_inputs_of_an_output_along_the_first_axis() -> None:
    drawn = {"init": "he_normal", "seed": 3, "filters": 400, "size": 2}
    layer = layer_of(lesson_with(drawn, np.ones((1, 2, 1, 1))))
    assert layer.weights.shape == (2, 400, 2, 2)
    assert layer.weights.var() == pytest.approx(2 / (2 * 2 * 2), rel=0.1)


def test_what_it_writes_in_a_file_reads_as_the_same_layer() -> None:
    scenario = lesson_with([[[[1, 2]]]], [[1, 2]], bias=1, stride=2, padding=[0, 1]).scenario
    again = network(**scenario.data())
    assert again.data() == scenario.data()
    assert_array_equal(layer_of(lesson_of(again)).weights, [[[[1, 2]]]])


def test_arrays_stay_as_they_are() -> None:
    first: Array = lesson_with([[[[1, 2]]]], [[1, 2]]).start["transposed_conv1.weights"]
    assert not first.flags.writeable
