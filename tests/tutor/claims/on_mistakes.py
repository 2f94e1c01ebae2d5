"""Claims about misconceptions: what each does to the numbers, and how far off they are."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import network
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.tutor.mistakes import MISTAKES, StepContext, carry_out, mistaken
from tests.tutor.claims.claim import claim, drawn, first, plane


def wrong(scenario: Scenario, step: str, code: str) -> Array:
    """The step's matrix as the misconception gives it."""
    lesson = lesson_of(scenario, input_gradient=True)
    results = carry_out(StepContext(lesson, lesson.step(step), first_iteration(lesson).values), MISTAKES[code])
    return results[0]


def square(rng: np.random.Generator, **fixed: object) -> Scenario:
    """3×3 input, 2×2 filter: every number drawn."""
    return drawn(rng, **({"input": rng.normal(size=(3, 3)), "filter": rng.normal(size=(2, 2))} | fixed))


@claim("slope-at-output", "Near z = 0 the two slopes differ by a few per cent")
@claim("slope-at-output", "further out they are several times apart")
def the_slope_at_the_output_is_near_at_0_and_far_off_further_out(rng: np.random.Generator) -> None:
    for name in ("sigmoid", "tanh"):
        phi = ACTIVATIONS[name]()
        near, far = rng.uniform(-0.5, 0.5, 50), rng.uniform(3, 5, 50) * rng.choice([-1, 1], 50)
        apart = [phi.slope(phi.value(z)) / phi.slope(z) for z in (near, far)]
        assert (np.abs(apart[0] - 1) < 0.07).all()
        assert (apart[1] > 4).all()


@claim(
    "slope-twice", "A sigmoid's slope is a quarter at most, so δ comes out at a quarter or less of what it should be."
)
@claim("slope-forgotten", "A sigmoid passes on a quarter of it at most.")
def a_second_slope_of_sigmoid_leaves_a_quarter_at_most(rng: np.random.Generator) -> None:
    scenario = square(rng, activation="sigmoid", loss="half_squared_error")
    right = first(scenario)
    twice = wrong(scenario, "delta", "slope-twice")
    assert (np.abs(twice) <= 0.25 * np.abs(right.values["delta"])).all()
    assert (np.abs(right.values["delta"]) <= 0.25 * np.abs(right.values["error"])).all()


@claim("slope-forgotten", "Except at z = 0, tanh passes on only a part of it.")
def tanh_passes_on_less_than_all(rng: np.random.Generator) -> None:
    iteration = first(square(rng, activation="tanh"))
    assert (np.abs(iteration.values["delta"]) < np.abs(iteration.values["error"])).all()


@claim("mask-alone", "The gradient then does not depend on the target at all.")
def without_the_error_the_target_has_no_part(rng: np.random.Generator) -> None:
    scenario = square(rng, activation="tanh")
    keys = {"input": plane(scenario.inputs), "filter": plane(scenario.conv.weights), "activation": "tanh"}
    other = drawn(rng, **keys, target=rng.normal(size=(2, 2)))
    assert np.array_equal(wrong(scenario, "delta", "mask-alone"), wrong(other, "delta", "mask-alone"))


@claim("mask-not-strict", "A cell with a negative z has a = 0, and 0 ≥ 0 holds")
def a_mask_that_is_not_strict_lets_all_pass(rng: np.random.Generator) -> None:
    scenario = square(rng, activation="relu")
    assert np.array_equal(wrong(scenario, "delta", "mask-not-strict"), first(scenario).values["error"])


@claim("mask-inverted", "The active cells then learn nothing, and the inactive ones pull on the weights.")
def an_inverted_mask_stops_the_active_cells(rng: np.random.Generator) -> None:
    scenario = square(rng, activation="relu")
    values, inverted = first(scenario).values, wrong(scenario, "delta", "mask-inverted")
    assert not inverted[values["forward"] > 0].any()
    assert np.array_equal(inverted[values["forward"] < 0], values["error"][values["forward"] < 0])


@claim("transposed-filter", "Only the weights on the diagonal still meet their own inputs")
@claim("transposed-filter", "A symmetric filter hides the mistake.")
def a_transposed_filter_keeps_its_diagonal(rng: np.random.Generator) -> None:
    for kept in (np.diag(rng.normal(size=2)), (lambda m: m + m.T)(rng.normal(size=(2, 2)))):
        scenario = square(rng, filter=kept)
        assert np.array_equal(wrong(scenario, "forward", "transposed-filter"), first(scenario).values["forward"])
    scenario = square(rng)
    assert not np.allclose(wrong(scenario, "forward", "transposed-filter"), first(scenario).values["forward"])


@claim("flipped-filter", "A filter that looks the same after the rotation hides it.")
def a_filter_that_is_its_own_rotation_hides_a_flip(rng: np.random.Generator) -> None:
    half = rng.normal(size=(1, 2))
    scenario = square(rng, filter=np.concatenate([half, half[:, ::-1]]))
    assert np.array_equal(wrong(scenario, "forward", "flipped-filter"), first(scenario).values["forward"])


@claim("bias", "then z contains it as many times as there are weights")
@claim("bias-per-product", "Each output is the sum of 4 products, so it holds b 4 times.")
def a_bias_in_every_product_counts_once_for_every_weight(rng: np.random.Generator) -> None:
    b = float(rng.normal())
    scenario = square(rng, bias=b)
    without = square(rng, input=plane(scenario.inputs), filter=plane(scenario.conv.weights), bias=0)
    off = wrong(scenario, "forward", "bias-per-product") - first(without).values["forward"]
    assert np.allclose(off, 4 * b)


@claim("bias-forgotten", "Every output of a filter is too low by its b (too high, where b is negative).")
@claim("bias", "The bias is forgotten, and all of z is off by the same number.")
def without_its_bias_every_output_is_off_by_it(rng: np.random.Generator) -> None:
    b = float(rng.normal())
    scenario = square(rng, bias=b)
    assert np.allclose(first(scenario).values["forward"] - wrong(scenario, "forward", "bias-forgotten"), b)


@claim("squared-error", "Squares lose the sign, shrink numbers below 1 and blow up those above.")
def squares_lose_the_sign_and_the_measure(rng: np.random.Generator) -> None:
    scenario = square(rng)
    e, squared = first(scenario).values["error"], wrong(scenario, "error", "squared-error")
    assert (squared >= 0).all()
    assert np.array_equal(squared > np.abs(e), np.abs(e) > 1)


@claim("gradient-rotated", "Each weight then gets the gradient of the weight at the opposite place.")
@claim("gradient-transposed", "W[0,1] then moves by the gradient of W[1,0].")
def a_gradient_in_the_wrong_place(rng: np.random.Generator) -> None:
    scenario = square(rng)
    right = plane(first(scenario).values["gradient"])
    rotated, transposed = (plane(wrong(scenario, "gradient", f"gradient-{how}")) for how in ("rotated", "transposed"))
    for u, v in np.ndindex(2, 2):
        assert rotated[u, v] == right[1 - u, 1 - v]
        assert transposed[u, v] == right[v, u]


@claim("delta-transposed", "δ[i,j] then meets the patch of output [j,i].")
def a_transposed_delta_meets_other_patches(rng: np.random.Generator) -> None:
    scenario = square(rng)
    delta, image = plane(first(scenario).values["delta"]), plane(scenario.inputs)
    met = sum(delta[i, j] * image[j : j + 2, i : i + 2] for i, j in np.ndindex(2, 2))
    assert np.allclose(met, plane(wrong(scenario, "gradient", "delta-transposed")))


@claim(
    "filter-scaled", "With this one a weight of 0 gets no gradient, and every other one is in proportion to its weight."
)
def a_scaled_filter_is_no_gradient(rng: np.random.Generator) -> None:
    weights = rng.normal(size=(2, 2))
    weights[0, 1] = 0
    scenario = square(rng, filter=weights)
    scaled = plane(wrong(scenario, "gradient", "filter-scaled"))
    assert scaled[0, 1] == 0
    others = weights != 0
    assert np.allclose(scaled[others] / weights[others], first(scenario).values["delta"].sum())


@claim("first-channel-only", "The weights of the other channels have a part in each output too, and would never move.")
def the_other_channels_get_no_gradient(rng: np.random.Generator) -> None:
    scenario = square(rng, input=rng.normal(size=(3, 3, 3)), filter=rng.normal(size=(3, 2, 2)))
    alone = wrong(scenario, "gradient", "first-channel-only")
    assert not alone[:, 1:].any()
    assert np.allclose(alone[:, 0], first(scenario).values["gradient"][:, 0])
    assert first(scenario).values["gradient"][:, 1:].all()


@claim("filter-not-rotated", "that input meets its weights in reverse, from the last to the first")
def an_input_meets_its_weights_from_the_last_to_the_first(rng: np.random.Generator) -> None:
    # input [2] of a row, a filter of 3: outputs 0, 1, 2 meet it with weight 2, 1, 0
    scenario = drawn(rng, input=rng.normal(size=(1, 5)), filter=rng.normal(size=(1, 3)))
    back = lesson_of(scenario, input_gradient=True).step("input_gradient")
    terms = back.working(first(scenario).values, (0, 0, 0, 2)).terms
    met = [(term.factors[0].cell[-1], term.factors[1].cell[-1]) for term in terms]
    assert met == [(0, 2), (1, 1), (2, 0)]


@claim("valid-not-full", "The result is smaller than the input.")
@claim("input_gradient", "Without the zeros around δ the result is too small a matrix")
def without_zeros_around_delta_the_result_is_too_small(rng: np.random.Generator) -> None:
    scenario = square(rng)
    assert wrong(scenario, "input_gradient", "valid-not-full").size < scenario.inputs.size


@claim("pool-average-not-divided", "A mean is the sum divided by the number of cells, forward and backward.")
@claim("softmax-diagonal-only", "The probabilities add up to 1: when one grows, others shrink.")
def a_jacobian_row_adds_up_to_0(rng: np.random.Generator) -> None:
    p = np.exp(rng.normal(size=4))
    p /= p.sum()
    assert np.allclose((np.diag(p) - np.outer(p, p)).sum(axis=0), 0)


@claim("rate-twice", "The step comes out at 0.5 of its length.")
def a_rate_of_a_half_twice_is_half_the_step(rng: np.random.Generator) -> None:
    scenario = square(rng, learning_rate=0.5)
    right, twice = first(scenario).values["update"], wrong(scenario, "update", "rate-twice")
    assert np.allclose(twice - scenario.conv.weights, 0.5 * (right - scenario.conv.weights))


@claim(
    "rounded-down",
    "Rounding down always goes the same way, so the weights drift: from a whole number a small step up is lost, and a "
    "small step down becomes 1.",
)
def rounding_down_drifts(rng: np.random.Generator) -> None:
    weights = rng.integers(-3, 4, (2, 2)).astype(float)
    scenario = square(rng, filter=weights, activation="tanh", learning_rate=1e-3)
    right, down = plane(first(scenario).values["update"]), plane(wrong(scenario, "update", "rounded-down"))
    assert np.array_equal(down, np.where(right >= weights, weights, weights - 1))


@claim("adam-uncorrected", "Without the corrections the first step comes out at 3.16 times its length.")
def an_uncorrected_first_step_of_adam(rng: np.random.Generator) -> None:
    # m/√s against m̂/√ŝ in the first iteration: 0.1/√0.001
    scenario = square(rng, optimizer="adam", activation="tanh")
    right, wrong_ = first(scenario).values["update"], wrong(scenario, "update", "adam-uncorrected")
    ratio = (wrong_ - scenario.conv.weights) / (right - scenario.conv.weights)
    assert ratio.ravel() == pytest.approx([0.1 / 0.001**0.5] * 4, rel=1e-3)


BOUNDED = [name for name, make in ACTIVATIONS.items() if make().low > -np.inf or make().high < np.inf]


def without_the_activation_there_are_outputs_that_it_never_gives(rng: np.random.Generator) -> None:
    for name in BOUNDED:
        scenario = square(rng, input=10 * rng.normal(size=(6, 6)), activation=name)
        skipped, phi = wrong(scenario, "activation", "activation-skipped"), scenario.activation
        assert np.array_equal(skipped, first(scenario).values["forward"])
        assert ((skipped < phi.low) | (skipped > phi.high)).any()


for bounded in BOUNDED:
    claim("activation-skipped", f"Outputs can then be numbers that {bounded} never gives")(
        without_the_activation_there_are_outputs_that_it_never_gives
    )


@claim("slope-of-z", "a·(1 − a) lies between 0 and ¼.")
@claim("slope-of-z", "z·(1 − z) is negative where z is negative or above 1, and large far out")
def sigmoids_slope_is_written_in_a(rng: np.random.Generator) -> None:
    z = rng.uniform(-10, 10, 100)
    a = ACTIVATIONS["sigmoid"]().value(z)
    assert ((a * (1 - a) >= 0) & (a * (1 - a) <= 0.25)).all()
    assert np.array_equal(z * (1 - z) < 0, (z < 0) | (z > 1))
    assert (np.abs(z * (1 - z))[np.abs(z) > 5] > 20).all()


@claim("slope-of-z", "1 − a² lies between 0 and 1.")
@claim("slope-of-z", "1 − z² is negative where z is beyond ±1, and 1 − a is above 1 where z is negative")
def tanhs_slope_is_written_in_a_squared(rng: np.random.Generator) -> None:
    z = rng.uniform(-10, 10, 100)
    a = ACTIVATIONS["tanh"]().value(z)
    assert ((1 - a**2 >= 0) & (1 - a**2 <= 1)).all()
    assert np.array_equal(1 - z**2 < 0, np.abs(z) > 1)
    assert np.array_equal(1 - a > 1, z < 0)


@claim("slope-without-error", "by the same amount whatever comes back to them, even where it is 0")
def a_slope_alone_does_not_ask_what_comes_back(rng: np.random.Generator) -> None:
    slope = {"name": "leaky_relu", "slope": 0.1}
    scenario = square(rng, activation=slope)
    z = first(scenario).values["forward"]
    assert (wrong(scenario, "delta", "slope-without-error")[z < 0] == 0.1).all()


@claim("pool-spread", "The smaller ones had no part in the output, so nothing goes back to them.")
def only_the_largest_number_has_a_part_in_a_maximum(rng: np.random.Generator) -> None:
    window = rng.normal(size=4)
    smaller = window != window.max()
    nudged = window + 1e-9 * smaller
    assert nudged.max() == window.max()


@claim("pool-upstream-forgotten", "What comes back then has nothing to do with the target.")
def without_the_upstream_gradient_the_target_has_no_part(rng: np.random.Generator) -> None:
    kind, image = str(rng.choice(["max_pool", "average_pool"])), rng.normal(size=(4, 4))
    right, told = [], []
    for target in rng.normal(size=(2, 2, 2)):
        layers = [{"type": kind, "size": 2}]
        scenario = network(input=image, layers=layers, target=target, learning_rate=1)
        name = f"{kind}1.input_gradient"
        right.append(first_iteration(lesson_of(scenario, input_gradient=True)).values[name])
        told.append(wrong(scenario, name, "pool-upstream-forgotten"))
    assert np.array_equal(told[0], told[1])
    assert not np.allclose(right[0], right[1])


@claim("adam-squared-forgotten", "s says how large the gradients are, whatever their sign.")
def the_second_moment_has_no_sign(rng: np.random.Generator) -> None:
    one, other = (
        first(square(np.random.default_rng(7), optimizer="adam", error=sign)).values["second_moment"]
        for sign in ("output_minus_target", "target_minus_output")
    )
    assert np.array_equal(one, other)


@claim("momentum-not-multiplied", "Each gradient then counts in full for ever.")
def without_its_factor_a_velocity_is_the_sum_of_all_gradients(rng: np.random.Generator) -> None:
    scenario = square(rng, optimizer="momentum", learning_rate=1e-3)
    total = np.zeros((1, 1, 2, 2))
    for iteration in trace(mistaken(lesson_of(scenario), MISTAKES["momentum-not-multiplied"]), 4):
        total = total + iteration.values["gradient"]
        assert np.allclose(iteration.values["velocity"], total)
