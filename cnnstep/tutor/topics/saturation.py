"""Saturation: where a curved activation is almost flat, and what is left of the gradient there."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.findings import SATURATED_BELOW, findings
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.quantity import Array, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import note
from cnnstep.tutor.topics.at_layer import layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_activation

PLACES = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)
SCALES = (1.0, 2.0, 4.0, 8.0)
USUAL = "sigmoid"


def _curved(phi: Activation) -> bool:
    """Whether the activation levels out somewhere without being made of straight pieces."""
    return not phi.flat and (phi.low > -np.inf or phi.high < np.inf)


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if not _curved(scenario.activation):
        words = f"{scenario.activation.name} does not level out slowly. Here {USUAL} takes its place."
        blocks.append(Paragraph(words))
        scenario = with_activation(scenario, USUAL)
    iteration = first_of(scenario)
    found = [note(finding) for finding in findings(iteration) if finding.code == "saturated"]
    phi = scenario.activation
    return (
        *blocks,
        _slopes(phi, example),
        *grids(iteration, "forward", "error", "delta", most=1),
        *found,
        Paragraph("The same with all weights of the filter multiplied:"),
        _scaled(scenario),
        *_at_zero(iteration.values["forward"], scenario, example),
        Paragraph(
            f"A cell is called saturated here where its slope is below {example.text(100 * SATURATED_BELOW)} % of the "
            f"steepest, which for {phi.name} is {example.text(phi.steepest)}."
        ),
    )


def _slopes(phi: Activation, example: Example) -> Table:
    places = sorted({-z for z in PLACES} if phi.high == np.inf else set(PLACES), key=abs)
    rows = tuple(
        (z, phi.value_at(z), phi.slope_at(z), _percent(phi.slope_at(z) / phi.steepest, example)) for z in places
    )
    return Table(("z", "φ(z)", "φ′(z)", "of the steepest"), rows, f"{phi.name}, further and further from 0")


def _percent(share: float, example: Example) -> str:
    return f"{example.text(round(100 * share, 2))} %"


def _at_zero(z: Array, scenario: Scenario, example: Example) -> tuple[Block, ...]:
    """What keeps the gradient from vanishing: cells that multiplying the filter leaves where they are."""
    cells = int((z == 0).sum()) if scenario.conv.bias is None else 0
    if not cells:
        return ()
    slope = example.text(scenario.activation.slope_at(0.0))
    at_zero = f"{counted(cells, 'cell has', 'cells have')} z = 0, which stays 0 and keeps its slope of {slope}"
    return (Paragraph(f"{at_zero}: in the end all that is left of the gradient comes from there."),)


def _scaled(scenario: Scenario) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for scale in SCALES:
        turn = first_of(scenario.with_weights(scale * scenario.conv.weights))
        slopes = turn.lesson.scenario.activation.slope(turn.values["forward"])
        largest = [float(np.abs(turn.values[name]).max()) for name in ("forward", "error", "gradient")]
        rows.append((f"{scale:g}", largest[0], float(np.abs(slopes).mean()), *largest[1:]))
    return Table(("filter times", "largest z", "mean slope", "largest error", "largest gradient"), tuple(rows))


CURVED = tuple(name for name, make in ACTIVATIONS.items() if _curved(make()))


def _in_network(example: Example) -> tuple[Block, ...]:
    """Each curved layer: how far out its z lie, and what is left of ∂L/∂ behind it."""
    iteration = example.first
    rows: list[tuple[str | float, ...]] = []
    for one in iteration.lesson.layers:
        if isinstance(one.layer, ActivationLayer) and _curved(one.layer.phi):
            phi, z = one.layer.phi, iteration.values[one.forward.inputs[0].name]
            share = float(phi.slope(z).mean()) / phi.steepest
            back = iteration.values[received(one)], iteration.values[way_back(iteration, one).name]
            rows.append((one.name, float(np.abs(z).max()), _percent(share, example), *(norm(one) for one in back)))
    first = layer_of(iteration, *CURVED).layer
    return (
        *((_slopes(first.phi, example),) if isinstance(first, ActivationLayer) else ()),
        Table(("layer", "largest z", "mean slope, of the steepest", "‖∂L/∂a‖", "‖∂L/∂z‖"), tuple(rows)),
        Paragraph("a is the layer's output, z its input; ‖ ‖ is a length."),
    )


PAGES = (
    Topic(
        name="saturation",
        title="Saturation",
        summary="far from 0 φ is almost flat, and learning almost stops",
        group="ideas",
        paragraphs=(
            "sigmoid and tanh level out on both sides, elu, softplus and others on one. "
            "A cell whose z lies far out there is saturated: its slope is close to 0, so almost nothing of its error "
            "comes back.",
            "Unlike an inactive ReLU it still learns, but it may take thousands of steps. In a network of many such "
            "layers the small slopes multiply: that is the vanishing gradient.",
        ),
        formula="δ = e · φ′(z)",
        formula_words="φ′(z) approaches 0 where φ levels out",
        numbers=_numbers,
        network=_in_network,
        layers=CURVED,
        goes_wrong=(
            "Large starting weights or large inputs can saturate most cells before learning begins. "
            "The loss then falls so slowly that it looks settled. Smaller weights help; for yes-or-no targets with "
            "sigmoid, so does binary_cross_entropy, a loss that cancels the slope."
        ),
        next=Command("cnnstep explain binary_cross_entropy", "the loss that cancels the slope"),
        see_also=("vanishing-gradient", "sigmoid", "tanh", "dead-relu"),
        scenario="sigmoid",
    ),
)
