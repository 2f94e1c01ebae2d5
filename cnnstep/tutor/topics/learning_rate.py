"""The learning rate: the same run with the scenario's own rate and with a fifth of it."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.topics.blocks import beside, grid_of
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.runs import curves, run, side_by_side
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.variants import with_rate

PART = 5
AT = (0, 1, 4, 20, 60)


def _numbers(example: Example) -> tuple[Block, ...]:
    own = example.scenario.learning_rate
    rates = (own, own / PART)
    turns = example.view.long_run
    runs = {f"η = {example.text(rate)}": run(with_rate(example.scenario, rate), turns) for rate in rates}
    leaf = next(one for one in example.lesson.leaves if one.name not in ("input", "target"))
    ends = (grid_of(f"{leaf.name}, {label}", leaf, r.outcome.values[leaf.name])[:1] for label, r in runs.items())
    sentences = [
        f"{label}, iteration {r.events[-1].iteration}: {r.events[-1].text}." for label, r in runs.items() if r.events
    ]
    told = (Paragraph("The last event of each run. " + " ".join(sentences)),) if sentences else ()
    return (*curves("Loss", runs), side_by_side(runs, tuple(n for n in AT if n <= turns), "rate"), *told, beside(*ends))


PAGES = (
    Topic(
        name="learning-rate",
        title="Learning rate",
        summary="how far one step goes: too short, too long",
        group="ideas",
        paragraphs=(
            "The gradient says which way is downhill and how steep it is, but not how far to go. "
            "The learning rate η decides that: each weight moves by η times its gradient.",
            "Too small, and learning takes very many steps. Too large, and a step lands beyond the bottom, "
            "sometimes higher than where it began.",
        ),
        formula="W ← W − η · ∂L/∂W",
        formula_words="η is the learning rate",
        numbers=_numbers,
        network=_numbers,
        layers=TRAINED,
        goes_wrong=(
            "The gradient is right and the loss rises all the same: the step was too long. Divide η by ten and look "
            "again. If the loss rises however small η is, it is not the rate: the gradient is wrong, often its sign. "
            "With relu one long step can also land where no cell is active, and then no rate helps any more."
        ),
        next=Command("cnnstep analyze {scenario}", "the largest stable rate, and what a smaller one does"),
        see_also=("divergence", "dead-relu", "update", "error-sign"),
    ),
)
