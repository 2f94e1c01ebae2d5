"""A question and the work on it, whatever its layers: the manner of working, and the steps one after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.oracle.cells import Cells, rounded

SQUARES = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
UNSIGNED = ("forward", "activation", "update", "second_moment")
"""How the names of those steps end whose numbers are the same whichever sign the error was given."""


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """What is asked: where to learn from, how fast, and by which conventions. `error` is the sign of e = ±(a − t)."""

    target: Cells = field(repr=False)
    rate: float
    loss: str = "half_squared_error"
    error: int = 1
    at_zero: float = 0.0
    optimizer: str = "sgd"
    iteration: int = 0

    @property
    def count(self) -> int:
        """n: the target's cells, the batch included."""
        return len(self.target)

    @property
    @abstractmethod
    def into_relu(self) -> tuple[str, ...]:
        """The steps whose numbers go into a ReLU: where one is exactly 0, its slope is a convention."""

    @property
    @abstractmethod
    def number_at(self) -> str:
        """Where the scenario itself puts in the loss's number."""

    @abstractmethod
    def keys(self) -> dict[str, Any]:
        """The scenario's keys."""

    @abstractmethod
    def shown(self, step: str, array: Cells) -> Cells:
        """A step's array as its author writes it: without axes that the scenario does not have."""

    @abstractmethod
    def names(self, *, sent_back: bool = False) -> tuple[str, ...]:
        """The steps in their order; with `sent_back` the input's gradient too."""

    @abstractmethod
    def begun(self, manner: Manner, before: Work | None) -> Work:
        """The work before its first step, after that of the iteration `before`."""

    def shared_keys(self) -> dict[str, Any]:
        """The keys that every scenario has."""
        return {
            "learning_rate": self.rate,
            "loss": self.loss,
            "error": "output_minus_target" if self.error > 0 else "target_minus_output",
            "relu_slope_at_zero": self.at_zero,
            "optimizer": self.optimizer,
        }


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
    at: str
    turned: bool = False
    digits: int | None = None

    @classmethod
    def of(cls, question: Question) -> Manner:
        """The scenario's own."""
        return cls(question.error, question.loss, question.at_zero, question.number_at)

    @property
    def sign(self) -> int:
        """The sign of the gradient that is carried to the update: ±∂L/∂W."""
        return -self.error if self.turned else self.error


def factor(loss: str, count: int) -> float:
    """The number before e in ∂L/∂a; 1 for a cross-entropy, which has a weight of its own."""
    return {
        "squared_error": 2.0,
        "mean_squared_error": 2.0 / count,
        "half_mean_squared_error": 1.0 / count,
    }.get(loss, 1.0)


@dataclass
class Work(ABC):
    """The numbers so far, by name: those of the question, then one step after another.

    `before` is the work of the iteration before this one, if there was one.
    """

    manner: Manner
    steps: dict[str, Cells]
    before: Work | None = field(repr=False)

    def __getitem__(self, name: str) -> Cells:
        return self.steps[name]

    @abstractmethod
    def right(self, step: str) -> Cells:
        """The step carried out rightly from the numbers so far."""

    @property
    def number_of_updates(self) -> int:
        """How many updates there will have been after this one."""
        return 1 + (self.before.number_of_updates if self.before else 0)


Wrong = Callable[[Any], Cells]
"""A step carried out wrongly, from the work so far."""


def work(
    question: Question,
    manner: Manner | None = None,
    wrong: Mapping[str, Wrong] | None = None,
    typed: Mapping[str, Cells] | None = None,
    until: str = "",
) -> Any:
    """The question's iteration, up to a step; those in `wrong` are carried out so, those in `typed` are as they are.

    The iterations before were the scenario's own, but for the sign of what was remembered. A wrong step of another
    size is the last one: nobody gets further.
    """
    manner = manner or Manner.of(question)
    own = replace(Manner.of(question), error=manner.error, turned=manner.turned)
    names = question.names(sent_back=True)
    before = None
    for _ in range(question.iteration):
        before = question.begun(own, before)
        for name in names:
            before.steps[name] = before.right(name)
    done, wrong, typed = question.begun(manner, before), wrong or {}, typed or {}
    for name in names:
        exact = typed[name] if name in typed else wrong[name](done) if name in wrong else done.right(name)
        done.steps[name] = exact if manner.digits is None or name in typed else rounded(exact, manner.digits)
        if name == until or (name in wrong and _stuck(done, name)):
            break
    return done


def _stuck(done: Work, name: str) -> bool:
    """Whether nobody can go on from a wrong step: it has another size, or no roots."""
    if name.endswith("second_moment"):
        return min(done[name].values()) < 0
    return done[name].keys() != done.right(name).keys()
