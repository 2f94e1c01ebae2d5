"""Initialisation: how far the starting weights are spread, and what eight layers make of it."""

from __future__ import annotations

import math

import numpy as np

from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.at_layer import SMALLEST
from cnnstep.tutor.topics.deep_stack import CLASSES, DEPTH, WIDTH, deep_stack, outputs, steepness, trained
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

MOST_LAYERS = 8


def _numbers(example: Example) -> tuple[Block, ...]:
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


PAGES = (
    Topic(
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
        network=_numbers,
        goes_wrong=(
            "All weights of a network start equal, often at 0: then all units of a layer get the same gradient and "
            "stay equal. Or the spread ignores fan_in, and a deep network starts with numbers that are far too large "
            "or too small. Biases may start at 0: the weights already make the units differ."
        ),
        next=Command("cnnstep explain vanishing-gradient", "what too small a spread does on the way back"),
        see_also=("vanishing-gradient", "exploding-gradient", "dense", "network"),
    ),
)
