"""A page for every activation in the registry; NumPy stays out unless the learner brings a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series, Table
from cnnstep.tutor.topics.topic import Example, Topic

EDGE = 4.0
"""The curve runs from −EDGE to EDGE."""
POINTS = 65
TABLE_AT = (-4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0)
SIGNIFICANT = 4
"""The digits that bounds are written with in a sentence."""


@dataclass(frozen=True)
class ActivationWords:
    """What the registry can't know: what an activation is for, and how it lets a learner down."""

    summary: str
    purpose: str
    goes_wrong: str
    see_also: tuple[str, ...]


WORDS: dict[str, ActivationWords] = {
    "linear": ActivationWords(
        "changes nothing: the output is z itself",
        "linear passes z on as it is. The slope is 1 everywhere, so every error passes back in full.",
        "Nothing here stops a step that is too long: with a squared error the loss is a bowl, and above a certain "
        "learning rate each step lands higher up on the other side. And several linear layers in a row can do no more "
        "than one.",
        ("divergence", "more-than-one-solution", "relu"),
    ),
    "relu": ActivationWords(
        "lets positive numbers through, turns negative ones into 0",
        "relu (rectified linear unit) is a gate. A positive z passes unchanged, and so does its error on the way "
        "back. A negative z becomes 0, and its error is stopped: the cell is inactive for this input.",
        "An inactive cell learns nothing from its error. If every cell is inactive, whatever the input, all gradients "
        "are 0 and the filter is dead. The matrix of δ marks inactive cells. A negative target can't be met at all.",
        ("dead-relu", "slope-at-zero", "leaky_relu", "unreachable-target"),
    ),
    "leaky_relu": ActivationWords(
        "a relu that keeps a small slope below 0",
        "leaky_relu lets positive numbers through and shrinks negative ones. Its slope below 0 is small but not 0, "
        "so a cell there still learns, only slowly.",
        "With a very small slope a cell below 0 learns so slowly that it seems inactive. Set the slope in the "
        "scenario: activation: {name: leaky_relu, slope: 0.1}.",
        ("dead-relu", "relu", "elu"),
    ),
    "elu": ActivationWords(
        "a relu that bends smoothly towards −alpha below 0",
        "elu (exponential linear unit) lets positive numbers through. Below 0 it bends and levels out, "
        "so there are negative outputs, but none below −alpha.",
        "Far below 0 it is almost flat, so hardly any error comes back from there. "
        "A target at or below −alpha can't be met.",
        ("saturation", "relu", "leaky_relu"),
    ),
    "softplus": ActivationWords(
        "a relu with its corner rounded off",
        "softplus looks like relu from afar, but has no corner: its slope climbs smoothly from 0 to 1. "
        "That slope is the sigmoid of z.",
        "The output is never quite 0, so a target of exactly 0 can be approached but never met. "
        "Far below 0 the slope is close to 0, and hardly any error comes back.",
        ("relu", "sigmoid", "unreachable-target"),
    ),
    "sigmoid": ActivationWords(
        "squeezes every number into the space between 0 and 1",
        "sigmoid turns any z into a number between 0 and 1, which can be read as a probability: "
        "a very negative z means no, a very positive one yes.",
        "Even at its steepest it passes back only a quarter of the error, and far from 0 it is almost flat: "
        "it is saturated there, and the filter hardly moves. With binary_cross_entropy as the loss the slope cancels. "
        "A common mistake is φ′(a) in place of φ′(z) (slope-at-output).",
        ("saturation", "binary_cross_entropy", "tanh"),
    ),
    "tanh": ActivationWords(
        "squeezes every number into the space between −1 and 1",
        "tanh is a sigmoid stretched to reach from −1 to 1. It goes through 0, and is steepest there.",
        "Far from 0 it is almost flat, so a cell with a large z hardly learns. "
        "Targets of exactly 1 or −1 can be approached but never met.",
        ("saturation", "sigmoid", "unreachable-target"),
    ),
    "gelu": ActivationWords(
        "z times the probability that a normal random number is smaller than z",
        "gelu (Gaussian error linear unit) is a smooth gate: Φ(z) is the share of the bell curve that lies left of z, "
        "and z is multiplied by it.",
        "It dips below 0 and comes back up, so left of the dip the slope is negative: there a larger z means a smaller "
        "output. Some libraries offer an approximation with tanh; its last digits differ. This is the exact one.",
        ("silu", "relu", "saturation"),
    ),
    "silu": ActivationWords(
        "z times its own sigmoid; also called swish",
        "silu (sigmoid linear unit) is a smooth gate: z is multiplied by its own sigmoid.",
        "It dips below 0 and comes back up, so left of the dip the slope is negative: there a larger z means a smaller "
        "output. Far below 0 it is almost flat.",
        ("gelu", "sigmoid", "relu"),
    ),
}
"""One entry an activation; a test says so where one is missing."""


def curve(phi: Activation) -> Curve:
    """Value and slope over z from −EDGE to EDGE, by the scalar route."""
    zs = [EDGE * (2 * i / (POINTS - 1) - 1) for i in range(POINTS)]
    value = Series("φ(z)", tuple(phi.value_at(z) for z in zs), "•")
    slope = Series("φ′(z)", tuple(phi.slope_at(z) for z in zs), "+")
    return Curve(f"{phi.name} and its slope", (value, slope), "z", -EDGE, EDGE)


def table(phi: Activation) -> Table:
    """z, φ(z), φ′(z) at a few places."""
    return Table(("z", "φ(z)", "φ′(z)"), tuple((z, phi.value_at(z), phi.slope_at(z)) for z in TABLE_AT))


def reach(phi: Activation) -> str:
    """Which outputs there are."""
    low, high = f"{phi.low:.{SIGNIFICANT}g}".replace("-", "−"), f"{phi.high:.{SIGNIFICANT}g}"
    word = "above" if phi.open_range else "from"
    if phi.low == -float("inf"):
        return "Outputs: every number."
    if phi.high == float("inf"):
        return f"Outputs: {word} {low}{' (never reached)' if phi.open_range else ' up'}, without end."
    return f"Outputs: between {low} and {high}{', neither ever reached' if phi.open_range else ''}."


def _numbers(name: str, example: Example) -> tuple[Block, ...]:
    if example.own:
        from cnnstep.tutor.topics.activation_at_work import at_work

        return at_work(example, name)
    phi = ACTIVATIONS[name]()
    return (Paragraph(reach(phi)), curve(phi), table(phi))


def _in_network(name: str, example: Example) -> tuple[Block, ...]:
    from cnnstep.tutor.topics.activation_at_work import in_network

    return in_network(example, name)


def _topic(name: str) -> Topic:
    phi, words = ACTIVATIONS[name](), WORDS[name]
    return Topic(
        name=name,
        title=name,
        summary=words.summary,
        group="activations",
        paragraphs=(
            f"{words.purpose}",
            "An activation φ takes z, the number that the filter gives, and makes the output a = φ(z). "
            "On the way back the error is multiplied by its slope φ′(z).",
        ),
        formula=f"φ(z) = {phi.formula}",
        formula_words=f"slope φ′(z) = {phi.slope_formula}",
        numbers=lambda example: _numbers(name, example),
        network=lambda example: _in_network(name, example),
        layers=(name,),
        goes_wrong=words.goes_wrong,
        next=Command(f"cnnstep explain {name} --scenario first-filter", "see it at work on the first lesson"),
        next_own=Command("cnnstep run {scenario} --only activation,delta", "the steps where an activation acts"),
        see_also=words.see_also,
        scenario="",
    )


PAGES = tuple(_topic(name) for name in WORDS)
