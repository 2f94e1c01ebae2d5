"""Claims about losses: what an error costs, what it sends back, and how the losses compare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import network
from cnnstep.engine.losses import CROSS_ENTROPY, FILTER_LOSSES, LOSSES, Loss
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from tests.tutor.claims.claim import claim, drawn, first

SQUARES = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
SURE = 1e-9


def slope(loss: Loss, output: Array, target: Array) -> Array:
    """∂L/∂a by finite differences."""
    found = np.zeros(output.shape)
    for cell in np.ndindex(*output.shape):
        ends = []
        for nudge in (-1e-6, 1e-6):
            moved = output.copy()
            moved[cell] += nudge
            ends.append(loss.value(moved, target))
        found[cell] = (ends[1] - ends[0]) / 2e-6
    return found


def classes(rng: np.random.Generator, target: Any, units: int = 4) -> Scenario:
    """A softmax over random scores."""
    dense = {"type": "dense", "weights": rng.normal(size=(units, 3)).tolist()}
    layers: list[dict[str, Any]] = [{"type": "flatten"}, dense, {"type": "softmax"}]
    return network(
        layers=layers, input=rng.normal(size=(1, 3)).tolist(), target=target, loss="cross_entropy", learning_rate=0.1
    )


@claim("half_squared_error", "The half is there for one reason: the slope of e² is 2e, and the half makes that e.")
@claim("half_squared_error", "∂L/∂a = (a − t)")
@claim("squared_error", "The slope of e² is 2e, so a 2 goes back with every error.")
@claim("squared_error", "The gradient is then half of what it should be")
@claim("mean_squared_error", "Every error goes back times 2/n.")
@claim("mean_squared_error", "∂L/∂a = (2/n) (a − t)")
@claim("half_mean_squared_error", "Every error goes back times 1/n: the 2 and the half cancel.")
@claim("half_mean_squared_error", "∂L/∂a = (1/n) (a − t)")
@claim("half_mean_squared_error", "Forgetting the 1/n on the way back makes every gradient n times too large")
@claim("loss-scale", "factor 1, 2, 2/n or 1/n")
@claim("loss-scale", "every number of the gradient is off by the same factor, such as 2, ½, 1/n or 2/n")
@claim("half_squared_error", "All its gradients then differ from yours by one factor")
def each_squared_loss_sends_back_its_multiple_of_the_error(rng: np.random.Generator) -> None:
    output, target = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    for name, factor in zip(SQUARES, (1, 2, 2 / 6, 1 / 6), strict=True):
        assert np.allclose(slope(LOSSES[name], output, target), factor * (output - target), atol=1e-6)


@claim("loss-scale", "½Σe², Σe² and their means all agree on which filter is better.")
def the_squared_losses_agree_on_what_is_better(rng: np.random.Generator) -> None:
    one, other, target = rng.normal(size=(3, 2, 3))
    better = {LOSSES[name].value(one, target) < LOSSES[name].value(other, target) for name in SQUARES}
    assert len(better) == 1


@claim("loss-scale", "In a plain step (sgd) a larger factor does the same as a larger learning rate.")
def a_larger_loss_is_a_larger_rate(rng: np.random.Generator) -> None:
    matrices = {"input": rng.normal(size=(3, 3)), "filter": rng.normal(size=(2, 2)), "target": rng.normal(size=(2, 2))}
    halved, whole = (
        first(drawn(rng, **matrices, activation="tanh", loss=loss, learning_rate=rate)).values["update"]
        for loss, rate in (("half_squared_error", 0.2), ("squared_error", 0.1))
    )
    assert np.allclose(halved, whole)


@claim("mean_squared_error", "So the loss does not grow with the number of cells.")
def a_mean_stays_where_cells_are_repeated(rng: np.random.Generator) -> None:
    output, target = rng.normal(size=(2, 2, 3))
    mean = LOSSES["mean_squared_error"]
    assert np.isclose(mean.value(np.tile(output, 4), np.tile(target, 4)), mean.value(output, target))


@claim("loss", "It is smallest where every output equals its target, and grows with the errors.")
def a_loss_is_smallest_at_its_target(rng: np.random.Generator) -> None:
    target, error = rng.uniform(0.2, 0.8, (2, 2)), rng.uniform(-0.09, 0.09, (2, 2))
    for loss in FILTER_LOSSES.values():
        met, near, far = (loss.value(target + k * error, target) for k in (0, 1, 2))
        assert met < near < far


@claim("binary_cross_entropy", "A guess that is sure and right costs next to nothing")
@claim("binary_cross_entropy", "the cost of one that is sure and wrong has no limit")
@claim("cross_entropy", "Being sure and right costs next to nothing; the cost of being sure and wrong has no limit.")
def being_sure_costs_nothing_or_without_limit(rng: np.random.Generator) -> None:
    for loss in (LOSSES["binary_cross_entropy"], CROSS_ENTROPY):
        assert loss.cell_at(1 - SURE, 1.0) < 1e-8
        costs = [loss.cell_at(10.0**-k, 1.0) for k in range(1, 300, 20)]
        assert np.allclose(costs, [k * math.log(10) for k in range(1, 300, 20)])


@claim("binary_cross_entropy", "Its slope is 1/(a(1 − a)) times the error.")
@claim("binary_cross_entropy", "∂L/∂a = 1/(a(1 − a)) ⊙ (a − t)")
@claim("binary_cross_entropy", "That factor is exactly one over the slope of sigmoid")
@claim("binary_cross_entropy", "δ is the error itself: no saturation")
@claim("sigmoid", "With binary_cross_entropy as the loss the slope cancels.")
@claim("slope-forgotten", "In ∂L/∂z the slope cancels the loss's 1/(a(1 − a)).")
@claim("slope-forgotten", "(With binary cross-entropy δ = e is right: there the slope cancels.)")
def with_binary_cross_entropy_the_slope_cancels(rng: np.random.Generator) -> None:
    z = rng.normal(scale=3, size=(2, 2))
    a, target = ACTIVATIONS["sigmoid"]().value(z), rng.integers(0, 2, (2, 2)).astype(float)
    assert np.allclose(slope(LOSSES["binary_cross_entropy"], a, target), (a - target) / (a * (1 - a)), rtol=1e-4)
    assert np.allclose(1 / (a * (1 - a)) * ACTIVATIONS["sigmoid"]().slope(z), 1)
    fixed = {"activation": "sigmoid", "loss": "binary_cross_entropy", "target": target}
    iteration = first(drawn(rng, input=10 * rng.normal(size=(3, 3)), filter=rng.normal(size=(2, 2)), **fixed))
    assert np.array_equal(iteration.values["delta"], iteration.values["error"])


@claim("binary_cross_entropy", "δ comes out far too small where the output is near 0 or 1")
def one_slope_too_many_makes_delta_small_near_the_ends(rng: np.random.Generator) -> None:
    a = np.array([SURE, 1e-3, 1 - 1e-3, 1 - SURE])
    assert (a * (1 - a) < 0.01).all()


@claim("cross_entropy", "No slope is left over, so the more wrong p is, the more comes back.")
@claim("cross_entropy", "through softmax ∂L/∂z = p − y where Σy = 1, else p·Σy − y")
@claim("cross_entropy", "This holds for targets that add up to 1, as those of one class do; for others it is p·Σy − y.")
@claim("softmax", "Or p − y is used where the targets do not add up to 1: then it is p·Σy − y.")
@claim(
    "softmax",
    "Or p − y is multiplied by a slope once more (softmax-slope-twice): it has the whole Jacobian in it already.",
)
@claim("softmax-slope-twice", "With cross-entropy p − y is ∂L/∂z already: the softmax's slope is in it.")
def softmax_with_cross_entropy_sends_back_p_minus_y(rng: np.random.Generator) -> None:
    for target in (np.eye(4)[rng.integers(4)], rng.uniform(0, 1, 4)):
        iteration = first(classes(rng, target.tolist()))
        p = iteration.values["softmax1.forward"][0]
        jacobian = np.diag(p) - np.outer(p, p)
        sent = iteration.values["softmax1.input_gradient"][0]
        assert np.allclose(sent, jacobian @ (-target / p))
        assert np.allclose(sent, p * target.sum() - target)


@claim("softmax", "Each is above 0, and together they are 1.")
@claim("softmax", "subtracting the largest score first changes no probability")
@claim("softmax", "e raised to a large score overflows")
@claim(
    "softmax", "On the diagonal a probability grows with its own score; elsewhere it shrinks as another score grows."
)
@claim("softmax", "The largest score has the largest probability.")
def probabilities_are_shares_of_one(rng: np.random.Generator) -> None:
    iteration = first(classes(rng, [1, 0, 0, 0]))
    z, p = (iteration.values[name][0] for name in ("dense1.forward", "softmax1.forward"))
    assert (p > 0).all()
    assert np.isclose(p.sum(), 1)
    assert np.allclose(np.exp(z - z.max()) / np.exp(z - z.max()).sum(), p)
    assert z.argmax() == p.argmax()
    jacobian = np.diag(p) - np.outer(p, p)
    assert ((jacobian > 0) == np.eye(4, dtype=bool)).all()
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(710.0))


@claim(
    "cross_entropy",
    "Or softmax is applied twice, once in the network and once in a loss that has it built in: the probabilities come "
    "out far too even.",
)
def a_second_softmax_evens_probabilities_out(rng: np.random.Generator) -> None:
    once = np.exp(rng.normal(scale=5, size=4))
    once /= once.sum()
    twice = np.exp(once) / np.exp(once).sum()
    assert twice.max() <= math.e / (math.e + 3)  # one of 4 with p = 1, the others 0, is as uneven as it gets
    assert twice.max() - twice.min() <= once.max() - once.min()


@claim("loss", "A lower loss proves nothing about a gradient: some wrong gradients lower it more than the right one.")
def a_wrong_gradient_can_lower_the_loss_more(rng: np.random.Generator) -> None:
    # L = ½(w − t)² at a rate of 0.1: twice the gradient comes twice as near
    weight, target = float(rng.normal()), float(rng.normal())
    scenario = drawn(rng, input=[[1]], filter=[[weight]], target=[[target]], activation="linear")
    right = first(scenario)
    doubled = weight - 2 * 0.1 * right.values["gradient"].item()
    assert 0.5 * (doubled - target) ** 2 < right.loss_after < right.loss
