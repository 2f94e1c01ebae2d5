"""Mistakes with several samples: how their parts come together in a gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.context import Setting, StepContext
from cnnstep.tutor.mistakes.mistake import Alteration, mistake


def _is_batch(at: Setting) -> bool:
    return at.samples > 1


def _takes_the_mean(at: Setting) -> bool:
    """Whether the loss has a 1/n in it."""
    return at.loss.factor is not None and at.loss.factor(2) != at.loss.factor(1)


def _over_samples(case: StepContext, gradient: Array) -> Array:
    return gradient / case.samples


_DIVIDED = Alteration(result=_over_samples)

mistake(
    "averaged-over-batch",
    "you divided by the number of samples",
    lambda at: f"You took the mean over the {at.samples} samples.",
    lambda at: (
        f"The loss here is a sum, {at.loss.formula}, so its gradient is a sum too. The mean belongs to a loss that is "
        "a mean over the samples, as cross-entropy is in many libraries."
    ),
    lambda at: at.right_line,
    when=lambda at: _is_batch(at) and not _takes_the_mean(at),
    shown_on="small-batch",
    gradient=_DIVIDED,
    bias_gradient=_DIVIDED,
    dense_gradient=_DIVIDED,
    transposed_conv_gradient=_DIVIDED,
    dense_bias_gradient=_DIVIDED,
)


def _divided_again(case: StepContext, gradient: Array) -> tuple[Array, ...]:
    """By the square of the samples' number where the loss is a sum; else by that number or the cells' once more."""
    cells = case.scenario.targets.size
    if not _takes_the_mean(case):
        return (gradient / case.samples**2,)
    return tuple(gradient / count for count in dict.fromkeys((case.samples, cells)) if count > 1)


_DIVIDED_AGAIN = Alteration(result=_divided_again)


def _twice(at: Setting) -> str:
    if _takes_the_mean(at):
        return "The loss has divided already, and you divided the gradient once more."
    return f"You divided by the {at.samples} samples twice: in the loss, and again in the gradient."


mistake(
    "averaged-twice",
    "you divided twice",
    _twice,
    lambda at: (
        f"The loss is {at.loss.formula}: "
        + ("its 1/n is in δ, and so in the gradient." if _takes_the_mean(at) else "it does not divide at all.")
    ),
    lambda at: at.right_line,
    when=lambda at: _is_batch(at) or _takes_the_mean(at),
    shown_on="small-batch",
    gradient=_DIVIDED_AGAIN,
    bias_gradient=_DIVIDED_AGAIN,
    dense_gradient=_DIVIDED_AGAIN,
    transposed_conv_gradient=_DIVIDED_AGAIN,
    dense_bias_gradient=_DIVIDED_AGAIN,
)


def _of_one_sample(case: StepContext) -> tuple[Mapping[str, Array], ...]:
    """δ of the first sample alone, or of the last: as if the others were 0."""
    delta = case.step.inputs[0 if case.step.role == "bias_gradient" else 1].name
    ways = []
    for sample in (0, -1):
        alone = np.zeros_like(case.values[delta])
        alone[sample] = case.values[delta][sample]
        ways.append({delta: alone})
    return tuple(ways)


_ALONE = Alteration(inputs=_of_one_sample)

mistake(
    "one-sample-only",
    "you used one sample only",
    "You worked out the gradient of the first sample, or of the last, and left it at that.",
    "All samples share the weights, so their parts are added. In code: a `return` inside the loop over the samples, or "
    "`=` where `+=` belongs.",
    "Start from 0 and add each sample's part.",
    when=_is_batch,
    shown_on="small-batch",
    gradient=_ALONE,
    bias_gradient=_ALONE,
    dense_gradient=_ALONE,
    transposed_conv_gradient=_ALONE,
    dense_bias_gradient=_ALONE,
)
