"""Claims about steps downhill: their length, their direction, optimizers, and what layers send back."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from tests.tutor.claims.claim import claim, drawn, first, plane

SHORT = 1e-6


def small(rng: np.random.Generator, **fixed: object) -> Scenario:
    """3×3 input, 2×2 filter: every number drawn."""
    return drawn(rng, **({"input": rng.normal(size=(3, 3)), "filter": rng.normal(size=(2, 2))} | fixed))


@claim("uphill-update", "Away from a kink, a short enough step uphill raises the loss.")
@claim("error-sign", "away from a kink, the loss grows however small the learning rate is.")
@claim("update", "Away from a kink, the loss then grows however small η is.")
@claim("learning-rate", "If the loss rises however small η is, it is not the rate: the gradient is wrong")
def a_short_step_along_the_gradient_raises_the_loss_and_one_against_it_lowers_it(rng: np.random.Generator) -> None:
    scenario = small(rng, learning_rate=SHORT, activation=str(rng.choice(["linear", "tanh", "leaky_relu", "relu"])))
    right = first(scenario)
    wrong = first_of_mistaken(scenario, "uphill-update")
    if right.values["gradient"].any():
        assert right.loss_after < right.loss < wrong


def first_of_mistaken(scenario: Scenario, code: str) -> float:
    return next(trace(mistaken(lesson_of(scenario), MISTAKES[code]), 1)).loss_after


@claim("error-sign", "The two signs cancel: the new filter is the same.")
def both_signs_of_the_error_give_the_same_filter(rng: np.random.Generator) -> None:
    scenario = small(rng, optimizer=str(rng.choice(list(OPTIMIZERS))))
    one, other = (first(replace(scenario, error=sign)) for sign in ("output_minus_target", "target_minus_output"))
    assert np.array_equal(one.values["error"], -other.values["error"])
    assert np.array_equal(one.values["update"], other.values["update"])


@claim("divergence", "stable only for η < 2 / λmax")
@claim("divergence", "There the slope is steeper, so the next step is longer still.")
@claim("linear", "above a certain learning rate each step lands higher up on the other side")
def two_over_the_curvature_is_the_limit(rng: np.random.Generator) -> None:
    # one output, L = ½(w·x − t)²: its curvature along x is Σx²
    image = rng.normal(size=(2, 2))
    limit = 2 / float((image**2).sum())
    fixed = {
        "input": image,
        "filter": rng.normal(size=(2, 2)),
        "activation": "linear",
        "target": rng.normal(size=(1, 1)),
    }
    below, above = (
        [iteration.loss for iteration in trace(drawn(rng, **fixed, learning_rate=share * limit), 6)]
        for share in (0.98, 1.02)
    )
    assert below == sorted(below, reverse=True)
    assert above == sorted(above)


@claim("learning-rate", "each weight moves by η times its gradient")
@claim("sgd", "It remembers nothing: each step depends on the present gradient alone.")
def a_plain_step_is_the_rate_times_the_present_gradient(rng: np.random.Generator) -> None:
    for iteration in trace(small(rng, learning_rate=0.05), 3):
        moved = iteration.values["update"] - iteration.values["filter"]
        assert np.allclose(moved, -0.05 * iteration.values["gradient"], atol=1e-12)


@claim("momentum", "While the gradient stays the same, the steps grow towards 1/(1 − μ) times those of sgd")
def a_steady_gradient_makes_momentum_longer(rng: np.random.Generator) -> None:
    # a target so far away that the gradient is the same to six digits all the way
    mu = float(rng.uniform(0.3, 0.95))
    optimizer = {"name": "momentum", "momentum": mu}
    fixed = {"input": [[1]], "filter": [[0]], "activation": "linear", "target": [[1e9]], "learning_rate": 1e-9}
    *_, last = trace(drawn(rng, **fixed, optimizer=optimizer), 400)
    moved = (last.values["update"] - last.values["filter"]).item()
    plain = -1e-9 * last.values["gradient"].item()
    assert math.isclose(moved / plain, 1 / (1 - mu), rel_tol=1e-4)


@claim("adam", "a weight whose gradients are always small moves about as far as one whose gradients are always large")
def adams_steps_do_not_depend_on_the_size_of_steady_gradients(rng: np.random.Generator) -> None:
    # two weights, one output: gradients −1·10⁶ and −1000·10⁶ all the way
    fixed = {"input": [[1, 1000]], "filter": [[0, 0]], "activation": "linear", "target": [[1e6]], "learning_rate": 1e-3}
    for iteration in trace(drawn(rng, **fixed, optimizer="adam"), 50):
        moved = plane(iteration.values["update"] - iteration.values["filter"])[0]
        assert np.allclose(moved, 1e-3, rtol=1e-2)


@claim("adam", "Both means begin at 0, so they are too small at first")
def adams_first_mean_is_a_tenth_of_the_gradient(rng: np.random.Generator) -> None:
    iteration = first(small(rng, optimizer="adam"))
    assert np.allclose(iteration.values["first_moment"], 0.1 * iteration.values["gradient"])


@claim(
    "more-than-one-solution", "With fewer independent equations than weights, many filters meet the target if one does."
)
def with_fewer_equations_than_weights_there_are_many_filters(rng: np.random.Generator) -> None:
    image, weights = rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    patches = np.array([image[:, :2].ravel(), image[:, 1:].ravel()])  # 2 equations for 4 weights
    free = np.linalg.svd(patches)[2][2:]
    other = weights + (rng.normal(size=2) @ free).reshape(2, 2)
    assert not np.allclose(weights, other)
    fixed = {"input": image, "activation": "linear"}
    one, two = (first(drawn(rng, **fixed, filter=each)).values["activation"] for each in (weights, other))
    assert np.allclose(one, two)


@claim("bias_gradient", "Taking the mean instead of the sum divides it by the number of cells.")
def the_mean_of_delta_is_the_sum_by_the_number_of_cells(rng: np.random.Generator) -> None:
    iteration = first(small(rng, bias=float(rng.normal())))
    assert np.isclose(iteration.values["bias_gradient"].item() / 4, iteration.values["delta"].mean())


@claim("chain-rule", "Where several paths lead from the weight to the loss, their products are added up.")
def a_gradient_is_the_sum_over_outputs_of_error_slope_and_input(rng: np.random.Generator) -> None:
    scenario = small(rng)
    iteration, image = first(scenario), plane(scenario.inputs)
    e, z = plane(iteration.values["error"]), plane(iteration.values["forward"])
    phi = scenario.activation
    for u, v in np.ndindex(2, 2):
        paths = [e[i, j] * phi.slope_at(float(z[i, j])) * image[i + u, j + v] for i, j in np.ndindex(2, 2)]
        assert np.isclose(sum(paths), plane(iteration.values["gradient"])[u, v])


def stack(rng: np.random.Generator, *layers: dict[str, object], size: int = 4) -> dict[str, Array]:
    """The first iteration of a network of these layers, its output's target all zeros."""
    given: list[dict[str, object]] = [*layers]
    image = rng.normal(size=(size, size)).tolist()
    lesson = lesson_of(network(layers=given, input=image, target=[0.0], learning_rate=0.1), input_gradient=True)
    return dict(next(trace(lesson, 1)).values)


@claim("max_pool", "The others had no part in the output, so they get 0.")
@claim("max_pool", "where windows overlap, a cell that wins twice gets both, added up")
def only_winners_get_a_gradient_and_nothing_of_it_is_lost(rng: np.random.Generator) -> None:
    dense = {"type": "dense", "weights": rng.normal(size=(1, 9)).tolist()}
    values = stack(rng, {"type": "max_pool", "size": 2, "stride": 1}, {"type": "flatten"}, dense)
    image, sent, back = (
        values[name][0, 0] for name in ("input", "flatten1.input_gradient", "max_pool1.input_gradient")
    )
    expected = np.zeros(image.shape)
    for i, j in np.ndindex(3, 3):
        window = image[i : i + 2, j : j + 2]
        u, v = np.unravel_index(window.argmax(), window.shape)
        expected[i + u, j + v] += sent[i, j]
    assert np.allclose(back, expected)


@claim("average_pool", "what this layer sends back is then too large by a factor, the number of cells in a window")
@claim("average_pool", "on the way back each gets the same share")
def an_average_sends_equal_shares_back(rng: np.random.Generator) -> None:
    dense = {"type": "dense", "weights": rng.normal(size=(1, 4)).tolist()}
    values = stack(rng, {"type": "average_pool", "size": 2}, {"type": "flatten"}, dense)
    sent, back = (values[name][0, 0] for name in ("flatten1.input_gradient", "average_pool1.input_gradient"))
    assert np.allclose(np.kron(sent, np.ones((2, 2))), 4 * back)


@claim("flatten", "No number changes, and there is nothing to train.")
def flatten_keeps_every_number(rng: np.random.Generator) -> None:
    values = stack(rng, {"type": "flatten"}, {"type": "dense", "weights": rng.normal(size=(1, 16)).tolist()})
    assert np.array_equal(values["flatten1.forward"].ravel(), values["input"].ravel())
    assert np.array_equal(values["flatten1.input_gradient"].ravel(), values["dense1.input_gradient"].ravel())
    assert not any(name.startswith("flatten1") and "update" in name for name in values)


@claim("initialisation", "he draws with a variance of 2/fan_in: relu stops about half, and the 2 makes up for it.")
@claim("initialisation", "glorot takes 2/(fan_in + fan_out)")
def initialisers_draw_with_their_variance(rng: np.random.Generator) -> None:
    fan_in, fan_out = 400, 200
    for name, variance in (("he", 2 / fan_in), ("glorot", 2 / (fan_in + fan_out))):
        for kind in ("normal", "uniform"):
            weights = INITIALISERS[f"{name}_{kind}"].draw(rng, (fan_out, fan_in), fan_in, fan_out)
            assert math.isclose(weights.var(), variance, rel_tol=0.03)
    stopped = np.maximum(rng.normal(size=100_000), 0)
    assert math.isclose((stopped**2).mean(), 0.5, rel_tol=0.05)


@claim("initialisation", "then all units of a layer get the same gradient and stay equal")
def equal_weights_stay_equal(rng: np.random.Generator) -> None:
    layers: list[dict[str, object]] = [
        {"type": "flatten"},
        {"type": "dense", "weights": np.full((3, 2), 0.3).tolist(), "bias": 0},
        {"type": "tanh"},
        {"type": "dense", "weights": np.full((1, 3), 0.3).tolist()},
    ]
    scenario = network(layers=layers, input=rng.normal(size=(1, 2)).tolist(), target=[1.0], learning_rate=0.1)
    for iteration in islice(trace(scenario), 4):
        rows = iteration.values["dense1.update"]
        assert np.allclose(rows, rows[0])


@claim("squared_error", "the filter still learns")
def half_of_a_gradient_still_lowers_the_loss(rng: np.random.Generator) -> None:
    scenario = small(rng, loss="squared_error", activation="tanh", learning_rate=SHORT / 2)
    assert first(scenario).loss_after < first(scenario).loss
