"""Pages on the layers besides conv: pooling, flatten, dense, the transposed convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.layers.pool import TIES, AveragePool, MaxPool, Pool
from cnnstep.engine.layers.window import Window
from cnnstep.engine.lesson import LayerSteps
from cnnstep.engine.quantity import Array, Cell, bracketed
from cnnstep.engine.step import Working
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Command, Mark, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import (
    SMALLEST,
    beside,
    first_of,
    grid_of,
    grids,
    layer_of,
    plain,
    received,
    way_back,
    with_layer,
    worked,
)
from cnnstep.tutor.topics.topic import Example, Topic

WON = Mark("*", "won its window", "strong")
TIE = ((2.0, 1.0), (2.0, 0.0))
"""A window with two largest numbers, for where the scenario has none."""


def _of_kind(example: Example, kind: str, other: str) -> tuple[Iteration, tuple[Block, ...]]:
    """The first iteration with this kind of pooling; this one replaces the other where there is none."""
    if kind in {layer.kind for layer in example.scenario.layers}:
        return example.first, ()
    make: Callable[[Window], Pool] = MaxPool if kind == "max_pool" else AveragePool

    def remade(layer: Layer) -> Layer:
        return make(cast("Pool", layer).window)

    words = f"This network has {other}. Here {kind} takes its place."
    return first_of(with_layer(example.scenario, other, kind, remade)), (Paragraph(words),)


def _max_numbers(example: Example) -> tuple[Block, ...]:
    iteration, said = _of_kind(example, "max_pool", "average_pool")
    steps = layer_of(iteration, "max_pool")
    pool, x = cast("MaxPool", steps.layer), steps.forward.inputs[0]
    image, back = iteration.values[x.name], way_back(iteration, steps)
    winners = _winners(iteration, steps)
    marked = grid_of(f"{x.name} {x.symbol}", x, image, {x.layout.shown_cell(cell): WON for cell in winners})
    return (
        *said,
        beside(marked[:1], _first(grids(iteration, steps.forward.name, most=1))),
        Paragraph("On the way back each ∂L/∂ goes to the cell that won; all others get 0:"),
        *grids(iteration, received(steps), back.name, most=1),
        *worked(
            iteration, back.name, example.style, back.quantity.layout.shown_cell(winners[_loudest(iteration, steps)])
        ),
        *_ties(pool, image),
    )


def _loudest(iteration: Iteration, steps: LayerSteps) -> int:
    """Which window the largest ∂L/∂ comes back to, counted in reading order."""
    return int(np.abs(iteration.values[received(steps)]).argmax())


def _first(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The matrices of a group, without what is said of the rest."""
    return blocks[0].blocks if isinstance(blocks[0], Beside) else blocks[:1]


def _winners(iteration: Iteration, steps: LayerSteps) -> list[Cell]:
    """The image cell that each window took its number from, in reading order."""
    step, values = steps.forward, iteration.values
    workings = (step.working(values, at) for at in np.ndindex(*values[step.name].shape))
    return [_taken(working) for working in workings]


def _taken(working: Working) -> Cell:
    """The cell of the one number that was taken whole."""
    return next(number.cell for share, number in (term.factors for term in working.terms) if share.value)


def _ties(pool: MaxPool, image: Array) -> tuple[Block, ...]:
    """How many windows have several largest numbers, and what becomes of one; a made one where there is none."""
    views = pool.window.views(image, -np.inf)
    tied = int(((views == views.max(axis=(-2, -1), keepdims=True)).sum(axis=(-2, -1)) > 1).sum())
    rule = "The rule: the first in reading order wins and gets all of it."
    if pool.shares:
        rule = "The rule here: they get it in equal parts."
    if tied:
        where = counted(tied, "window has", "windows have")
        return (Paragraph(f"{where} several numbers that are equally large: a tie. {rule}"),)
    size = [len(TIE), len(TIE[0])]
    layer = {"type": "max_pool", "size": size, "ties": TIES[pool.shares]}
    small = first_of(network(layers=[layer], input=TIE, target=[[[0]]], learning_rate=1))
    sent = small.values["max_pool1.input_gradient"][0, 0]
    return (
        Paragraph(f"No window has a tie here: two numbers that are equally large. {rule} For example:"),
        beside([plain("A window with a tie", small.values["input"][0, 0])], [plain("What comes back", sent)]),
    )


def _average_numbers(example: Example) -> tuple[Block, ...]:
    iteration, said = _of_kind(example, "average_pool", "max_pool")
    steps = layer_of(iteration, "average_pool")
    back, share = way_back(iteration, steps), cast("AveragePool", steps.layer).share
    return (
        *said,
        *grids(iteration, steps.forward.inputs[0].name, steps.forward.name, most=1),
        *worked(iteration, steps.forward.name, example.style),
        Paragraph(f"On the way back each cell of a window gets the same share, {example.text(share)} of its ∂L/∂:"),
        *grids(iteration, received(steps), back.name, most=1),
        *worked(iteration, back.name, example.style, _covered(iteration, steps)),
    )


def _covered(iteration: Iteration, steps: LayerSteps) -> Cell:
    """An input cell, as a learner counts it, that lies in the window of the largest ∂L/∂."""
    signal, back = iteration.values[received(steps)], way_back(iteration, steps)
    at = tuple(int(i) for i in np.unravel_index(_loudest(iteration, steps), signal.shape))
    size = iteration.values[back.name].shape[1:]
    inside = next(cast("Pool", steps.layer).window.cells(at, size), (0, 0))
    return back.quantity.layout.shown_cell((*at[:2], *inside))


@dataclass(frozen=True)
class _LayerWords:
    """What the two pages say differently."""

    title: str
    summary: str
    paragraphs: tuple[str, str]
    formula: str
    formula_words: str
    goes_wrong: str


_WORDS = {
    "max_pool": _LayerWords(
        "Max pooling",
        "passes on the largest number of each window",
        (
            "A window slides over each map, as a filter does, but it has no weights: it passes on the largest number "
            "it sees. The map usually gets smaller, and it matters less where exactly something was found.",
            "On the way back the winner gets the whole ∂L/∂. The others had no part in the output, so they get 0.",
        ),
        "p[i,j] = max of window [i,j]",
        "∂L/∂ of the winner is ∂L/∂p[i,j]; all others get 0; overlapping windows add up",
        "The gradient is spread over the window, as if a mean had been taken (pool-spread). Or each of several equal "
        "numbers gets all of it (pool-tie-copied): then it counts more than once. And where windows overlap, "
        "a cell that wins twice gets both, added up.",
    ),
    "average_pool": _LayerWords(
        "Average pooling",
        "passes on the mean of each window",
        (
            "A window slides over each map and passes on the mean of the numbers it sees. It has no weights. "
            "Padding counts: its zeros are cells of the window like all others.",
            "Every cell of the window had the same part in the mean, so on the way back each gets the same share.",
        ),
        "p[i,j] = (sum of window [i,j]) / cells",
        "∂L/∂ of each of its cells is ∂L/∂p[i,j] / cells; overlapping windows add up",
        "The division is forgotten on the way back (pool-average-not-divided): what this layer sends back is then too "
        "large by a factor, the number of cells in a window. The signs are right, so a check of the signs misses it.",
    ),
}


def _topic(kind: str, other: str) -> Topic:
    words = _WORDS[kind]
    return Topic(
        name=kind,
        scenario="pooling",
        title=words.title,
        summary=words.summary,
        group="layers",
        paragraphs=words.paragraphs,
        formula=words.formula,
        formula_words=words.formula_words,
        numbers=None,
        network=_max_numbers if kind == "max_pool" else _average_numbers,
        layers=("max_pool", "average_pool"),
        goes_wrong=words.goes_wrong,
        next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
        see_also=(other, "network", "receptive-field", "flatten"),
    )


POOLING_PAGES = (_topic("max_pool", "average_pool"), _topic("average_pool", "max_pool"))


MOST_ROWS = 8


def _flatten_numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    steps = layer_of(iteration, "flatten")
    x, v, back = steps.forward.inputs[0], steps.forward.quantity, way_back(iteration, steps)
    size = iteration.values[x.name].shape[1:]
    rows: list[tuple[str | float, ...]] = []
    for unit, place in list(enumerate(np.ndindex(*size)))[:MOST_ROWS]:
        forward, backward = (iteration.values[name][0, unit] for name in (v.name, received(steps)))
        rows.append((x.symbol + bracketed(place), v.symbol + bracketed((unit,)), float(forward), float(backward)))
    maps, total = "×".join(str(n) for n in size), prod(size)
    title = f"The first {len(rows)} of {total}" if total > len(rows) else "Where each number goes"
    return (
        *grids(iteration, x.name, v.name, most=2),
        Table(("in the maps", "in the row", "the number", "what comes back"), tuple(rows), title),
        Paragraph(f"The {maps} numbers stand in reading order: map after map, row after row. Back in their places:"),
        *grids(iteration, received(steps), back.name, most=2),
    )


FLATTEN = Topic(
    name="flatten",
    scenario=SMALLEST,
    title="Flatten",
    summary="all maps in one row, for the dense layer",
    group="layers",
    paragraphs=(
        "A conv layer gives maps, a dense layer takes one row of numbers. flatten puts the maps into a row, "
        "in reading order. No number changes, and there is nothing to train.",
        "On the way back the row of ∂L/∂ is put back into maps, each number where it came from.",
    ),
    formula="v[(c·rows + i)·columns + j] = x[c,i,j]",
    formula_words="c is the map, i its row, j its column",
    numbers=None,
    network=_flatten_numbers,
    layers=("flatten",),
    goes_wrong=(
        "The way back uses another order than the way forward, such as columns before rows. All shapes fit, but "
        "the gradients before this layer end up in the wrong cells. Follow one number in both directions."
    ),
    next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
    see_also=("dense", "max_pool", "network"),
)


def _dense_numbers(example: Example) -> tuple[Block, ...]:
    iteration, style = example.first, example.style
    steps = layer_of(iteration, "dense")
    outputs, inputs = iteration.values[steps.leaves[0].name].shape
    names = [steps.forward.inputs[0].name, *(leaf.name for leaf in steps.leaves), steps.forward.name]
    weights, *bias = steps.gradients
    back = iteration.lesson.quantity(received(steps)).symbol
    rows, each = counted(outputs, "row"), "." if outputs == 1 else ": a row for each output."
    return (
        Paragraph(f"{steps.name} has {rows} of {counted(inputs, 'weight')}{each}"),
        *grids(iteration, *names, most=2),
        *worked(iteration, steps.forward.name, style),
        Paragraph("On the way back a weight met one input and went into one output, so its gradient is one product:"),
        *grids(iteration, received(steps), weights.name, most=1),
        *worked(iteration, weights.name, style),
        *(
            Paragraph(f"{step.symbol}: the bias is added once, so it gets {back}, added up over the samples.")
            for step in bias
        ),
        Paragraph("An input went into every output, so what comes back from them is added up:"),
        *worked(iteration, way_back(iteration, steps).name, style),
    )


DENSE = Topic(
    name="dense",
    scenario=SMALLEST,
    title="Dense layer",
    summary="every output is a sum over every input, each with its own weight",
    group="layers",
    paragraphs=(
        "A dense layer takes one row of numbers. Each of its outputs is a sum over all of them, each number times "
        "a weight of its own, plus a bias. Other names: fully connected, linear. "
        "Its outputs just before a softmax are called logits.",
        "A conv layer uses few weights in many places. Here every weight is used once for each sample.",
    ),
    formula="z[o] = Σ x[i] · W[o,i] + b[o]",
    formula_words="back: ∂L/∂W[o,i] = δ[o]·x[i], ∂L/∂b[o] = δ[o], ∂L/∂x[i] = Σ δ[o]·W[o,i]; δ is ∂L/∂z",
    numbers=None,
    network=_dense_numbers,
    layers=("dense",),
    goes_wrong=(
        "W and its transpose are confused: on the way forward an output sums along a row of W, on the way back "
        "an input sums along a column. With as many outputs as inputs no shape gives it away. "
        "And it is the old W that sends δ back, not the new one (updated-too-early)."
    ),
    next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
    see_also=("flatten", "softmax", "network", "initialisation"),
)


def _transposed_conv_numbers(example: Example) -> tuple[Block, ...]:
    iteration, style = example.first, example.style
    steps = layer_of(iteration, "transposed_conv")
    x, back = steps.forward.inputs[0], way_back(iteration, steps)
    return (
        *grids(iteration, x.name, steps.leaves[0].name, steps.forward.name, most=2),
        Paragraph("One number of the output, with all that was written to it:"),
        *worked(iteration, steps.forward.name, style),
        Paragraph("On the way back a weight carried inputs to outputs, so its gradient sums input × δ over them:"),
        *grids(iteration, received(steps), steps.gradients[0].name, most=1),
        *worked(iteration, steps.gradients[0].name, style),
        Paragraph(
            "An input was written to one output for each weight, so it hears from all of these, as in a convolution:"
        ),
        *grids(iteration, back.name, most=1),
        *worked(iteration, back.name, style),
    )


TRANSPOSED_CONV = Topic(
    name="transposed_conv",
    scenario="transposed-conv",
    title="Transposed convolution",
    summary="each number writes its multiple of the filter into a larger map",
    group="layers",
    paragraphs=(
        "A convolution gathers: each output is a sum over a patch. Its transpose scatters: each input number is "
        "multiplied by the whole filter, and that patch is added into the output. So maps become larger, "
        "and with a stride the patches lie further apart. Autoencoders and networks that draw images use it.",
        "It computes what a convolution with the same filter sends back to its input, which is why it is also "
        "called a deconvolution. It does not undo one: only the sizes are those before it.",
    ),
    formula="z = X ⋆ᵀ W: z[i·s + u·d − p] += X[i] · W[u]",
    formula_words="for rows and for columns alike; stride s, dilation d, padding p, which here cuts a border off",
    numbers=None,
    network=_transposed_conv_numbers,
    layers=("transposed_conv",),
    goes_wrong=(
        "Patches that overlap are written over each other instead of added: `=` where `+=` belongs. "
        "Where the filter's span is no multiple of the stride, some outputs are written to more often than others, "
        "which shows as a checkerboard. And the weights are [C][F], inputs first: a convolution's are [F][C]."
    ),
    next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
    see_also=("cross-correlation", "input_gradient", "stride", "network"),
)


PAGES = (*POOLING_PAGES, FLATTEN, DENSE, TRANSPOSED_CONV)
