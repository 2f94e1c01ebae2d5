"""Pages on whole networks: layers in a row, how to begin, and gradients that vanish or explode on the way back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import LayerSteps
from cnnstep.engine.quantity import norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.backward import trail, trail_table
from cnnstep.tutor.topics.blocks import SMALLEST, first_of, one_number, received
from cnnstep.tutor.topics.topic import TRAINED, Example, Topic

DEPTH = 8
WIDTH = 64
CLASSES = 10


def deep_stack(example: Scenario, init: str, activation: str = "relu") -> Iteration:
    """The first iteration of the stack on the first input of a scenario."""
    layers: list[dict[str, Any]] = [{"type": "flatten"}]
    for number in range(DEPTH):
        layers.append({"type": "dense", "weights": {"init": init, "seed": number, "outputs": WIDTH}})
        layers.append({"type": activation})
    layers.append({"type": "dense", "weights": {"init": init, "seed": DEPTH, "outputs": CLASSES}})
    layers.append({"type": "softmax"})
    target, image = {"class": 0}, example.inputs[0]
    return first_of(network(layers=layers, input=image, target=target, loss="cross_entropy", learning_rate=0.1))


def trained(iteration: Iteration) -> list[LayerSteps]:
    """The layers that have weights."""
    return [one for one in iteration.lesson.layers if one.gradients]


def outputs(iteration: Iteration) -> list[float]:
    """‖output‖ of each activation, from the first to the last."""
    return [norm(iteration.values[s.forward.name]) for s in iteration.lesson.layers if s.forward.word == "activation"]


def steepness(iteration: Iteration) -> list[float]:
    """‖∂L/∂weights‖ of each trained layer, from the first to the last."""
    with np.errstate(all="ignore"):
        return [one.steepness(iteration.values) for one in trained(iteration)]


def _network_numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    crossings = trail(iteration)
    last = crossings[-1]
    whole = float(iteration.values[last.step.name][last.cell])
    return (
        overview(iteration),
        Paragraph(
            "‖x‖ is the length of all numbers together, √Σx². The forward pass runs down the table, the backward pass "
            "up. One path back, at each step along the largest product:"
        ),
        trail_table(crossings, f"From the loss back to {last.label}"),
        Paragraph(
            f"This path gives {example.text(last.product)}. All paths together: {last.label} = {example.text(whole)}."
        ),
        *one_number(last.step, iteration.values, last.cell, example.style),
    )


def overview(iteration: Iteration) -> Table:
    """A row a layer: what it gives, how large that is, and how large what comes back."""
    rows: list[tuple[str | float, ...]] = []
    for one in iteration.lesson.layers:
        given, back = iteration.values[one.forward.name], iteration.values[received(one)]
        size = "×".join(str(n) for n in given.shape[1:])
        own: str | float = one.steepness(iteration.values) if one.gradients else "—"
        rows.append((one.name, one.forward.symbol, size, norm(given), norm(back), own))
    columns = ("layer", "gives", "size", "‖output‖", "‖∂L/∂output‖", "‖∂L/∂weights‖")
    return Table(columns, tuple(rows), "Layer by layer")


NETWORK = Topic(
    name="network",
    scenario=SMALLEST,
    title="A whole network",
    summary="layer after layer, and the gradient back through all of them",
    group="networks",
    paragraphs=(
        "In a network each layer reads the output of the layer before it. On the way back each layer receives ∂L/∂ "
        "of its output, its upstream gradient, and does two things with it: it works out ∂L/∂ of its own weights, "
        "and it sends ∂L/∂ of its input to the layer before.",
        "So every layer needs only its own formulas. When all have their gradients, all weights move at once.",
    ),
    formula="∂L/∂input = ∂L/∂output · ∂output/∂input",
    formula_words="one such line for each layer, from the last to the first",
    numbers=None,
    network=_network_numbers,
    layers=TRAINED,
    goes_wrong=(
        "A layer uses ∂L/∂ of the wrong thing, such as its input in place of its output. Shapes often give it "
        "away. Or a layer is updated before it has sent ∂L/∂ on (updated-too-early). A mistake in one layer makes "
        "all layers before it wrong, so look for the last layer whose gradient is off."
    ),
    next=Command("cnnstep step {scenario} --interactive", "forward and back, one step at a time"),
    see_also=("chain-rule", "max_pool", "dense", "softmax", "vanishing-gradient"),
)


MOST_LAYERS = 8


def _initialisation_numbers(example: Example) -> tuple[Block, ...]:
    rows: list[tuple[str | float, ...]] = []
    for name in INITIALISERS:
        iteration = deep_stack(example.scenario, name)
        second = trained(iteration)[1].leaves[0]
        given, steep = outputs(iteration), steepness(iteration)
        rows.append((name, float(iteration.values[second.name].std()), given[0], given[-1], steep[0]))
    columns = ("initialiser", "spread of W", "‖a‖ layer 1", f"‖a‖ layer {DEPTH}", "‖∂L/∂W‖ layer 1")
    return (
        *_own(example.first),
        Paragraph(
            f"Why it matters: the first input goes through {DEPTH} dense layers of {WIDTH} units with relu, one of "
            f"{CLASSES} classes and softmax, each time with weights drawn in another way. Before any training:"
        ),
        Table(columns, tuple(rows)),
        Paragraph(
            "normal and uniform ignore how many inputs there are, so the numbers grow from layer to layer. "
            "Their last layer is sure of a class before it has learned anything. he_normal roughly keeps their size. "
            "glorot, made for tanh, loses a part at each relu. With zeros nothing gets through in either direction."
        ),
    )


def _own(iteration: Iteration) -> tuple[Block, ...]:
    """The scenario's own weights, beside what the initialisers would aim for."""
    rows: list[tuple[str | float, ...]] = []
    for one in trained(iteration)[:MOST_LAYERS]:
        weights = iteration.values[one.leaves[0].name]
        field = int(np.prod(weights.shape[2:], dtype=int))
        fan_in, fan_out = weights.shape[1] * field, weights.shape[0] * field
        he, glorot = math.sqrt(2 / fan_in), math.sqrt(2 / (fan_in + fan_out))
        size = "×".join(str(n) for n in weights.shape)
        rows.append((one.name, size, str(fan_in), str(fan_out), float(weights.std()), he, glorot))
    columns = ("layer", "weights", "fan_in", "fan_out", "spread", "he", "glorot")
    return (Table(columns, tuple(rows), "This network's weights, and the spread that he and glorot aim for"),)


INITIALISATION = Topic(
    name="initialisation",
    scenario=SMALLEST,
    title="Initialisation",
    summary="how large the starting weights are, and why it matters",
    group="networks",
    paragraphs=(
        "Weights start at random, so that the units of a layer differ and learn different things. How widely they "
        "are spread matters: an output is a sum over fan_in inputs, and the more there are, the larger it tends to "
        "be.",
        "he draws with a variance of 2/fan_in: relu stops about half, and the 2 makes up for it. glorot "
        "takes 2/(fan_in + fan_out), a compromise between the way forward and the way back, for tanh.",
    ),
    formula="he: variance 2 / fan_in    glorot: 2 / (fan_in + fan_out)",
    formula_words="fan_in: how many inputs make one output; fan_out: how many outputs one input goes into",
    numbers=None,
    network=_initialisation_numbers,
    goes_wrong=(
        "All weights of a network start equal, often at 0: then all units of a layer get the same gradient and "
        "stay equal. Or the spread ignores fan_in, and a deep network starts with numbers that are far too large "
        "or too small. Biases may start at 0: the weights already make the units differ."
    ),
    next=Command("cnnstep explain vanishing-gradient", "what too small a spread does on the way back"),
    see_also=("vanishing-gradient", "exploding-gradient", "dense", "network"),
)


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


GRADIENT_FLOW_PAGES = (
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


PAGES = (NETWORK, INITIALISATION, *GRADIENT_FLOW_PAGES)
