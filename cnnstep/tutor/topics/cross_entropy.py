"""Cross-entropy: what the probability of the right class costs, and what it sends back."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.engine.losses import CROSS_ENTROPY, LOSSES
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import SMALLEST, layer_of, way_back
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of

SHARES = (1.0, 0.9, 0.5, 0.1, 0.01, 0.001)
MOST_UNITS = 10
PLAIN = "half_squared_error"


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario = replace(example.scenario, loss=CROSS_ENTROPY)
    said: tuple[Block, ...] = ()
    if example.scenario.loss.name != CROSS_ENTROPY.name:
        said = (Paragraph(f"This network has {example.scenario.loss.name}. Here cross_entropy takes its place."),)
    iteration, other = first_of(scenario), first_of(replace(scenario, loss=LOSSES[PLAIN]))
    samples = len(scenario.inputs)
    costs = tuple((share, CROSS_ENTROPY.cell_at(share, 1.0), 1.0 - share) for share in SHARES)
    return (
        *said,
        Table(("p of the right class", "costs −ln p", "too low by"), costs, "What a probability costs"),
        _units(iteration, other),
        Paragraph(
            f"The loss is a sum over units and samples, not a mean: here over {counted(samples, 'sample')}, "
            f"L = {scenario.loss.formula} = {example.text(iteration.loss)}. "
            f"The last column is what {PLAIN} would send back: there the softmax's slope does not cancel."
        ),
    )


def _units(iteration: Iteration, other: Iteration) -> Table:
    """Every unit of the first sample: its share, its target, what it adds to L, and what comes back."""
    scenario, values = iteration.lesson.scenario, iteration.values
    back = way_back(iteration, layer_of(iteration, "softmax"))
    p, y = values[iteration.lesson.output.name][0], values["target"][0]
    rows: list[tuple[str | float, ...]] = []
    for unit in range(min(len(p), MOST_UNITS)):
        share, target = float(p[unit]), float(y[unit])
        sent = (
            float(v[name][0, unit]) for v, name in ((values, "error"), (values, back.name), (other.values, back.name))
        )
        rows.append((str(unit), share, target, scenario.loss.cell_at(share, target), *sent))
    error = iteration.lesson.quantity("error").symbol
    return Table(("unit", "p", "y", "adds to L", error, back.symbol, f"with {PLAIN}"), tuple(rows), "Unit by unit")


PAGES = (
    Topic(
        name="cross_entropy",
        scenario=SMALLEST,
        title="cross_entropy",
        summary="how little the right class was expected; goes with softmax",
        group="losses",
        paragraphs=(
            "The target y is 1 at the right class and 0 elsewhere, so only the probability p of the right class "
            "counts. Being sure and right costs next to nothing; the cost of being sure and wrong has no limit.",
            "Together with softmax it sends back p − y: each probability minus what it should be. No slope is left "
            "over, so the more wrong p is, the more comes back. This holds for targets that add up to 1, as those of "
            "one class do; for others it is p·Σy − y.",
        ),
        formula="L = −Σ y·ln p",
        formula_words="∂L/∂p = −y/p; through softmax ∂L/∂z = p − y where Σy = 1, else p·Σy − y",
        numbers=None,
        network=_numbers,
        layers=("softmax",),
        goes_wrong=(
            "The sum over samples is read as a mean, or the other way round: then every gradient is off by the number "
            "of samples. Or softmax is applied twice, once in the network and once in a loss that has it built in: "
            "the probabilities come out far too even."
        ),
        next=Command("cnnstep explain softmax", "the Jacobian, and why it simplifies to p − y"),
        see_also=("softmax", "binary_cross_entropy", "loss", "batch"),
    ),
)
