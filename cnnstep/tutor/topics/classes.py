"""Pages on telling classes apart: softmax, cross entropy, and accuracy on samples held back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnstep.engine.lesson import LayerSteps, Lesson, lesson_of
from cnnstep.engine.losses import CROSS_ENTROPY, LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array, Values, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import SMALLEST, first_of, grids, layer_of, one_number, plain, received, way_back
from cnnstep.tutor.topics.topic import Example, Topic

MOST_UNITS = 10
EQUAL = 1e-12


def in_full(iteration: Iteration, steps: LayerSteps) -> Step:
    """The softmax's backward step without the short form: another loss does not know it."""
    plain_loss = replace(iteration.lesson.scenario, loss=LOSSES["half_squared_error"])
    every = lesson_of(plain_loss, input_gradient=True).steps
    return next(step for step in every if step.layer == steps.name and step.word == "softmax_gradient")


def jacobian(iteration: Iteration, steps: LayerSteps) -> Array:
    """J[i,j] = ∂p_i/∂z_j of the first sample: what each unit's ∂L/∂p of 1 would send back."""
    step, p = in_full(iteration, steps), iteration.values[steps.forward.name]
    rows = []
    for unit in np.eye(p.shape[1]):
        sent: Values = {**iteration.values, received(steps): np.broadcast_to(unit, p.shape)}
        rows.append(step.compute(sent)[0])
    return np.stack(rows)


def _softmax_numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    steps = layer_of(iteration, "softmax")
    z, p = steps.forward.inputs[0], steps.forward.quantity
    whole, step = jacobian(iteration, steps), in_full(iteration, steps)
    through = step.compute(iteration.values)
    at = (0, int(np.abs(through[0]).argmax()))
    total = example.text(iteration.values[p.name][0].sum())
    return (
        *grids(iteration, z.name, p.name, most=2),
        Paragraph(f"All probabilities together are {total}. The largest score has the largest probability."),
        plain(f"∂{p.symbol}/∂{z.symbol}: row i is how {p.symbol}[i] changes with each score", whole[:MOST_UNITS]),
        Paragraph(
            "On the diagonal a probability grows with its own score; elsewhere it shrinks as another score grows."
        ),
        *one_number(step, iteration.values, at, example.style),
        *_short_form(iteration, steps, through, example),
    )


def _short_form(iteration: Iteration, steps: LayerSteps, through: Array, example: Example) -> tuple[Block, ...]:
    """p − y, or p·Σy − y, beside the long way, unit by unit; and the targets for which it is the other one."""
    if iteration.lesson.scenario.loss.only_with != "softmax":
        return (Paragraph("The short form p − y belongs to cross_entropy, and this network has another loss."),)
    p = iteration.values[steps.forward.name]
    y, upstream = iteration.values["target"], iteration.values[received(steps)]
    direct = iteration.values[way_back(iteration, steps).name]
    rows: list[tuple[str | float, ...]] = [
        (str(unit), *(float(array[0, unit]) for array in (p, y, upstream, through, direct)))
        for unit in range(min(p.shape[1], MOST_UNITS))
    ]
    apart = float(np.abs(through - direct).max())
    same = "The last two columns are equal" if apart <= EQUAL else f"They differ by {example.text(apart)}"
    form = _form(iteration, steps)
    error = iteration.lesson.quantity(received(steps)).symbol
    return (
        Table(("unit", "p", "y", error, "by the Jacobian", form), tuple(rows), "Both ways, unit by unit"),
        Paragraph(f"{same}: with cross_entropy it simplifies to {form}.", "good"),
        *_other_targets(iteration, steps, example),
    )


def _form(iteration: Iteration, steps: LayerSteps) -> str:
    """`p − y`, with Σy where the targets do not add up to 1, and turned round with the sign of the error."""
    first = "p·Σy" if "Σt" in way_back(iteration, steps).formula else "p"
    return f"{first} − y" if iteration.lesson.scenario.sign > 0 else f"y − {first}"


def _other_targets(iteration: Iteration, steps: LayerSteps, example: Example) -> tuple[Block, ...]:
    """What comes back where every unit's target is 1, by the engine, beside p − y."""
    if "Σy" in _form(iteration, steps):
        total = example.text(iteration.values["target"][0].sum())
        return (Paragraph(f"The targets here add up to {total}. Where they add up to 1 it is p − y."),)
    scenario = iteration.lesson.scenario
    other = first_of(replace(scenario, targets=frozen(np.ones_like(scenario.targets))))
    p, sent = other.values[steps.forward.name][0], other.values[way_back(other, steps).name][0]
    form, error = _form(other, steps), other.lesson.quantity(way_back(other, steps).name).symbol
    rows = tuple(
        (str(unit), float(p[unit]), 1.0, float(sent[unit]), scenario.sign * (float(p[unit]) - 1.0))
        for unit in range(min(len(p), MOST_UNITS))
    )
    words = f"That holds for targets that add up to 1, as those of one class do. For others it is {form}."
    title = f"With a target of 1 at every unit, {form}"
    return (Paragraph(words), Table(("unit", "p", "y", error, _form(iteration, steps)), rows, title))


SOFTMAX = Topic(
    name="softmax",
    scenario=SMALLEST,
    title="Softmax",
    summary="turns scores into probabilities that add up to 1",
    group="layers",
    paragraphs=(
        "softmax turns scores into probabilities, one for each class: raise e to each score and divide by the sum. "
        "Each is above 0, and together they are 1.",
        "Each probability depends on every score, since all of them are in the sum. So the slope is a whole "
        "matrix, the Jacobian, and an error goes back through all of its entries.",
    ),
    formula="p[i] = e^z[i] / Σ e^z",
    formula_words="∂p[i]/∂z[j] = p[i]·(1 − p[i]) where i is j, and −p[i]·p[j] elsewhere",
    numbers=None,
    network=_softmax_numbers,
    layers=("softmax",),
    goes_wrong=(
        "Only the diagonal p(1 − p) is used, as if each probability moved alone (softmax-diagonal-only). Or p − y "
        "is multiplied by a slope once more (softmax-slope-twice): it has the whole Jacobian in it already. Or p − "
        "y is used where the targets do not add up to 1: then it is p·Σy − y. And e raised to a large score "
        "overflows; subtracting the largest score first changes no probability."
    ),
    next=Command("cnnstep explain cross_entropy", "the loss that makes it short"),
    see_also=("cross_entropy", "dense", "network", "sigmoid"),
)


SHARES = (1.0, 0.9, 0.5, 0.1, 0.01, 0.001)
PLAIN = "half_squared_error"


def _cross_entropy_numbers(example: Example) -> tuple[Block, ...]:
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


CROSS_ENTROPY_PAGE = Topic(
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
    network=_cross_entropy_numbers,
    layers=("softmax",),
    goes_wrong=(
        "The sum over samples is read as a mean, or the other way round: then every gradient is off by the number "
        "of samples. Or softmax is applied twice, once in the network and once in a loss that has it built in: "
        "the probabilities come out far too even."
    ),
    next=Command("cnnstep explain softmax", "the Jacobian, and why it simplifies to p − y"),
    see_also=("softmax", "binary_cross_entropy", "loss", "batch"),
)


FEW, MANY = 10, 150
"""How many samples are learned from, once, and then once more."""
MOST_TESTS = 200
AT = (0, 10, 30, 60)
"""The iterations that are looked at."""
RATE = 0.01
DIGITS = "digits-cnn"


@dataclass(frozen=True)
class _Standing:
    """Mean loss a sample and the share of right answers, on what was learned from and on what was held back."""

    iteration: int
    loss: float
    test_loss: float
    right: float
    test_right: float


def right_share(output: Array, target: Array) -> float:
    """How many samples have their largest output where their largest target is."""
    return float((output.argmax(axis=1) == target.argmax(axis=1)).mean())


def _course(scenario: Scenario, samples: int) -> list[_Standing]:
    """The network trained with adam on its first samples."""
    adam = OPTIMIZERS["adam"]()
    inputs, targets = scenario.inputs[:samples], scenario.targets[:samples]
    lesson = lesson_of(replace(scenario, inputs=inputs, targets=targets, optimizer=adam, learning_rate=RATE))
    begin, standings = dict(lesson.start), list[_Standing]()
    for number in range(max(AT) + 1):
        if number in AT:
            standings.append(_standing(lesson, begin, number))
        begin = lesson.next_begin(lesson.carry_out(begin))
    return standings


def _standing(lesson: Lesson, begin: dict[str, Array], number: int) -> _Standing:
    scenario = lesson.scenario
    assert scenario.test_inputs is not None
    assert scenario.test_targets is not None
    held, answers = scenario.test_inputs[:MOST_TESTS], scenario.test_targets[:MOST_TESTS]
    seen, unseen = lesson.output_of(begin), lesson.output_of({**begin, "input": held})
    loss, test_loss = (scenario.loss.value(p, y) / len(y) for p, y in ((seen, scenario.targets), (unseen, answers)))
    return _Standing(number, loss, test_loss, right_share(seen, scenario.targets), right_share(unseen, answers))


def _accuracy_numbers(example: Example) -> tuple[Block, ...]:
    if example.scenario.test_inputs is None:
        instead = Example(example.load, DIGITS, False, example.style)
        return (
            Paragraph(f"Your network holds no samples back. Here is {DIGITS} in its place."),
            *_accuracy_numbers(instead),
        )
    scenario = example.scenario
    sizes = sorted({min(FEW, len(scenario.inputs)), min(MANY, len(scenario.inputs))})
    courses = {size: _course(scenario, size) for size in sizes}
    tests = min(MOST_TESTS, len(example.scenario.test_inputs))
    blocks: list[Block] = [
        Paragraph(
            f"The network learns from some of its samples, with adam and a learning rate of {example.text(RATE)}. "
            f"It is tested on {tests} others that it never learns from."
        )
    ]
    for size, course in courses.items():
        rows = tuple(
            (str(s.iteration), s.loss, s.test_loss, _percent(s.right, example), _percent(s.test_right, example))
            for s in course
        )
        columns = ("iteration", "loss, learned", "loss, held back", "right, learned", "right, held back")
        blocks.append(Table(columns, rows, f"With {size} samples to learn from; losses are means over the samples"))
    return (*blocks, *_verdict(courses, example))


def _percent(share: float, example: Example) -> str:
    return f"{example.text(round(100 * share, 1))} %"


def _verdict(courses: dict[int, list[_Standing]], example: Example) -> tuple[Block, ...]:
    few, many = (min(courses), max(courses))
    last = courses[few][-1]
    words = (
        f"After {last.iteration} iterations {_percent(last.right, example)} of the {few} samples are answered right, "
        f"and {_percent(last.test_right, example)} of those held back"
    )
    words += ": the gap is overfitting." if last.right > last.test_right else "."
    if many > few:
        words += f" With {many} samples to learn from it is {_percent(courses[many][-1].test_right, example)}."
    return (Paragraph(words),)


ACCURACY = Topic(
    name="accuracy",
    scenario=DIGITS,
    title="Accuracy and overfitting",
    summary="the share of right answers, on samples held back",
    group="networks",
    paragraphs=(
        "Accuracy is the share of samples whose largest output is the right class. The loss is what is trained, "
        "because it has a slope; accuracy is what is wanted.",
        "A network can memorise its samples. That is overfitting: it is right on them and often wrong on others. "
        "So some samples are held back, and only those show how well it generalises.",
    ),
    formula="accuracy = right answers / all answers",
    formula_words="on samples under test: in the scenario, which nothing is trained with",
    numbers=None,
    network=_accuracy_numbers,
    layers=("softmax",),
    samples=MANY,
    goes_wrong=(
        "The accuracy on the samples learned from is reported. Or the samples held back are used to choose the "
        "learning rate or the moment to stop: then they are no longer held back. More samples, fewer weights or "
        "stopping earlier help against overfitting."
    ),
    next=Command("cnnstep run {scenario}", "train it on all samples"),
    see_also=("cross_entropy", "loss", "network", "batch"),
)


PAGES = (SOFTMAX, CROSS_ENTROPY_PAGE, ACCURACY)
