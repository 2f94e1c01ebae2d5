"""Claims about where the filter lies: patches, stride, padding, dilation, bias, channels, the way back."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.conv import filter_gradient
from cnnstep.engine.patches import patches, scatter
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from tests.tutor.claims.claim import claim, drawn, first, plane


def uses(scenario: Scenario) -> Array:
    """In how many patches each input number lies."""
    size = (scenario.inputs.shape[2], scenario.inputs.shape[3])
    windows = patches(np.ones((1, 1, *size)), scenario.conv.window, scenario.conv.geometry)
    counts: Array = scatter(np.ones_like(windows), size, scenario.conv.geometry)[0, 0]
    return counts


@claim("patch", "Each output number sees its own patch and nothing else.")
@claim("receptive-field", "Change a number outside it, and this output stays the same.")
def an_output_depends_on_its_patch_alone(rng: np.random.Generator) -> None:
    scenario = drawn(rng, activation="linear", filter=rng.normal(size=(2, 2)))
    z = plane(first(scenario).values["forward"])
    i, j = rng.integers(z.shape[0]), rng.integers(z.shape[1])
    image = plane(scenario.inputs).copy()
    outside = np.ones(image.shape, dtype=bool)
    outside[i : i + 2, j : j + 2] = False
    image[outside] = rng.normal(size=int(outside.sum()))
    changed = drawn(rng, activation="linear", filter=plane(scenario.conv.weights), input=image)
    assert plane(first(changed).values["forward"])[i, j] == z[i, j]


@claim("stride", "Stride 2 leaves out every second place, so the output has about half as many rows and columns.")
def stride_2_leaves_out_every_second_place(rng: np.random.Generator) -> None:
    image, weights = rng.normal(size=(7, 9)), rng.normal(size=(3, 3))
    one, two = (
        plane(first(drawn(rng, input=image, filter=weights, stride=stride)).values["forward"]) for stride in (1, 2)
    )
    assert np.allclose(two, one[::2, ::2])
    assert all(abs(2 * less - more) <= 1 for less, more in zip(two.shape, one.shape, strict=True))


@claim("stride", "because those numbers would never be seen")
def what_a_stride_leaves_over_is_in_no_patch(rng: np.random.Generator) -> None:
    scenario = drawn(rng, input=rng.normal(size=(6, 6)), filter=rng.normal(size=(2, 2)), stride=3, leftover="drop")
    assert not uses(scenario)[5].any()
    assert not uses(scenario)[:, 5].any()


@claim("padding", "They add nothing to z, and nothing to the gradient of the weights that meet them.")
def padding_adds_nothing(rng: np.random.Generator) -> None:
    scenario = drawn(rng, filter=rng.normal(size=(3, 3)), padding=int(rng.integers(1, 3)))
    iteration, pad = first(scenario), scenario.conv.geometry.rows.before
    image, delta = plane(scenario.inputs), plane(iteration.values["delta"])
    z, gradient = np.zeros(delta.shape), np.zeros((3, 3))
    for (i, j), (u, v) in ((cell, tap) for cell in np.ndindex(*delta.shape) for tap in np.ndindex(3, 3)):
        r, c = i + u - pad, j + v - pad
        if 0 <= r < image.shape[0] and 0 <= c < image.shape[1]:  # the terms that meet data, and no others
            z[i, j] += image[r, c] * plane(scenario.conv.weights)[u, v]
            gradient[u, v] += image[r, c] * delta[i, j]
    assert np.allclose(z, plane(iteration.values["forward"]))
    assert np.allclose(gradient, plane(iteration.values["gradient"]))


@claim(
    "padding",
    "padding: same means as many zeros as keep the input's size at stride 1: span − 1 along each axis, half of them on "
    "either side",
)
def same_keeps_the_size(rng: np.random.Generator) -> None:
    scenario = drawn(rng, padding="same")
    assert first(scenario).values["forward"].shape == scenario.inputs.shape
    for axis, taps in zip(scenario.conv.geometry.axes, scenario.conv.window, strict=True):
        assert (axis.before + axis.after, abs(axis.after - axis.before) <= 1) == (taps - 1, True)


@claim("padding", "Without it the output of a filter larger than 1×1 is smaller than the input")
@claim("padding", "numbers at the edge lie in fewer patches")
@claim("receptive-field", "Numbers at the edge are seen by fewer outputs than those in the middle")
def without_padding_the_edge_takes_part_less(rng: np.random.Generator) -> None:
    scenario = drawn(rng, input=rng.normal(size=(5, 5)), filter=rng.normal(size=(2, int(rng.integers(2, 4)))))
    assert first(scenario).values["forward"].size < scenario.inputs.size
    assert uses(scenario)[0, 0] < uses(scenario)[2, 2]


@claim("receptive-field", "Padding makes up for that in part, or in full where it is span − 1.")
def padding_evens_out_what_the_edge_is_seen_by(rng: np.random.Generator) -> None:
    image, weights = rng.normal(size=(5, 5)), rng.normal(size=(3, 3))
    corner = [uses(drawn(rng, input=image, filter=weights, padding=padding))[0, 0] for padding in range(3)]
    assert corner == [1, 4, 9]
    assert np.all(uses(drawn(rng, input=image, filter=weights, padding=2)) == 9)


@claim("dilation", "With dilation 2 there is one cell between neighbours that no weight meets.")
@claim("dilation", "spans more of the input with the same number of weights")
def dilation_leaves_gaps(rng: np.random.Generator) -> None:
    scenario = drawn(rng, input=rng.normal(size=(3, 3)), filter=rng.normal(size=(2, 2)), dilation=2)
    assert uses(scenario).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]
    assert first(scenario).values["gradient"].size == 4


@claim("bias", "It shifts all of z up or down, whatever the input is.")
def a_bias_shifts_all_of_z(rng: np.random.Generator) -> None:
    image, weights, b = rng.normal(size=(4, 4)), rng.normal(size=(2, 2)), float(rng.normal())
    shifted, plain = (first(drawn(rng, input=image, filter=weights, bias=bias)).values["forward"] for bias in (b, 0))
    assert np.allclose(shifted - plain, b)


@claim("batch", "So each sample adds its part to the gradient.")
@claim("sgd", "Here every step uses all samples, so nothing is random, and every iteration is an epoch.")
def the_gradient_of_a_batch_is_the_sum_of_its_samples_parts(rng: np.random.Generator) -> None:
    loss = str(rng.choice(["half_squared_error", "mean_squared_error"]))
    samples = [{"input": rng.normal(size=(3, 3)), "target": rng.normal(size=(2, 2))} for _ in range(3)]
    scenario = drawn(rng, filter=rng.normal(size=(2, 2)), samples=samples, loss=loss)
    iteration = first(scenario)
    parts = [
        filter_gradient(scenario.inputs[[n]], iteration.values["delta"][[n]], (2, 2), scenario.conv.geometry)
        for n in range(3)
    ]
    assert np.allclose(sum(parts), iteration.values["gradient"])


@claim("channels", "one output number is the sum over all channels")
def channels_add_up(rng: np.random.Generator) -> None:
    image, weights = rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 2, 2))
    both = first(drawn(rng, input=image, filter=weights)).values["forward"]
    each = [first(drawn(rng, input=image[[c]], filter=weights[[c]])).values["forward"] for c in range(2)]
    assert np.allclose(both, sum(each))


@claim("cross-correlation", "A filter that looks the same after the rotation makes all of them the same")
def a_filter_that_is_its_own_rotation_hides_the_difference(rng: np.random.Generator) -> None:
    half = rng.normal(size=(2, 3))
    weights = np.concatenate([half, half[::-1, ::-1]])
    scenario = drawn(rng, input=rng.normal(size=(5, 5)), filter=weights)
    assert np.array_equal(weights, weights[::-1, ::-1])
    rotated = drawn(rng, input=plane(scenario.inputs), filter=weights[::-1, ::-1])
    assert np.array_equal(first(scenario).values["forward"], first(rotated).values["forward"])


@claim("input_gradient", "without padding the sum over all cells still comes out right")
@claim("filter-not-rotated", "The sum of all cells still comes out right")
def the_sum_of_an_input_gradient_does_not_tell_whether_the_filter_was_rotated(rng: np.random.Generator) -> None:
    stride = int(rng.integers(1, 3))
    scenario = drawn(rng, input=rng.normal(size=(5, 5)), filter=rng.normal(size=(3, 3)), stride=stride)
    right = first(scenario)
    delta, weights = plane(right.values["delta"]), plane(scenario.conv.weights)
    unrotated = np.zeros((5, 5))
    for (i, j), value in np.ndenumerate(delta):
        unrotated[i * stride : i * stride + 3, j * stride : j * stride + 3] += value * weights[::-1, ::-1]
    assert not np.allclose(unrotated, plane(right.values["input_gradient"]))
    assert np.isclose(unrotated.sum(), right.values["input_gradient"].sum())
