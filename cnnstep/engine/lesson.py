"""A lesson: the ordered steps of a scenario. Forward layer by layer, the error, backward in reverse, the updates.

Everything that shows, checks or explains numbers reads these steps and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from cnnstep.engine.keys import expected
from cnnstep.engine.layers.layer import Layer, LayerContext, Parameter, Upstream
from cnnstep.engine.losses import error_step
from cnnstep.engine.optimizers import COUNT, Slot
from cnnstep.engine.quantity import IMAGE, Array, Quantity, Values, frozen, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
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
    """The lesson of a scenario; with `input_gradient` it also shows ∂L/∂X, which the first layer does not need.

    >>> cnnstep.lesson_of(cnnstep.scenario("first-filter")).names
    ('forward', 'activation', 'error', 'delta', 'gradient', 'update')
    """
    scenario = expected(Scenario, scenario, "a scenario", 'cnnstep.scenario("first-filter") gives one')
    contexts = _contexts(scenario)
    forward = [layer.forward(context) for layer, context in contexts]
    output = forward[-1].quantity
    target = Quantity("target", "t", output.layout, "given")
    error, upstream = error_step(scenario, output, target)
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
        hidden, samples = scenario.hidden & vocabulary.optional, len(scenario.inputs)
        context = LayerContext(name, source, size, words, hidden, scenario.sign, samples)
        contexts.append((layer, context))
        source = layer.forward(context).quantity
        size = layer.output_size(size)
    return contexts


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
