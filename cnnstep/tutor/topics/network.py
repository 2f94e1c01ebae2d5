"""A whole network: what each layer gives, what comes back to it, and one weight's gradient followed all the way."""

from __future__ import annotations

from cnnstep.engine.quantity import norm
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.at_layer import SMALLEST, received
from cnnstep.tutor.topics.blocks import number
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.trail import trail, trail_table


def _numbers(example: Example) -> tuple[Block, ...]:
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
        *number(last.step, iteration.values, last.cell, example.style),
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


PAGES = (
    Topic(
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
        network=_numbers,
        layers=TRAINED,
        goes_wrong=(
            "A layer uses ∂L/∂ of the wrong thing, such as its input in place of its output. Shapes often give it "
            "away. Or a layer is updated before it has sent ∂L/∂ on (updated-too-early). A mistake in one layer makes "
            "all layers before it wrong, so look for the last layer whose gradient is off."
        ),
        next=Command("cnnstep step {scenario} --interactive", "forward and back, one step at a time"),
        see_also=("chain-rule", "max_pool", "dense", "softmax", "vanishing-gradient"),
    ),
)
