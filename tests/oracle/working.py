"""A question worked through, step by step, in the manner of whoever works it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt

from tests.oracle.cells import Cells, each, rounded, times
from tests.oracle.layers import Phi, bias_gradient, correlate, filter_gradient, input_gradient
from tests.oracle.question import Question

MOMENTUM, BETA1, BETA2, EPSILON = 0.9, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Manner:
    """The conventions that somebody works by; every one of them is right if it is carried through.

    `error` is the sign of e = ±(a − t), `turned` puts a minus in at the gradient, `loss` is the loss they have in
    mind, whose number goes in `at` the error, the delta or the gradient. `digits`: each result is rounded so
    before they go on.
    """

    error: int
    loss: str
    at_zero: float
    turned: bool = False
    at: str = "delta"
    digits: int | None = None

    @classmethod
    def of(cls, question: Question) -> Manner:
        """The scenario's own."""
        return cls(question.error, question.loss, question.at_zero)

    @property
    def sign(self) -> int:
        """The sign of the gradient that is carried to the update: ±∂L/∂W."""
        return -self.error if self.turned else self.error


def factor(loss: str, count: int) -> float:
    """The number before e in ∂L/∂a; for binary cross-entropy 1, since its own weight cancels the sigmoid's slope."""
    return {
        "squared_error": 2.0,
        "mean_squared_error": 2.0 / count,
        "half_mean_squared_error": 1.0 / count,
    }.get(loss, 1.0)


@dataclass
class Work:
    """The numbers so far: the question's own under `input`, `filter`, `bias`, `target`, then one step after another.

    `before` is the work of the iteration before this one, if there was one.
    """

    question: Question
    manner: Manner
    before: Work | None = field(default=None, repr=False)
    steps: dict[str, Cells] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Cells:
        return self.steps[name]

    @property
    def phi(self) -> Phi:
        """The activation, with this manner's slope at zero."""
        return self.question.activation(self.manner.at_zero)

    @property
    def upstream(self) -> Cells:
        """∂L/∂a as far as the manner has it: the error, with the loss's number if it goes in at the delta."""
        return times(self.number("delta"), self["error"])

    def number(self, at: str) -> float:
        """The loss's number if this is where it goes in, else 1."""
        return factor(self.manner.loss, self.question.count) if self.manner.at == at else 1.0

    def loss(self, output: Cells) -> float:
        """L of an output: ½·(the loss's number)·Σe²."""
        squares = sum((a - self["target"][cell]) ** 2 for cell, a in output.items())
        return 0.5 * factor(self.manner.loss, self.question.count) * squares

    @property
    def turn(self) -> float:
        """What the manner puts before the sum at the gradient: a minus, the loss's number."""
        return (-1.0 if self.manner.turned else 1.0) * self.number("gradient")

    def memory(self, role: str) -> Cells:
        """The velocity or average as the iteration began with it: zeros at first."""
        if self.before is not None:
            return self.before[role]
        return dict.fromkeys(self["bias" if role.startswith("bias_") else "filter"], 0.0)

    @property
    def number_of_updates(self) -> int:
        """How many updates there will have been after this one."""
        return 1 + (self.before.number_of_updates if self.before else 0)

    def right(self, step: str) -> Cells:
        """The step carried out rightly from the numbers so far."""
        bias = step.startswith("bias_")
        return RIGHT.get(step, RIGHT[step.removeprefix("bias_")])(self, "bias_" if bias else "")


Step = Callable[[Work, str], Cells]


def _forward(w: Work, _: str) -> Cells:
    return correlate(w["input"], w["filter"], w.steps.get("bias"), w.question.geometry)


def _error(w: Work, _: str) -> Cells:
    sign = w.manner.error * w.number("error")
    return each(lambda a, t: sign * (a - t), w["activation"], w["target"])


def _delta(w: Work, _: str) -> Cells:
    if w.manner.loss == "binary_cross_entropy":
        return dict(w["error"])
    return each(lambda e, z: e * w.phi.slope(z), w.upstream, w["forward"])


def _gradient(w: Work, _: str) -> Cells:
    return times(w.turn, filter_gradient(w["input"], w["delta"], w.question.window, w.question.geometry))


def _input_gradient(w: Work, _: str) -> Cells:
    return input_gradient(w["input"], w["filter"], w["delta"], w.question.geometry)


def _velocity(w: Work, prefix: str) -> Cells:
    return each(lambda v, g: MOMENTUM * v + g, w.memory(f"{prefix}velocity"), w[f"{prefix}gradient"])


def _first_moment(w: Work, prefix: str) -> Cells:
    return each(lambda m, g: BETA1 * m + (1 - BETA1) * g, w.memory(f"{prefix}first_moment"), w[f"{prefix}gradient"])


def _second_moment(w: Work, prefix: str) -> Cells:
    before = w.memory(f"{prefix}second_moment")
    return each(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, before, w[f"{prefix}gradient"])


def _update(w: Work, prefix: str) -> Cells:
    step = w.manner.sign * w.question.rate
    return each(lambda old, d: old - step * d, w[prefix.removesuffix("_") or "filter"], direction(w, prefix))


def direction(w: Work, prefix: str) -> Cells:
    """What the optimizer multiplies the rate by."""
    if w.question.optimizer == "sgd":
        return w[f"{prefix}gradient"]
    if w.question.optimizer == "momentum":
        return w[f"{prefix}velocity"]
    if w.question.optimizer == "nesterov":
        return each(lambda g, v: g + MOMENTUM * v, w[f"{prefix}gradient"], w[f"{prefix}velocity"])
    first, second = (1.0 - beta**w.number_of_updates for beta in (BETA1, BETA2))
    m, s = w[f"{prefix}first_moment"], w[f"{prefix}second_moment"]
    return each(lambda m, s: (m / first) / (sqrt(s / second) + EPSILON), m, s)


RIGHT: Mapping[str, Step] = {
    "forward": _forward,
    "activation": lambda w, _: each(w.phi.value, w["forward"]),
    "error": _error,
    "delta": _delta,
    "gradient": _gradient,
    "bias_gradient": lambda w, _: times(w.turn, bias_gradient(w["delta"])),
    "input_gradient": _input_gradient,
    "velocity": _velocity,
    "first_moment": _first_moment,
    "second_moment": _second_moment,
    "update": _update,
}


def names(question: Question, *, sent_back: bool = False) -> tuple[str, ...]:
    """The question's steps in their order; with `sent_back` the input's gradient too."""
    biased = question.bias is not None
    last = (*question.memory, "update")
    return (
        *("forward", "activation", "error", "delta", "gradient"),
        *(("bias_gradient",) if biased else ()),
        *(("input_gradient",) if sent_back else ()),
        *last,
        *((f"bias_{name}" for name in last) if biased else ()),
    )


Wrong = Callable[[Work], Cells]
"""A step carried out wrongly, from the numbers so far."""


def work(
    question: Question,
    manner: Manner | None = None,
    wrong: Mapping[str, Wrong] | None = None,
    typed: Mapping[str, Cells] | None = None,
    until: str = "",
) -> Work:
    """The question's iteration, up to a step; those in `wrong` are carried out so, those in `typed` are as they are.

    The iterations before were the scenario's own, but for the sign of what was remembered. A wrong step of another
    size is the last one: nobody gets further.
    """
    manner = manner or Manner.of(question)
    own = replace(Manner.of(question), error=manner.error, turned=manner.turned)
    before = None
    for _ in range(question.iteration):
        before = _begun(question, own, before)
        for name in names(question, sent_back=True):
            before.steps[name] = before.right(name)
    done, wrong, typed = _begun(question, manner, before), wrong or {}, typed or {}
    for name in names(question, sent_back=True):
        exact = typed[name] if name in typed else wrong[name](done) if name in wrong else done.right(name)
        done.steps[name] = exact if manner.digits is None or name in typed else rounded(exact, manner.digits)
        if name == until or (name in wrong and _stuck(done, name)):
            break
    return done


def _begun(question: Question, manner: Manner, before: Work | None) -> Work:
    done = Work(question, manner, before, {"input": question.image, "target": question.target})
    done.steps["filter"] = before["update"] if before else question.filter
    if question.bias is not None:
        done.steps["bias"] = before["bias_update"] if before else question.bias
    return done


def _stuck(done: Work, name: str) -> bool:
    """Whether nobody can go on from a wrong step: it has another size, or no roots."""
    if name.endswith("second_moment"):
        return min(done[name].values()) < 0
    return done[name].keys() != done.right(name).keys()
