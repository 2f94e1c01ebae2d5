"""Pages on descent: the learning rate, divergence, and every optimizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import (
    beside,
    curves,
    ending,
    grid_of,
    peak,
    run,
    side_by_side,
    with_activation,
    with_rate,
    worked,
)
from cnnstep.tutor.topics.topic import FIRST_LESSON, TRAINED, Example, Topic

PART = 5
AT = (0, 1, 4, 20, 60)


def _learning_rate_numbers(example: Example) -> tuple[Block, ...]:
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


LEARNING_RATE = Topic(
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
    numbers=_learning_rate_numbers,
    network=_learning_rate_numbers,
    layers=TRAINED,
    goes_wrong=(
        "The gradient is right and the loss rises all the same: the step was too long. Divide η by ten and look "
        "again. If the loss rises however small η is, it is not the rate: the gradient is wrong, often its sign, "
        "or it was taken at a kink. "
        "With relu one long step can also land where no cell is active, and then no rate helps any more."
    ),
    next=Command("cnnstep analyze {scenario}", "the largest stable rate, and what a smaller one does"),
    see_also=("divergence", "dead-relu", "update", "error-sign"),
)


ITERATIONS = 100
DOUBLINGS = 20
SHOWN = 7


def _divergence_numbers(example: Example) -> tuple[Block, ...]:
    scenario, changed = example.scenario, []
    if scenario.activation.name != "linear":
        changed.append(f"the activation is linear, not {scenario.activation.name}: nothing can become inactive")
        scenario = with_activation(scenario, "linear")
    if scenario.optimizer.name != "sgd":
        changed.append(f"the optimizer is sgd, not {scenario.optimizer.name}")
        scenario = replace(scenario, optimizer=OPTIMIZERS["sgd"]())
    wild = _diverging(scenario)
    if wild is None:
        return (Paragraph("None of the learning rates tried here makes it diverge: its gradient is 0."),)
    if wild.learning_rate != scenario.learning_rate:
        own = example.text(scenario.learning_rate)
        changed.append(f"the learning rate is {example.text(wild.learning_rate)}, since {own} does not diverge")
    calm = with_rate(wild, wild.learning_rate / PART)
    runs = {f"η = {example.text(one.learning_rate)}": run(one, ITERATIONS) for one in (wild, calm)}
    words = "; ".join(changed)
    intro = (Paragraph(f"Here {words}."),) if changed else ()
    ends = " ".join(f"{label}: {ending(recorded)}." for label, recorded in runs.items())
    return (
        *intro,
        _divergence_table(list(trace(wild, SHOWN))),
        Paragraph("Where it diverges, each loss ends up about the same number of times the one before."),
        *curves("Loss", runs),
        Paragraph(f"After {ITERATIONS} iterations at most: {ends}"),
    )


def _diverging(scenario: Scenario) -> Scenario | None:
    """The scenario at its own rate, doubled until it diverges."""
    for power in range(DOUBLINGS):
        tried = with_rate(scenario, scenario.learning_rate * 2**power)
        if run(tried, ITERATIONS).outcome.status == "diverged":
            return tried
    return None


def _divergence_table(turns: list[Iteration]) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for turn in turns:
        ratio = turn.loss_after / turn.loss if turn.loss else float("nan")
        largest = float(np.abs(turn.values["filter"]).max())
        rows.append((str(turn.number), turn.loss, largest, turn.loss_after, ratio))
    rate = turns[0].lesson.scenario.learning_rate
    return Table(("iteration", "loss", "largest weight", "next loss", "times"), tuple(rows), f"Learning rate {rate:g}")


DIVERGENCE = Topic(
    name="divergence",
    scenario="first-filter-linear-fast",
    title="Divergence",
    summary="each step overshoots further, and the loss explodes",
    group="ideas",
    paragraphs=(
        "Think of a bowl. A step that is a little too long lands on the other side, lower than before. "
        "A step that is much too long lands on the other side, higher than before. There the slope is steeper, "
        "so the next step is longer still. That is divergence.",
        "The limit is the curvature: the more sharply the bowl bends, the smaller the learning rate must be.",
    ),
    formula="stable only for η < 2 / λmax",
    formula_words="λmax is the largest curvature of the loss",
    numbers=_divergence_numbers,
    goes_wrong=(
        "It is taken for a wrong gradient. Try a tenth of the learning rate: if the loss now falls steadily, the "
        "step was too long. In the end the numbers are too large for the computer and become inf; "
        "here that is reported."
    ),
    next=Command("cnnstep explain learning-rate", "what a smaller one does"),
    see_also=("learning-rate", "linear", "gradient-check", "error-sign"),
)


TURNS = 4
"""How many iterations are shown number by number."""
PLAIN = "sgd"


@dataclass(frozen=True)
class OptimizerWords:
    """What the registry can't know of an optimizer."""

    summary: str
    purpose: str
    goes_wrong: str
    see_also: tuple[str, ...]
    scenario: str = FIRST_LESSON


WORDS: dict[str, OptimizerWords] = {
    PLAIN: OptimizerWords(
        "a step straight downhill, longer where it is steeper",
        "sgd moves every weight against its gradient. The learning rate η says how far. "
        "It remembers nothing: each step depends on the present gradient alone. Its name, stochastic gradient descent, "
        "comes from taking random samples for each step: one, or a mini-batch of several; once through all samples is "
        "an epoch. Here every step uses all samples, so nothing is random, and every iteration is an epoch.",
        "One learning rate must suit every direction. Where the loss is a narrow valley, sgd jumps from side to side "
        "and creeps along.",
        ("update", "learning-rate", "momentum"),
    ),
    "momentum": OptimizerWords(
        "a ball that rolls: keeps part of its last velocity",
        "momentum keeps a velocity v. At each step the old velocity is multiplied by μ, and the new gradient is added. "
        "Gradients in one direction add up; gradients back and forth cancel out.",
        "The velocity lasts after the slope has ended, so a weight rolls past the bottom and comes back. While the "
        "gradient stays the same, the steps grow towards 1/(1 − μ) times those of sgd, so a learning rate that suits "
        "sgd is often too large here.",
        ("sgd", "nesterov", "learning-rate"),
        scenario="momentum",
    ),
    "nesterov": OptimizerWords(
        "momentum that brakes early: it uses the slope ahead",
        "nesterov is momentum that looks one step ahead. It steps by the gradient plus μ times the new velocity, "
        "so a gradient that has changed its sign counts at once.",
        "Books write it in two ways, and their weights differ by a step along the velocity. "
        "Compare the formulas before you compare the numbers.",
        ("momentum", "sgd", "adam"),
        scenario="momentum",
    ),
    "adam": OptimizerWords(
        "steps of about the same size for every weight, steep or not",
        "adam keeps two running means: m of the gradient (its recent direction) and s of its square (its recent size). "
        "It divides m by the root of s, so a weight whose gradients are always small moves about as far as one whose "
        "gradients are always large.",
        "Both means begin at 0, so they are too small at first; dividing by 1 − βᵏ⁺¹ makes up for that, and "
        "is easily forgotten. Near the end the steps can stay large, because they do not shrink with the gradient.",
        ("momentum", "sgd", "learning-rate"),
        scenario="adam",
    ),
}
"""One entry an optimizer; a test says so where one is missing."""


def _with(scenario: Scenario, name: str) -> Scenario:
    if scenario.optimizer.name == name:
        return scenario
    return replace(scenario, optimizer=OPTIMIZERS[name]())


def _optimizers_numbers(name: str, example: Example) -> tuple[Block, ...]:
    scenario = _with(example.scenario, name)
    turns = list(islice(trace(scenario), TURNS))
    blocks: list[Block] = []
    if scenario is not example.scenario:
        words = (
            f"This scenario has {example.scenario.optimizer.name}. Here {name} takes its place, with its default "
            "values."
        )
        blocks.append(Paragraph(words))
    if scenario.optimizer.parameters:
        numbers = ", ".join(f"{key} {example.text(value)}" for key, value in scenario.optimizer.parameters.items())
        blocks.append(Paragraph(f"Settings: {numbers}; learning rate {example.text(scenario.learning_rate)}."))
    return (*blocks, _optimizers_table(turns), *_working(turns, example), *_long_run(name, scenario, example))


def _optimizers_table(turns: list[Iteration]) -> Table:
    """One weight, the one with the steepest first gradient: gradient, memory and new value, turn by turn."""
    lesson = turns[0].lesson
    weights = lesson.trained[0]
    full = weights.leaf.layout.full_cell(peak(turns[0], weights.gradient))
    steps = [lesson.step(name) for name in (weights.gradient, *weights.memory, weights.update)]
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (
            str(turn.number),
            turn.loss,
            float(turn.values[weights.leaf.name][full]),
            *(float(turn.values[s.name][full]) for s in steps),
        )
        for turn in turns
    )
    symbols = ("iteration", "loss", weights.leaf.symbol, *(step.symbol for step in steps))
    return Table(symbols, rows, f"One weight, {weights.leaf.label(full)}")


def _working(turns: list[Iteration], example: Example) -> tuple[Block, ...]:
    """The second update of that weight, the first in which a memory shows."""
    weights = turns[0].lesson.trained[0]
    return worked(turns[1], weights.update, example.style, peak(turns[0], weights.gradient))


def _long_run(name: str, scenario: Scenario, example: Example) -> tuple[Block, ...]:
    """The optimizer's loss beside that of plain descent with the same learning rate."""
    names = (name,) if name == PLAIN else (name, PLAIN)
    turns = example.view.long_run
    runs = {one: run(_with(scenario, one), turns) for one in names}
    ends = "; ".join(f"{one}: {example.text(r.outcome.loss)}, {ending(r)}" for one, r in runs.items())
    drawn = {one: r for one, r in runs.items() if r.outcome.status != "diverged"} or runs
    return (*curves("Loss", drawn), Paragraph(f"The loss after {counted(turns, 'iteration')}. {ends}."))


def _topic(name: str) -> Topic:
    words = WORDS[name]
    return Topic(
        name=name,
        title=name,
        summary=words.summary,
        group="optimizers",
        paragraphs=(
            words.purpose,
            "An optimizer turns a gradient G = ∂L/∂w into a step of the weight w.",
        ),
        formula=OPTIMIZERS[name]().formula,
        formula_words="← means: is replaced by",
        numbers=lambda example: _optimizers_numbers(name, example),
        network=lambda example: _optimizers_numbers(name, example),
        layers=TRAINED,
        goes_wrong=words.goes_wrong,
        next=Command("cnnstep run {scenario} --iterations 60 --only gradient,update", "watch the weights move"),
        see_also=words.see_also,
        scenario=words.scenario,
    )


OPTIMIZER_PAGES = tuple(_topic(name) for name in WORDS)


PAGES = (LEARNING_RATE, DIVERGENCE, *OPTIMIZER_PAGES)
