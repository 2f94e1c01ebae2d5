"""Claims about what an activation gives, and what it lets back."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.status import floor
from cnnstep.engine.trace import trace
from tests.tutor.claims.claim import claim, drawn, first

FAR = 18.0
"""Further out a sigmoid or a tanh is 1 to the last digit of a float."""


def spread(rng: np.random.Generator, low: float = -FAR, high: float = FAR) -> Array:
    return rng.uniform(low, high, 200)


@claim("dead-relu", "it sends no error back, however wrong it is")
@claim("relu", "An inactive cell learns nothing from its error.")
@claim("delta", "Where the slope is 0 nothing comes back, however large the error.")
@claim("delta", "it is cells with a negative z that get 0, whatever their error")
def relu_passes_back_exactly_where_z_is_positive(rng: np.random.Generator) -> None:
    error = rng.normal(size=(3, 3)) * 10.0 ** rng.integers(0, 9)
    scenario = drawn(
        rng, input=rng.normal(size=(4, 4)), filter=rng.normal(size=(2, 2)), activation="relu", target=error
    )
    iteration = first(scenario)
    z, e, delta = (iteration.values[name] for name in ("forward", "error", "delta"))
    assert not delta[z < 0].any()
    assert np.array_equal(delta[z > 0], e[z > 0])


@claim("dead-relu", "if no cell is active, for any of the inputs, all gradients are 0")
@claim("dead-relu", "Then gradient descent does not move the filter any more")
@claim("relu", "If every cell is inactive, whatever the input, all gradients are 0")
@claim("learning-rate", "where no cell is active, and then no rate helps any more")
def without_an_active_cell_nothing_moves(rng: np.random.Generator) -> None:
    samples = [{"input": -np.abs(rng.normal(size=(3, 3))), "target": rng.normal(size=(2, 2))} for _ in range(2)]
    fixed = {"samples": samples, "bias": -1, "activation": "relu"}
    scenario = drawn(rng, filter=np.abs(rng.normal(size=(2, 2))), learning_rate=10.0 ** rng.integers(-3, 4), **fixed)
    iteration = first(scenario)
    assert not iteration.values["gradient"].any()
    assert not iteration.values["bias_gradient"].any()
    assert np.array_equal(iteration.values["update"], scenario.conv.weights)


@claim("relu", "A negative target can't be met at all.")
@claim("unreachable-target", "relu gives nothing below 0, sigmoid nothing below 0 or above 1")
def relu_and_sigmoid_keep_to_their_range(rng: np.random.Generator) -> None:
    z = spread(rng, -100, 100)
    assert (ACTIVATIONS["relu"]().value(z) >= 0).all()
    sigmoid = ACTIVATIONS["sigmoid"]().value(z)
    assert ((sigmoid >= 0) & (sigmoid <= 1)).all()


@claim("unreachable-target", "A target outside it can't be met by any filter.")
@claim("unreachable-target", "no run ever gets below it")
def no_run_gets_below_the_floor(rng: np.random.Generator) -> None:
    phi = str(rng.choice(["relu", "sigmoid", "elu", "softplus", "tanh"]))
    target = rng.uniform(0.1, 0.9, (2, 2))
    target[0, 0] = -1.5
    scenario = drawn(rng, input=rng.normal(size=(3, 3)), filter=rng.normal(size=(2, 2)), activation=phi, target=target)
    least = floor(lesson_of(scenario))
    assert least > 0
    assert all(iteration.loss >= least for iteration in trace(scenario, 60))


@claim("unreachable-target", "with relu until the cell is inactive, with sigmoid until it is saturated")
def a_target_out_of_reach_pushes_its_z_to_the_end_of_the_range(rng: np.random.Generator) -> None:
    for phi, target in (("relu", -1.0), ("sigmoid", 2.0)):
        keys = {"input": [[1.0]], "filter": [[rng.uniform(0.1, 1)]], "activation": phi, "learning_rate": 1}
        *_, last = trace(drawn(rng, **keys, target=[[target]]), 300)
        assert last.lesson.scenario.activation.slope(last.values["forward"]).item() < 0.01


@claim("elu", "but none below −alpha")
@claim("elu", "A target at or below −alpha can't be met.")
def elu_stays_above_minus_alpha(rng: np.random.Generator) -> None:
    alpha = float(rng.uniform(0.1, 2))
    assert (ACTIVATIONS["elu"](alpha=alpha).value(spread(rng, -30, 30)) > -alpha).all()


@claim("softplus", "The output is never quite 0, so a target of exactly 0 can be approached but never met.")
def softplus_is_never_0(rng: np.random.Generator) -> None:
    assert (ACTIVATIONS["softplus"]().value(spread(rng, -700, 30)) > 0).all()
    assert ACTIVATIONS["softplus"]().value_at(-50) < 1e-20


@claim("tanh", "Targets of exactly 1 or −1 can be approached but never met.")
def tanh_stays_within_1(rng: np.random.Generator) -> None:
    assert (np.abs(ACTIVATIONS["tanh"]().value(spread(rng))) < 1).all()


@claim("sigmoid", "Even at its steepest it passes back only a quarter of the error")
@claim("vanishing-gradient", "even at its steepest it lets only a quarter through")
def a_sigmoids_slope_is_a_quarter_at_most(rng: np.random.Generator) -> None:
    phi = ACTIVATIONS["sigmoid"]()
    assert (phi.slope(spread(rng)) <= 0.25).all()
    assert phi.slope_at(0.0) == 0.25


@claim("sigmoid", "far from 0 it is almost flat")
@claim("tanh", "Far from 0 it is almost flat")
@claim("elu", "Far below 0 it is almost flat")
@claim("softplus", "Far below 0 the slope is close to 0")
@claim("silu", "Far below 0 it is almost flat.")
@claim("saturation", "its slope is close to 0, so almost nothing of its error comes back")
def curved_activations_level_out_far_below_0(rng: np.random.Generator) -> None:
    for name in ("sigmoid", "tanh", "elu", "softplus", "silu"):
        phi = ACTIVATIONS[name]()
        assert (np.abs(phi.slope(spread(rng, -FAR, -8))) < 0.01 * phi.steepest).all()


@claim("linear", "every error passes back in full")
def linear_passes_every_error_back(rng: np.random.Generator) -> None:
    iteration = first(drawn(rng, activation="linear"))
    assert np.array_equal(iteration.values["delta"], iteration.values["error"])


@claim("leaky_relu", "Its slope below 0 is small but not 0")
def a_leaky_relu_never_stops_everything(rng: np.random.Generator) -> None:
    assert (ACTIVATIONS["leaky_relu"]().slope(spread(rng)) > 0).all()


@claim("gelu", "left of the dip the slope is negative: there a larger z means a smaller output")
@claim("silu", "left of the dip the slope is negative: there a larger z means a smaller output")
def gelu_and_silu_fall_left_of_their_dip(rng: np.random.Generator) -> None:
    for name in ("gelu", "silu"):
        phi = ACTIVATIONS[name]()
        z = np.sort(spread(rng, -5, 0))
        dip = z[phi.value(z).argmin()]
        left = z[z < dip - 0.1]
        assert (phi.slope(left) < 0).all()
        assert (np.diff(phi.value(left)) < 0).all()


@claim("slope-at-zero", "It matters only where z is exactly 0")
def the_slope_at_0_matters_at_0_alone(rng: np.random.Generator) -> None:
    z = spread(rng)
    choices = [ACTIVATIONS["relu"](slope_at_zero).slope(z) for slope_at_zero in (0.0, 0.5, 1.0)]
    assert all(np.array_equal(choices[0], other) for other in choices)
    assert len({ACTIVATIONS["relu"](slope_at_zero).slope_at(0.0) for slope_at_zero in (0.0, 0.5, 1.0)}) == 3


@claim("slope-at-zero", "after relu that holds everywhere, so nothing is ever stopped")
@claim("mask-not-strict", "After a ReLU that is everywhere.")
def an_output_of_relu_is_never_negative(rng: np.random.Generator) -> None:
    assert (first(drawn(rng, activation="relu")).values["activation"] >= 0).all()


@claim("saturation", "in the end all that is left of the gradient comes from there")
def a_z_of_0_keeps_its_slope_however_large_the_filter(rng: np.random.Generator) -> None:
    image = np.array([[0.0, 0.0, rng.uniform(1, 2), rng.uniform(1, 2)]])
    scale = 10.0 ** rng.integers(3, 6)
    large = first(drawn(rng, input=image, filter=[[scale, scale]], activation="sigmoid", target=[[1, 1, 0]]))
    delta = large.values["delta"].ravel()
    assert large.values["forward"].ravel()[0] == 0
    assert delta[0] == (0.5 - 1) * 0.25
    assert np.abs(delta[1:]).max() < 1e-9


@claim("activation", "several filters in a row could do no more than one larger filter")
@claim("linear", "several linear layers in a row can do no more than one")
def two_linear_filters_are_one_larger_filter(rng: np.random.Generator) -> None:
    image, one, two = rng.normal(size=(5, 5)), rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    larger = np.zeros((3, 3))
    for (u, v), weight in np.ndenumerate(two):
        larger[u : u + 2, v : v + 2] += weight * one
    between = first(drawn(rng, input=image, filter=one, activation="linear")).values["activation"][0, 0]
    twice = first(drawn(rng, input=between, filter=two, activation="linear")).values["activation"]
    assert np.allclose(twice, first(drawn(rng, input=image, filter=larger, activation="linear")).values["activation"])
