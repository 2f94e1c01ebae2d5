"""Vanishing and exploding gradients: how large ∂L/∂weights is, layer by layer."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.stations import norm, stations
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import SMALLEST, received
from cnnstep.tutor.topics.deep_stack import CLASSES, DEPTH, WIDTH, deep_stack, steepness, trained
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

MOST_ROWS = 20


def _back_table(iteration: Iteration) -> Table:
    """From the last layer to the first: what comes back to it, its mean slope, the gradient of its weights."""
    rows: list[tuple[str | float, ...]] = []
    for one in reversed(stations(iteration.lesson)):
        slope: str | float = "—"
        if isinstance(one.layer, ActivationLayer):
            slope = float(one.layer.phi.slope(iteration.values[one.forward.inputs[0].name]).mean())
        own: str | float = one.steepness(iteration.values) if one.gradients else "—"
        rows.append((one.name, norm(iteration.values[received(one)]), slope, own))
    title = "From the loss back" if len(rows) <= MOST_ROWS else f"The last {MOST_ROWS} of {len(rows)} layers"
    return Table(("layer", "‖∂L/∂output‖", "mean slope", "‖∂L/∂weights‖"), tuple(rows[:MOST_ROWS]), title)


def _verdict(iteration: Iteration, example: Example) -> Paragraph:
    """The first trained layer's gradient against the last one's."""
    layers, steep = trained(iteration), steepness(iteration)
    if len(layers) < 2 or not steep[0] or not steep[-1] or not np.isfinite(steep).all():
        return Paragraph("There are no two layers here whose gradients can be compared.")
    ratio = steep[0] / steep[-1]
    size = f"{example.text(ratio)} times" if ratio >= 1 else f"1/{example.text(1 / ratio)} of"
    between = counted(len(layers) - 2, "trained layer")
    return Paragraph(
        f"The gradient of {layers[0].name}, the first layer, is {size} that of {layers[-1].name}, the last one, with "
        f"{between} between them. With one learning rate for both, they learn that differently fast."
    )


def _vanishing(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    runs = {name: deep_stack(example.scenario, "glorot_normal", name) for name in ("sigmoid", "tanh", "relu")}
    rows: list[tuple[str | float, ...]] = []
    for name, run in runs.items():
        steep = steepness(run)
        rows.append((name, steep[-1], steep[DEPTH // 2], steep[0], steep[0] / steep[-1] if steep[-1] else "—"))
    columns = ("activation", "last layer", "in the middle", "first layer", "first / last")
    return (
        _back_table(iteration),
        _verdict(iteration, example),
        Paragraph(
            f"The same input in a deeper network, {DEPTH} dense layers of {WIDTH} and one to {CLASSES} classes, all "
            "drawn by glorot_normal, with three activations:"
        ),
        Table(columns, tuple(rows), "‖∂L/∂weights‖"),
    )


def _returned(iteration: Iteration) -> list[float]:
    """‖∂L/∂output‖ of each trained layer, from the first to the last."""
    return [norm(iteration.values[received(one)]) for one in trained(iteration)]


def _growth(iteration: Iteration, example: Example) -> Paragraph:
    """What comes back to the first trained layer against what the last one receives."""
    layers, back = trained(iteration), _returned(iteration)
    if len(layers) < 2 or not back[-1] or not np.isfinite(back).all():
        return Paragraph("There are no two layers here that can be compared.")
    words = "it grew on the way back" if back[0] > back[-1] else "it did not grow on the way back"
    return Paragraph(
        f"The last trained layer, {layers[-1].name}, receives {example.text(back[-1])}; the first one, "
        f"{layers[0].name}, {example.text(back[0])}: {words}."
    )


def _exploding(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    runs = {init: _returned(deep_stack(example.scenario, init)) for init in ("normal", "he_normal")}
    series = tuple(
        Series(init, tuple(reversed(run)), sign) for (init, run), sign in zip(runs.items(), "•+", strict=True)
    )
    large, kept = (run[0] for run in runs.values())
    grown = f": {example.text(large / kept)} times as much" if kept else ""
    own = (_back_table(iteration), _growth(iteration, example)) if example.own else ()
    return (
        *own,
        Paragraph(
            f"The first input goes through {DEPTH} dense layers of {WIDTH} with relu and one to {CLASSES} classes. The "
            "weights are drawn once by normal (spread 1, however many inputs there are), once by he_normal:"
        ),
        Curve("‖∂L/∂output‖, from the last layer back", series, "layers back", 0, DEPTH, log=True),
        Paragraph(
            f"The first layer receives {example.text(kept)} with he_normal and {example.text(large)} "
            f"with normal{grown}."
        ),
    )


PAGES = (
    Topic(
        name="vanishing-gradient",
        scenario="vanishing-gradient",
        title="Vanishing gradient",
        summary="each layer lets a part back: the first hear nothing",
        group="networks",
        paragraphs=(
            "On its way back the error is multiplied by a slope and a weight at every layer. Where these are below 1 "
            "it gets smaller each time, and after many layers next to nothing is left.",
            "The last layers then learn and the first ones stand still, though nothing is dead. sigmoid does it "
            "always: even at its steepest it lets only a quarter through.",
        ),
        formula="∂L/∂z first = ∂L/∂z last · Π (w · φ′(z))",
        formula_words="Π: multiplied over the layers between; all ways added up",
        numbers=None,
        network=_vanishing,
        goes_wrong=(
            "The loss falls a little and then hardly moves, and it looks as if the network had learned all it can. "
            "Compare ‖∂L/∂weights‖ of the first and the last layer. relu in place of sigmoid, he for the "
            "starting weights and fewer layers help; a larger learning rate hurts the last layers first."
        ),
        next=Command("cnnstep explain exploding-gradient", "the opposite"),
        see_also=("exploding-gradient", "saturation", "initialisation", "sigmoid"),
    ),
    Topic(
        name="exploding-gradient",
        scenario=SMALLEST,
        title="Exploding gradient",
        summary="each layer makes the gradient larger: the step is wild",
        group="networks",
        paragraphs=(
            "The same product as in a vanishing gradient, with factors above 1: every layer back makes the gradient "
            "larger. It comes of starting weights that are too large for the number of inputs.",
            "One step then throws the first layers far away, and the loss jumps or is no longer a number.",
        ),
        formula="∂L/∂z first = ∂L/∂z last · Π (w · φ′(z))",
        formula_words="Π: multiplied over the layers between; all ways added up",
        numbers=None,
        network=_exploding,
        goes_wrong=(
            "A small learning rate hides it: the first layers get by, and the last ones hardly move. "
            "Look at what comes back to each layer before the first step. Starting weights drawn by he or glorot "
            "mend most of it."
        ),
        next=Command("cnnstep explain initialisation", "how large weights should start"),
        see_also=("vanishing-gradient", "initialisation", "divergence", "learning-rate"),
    ),
)
