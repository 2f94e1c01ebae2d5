"""Mistakes at the activation on the way back: the slope, or the mask that a ReLU makes of it."""

from __future__ import annotations

from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Case, Slant, mistake


def _upstream(case: Case) -> Array:
    """∂L/∂a: the error, with the weight that the loss gives it; in a network it has that already."""
    error = case.input(0)
    if case.lesson.scenario.is_network or len(case.step.inputs) < 3:
        return error
    output = case.input(1)
    return case.lesson.scenario.loss.weight(output, output.size) * error


def _z(case: Case) -> Array:
    return case.input(-1)


def _output(case: Case) -> Array:
    return case.activation.phi.value(_z(case))


def _slope(case: Case) -> Array:
    return case.activation.phi.slope(_z(case))


def _masks(case: Case) -> bool:
    """Whether the activation's slope is a mask: one thing for positive z, another for negative."""
    return case.activation.phi.name in ("relu", "leaky_relu")


mistake(
    "slope-forgotten",
    "you left out the activation's slope",
    "You used the error as δ, without multiplying by φ′(z).",
    "δ says how the loss changes with z, and a change of z reaches the output multiplied by φ′(z). Where that "
    "slope is small or 0, little or nothing of the error belongs to z. (With sigmoid and binary cross-entropy, δ "
    "= e is right: the slope cancels.)",
    "δ = e ⊙ φ′(z), cell by cell.",
    shown_on="unreachable-target",
    delta=Slant(working=_upstream),
)

mistake(
    "slope-at-output",
    "you took the slope at a, not at z",
    "You put the output into φ′: φ′(a).",
    "φ′ has to be taken at the number that went in, and that is z. With sigmoid or tanh the two are within a few "
    "per cent of each other near z = 0, which looks like rounding; further out they are several times apart.",
    "δ = e ⊙ φ′(z). Written with the output, φ′(z) is a·(1 − a) for sigmoid and 1 − a² for tanh.",
    shown_on="sigmoid",
    delta=Slant(working=lambda case: _upstream(case) * case.activation.phi.slope(_output(case))),
)

mistake(
    "mask-not-strict",
    "your mask lets everything through",
    "You let δ pass where a ≥ 0. After a ReLU that is everywhere.",
    "A cell with a negative z has a = 0, and 0 ≥ 0 holds, so its error passes back although its slope is 0.",
    "Let δ pass where z > 0.",
    shown_on="unreachable-target",
    delta=Slant(
        working=lambda case: _upstream(case) * (case.activation.phi.value(_z(case)) >= 0) if _masks(case) else None
    ),
)

mistake(
    "mask-inverted",
    "your mask is the wrong way round",
    "You let δ pass where z ≤ 0 and stopped it where z > 0.",
    "The cells that should learn most then learn nothing, and those that should learn little or nothing move the "
    "weights.",
    "Let δ pass where z > 0. Where z is negative it is 0 (for leaky_relu: slope · e).",
    delta=Slant(working=lambda case: _upstream(case) * (_z(case) <= 0) if _masks(case) else None),
)

mistake(
    "mask-on-error",
    "you masked by the error's sign, not by z",
    "You set δ to 0 where the error was negative.",
    "The mask depends on z, not on the error: a negative error has to go back just as a positive one does.",
    "δ = e ⊙ φ′(z), whatever the sign of e.",
    shown_on="target-minus-output",
    delta=Slant(working=lambda case: _upstream(case) * (case.input(0) > 0) if _masks(case) else None),
)

mistake(
    "mask-alone",
    "you wrote the slope alone, without the error",
    "You took φ′(z) for δ and dropped the error.",
    "The gradient then does not depend on the target at all.",
    "δ = e ⊙ φ′(z): multiply the two.",
    delta=Slant(working=_slope),
)

mistake(
    "slope-twice",
    "you multiplied by the slope twice",
    "You worked out e·φ′(z)·φ′(z).",
    "The chain rule passes through each activation once. The slope of sigmoid is at most ¼, so with sigmoid δ "
    "comes out at a quarter of what it should be, or less.",
    "δ = e ⊙ φ′(z), with the slope once.",
    shown_on="sigmoid",
    delta=Slant(result=lambda case, delta: delta * _slope(case)),
)
