"""Where one number comes from: its products, the patch they were read from, and for a gradient a nudge as proof."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import FilterLayer
from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.layers.pool import LATER, MaxPool, Pool
from cnnstep.engine.quantity import Cell, Quantity
from cnnstep.engine.step import Factor, Put, Step, Term, Working
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Beside, Block, Command, Formula, Heading, Line, Mark, Paragraph, Place, Sum
from cnnstep.tutor.long_sum import MANY, first_products, long_sum, products_of
from cnnstep.tutor.nudge import nudge
from cnnstep.tutor.numbers import Numbers, bracketed_factor, enough, listed
from cnnstep.tutor.present import SAMPLE, one_sample, planes
from cnnstep.tutor.sentences import place_of, words_of

MOST_IN_A_WINDOW = 16
"""A larger window's numbers make no line that can be read."""

_PLACE = re.compile(r"(?P<before>.?)\{(?P<letter>[^{}]+)\}(?P<after>.?)", re.S)


def put_in(working: Working, numbers: Numbers) -> tuple[Formula, ...]:
    """A line for each number that was worked out on the spot: its formula, the same with numbers, what it comes to."""
    worked = {factor.label: factor for term in working.terms for factor in term.factors if factor.put is not None}
    return tuple(_line(factor, factor.put, numbers) for factor in worked.values() if factor.put is not None)


def _line(factor: Factor, put: Put, numbers: Numbers) -> Formula:
    letters, result = tuple(put.numbers), numbers.text(factor.value)

    def work(values: Sequence[float]) -> float:
        return put.work(dict(zip(letters, values, strict=True)))

    values = tuple(put.numbers.values())
    written = dict(zip(letters, enough(numbers, values, work), strict=True))
    parts = filled(put.text, written).split(" = ")
    if numbers.text(work(values)) != result:  # 1 − a² with a so near 1 that no double parts them
        parts = parts[:-1]
    chain = [factor.label, *parts, result]
    text = " = ".join(part for part, before in zip(chain, ["", *chain], strict=False) if part != before)
    return Formula(text, filled(put.words, written))


def difference(label: str, working: Working, numbers: Numbers) -> Formula:
    """`e[0,0] = a[0,0] − t[0,0] = 3 − 1 = 2`, of a number less another."""
    first, second = (term.factors[-1] for term in working.terms)
    above, below = enough(numbers, (first.value, second.value), lambda values: values[0] - values[1])
    result = numbers.text(working.value)
    return Formula(f"{label} = {first.label} − {second.label} = {above} − {bracketed_factor(below)} = {result}")


def largest(label: str, working: Working, numbers: Numbers) -> tuple[Formula, ...]:
    """`p[0,0] = max(0, 2, 0, 1) = 2`, and which of them won; nothing where the window is large."""
    if len(working.terms) > MOST_IN_A_WINDOW:
        return ()
    window = [term.factors[-1] for term in working.terms]
    won = next(term.factors[-1] for term in working.terms if term.value or term.factors[0].value)
    equals = sum(number.value == won.value for number in window)
    words = f"{won.label} won"
    if any(term.note == LATER for term in working.terms):
        words += f": the first in reading order of {equals} equal numbers"
    elif equals > 1:
        words = f"{equals} numbers are equally large"
    inside = ", ".join(numbers.text(number.value) for number in window)
    return (Formula(f"{label} = max({inside}) = {numbers.text(working.value)}", words),)


def filled(text: str, written: Mapping[str, str]) -> str:
    """The text with its places filled: a negative number, or a fraction, in brackets where it does not stand alone."""

    def number(found: re.Match[str]) -> str:
        before, after, word = found["before"], found["after"], written[found["letter"]]
        alone = before in ("(", " ") and after in (")", ",", "")
        bare = not word.startswith("-") and "/" not in word
        before = "" if before == "−" and word == "0" else before  # −0 is 0
        return f"{before}{word if bare or alone else f'({word})'}{after}"

    while _PLACE.search(text):
        text = _PLACE.sub(number, text, count=1)
    return text


MOST_SAMPLES = 8
"""Of a larger batch, a gradient's products are written out for one sample."""
PART = Mark("*", "takes part", "strong")


def why(
    iteration: Iteration, asked: Step | Quantity, shown: Cell, numbers: Numbers, sample: int | None = None
) -> tuple[Block, ...]:
    """How the number of a step, or of what is given, at a cell comes about; the cell as a learner counts it.

    Where one sample of a batch is looked at, a cell without a sample is one of it.
    """
    quantity = asked if isinstance(asked, Quantity) else asked.quantity
    cell = _full_cell(iteration, quantity, _with_sample(quantity, shown, sample))
    if isinstance(asked, Quantity):
        return given_number(iteration, asked, cell, numbers)
    return _worked_number(iteration, asked, cell, numbers, sample)


def _with_sample(quantity: Quantity, shown: Cell, sample: int | None) -> Cell:
    visible = quantity.layout.visible
    if sample is not None and visible[:1] == ("sample",) and len(shown) == len(visible) - 1:
        return (sample, *shown)
    return shown


def _worked_number(
    iteration: Iteration, step: Step, cell: Cell, numbers: Numbers, sample: int | None
) -> tuple[Block, ...]:
    """A number's products, where they were read from, and for a gradient a nudge."""
    label = step.quantity.label(cell)
    return (
        Heading(f"{label} = {numbers.text(float(iteration.values[step.name][cell]))}", note=step.formula),
        Paragraph(f"{label}: {words_of(iteration, step).why}."),
        *_how(iteration, step, cell, numbers, sample),
        *nudge(iteration, step, cell, numbers),
    )


def _how(iteration: Iteration, step: Step, cell: Cell, numbers: Numbers, sample: int | None) -> tuple[Block, ...]:
    """Where its products were read from, and they themselves; of a sum over a large image the first and the largest."""
    looked_at = iteration if sample is None else one_sample(iteration, sample)
    if products_of(step, looked_at.values) <= MANY:
        working = _worked_out(iteration, step, cell, sample)
        return (*_source(iteration, step, working, cell), *products(iteration, step, cell, working, numbers))
    first = Working(first_products(step, iteration.values, cell))
    return (long_sum(step, iteration.values, cell, as_sum("", first, step, cell, _dead(iteration, first))),)


def given_number(iteration: Iteration, leaf: Quantity, cell: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """Where a number comes from that no step of this iteration works out: the scenario, or the iteration before."""
    made_by = dict(iteration.lesson.carried).get(leaf.name)
    label, value = leaf.label(cell), numbers.text(float(iteration.values[leaf.name][cell]))
    at = " ".join(map(str, leaf.layout.shown_cell(cell)))
    if made_by is None:
        return (Heading(f"{label} = {value}"), Paragraph(f"{label} is given: it stands in the scenario."))
    if iteration.number:
        before, maker = iteration.number - 1, place_of(iteration.lesson.step(made_by))
        words = f"{label} was worked out before: {maker} of iteration {before} made it."
        follow = Command(f"goto {before} {made_by}", f"go there; then why {at} shows how")
    else:
        words = (
            f"{label} is the 0 that it begins with."
            if leaf.kind == "memory"
            else (f"{label} is given: the scenario begins with it.")
        )
        follow = Command(f"why {made_by} {at}".rstrip(), "what this iteration makes of it")
    return (Heading(f"{label} = {value}"), Paragraph(words), follow)


def _worked_out(iteration: Iteration, step: Step, cell: Cell, sample: int | None) -> Working:
    """The working; of a gradient over many samples, the products of the one looked at, then all others together."""
    samples = len(iteration.lesson.scenario.inputs)
    if sample is None or samples <= MOST_SAMPLES or not step.is_gradient:
        return step.working(iteration.values, cell)
    own = step.working(one_sample(iteration, sample).values, cell)
    terms = tuple(
        replace(term, factors=tuple(_of_sample(iteration, factor, sample) for factor in term.factors))
        for term in own.terms
    )
    rest = float(iteration.values[step.name][cell]) - own.value
    return Working((*terms, Term((Factor(f"the other {samples - 1} samples", rest),))))


def _of_sample(iteration: Iteration, factor: Factor, sample: int) -> Factor:
    """A factor read from one sample's part, under the cell that it has in the batch."""
    if factor.source is None:
        return factor
    quantity = iteration.lesson.quantity(factor.source)
    if SAMPLE not in quantity.layout.axes:
        return factor
    cell = (sample, *factor.cell[1:])
    return replace(factor, label=quantity.label(cell), cell=cell)


def products(iteration: Iteration, step: Step, cell: Cell, working: Working, numbers: Numbers) -> tuple[Block, ...]:
    """The number worked out; where nothing takes part, that; for softmax, its short form beside the Jacobian."""
    dead = _dead(iteration, working)
    if step.word == "softmax_gradient":
        from cnnstep.tutor.network.cards import short_form

        return (as_sum("", working, step, cell, dead), *short_form(iteration, step, cell, working.value, numbers))
    if not working.terms:
        took = "window took" if step.word == "pool_gradient" else "patch holds"
        nothing = Paragraph(f"No {took} this number, so nothing comes back to it: 0.")
        return (nothing, *_windows_over(iteration, step, cell, numbers))
    return (*arithmetic(step, cell, working, numbers, dead), *_windows_over(iteration, step, cell, numbers))


def arithmetic(
    step: Step, cell: Cell, working: Working, numbers: Numbers, dead: frozenset[tuple[str, Cell]] = frozenset()
) -> tuple[Block, ...]:
    """A number's formula with the numbers put in, where that says it all; else its products, their sum, formulas."""
    if step.symbol == "e" and len(working.terms) == 2:
        return (difference(step.quantity.label(cell), working, numbers),)
    if step.word == "pool" and isinstance(step.part, MaxPool):
        formulas = largest(step.quantity.label(cell), working, numbers)
        return formulas or (as_sum("", working, step, cell, dead),)
    formulas = put_in(working, numbers)
    return formulas if step.word == "activation" else (as_sum("", working, step, cell, dead), *formulas)


def _windows_over(iteration: Iteration, step: Step, cell: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """For a max pooling's input gradient: who won each window that the number lies in."""
    if step.word != "pool_gradient" or not isinstance(step.part, MaxPool):
        return ()
    pooled = next(one for one in iteration.lesson.called("pool") if one.layer == step.layer)
    over = step.part.window.over(cell, iteration.values[pooled.name].shape)
    return tuple(
        block
        for output in over
        for block in largest(pooled.quantity.label(output), pooled.working(iteration.values, output), numbers)
    )


def as_sum(
    title: str, working: Working, step: Step, cell: Cell, dead: frozenset[tuple[str, Cell]] = frozenset()
) -> Sum:
    """A step's working at a cell as lines of products; a factor among the `dead` cells says why its product is 0."""
    layouts = {quantity.name: quantity.layout for quantity in step.inputs}

    def word(term: Term) -> str:
        if any((factor.source, factor.cell) in dead for factor in term.factors):
            return "inactive"
        return term.note or ("" if term.value or len(term.factors) < 2 else "adds nothing")

    def place(factor: Factor) -> Place | None:
        layout = layouts.get(factor.source or "")
        return (factor.source, layout.shown_cell(factor.cell)) if factor.source and layout else None

    lines = []
    for term in working.terms:
        labels, places = tuple(factor.label for factor in term.factors), tuple(map(place, term.factors))
        lines.append(Line(labels, tuple(factor.value for factor in term.factors), term.value, word(term), places))
    return Sum(title, tuple(lines), working.value, (step.name, step.quantity.layout.shown_cell(cell)))


def _dead(iteration: Iteration, working: Working) -> frozenset[tuple[str, Cell]]:
    """The cells of δ in a working that are 0 because their slope is, by the name of their step."""
    parts = {step.name: step for step in iteration.lesson.called("delta")}
    found = set()
    for factor in (factor for term in working.terms for factor in term.factors):
        step = parts.get(factor.source or "")
        if step is not None and isinstance(step.part, ActivationLayer) and step.part.phi.flat:
            z = float(iteration.values[step.inputs[-1].name][factor.cell])
            if step.part.phi.slope_at(z) == 0:
                found.add((step.name, factor.cell))
    return frozenset(found)


def _full_cell(iteration: Iteration, quantity: Quantity, shown: Cell) -> Cell:
    """The cell with every axis; a cell outside the matrix is a fault that says how large it is."""
    visible, name = quantity.layout.visible, quantity.name
    if len(shown) != len(visible):
        axes = " ".join(axis.upper() for axis in visible)
        what = f"a number of {name} is named by its {listed(visible)}" if visible else f"{name} is one number"
        raise InputError(Fault("cell", what, f"type: why {name} {axes}".rstrip()))
    return quantity.cell(shown, iteration.values[name])


def _source(iteration: Iteration, step: Step, working: Working, cell: Cell) -> tuple[Block, ...]:
    """The matrix that the number was read from, with the cells that take part marked."""
    if not _gathers(step):
        return ()
    source = step.inputs[0]
    taking: list[Factor] = [f for term in working.terms for f in term.factors if f.source == source.name]
    if step.word == "pool_gradient":
        return _windows(iteration, step, taking, cell)
    marked = _marked(iteration, source, {source.layout.shown_cell(factor.cell) for factor in taking})
    window = _window(iteration, step, working)
    return (Beside((*marked, *window)),) if len(marked) == len(window) == 1 else marked


def _window(iteration: Iteration, step: Step, working: Working) -> tuple[Block, ...]:
    """The filter that lay on the patch, where it is one plane and small enough to stand beside it."""
    if step.word != "forward" or not isinstance(step.part, FilterLayer):
        return ()
    weights = step.inputs[1]
    cells = {weights.layout.shown_cell(f.cell) for t in working.terms for f in t.factors if f.source == weights.name}
    leading = {cell[:-2] for cell in cells}
    shown = iteration.matrix(weights.name)
    if len(leading) != 1 or math.prod(shown.shape[-2:]) > MOST_IN_A_WINDOW:
        return ()
    title = f"{weights.name if '.' in weights.name else weights.name.capitalize()} {weights.symbol}"
    return planes(weights, shown, title=title, part=leading.pop(), all_of_them=True)


def _gathers(step: Step) -> bool:
    """Whether its numbers are read from more places, or from others, than the formula says."""
    if step.role == "input_gradient":
        return isinstance(step.part, WithWeights | Pool)
    return step.role in ("forward", "gradient") and not isinstance(step.part, ActivationLayer)


MOST_IN_A_SOURCE = 128
"""A matrix of more numbers is not drawn for the few that take part."""


def _marked(iteration: Iteration, source: Quantity, cells: set[Cell]) -> tuple[Block, ...]:
    """The matrices that the cells lie in, two at most, each cell marked."""
    shown = iteration.matrix(source.name)
    if math.prod(shown.shape[-2:]) > MOST_IN_A_SOURCE and source.name != "input":
        return ()
    title = f"{source.name if '.' in source.name else source.name.replace('_', ' ').capitalize()} {source.symbol}"
    leading = sorted({cell[:-2] for cell in cells})
    return tuple(
        block
        for index in leading[:2]
        for block in planes(source, shown, dict.fromkeys(cells, PART), title=title, part=index, all_of_them=True)
    )


def _windows(iteration: Iteration, step: Step, taking: list[Factor], cell: Cell) -> tuple[Block, ...]:
    """For a pooling's input gradient: the number itself in its map, and the windows' outputs that it won."""
    signal, source = step.inputs[0], step.inputs[-1]
    won = {signal.layout.shown_cell(factor.cell) for factor in taking}
    if source is signal:  # an average asks for no winner
        return _marked(iteration, signal, won)
    own = _marked(iteration, source, {source.layout.shown_cell(cell)})
    return (Beside((*own, *_marked(iteration, signal, won))),)
