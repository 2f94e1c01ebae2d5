"""A lesson: the ordered steps of a scenario. Forward layer by layer, the error, backward in reverse, the updates.

Everything that shows, checks or explains numbers reads these steps and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from cnnstep.engine.keys import expected
from cnnstep.engine.layers.layer import Layer, LayerContext, Parameter, Upstream
from cnnstep.engine.losses import Loss
from cnnstep.engine.optimizers import COUNT, Slot
from cnnstep.engine.quantity import IMAGE, Array, Cell, Quantity, Values, frozen, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Factor, Put, ShortForm, Step, Term, Working, read
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean


@dataclass(frozen=True)
class Trained:
    """Weights or biases w, and the names of the steps that move them: ∂L/∂w, the optimizer's memory, the update."""

    leaf: Quantity
    gradient: str
    memory: tuple[str, ...]
    update: str


@dataclass(frozen=True)
class LayerSteps:
    """One layer in its lesson: its forward step, ∂L/∂ of its output, the steps of its gradients, and what it trains.

    `upstream` is None where nothing comes back, which is before the first trained layer.
    """

    name: str
    layer: Layer
    forward: Step
    upstream: Quantity | None
    gradients: tuple[Step, ...]
    leaves: tuple[Quantity, ...]

    def steepness(self, values: Values) -> float:
        """‖∂L/∂(weights and bias)‖."""
        return norm(*(values[step.name] for step in self.gradients))


@dataclass(frozen=True)
class Lesson:
    """The steps of one iteration, the values they start from, and what the next iteration starts from.

    `leaves` are the quantities that no step computes (input, target, weights, memory). `carried` pairs each
    trained or remembered leaf with the step whose result it is in the next iteration. `trained` are the weights and
    biases, from the first layer to the last. `own` are the steps as the
    scenario gives them, whatever is put in the place of `steps`.
    """

    scenario: Scenario
    steps: tuple[Step, ...]
    leaves: tuple[Quantity, ...]
    start: Mapping[str, Array] = field(repr=False)
    carried: tuple[tuple[str, str], ...]
    output: Quantity
    own: tuple[Step, ...] = field(repr=False)
    trained: tuple[Trained, ...] = ()

    @property
    def altered(self) -> bool:
        """Whether other steps than the scenario's own are carried out, such as a mistake."""
        return self.steps is not self.own

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The steps' names in their order."""
        return tuple(step.name for step in self.steps)

    @cached_property
    def _by_name(self) -> Mapping[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def _computations(self) -> tuple[tuple[str, Callable[[Values], Array]], ...]:
        return tuple((step.name, step.compute) for step in self.steps)

    @cached_property
    def layers(self) -> tuple[LayerSteps, ...]:
        """The layers from first to last: each receives what the one after it sends back, the last one the error."""
        found: list[LayerSteps] = []
        upstream: Quantity | None = self.step("error").quantity
        for layer, name in reversed(self.scenario.named_layers):
            own = [step for step in self.steps if step.part is layer]
            gradients = tuple(step for step in own if step.is_gradient)
            made = {step.name for step in gradients}
            leaves = tuple(one.leaf for one in self.trained if one.gradient in made)
            found.append(LayerSteps(name, layer, own[0], upstream, gradients, leaves))
            upstream = next((step.quantity for step in own if step.role == "input_gradient"), None)
        return tuple(reversed(found))

    def step(self, name: str) -> Step:
        """The step of this name, or of a bare word that can mean only one; `InputError` where there is not just one."""
        if name in self._by_name:
            return self._by_name[name]
        matching = [s for s in self.steps if s.word == name or s.name.endswith(f".{name}")]
        if len(matching) == 1:
            return matching[0]
        if matching:
            several = ", ".join(step.name for step in matching)
            raise InputError(Fault("ambiguous-step", f'"{name}" can mean several steps', f"say which: {several}"))
        hint = did_you_mean(name, self.names)
        raise InputError(Fault("unknown-step", f'there is no step called "{name}"', hint))

    def called(self, word: str) -> Iterator[Step]:
        """All steps that learners call by this word, in their order."""
        return (step for step in self.steps if step.word == word)

    def quantity(self, name: str) -> Quantity:
        """The quantity of this name: a step's result or a leaf; `InputError` where there is neither."""
        return self._quantities.get(name) or self.step(name).quantity

    @cached_property
    def _quantities(self) -> Mapping[str, Quantity]:
        return {one.name: one for one in (*(step.quantity for step in self.steps), *self.leaves)}

    def carry_out(self, begin: Values) -> Mapping[str, Array]:
        """All values of one iteration, from the leaves' values: every step in its order, read-only."""
        values = dict(begin)
        for name, compute in self._computations:
            result = compute(values)
            result.setflags(write=False)
            values[name] = result
        return MappingProxyType(values)

    def next_begin(self, values: Values) -> dict[str, Array]:
        """The leaves' values for the next iteration."""
        begin = {leaf: values[source] for leaf, source in self._sources}
        count = np.asarray(values[COUNT.name] + 1)
        count.setflags(write=False)
        begin[COUNT.name] = count
        return begin

    @cached_property
    def _sources(self) -> tuple[tuple[str, str], ...]:
        """Each leaf with the quantity that it is in the next iteration."""
        return tuple(({name: name for name in self.start} | dict(self.carried)).items())

    def output_of(self, begin: Values) -> Array:
        """The last layer's output alone, from the leaves' values."""
        values = dict(begin)
        for step in self.steps:
            values[step.name] = step.compute(values)
            if step.name == self.output.name:
                break
        return values[self.output.name]

    @cached_property
    def least_loss(self) -> float:
        """L of a perfect output."""
        return self.scenario.loss.least(self.scenario.targets)

    @cached_property
    def blank_loss(self) -> float:
        """L of an output of 0; may be inf."""
        targets = self.scenario.targets
        return self.scenario.loss.value(np.zeros_like(targets), targets)

    def loss(self, values: Values) -> float:
        """L of these values."""
        return self.scenario.loss.value(values[self.output.name], values["target"])


def lesson_of(scenario: Scenario, *, input_gradient: bool = False) -> Lesson:
    """The lesson of a scenario; with `input_gradient` it also shows ∂L/∂X, which the first layer does not need."""
    scenario = expected(Scenario, scenario, "a scenario", 'cnnstep.scenario("first-filter") gives one')
    contexts = _contexts(scenario)
    forward = [layer.forward(context) for layer, context in contexts]
    output = forward[-1].quantity
    target = Quantity("target", "t", output.layout, "given")
    error, upstream = (_difference if scenario.vocabulary.shows_difference else _slope)(scenario, output, target)
    backward: list[Step] = []
    trains = [bool(layer.parameters(context)) for layer, context in contexts]
    for index in reversed(range(len(contexts))):
        layer, context = contexts[index]
        needed = any(trains[:index])
        steps = layer.backward(context, upstream, send_back=needed or input_gradient)
        backward.extend(steps)
        if not (needed or input_gradient):
            break
        upstream = Upstream.of(steps[-1].quantity)
    parameters = [(p, context.layer) for layer, context in contexts for p in layer.parameters(context)]
    updates, carried, memory, trained = _updates(scenario, parameters)
    start = {"input": scenario.inputs, "target": scenario.targets, COUNT.name: frozen(0.0)}
    start |= {p.quantity.name: p.start for p, _ in parameters} | memory
    memories = [q for step in updates for q in step.inputs if q.name in memory]
    leaves = (contexts[0][1].source, target, *(p.quantity for p, _ in parameters), *dict.fromkeys(memories), COUNT)
    steps = (*forward, error, *backward, *updates)
    return Lesson(scenario, steps, leaves, MappingProxyType(start), carried, output, steps, trained)


def lesson_with(scenario: Scenario, name: str) -> Lesson:
    """The lesson that has a step of this name; only where it is ∂L/∂X does it show that."""
    plain = lesson_of(scenario)
    return plain if name in plain.names else lesson_of(scenario, input_gradient=True)


def _contexts(scenario: Scenario) -> list[tuple[Layer, LayerContext]]:
    """Where each layer stands: what it reads and what its results are called."""
    source = Quantity("input", "X", scenario.layout(IMAGE), "given")
    size = scenario.inputs.shape[1:]
    vocabulary = scenario.vocabulary
    contexts = []
    for number, (layer, name) in enumerate(scenario.named_layers, 1):
        words = vocabulary.names(layer, name, number, source.symbol)
        context = LayerContext(name, source, size, words, scenario.hidden & vocabulary.optional, scenario.sign)
        contexts.append((layer, context))
        source = layer.forward(context).quantity
        size = layer.output_size(size)
    return contexts


def _difference(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
    """e = a − t (or t − a), and what it sends back: weight(a) · e."""
    loss, sign = scenario.loss, scenario.sign
    error = Quantity("error", "e", output.layout)

    def compute(values: Values) -> Array:
        a, t = values[output.name], values[target.name]
        return a - t if sign > 0 else t - a

    def working(values: Values, cell: Cell) -> Working:
        return Working(_subtracted(output, target, sign, values, cell))

    formula = "e = a − t" if sign > 0 else "e = t − a"
    step = Step(error, "error", formula, (output, target), compute, working, loss)
    upstream = _weighted(loss, error, output, target)
    if loss.only_with == scenario.layers[-1].kind:
        note = "the loss's weight cancels the slope"
        short = ShortForm(
            error.symbol,
            lambda values: values[error.name].copy(),
            lambda values, cell: (Term((read(error, values, cell),), note),),
        )
        upstream = replace(upstream, short=short)
    return step, upstream


def _subtracted(output: Quantity, target: Quantity, sign: int, values: Values, cell: Cell) -> tuple[Term, ...]:
    """a − t, or t − a."""
    first, second = (output, target) if sign > 0 else (target, output)
    return Term((read(first, values, cell),)), Term((Factor("−1", -1.0), read(second, values, cell)))


def _slope(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
    """∂L/∂a of the output a, in the direction that the scenario's sign says, which goes back as it is."""
    loss, sign = scenario.loss, scenario.sign
    error = Quantity("error", f"∂L/∂{output.symbol}", output.layout, negated=sign < 0)

    def compute(values: Values) -> Array:
        return sign * loss.slope(values[output.name], values[target.name])

    def working(values: Values, cell: Cell) -> Working:
        a, t = read(output, values, cell), read(target, values, cell)
        outer = (Factor("−1", -1.0),) if sign < 0 else ()
        if loss.pull is not None:
            put = Put("1/{p}", {"p": a.value}, lambda numbers: _inverse(numbers["p"])) if t.value else None
            part = Factor(f"1/{a.label}", _inverse(a.value) if t.value else 0.0, a.source, a.cell, put)
            return Working((Term((*outer, Factor("−1", -1.0), t, part)),))
        weight = () if not loss.weight_formula else (_weight(loss, values[output.name], cell),)
        if weight and math.isinf(weight[0].value):
            e = Factor(f"({a.label} − {t.label})", a.value - t.value)
            return Working((Term((*outer, *(weight if e.value else ()), e)),))
        return Working((Term((*outer, *weight, a)), Term((*outer, Factor("−1", -1.0), *weight, t))))

    slope = loss.pull_formula or f"{loss.weight_formula} ({output.symbol} − t)".strip()
    formula = f"{error.symbol} = {slope if sign > 0 else f'−[{slope}]'}"
    step = Step(error, "error", formula, (output, target), compute, working, loss)
    upstream = Upstream.of(error)
    sums_to_one = np.allclose(scenario.targets.sum(axis=-1), 1.0, rtol=0.0, atol=1e-12)
    if loss.only_with == scenario.layers[-1].kind:
        upstream = _shortened(upstream, output, target, sign, sums_to_one or loss.pull is None)
    return step, upstream


def _shortened(upstream: Upstream, output: Quantity, target: Quantity, sign: int, is_difference: bool) -> Upstream:
    """The same with a − t as ∂L/∂ of the last layer's input; a·Σt − t where softmax meets targets of another sum."""

    def short(values: Values) -> Array:
        a, t = values[output.name], values[target.name]
        return sign * ((a if is_difference else a * t.sum(axis=-1, keepdims=True)) - t)

    def terms(values: Values, cell: Cell) -> tuple[Term, ...]:
        if is_difference:
            return _subtracted(output, target, sign, values, cell)
        total = Factor("Σt", float(values[target.name][cell[0]].sum()))
        a, t = read(output, values, cell), read(target, values, cell)
        return Term((Factor(f"{sign}", sign), a, total)), Term((Factor(f"{-sign}", -sign), t))

    first = output.symbol if is_difference else f"{output.symbol}·Σt"
    formula = f"{first} − t" if sign > 0 else f"t − {first}"
    inputs = (*upstream.inputs, output, target)
    return replace(upstream, inputs=inputs, short=ShortForm(formula, short, terms))


def _inverse(value: float) -> float:
    return 1.0 / value if value else math.inf


def _weight(loss: Loss, output: Array, cell: Cell) -> Factor:
    """What stands before e, such as 2/n or 1/(a(1 − a))."""
    a, count = float(output[cell]), output.size
    value = loss.weight_at(a, count)
    if loss.factor is None:
        put = Put(loss.weight_put, {"a": a}, lambda numbers: loss.weight_at(numbers["a"], count))
        return Factor(loss.weight_label, value, put=put if math.isfinite(value) else None)
    words = "n counts all target cells: {n}"
    put = Put(loss.weight_put, {"n": float(count)}, lambda numbers: loss.weight_at(a, int(numbers["n"])), words)
    return Factor(loss.weight_label, value, put=put if loss.counts_cells else None)


def _weighted(loss: Loss, error: Quantity, output: Quantity, target: Quantity) -> Upstream:
    if not loss.weight_formula:
        return Upstream.of(error)

    def factors(values: Values, cell: Cell) -> tuple[Factor, ...]:
        return _weight(loss, values[output.name], cell), read(error, values, cell)

    def weighted(values: Values) -> Array:
        return loss.weight(values[output.name], values[target.name].size) * values[error.name]

    return Upstream((error, output), f"{loss.weight_formula} {error.symbol}", weighted, factors)


def _updates(
    scenario: Scenario, parameters: list[tuple[Parameter, str]]
) -> tuple[list[Step], tuple[tuple[str, str], ...], dict[str, Array], tuple[Trained, ...]]:
    """The optimizer's steps, what they carry over, the memory they begin with, and what they train."""
    steps: list[Step] = []
    carried: list[tuple[str, str]] = []
    memory: dict[str, Array] = {}
    trained: list[Trained] = []
    for parameter, layer in parameters:
        before = (f"{layer}." if layer else "") + ("bias_" if parameter.is_bias else "")

        def name(word: str, prefix: str = before) -> str:
            return prefix + word

        slot = Slot(parameter.quantity, parameter.gradient, name, scenario.sign, layer, parameter.is_bias)
        steps.extend(scenario.optimizer.steps(slot, scenario.learning_rate))
        carried.append((parameter.quantity.name, name("update")))
        for word in scenario.optimizer.memory:
            carried.append((f"{name(word)}_before", name(word)))
            memory[f"{name(word)}_before"] = frozen(np.zeros_like(parameter.start))
        words = scenario.optimizer.memory
        trained.append(Trained(slot.parameter, slot.gradient.name, tuple(map(name, words)), name("update")))
    return steps, tuple(carried), memory, tuple(trained)
