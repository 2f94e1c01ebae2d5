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
    "You took the error for δ, without × φ′(z).",
    "An error reaches the filter only as far as the activation lets it through. A dead cell with an error"
    " would pull on the "
    "weights though no small change of them moves it. (With a sigmoid, δ = e is right for cross-entropy: "
    "there the slope cancels.)",
    "δ = e ⊙ φ′(z), cell by cell.",
    shown_on="unreachable-target",
    delta=Slant(working=_upstream),
)

mistake(
    "slope-at-output",
    "you took the slope at a, not at z",
    "You put the output into φ′: φ′(a).",
    "φ′ is the slope where the number went in, and that is z. With a sigmoid the difference is a few per "
    "cent and looks like rounding.",
    "δ = e ⊙ φ′(z). For a sigmoid φ′(z) is a·(1 − a): that is already written in a.",
    shown_on="sigmoid",
    delta=Slant(working=lambda case: _upstream(case) * case.activation.phi.slope(_output(case))),
)

mistake(
    "mask-not-strict",
    "your mask lets everything through",
    "You let δ pass where a ≥ 0. After a ReLU that is everywhere.",
    "A dead cell has a = 0, and 0 ≥ 0 holds, so its error passes back though its slope is 0.",
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
    "The cells that worked learn nothing, and the dead ones pull on the weights.",
    "Let δ pass where z > 0.",
    delta=Slant(working=lambda case: _upstream(case) * (_z(case) <= 0) if _masks(case) else None),
)

mistake(
    "mask-on-error",
    "you masked by the error's sign, not by z",
    "You set δ to 0 where the error was negative.",
    "The mask asks whether the cell was active, so it looks at z. An output that is too low must pass its"
    " negative error back.",
    "Let δ pass where z > 0, whatever the error's sign.",
    shown_on="target-minus-output",
    delta=Slant(working=lambda case: _upstream(case) * (case.input(0) > 0) if _masks(case) else None),
)

mistake(
    "mask-alone",
    "you wrote the slope alone, without the error",
    "You took φ′(z) for δ: the error was overwritten.",
    "The gradient then does not depend on the target at all.",
    "δ = e ⊙ φ′(z): multiply the two.",
    delta=Slant(working=_slope),
)

mistake(
    "slope-twice",
    "you multiplied by the slope twice",
    "You worked out e·φ′(z)·φ′(z).",
    "The chain rule passes each activation once. With a sigmoid, δ comes out at a quarter or less of what"
    " it should be.",
    "δ = e ⊙ φ′(z), once.",
    shown_on="sigmoid",
    delta=Slant(result=lambda case, delta: delta * _slope(case)),
)
