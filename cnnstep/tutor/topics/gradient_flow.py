"""Vanishing and exploding gradients: how large ∂L/∂weights is, layer by layer."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.quantity import norm
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
    for one in reversed(iteration.lesson.layers):
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
    (first, last), ratio = (layers[0].name, layers[-1].name), steep[0] / steep[-1]
    times, length = about(max(ratio, 1 / ratio)), "smaller" if ratio < 1 else "larger"
    slower, faster = (first, last) if ratio < 1 else (last, first)
    between = counted(len(layers) - 2, "trained layer")
    words = f"The gradient of {first}, the first layer, is about {times} times {length} than that of {last}, the last "
    words += f"one, with {between} between them."
    if times != "1":
        words += f" With one learning rate for both, {slower} learns about {times} times more slowly than {faster}."
    return Paragraph(words)


def about(ratio: float) -> str:
    """Two digits of it: `720`, `1.3`, `2.6e+06`."""
    rounded = float(f"{ratio:.2g}")
    return f"{rounded:g}"


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
            f"The same input in a deeper network, {DEPTH} dense layers of {WIDTH} units and one of {CLASSES} classes, "
            "all drawn by glorot_normal, with three activations:"
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
        f"∂L/∂output has length {example.text(back[-1])} at {layers[-1].name}, the last trained layer, and "
        f"{example.text(back[0])} at {layers[0].name}, the first: {words}."
    )


def _exploding(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    runs = {init: _returned(deep_stack(example.scenario, init)) for init in ("normal", "he_normal")}
    series = tuple(
        Series(init, tuple(reversed(run)), sign) for (init, run), sign in zip(runs.items(), "•+", strict=True)
    )
    large, kept = (run[0] for run in runs.values())
    grown = f": about {about(large / kept)} times as much" if kept else ""
    own = (_back_table(iteration), _growth(iteration, example)) if example.own else ()
    return (
        *own,
        Paragraph(
            f"The first input goes through {DEPTH} dense layers of {WIDTH} units with relu and one of {CLASSES} "
            "classes. The weights are drawn once by normal (spread 1, however many inputs there are), once by "
            "he_normal:"
        ),
        Curve("‖∂L/∂output‖, from the last layer back", series, "layers back", 0, DEPTH, log=True),
        Paragraph(
            f"At the first layer its length is {example.text(kept)} with he_normal and {example.text(large)} "
            f"with normal{grown}."
        ),
    )


PAGES = (
    Topic(
        name="vanishing-gradient",
        scenario="vanishing-gradient",
        title="Vanishing gradient",
        summary="each layer passes back only a part: little reaches the first",
        group="networks",
        paragraphs=(
            "On its way back the error is multiplied by slopes and weights at every layer. Where these products are "
            "below 1 it gets smaller each time, and after many layers next to nothing is left.",
            "The last layers then learn and the first ones hardly move, though no cell is inactive. With sigmoid this "
            "happens easily: even at its steepest it lets only a quarter through.",
        ),
        formula="∂L/∂z first = ∂L/∂z last · Π (w · φ′(z))",
        formula_words="Π: multiplied over the layers between; all paths added up",
        numbers=None,
        network=_vanishing,
        goes_wrong=(
            "The loss falls a little and then hardly moves, and it looks as if the network had learned all it can. "
            "Compare ‖∂L/∂weights‖ of the first and the last layer. relu in place of sigmoid, he for the starting "
            "weights and fewer layers help; a larger learning rate can be too large for the last layers."
        ),
        next=Command("cnnstep explain exploding-gradient", "the opposite"),
        see_also=("exploding-gradient", "saturation", "initialisation", "sigmoid"),
    ),
    Topic(
        name="exploding-gradient",
        scenario=SMALLEST,
        title="Exploding gradient",
        summary="each layer makes the gradient larger: steps far too long",
        group="networks",
        paragraphs=(
            "The same product as in a vanishing gradient, with factors above 1: on the way back the gradient grows "
            "from layer to layer. The usual cause is starting weights that are too large for the number of inputs.",
            "One step then moves the first layers much too far, and the loss jumps or becomes inf.",
        ),
        formula="∂L/∂z first = ∂L/∂z last · Π (w · φ′(z))",
        formula_words="Π: multiplied over the layers between; all paths added up",
        numbers=None,
        network=_exploding,
        goes_wrong=(
            "A small learning rate hides it: the first layers cope, and the last ones hardly move. "
            "Look at what comes back to each layer before the first step. Starting weights drawn by he or glorot "
            "usually prevent it."
        ),
        next=Command("cnnstep explain initialisation", "how large weights should start"),
        see_also=("vanishing-gradient", "initialisation", "divergence", "learning-rate"),
    ),
)
