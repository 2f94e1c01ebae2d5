"""Wrong numbers without a name, by formula: nothing may be said about them but that they are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from tests.oracle.cells import Cells, each, sizes, times
from tests.oracle.layers import correlate, filter_gradient
from tests.oracle.misconceptions.shapes import transposed
from tests.oracle.one_filter import FilterWork
from tests.oracle.question import work

WrongWay = Callable[[Random, FilterWork], Cells]
"""The wrong numbers of a step, from those before it."""


def of(step: str, change: Callable[[float], float]) -> WrongWay:
    """The step's right numbers, each changed."""
    return lambda random, w: each(change, w.right(step))


def sign(number: float) -> float:
    """−1, 0 or 1."""
    return float((number > 0) - (number < 0))


def scaled(step: str, *numbers: float) -> WrongWay:
    """The step's right numbers times one of these."""
    return lambda random, w: times(random.choice(numbers), w.right(step))


def _row_repeated(random: Random, w: FilterWork) -> Cells:
    return {cell: w.right("gradient")[(*cell[:-2], 0, cell[-1])] for cell in w["filter"]}


def _rolled(random: Random, w: FilterWork) -> Cells:
    right, columns = w.right("gradient"), sizes(w["filter"])[-1]
    return {cell: right[(*cell[:-1], (cell[-1] + 1) % columns)] for cell in right}


def _upside_down(random: Random, w: FilterWork) -> Cells:
    right, rows = w.right("gradient"), sizes(w["filter"])[-2]
    return {cell: right[(*cell[:-2], rows - 1 - cell[-2], cell[-1])] for cell in right}


def _running_sum(random: Random, w: FilterWork) -> Cells:
    right, total = w.right("gradient"), 0.0
    return {cell: (total := total + right[cell]) for cell in sorted(right)}


def _constant(random: Random, w: FilterWork) -> Cells:
    number = random.choice((-2.0, -1.0, 1.0, 2.0))
    return each(lambda x: x + number, w.right("gradient"))


def noise(step: str) -> WrongWay:
    """Random numbers added to the right ones: whole ones, or some with two decimals."""

    def slant(random: Random, w: FilterWork) -> Cells:
        if random.random() < 0.5:
            return each(lambda x: x + random.randint(-4, 4), w.right(step))
        return each(lambda x: x + round(random.gauss(0.0, 1.0), 2), w.right(step))

    return slant


def one_cell(step: str) -> WrongWay:
    """One number off, by half a unit at least."""

    def slant(random: Random, w: FilterWork) -> Cells:
        right = w.right(step)
        cell = random.choice(list(right))
        return right | {cell: right[cell] + random.choice((-3.0, -1.0, -0.5, 0.5, 1.0, 2.0))}

    return slant


def _with_delta(w: FilterWork, delta: Cells) -> Cells:
    return replace(w, steps=w.steps | {"delta": delta}).right("gradient")


def _later_delta(random: Random, w: FilterWork) -> Cells:
    return _with_delta(w, work(replace(w.question, iteration=w.question.iteration + 1), w.manner)["delta"])


def _first_row_of_outputs(random: Random, w: FilterWork) -> Cells:
    return _with_delta(w, {cell: d if cell[-2] == 0 else 0.0 for cell, d in w["delta"].items()})


def _largest_product(random: Random, w: FilterWork) -> Cells:
    """The largest product δ·x where the sum belongs."""
    geometry = w.question.geometry
    largest: Cells = {}
    for f, c, u, v in w["filter"]:
        met = {(n, i, j): w["input"].get((n, c, *geometry.met(i, j, u, v)), 0.0) for n, _, i, j in w["delta"]}
        largest[f, c, u, v] = max(w["delta"][n, f, i, j] * x for (n, i, j), x in met.items())
    return largest


def _weight_decay(random: Random, w: FilterWork) -> Cells:
    return each(lambda g, old: g + 0.1 * old, w.right("gradient"), w["filter"])


def _one_off_forward(random: Random, w: FilterWork) -> Cells:
    """The filter's first column left out: a loop from 1."""
    part = {cell: x if cell[-1] else 0.0 for cell, x in w["filter"].items()}
    return correlate(w["input"], part, w.steps.get("bias"), w.question.geometry)


def _shifted_patches(random: Random, w: FilterWork) -> Cells:
    """Each output from the patch one column to the right."""
    shifted = {(*cell[:-1], cell[-1] - 1): x for cell, x in w["input"].items()}
    return filter_gradient(shifted, w["delta"], w.question.window, w.question.geometry)


def _two_steps(random: Random, w: FilterWork) -> Cells:
    """Another step on top, along the filter itself."""
    return each(lambda new, old: new + w.question.rate * old, w.right("update"), w["filter"])


def _by(w: FilterWork, change: Callable[[float], float]) -> Cells:
    """The old filter and a changed step."""
    return each(lambda old, new: old + change(new - old), w["filter"], w.right("update"))


def _input_transposed(random: Random, w: FilterWork) -> Cells:
    """z of the input with its rows and columns exchanged; of the right input where that does not fit."""
    image = transposed(w["input"])
    z = correlate(image, w["filter"], w.steps.get("bias"), w.question.geometry)
    return z if z.keys() == w["target"].keys() else w.right("forward")


WITHOUT_NAME: Mapping[str, tuple[str, WrongWay]] = {
    "gradient × another number": ("gradient", scaled("gradient", 0.3, 0.7, 0.9, 1.1, 1.5, 3.0, 10.0)),
    "η·G for G": ("gradient", lambda random, w: times(w.question.rate, w.right("gradient"))),
    "the first row repeated": ("gradient", _row_repeated),
    "columns rolled by one": ("gradient", _rolled),
    "rows upside down": ("gradient", _upside_down),
    "running sums": ("gradient", _running_sum),
    "a constant added": ("gradient", _constant),
    "δ of the next iteration": ("gradient", _later_delta),
    "the first row of outputs alone": ("gradient", _first_row_of_outputs),
    "the largest product for the sum": ("gradient", _largest_product),
    "the patch to the right": ("gradient", _shifted_patches),
    "|G|": ("gradient", of("gradient", abs)),
    "G²": ("gradient", of("gradient", lambda g: g * g)),
    "the sign of G": ("gradient", of("gradient", sign)),
    "clipped to ±1": ("gradient", of("gradient", lambda g: max(-1.0, min(1.0, g)))),
    "weight decay": ("gradient", _weight_decay),
    "e·z for δ": ("delta", lambda random, w: each(lambda e, z: e * z, w["error"], w["forward"])),
    "e·a for δ": ("delta", lambda random, w: each(lambda e, a: e * a, w["error"], w["activation"])),
    "e + φ′ for δ": ("delta", lambda random, w: each(lambda e, z: e + w.phi.slope(z), w["error"], w["forward"])),
    "δ halved where a > t": ("delta", lambda random, w: each(lambda d: d / 2 if d > 0 else d, w.right("delta"))),
    "a·t for e": ("error", lambda random, w: each(lambda a, t: a * t, w["activation"], w["target"])),
    "a + t for e": ("error", lambda random, w: each(lambda a, t: a + t, w["activation"], w["target"])),
    "e by the target": ("error", lambda random, w: each(lambda e, t: e / (abs(t) + 1), w.right("error"), w["target"])),
    "φ twice": ("activation", lambda random, w: each(lambda z: w.phi.value(w.phi.value(z)), w["forward"])),
    "a cut off at 1": ("activation", of("activation", lambda a: min(a, 1.0))),
    "a column of the filter left out": ("forward", _one_off_forward),
    "the input transposed": ("forward", _input_transposed),
    "half of z": ("forward", scaled("forward", 0.5, 0.3, 1.5)),
    "(1 − ηG)·W": ("update", lambda random, w: each(lambda x, n: x * (1 + n - x), w["filter"], w.right("update"))),
    "√η": ("update", lambda random, w: _by(w, lambda d: d * w.question.rate**-0.5)),
    "the signs of the steps alone": (
        "update",
        lambda random, w: _by(w, lambda d: w.question.rate * ((d > 0) - (d < 0))),
    ),
    "the filter shrunk as well": ("update", _two_steps),
}

ANY_STEP = ("forward", "activation", "error", "delta", "gradient", "bias_gradient", "update", "bias_update")
NOISE: Mapping[str, tuple[str, WrongWay]] = {f"noise in {step}": (step, noise(step)) for step in ANY_STEP}
ONE_CELL: Mapping[str, tuple[str, WrongWay]] = {f"one cell of {step}": (step, one_cell(step)) for step in ANY_STEP}
