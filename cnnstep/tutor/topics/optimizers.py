"""A page for every optimizer in the registry: its memory at one weight, turn by turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import peak, worked
from cnnstep.tutor.topics.example import FIRST_LESSON, Example
from cnnstep.tutor.topics.runs import curves, ending, run
from cnnstep.tutor.topics.topic import TRAINED, Topic

TURNS = 4
"""So many iterations are shown number by number."""
PLAIN = "sgd"


@dataclass(frozen=True)
class Words:
    """What the registry can't know of an optimizer."""

    summary: str
    purpose: str
    goes_wrong: str
    see_also: tuple[str, ...]
    scenario: str = FIRST_LESSON


WORDS: dict[str, Words] = {
    PLAIN: Words(
        "a step straight downhill, longer where it is steeper",
        "sgd moves every weight against its gradient. The learning rate η says how far. "
        "It remembers nothing: each step depends on the present gradient alone. Its name, stochastic gradient descent, "
        "comes from taking random samples for each step: one, or a mini-batch of several; once through all samples is "
        "an epoch. Here every step uses all samples, so nothing is random, and every iteration is an epoch.",
        "One learning rate must suit every direction. Where the loss is a narrow valley, sgd jumps from side to side "
        "and creeps along.",
        ("update", "learning-rate", "momentum"),
    ),
    "momentum": Words(
        "a ball that rolls: keeps part of its last velocity",
        "momentum keeps a velocity v. At each step the old velocity is multiplied by μ, and the new gradient is added. "
        "Gradients in one direction add up; gradients back and forth cancel out.",
        "The velocity lasts after the slope has ended, so a weight rolls past the bottom and comes back. While the "
        "gradient stays the same, the steps grow towards 1/(1 − μ) times those of sgd, so a learning rate that suits "
        "sgd is often too large here.",
        ("sgd", "nesterov", "learning-rate"),
        scenario="momentum",
    ),
    "nesterov": Words(
        "momentum that brakes early: it uses the slope ahead",
        "nesterov is momentum that looks one step ahead. It steps by the gradient plus μ times the new velocity, "
        "so a gradient that has changed its sign counts at once.",
        "Books write it in two ways, and their weights differ by a step along the velocity. "
        "Compare the formulas before you compare the numbers.",
        ("momentum", "sgd", "adam"),
        scenario="momentum",
    ),
    "adam": Words(
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


def _numbers(name: str, example: Example) -> tuple[Block, ...]:
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
    return (*blocks, _table(turns), *_working(turns, example), *_long_run(name, scenario, example))


def _table(turns: list[Iteration]) -> Table:
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
    """Its loss beside that of plain descent with the same learning rate."""
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
        numbers=lambda example: _numbers(name, example),
        network=lambda example: _numbers(name, example),
        layers=TRAINED,
        goes_wrong=words.goes_wrong,
        next=Command("cnnstep run {scenario} --iterations 60 --only gradient,update", "watch the weights move"),
        see_also=words.see_also,
        scenario=words.scenario,
    )


PAGES = tuple(_topic(name) for name in WORDS)
