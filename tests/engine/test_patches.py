"""Patches are a view, and two different ways back through them agree."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.engine.layers.conv import correlate, input_gradient, input_gradient_by_correlation
from cnnstep.engine.patches import PLAIN, Geometry, patches, scatter
from cnnstep.engine.quantity import Array
from tests.engine.strategies import SEEDS, Plane, planes
from tests.examples import examples
from tests.extras import needs


@st.composite
def situations(draw: st.DrawFn) -> tuple[Array, Array, Array, Geometry]:
    """An image, filters, a δ of the size that they give, and how the window moves."""
    plane = draw(planes())
    samples, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    random = np.random.default_rng(draw(SEEDS))
    image, weights = (
        random.normal(size=(samples, channels, *plane.size)),
        random.normal(size=(filters, channels, *plane.window)),
    )
    return image, weights, random.normal(size=(samples, filters, *plane.outputs)), plane.geometry


def test_patches_without_padding_share_the_images_memory() -> None:
    image = np.arange(2 * 3 * 5 * 6, dtype=float).reshape(2, 3, 5, 6)
    for geometry in (PLAIN, Geometry.of(stride=2), Geometry.of(dilation=2)):
        windows = patches(image, (3, 2), geometry)
        assert np.shares_memory(image, windows)
        assert not windows.flags.writeable


def test_patches_with_padding_are_a_view_of_the_padded_image_overlaps_and_all() -> None:
    windows = patches(np.ones((1, 1, 4, 4)), (3, 3), Geometry.of(padding=1))
    row, number = 6 * 8, 8  # 4 + 2·1 numbers of 8 bytes in a padded row
    assert (row, number, row, number) == windows.strides[2:]


@given(situations())
@examples(100)
def test_a_patch_holds_the_cells_that_its_geometry_names(situation: tuple[Array, Array, Array, Geometry]) -> None:
    image, weights, delta, geometry = situation
    windows = patches(image, (weights.shape[2], weights.shape[3]), geometry)
    assert windows.shape == (*image.shape[:2], *delta.shape[2:], *weights.shape[2:])
    for n, c, i, j, u, v in np.ndindex(*windows.shape):
        row, column = geometry.met((i, j), (u, v))
        inside = 0 <= row < image.shape[2] and 0 <= column < image.shape[3]
        assert windows[n, c, i, j, u, v] == (image[n, c, row, column] if inside else 0)


@given(situations())
@examples(150)
def test_both_routes_to_the_input_gradient_agree(situation: tuple[Array, Array, Array, Geometry]) -> None:
    image, weights, delta, geometry = situation
    size = (image.shape[2], image.shape[3])
    scattered = input_gradient(delta, weights, size, geometry)
    correlated = input_gradient_by_correlation(delta, weights, size, geometry)
    assert image.shape == scattered.shape == correlated.shape
    np.testing.assert_allclose(scattered, correlated, rtol=1e-11, atol=1e-12)


@given(situations())
@examples(100)
def test_scatter_is_the_adjoint_of_patches(situation: tuple[Array, Array, Array, Geometry]) -> None:
    """⟨patches(X), B⟩ = ⟨X, scatter(B)⟩: what each cell gave to the patches is what comes back to it."""
    image, weights, _, geometry = situation
    windows = patches(image, (weights.shape[2], weights.shape[3]), geometry)
    blocks = np.random.default_rng(1).normal(size=windows.shape)
    back = scatter(blocks, (image.shape[2], image.shape[3]), geometry)
    assert float((windows * blocks).sum()) == pytest.approx(float((image * back).sum()), rel=1e-9, abs=1e-9)


@given(situations())
@examples(60)
def test_the_input_gradient_is_the_adjoint_of_the_forward_pass(situation: tuple[Array, Array, Array, Geometry]) -> None:
    image, weights, delta, geometry = situation
    forward = float((correlate(image, weights, None, geometry) * delta).sum())
    back = float((image * input_gradient(delta, weights, (image.shape[2], image.shape[3]), geometry)).sum())
    assert forward == pytest.approx(back, rel=1e-9, abs=1e-9)


@needs("torch")
@given(situations())
@examples(60)
def test_torch_computes_the_same_convolution_and_gradients(situation: tuple[Array, Array, Array, Geometry]) -> None:
    torch: Any = import_module("torch")

    from cnnstep.engine.layers.conv import filter_gradient

    image, weights, delta, geometry = situation
    x, w = (torch.tensor(array, requires_grad=True) for array in (image, weights))
    (above, below), (left, right) = ((axis.before, axis.after) for axis in geometry.axes)
    padded = torch.nn.functional.pad(x, (left, right, above, below))
    z = torch.nn.functional.conv2d(padded, w, stride=geometry.stride, dilation=geometry.dilation)
    z.backward(torch.tensor(delta))
    np.testing.assert_allclose(z.detach().numpy(), correlate(image, weights, None, geometry), rtol=1e-9, atol=1e-12)
    gradient = filter_gradient(image, delta, (weights.shape[2], weights.shape[3]), geometry)
    np.testing.assert_allclose(w.grad.numpy(), gradient, rtol=1e-9, atol=1e-12)
    back = input_gradient(delta, weights, (image.shape[2], image.shape[3]), geometry)
    np.testing.assert_allclose(x.grad.numpy(), back, rtol=1e-9, atol=1e-12)


@given(planes())
@examples(50)
def test_the_outputs_over_a_cell_are_those_with_a_tap_that_meets_it(plane: Plane) -> None:
    for cell in np.ndindex(*plane.size):
        pairs = product(np.ndindex(*plane.outputs), np.ndindex(*plane.window))
        expected = [(output, tap) for output, tap in pairs if plane.geometry.met(output, tap) == cell]
        assert list(plane.geometry.over(cell, plane.window, plane.outputs)) == expected
