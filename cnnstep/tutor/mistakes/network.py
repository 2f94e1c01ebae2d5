"""Mistakes that only a network gives occasion for: in pooling, and in the softmax."""

from __future__ import annotations

from typing import cast

import numpy as np

from cnnstep.engine.layers.pool import AveragePool, MaxPool, Pool
from cnnstep.engine.patches import scatter
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.context import Setting, StepContext
from cnnstep.tutor.mistakes.mistake import Alteration, mistake


def _window(case: StepContext) -> Pool:
    return cast("Pool", case.step.part)


def _blocks(case: StepContext, shares: Array) -> Array:
    """Windows' shares [N, C, oh, ow, h, w] added into the image that the pooling layer read."""
    return scatter(shares, case.image_size, _window(case).window.geometry).copy()


def _of_maxima(at: Setting) -> bool:
    return isinstance(at.step.part, MaxPool)


def _of_means(at: Setting) -> bool:
    return isinstance(at.step.part, AveragePool)


def _every_winner(case: StepContext) -> Array:
    """Each ∂L/∂y whole to every cell that equals its window's largest number."""
    views = _window(case).window.views(case.input(-1), -np.inf)
    won = views == views.max(axis=(-2, -1), keepdims=True)
    return _blocks(case, won * case.input(0)[..., None, None])


mistake(
    "pool-tie-copied",
    "you gave the gradient to every equal maximum",
    "Where several numbers of a window were equally large, you sent each of them the whole ∂L/∂y.",
    "The window has one output. Sent whole to several cells, its ∂L/∂y counts more than once.",
    lambda at: (
        "Here equal maxima share it: to each of them an equal part."
        if _shares(at)
        else "One winner per window: here the first in reading order. The others get 0."
    ),
    when=_of_maxima,
    shown_on="pooling",
    pool_gradient=Alteration(working=_every_winner),
)


def _shares(at: Setting) -> bool:
    return isinstance(at.step.part, MaxPool) and at.step.part.shares


def _shared(case: StepContext) -> Array:
    """Each ∂L/∂y in equal parts to the cells that equal its window's largest number."""
    views = _window(case).window.views(case.input(-1), -np.inf)
    won = views == views.max(axis=(-2, -1), keepdims=True)
    return _blocks(case, won / won.sum(axis=(-2, -1), keepdims=True) * case.input(0)[..., None, None])


mistake(
    "pool-tie-shared",
    "you shared the gradient out among equal maxima",
    "Where several numbers of a window were equally large, you gave each of them an equal part of ∂L/∂y.",
    "Some libraries do so. Here, as in PyTorch, the first in reading order won, and it alone was passed on.",
    "The first of equals gets all of it. (With ties: share in the scenario, yours would be right.)",
    when=lambda at: _of_maxima(at) and not _shares(at),
    shown_on="pooling",
    pool_gradient=Alteration(working=_shared),
)


def _spread(case: StepContext) -> Array:
    """Each ∂L/∂y in equal shares over its window, though the largest number was taken."""
    cells = _window(case).window.size
    share = case.input(0)[..., None, None] / (cells[0] * cells[1])
    return _blocks(case, np.broadcast_to(share, (*case.input(0).shape, *cells)))


mistake(
    "pool-spread",
    "you spread the gradient over the window",
    "You gave every cell of the window an equal share, as for average pooling.",
    "Max pooling passes on one number. The smaller ones had no part in the output, so nothing goes back to them.",
    "Send the whole ∂L/∂y to the cell that won.",
    when=_of_maxima,
    shown_on="smallest-network",
    pool_gradient=Alteration(working=_spread),
)


def _undivided(case: StepContext, result: Array) -> Array:
    rows, columns = _window(case).window.size
    return result * (rows * columns)


_WHOLE = {
    "pool": "You added the window up and left it at that.",
    "pool_gradient": "You sent the whole ∂L/∂y to each cell of the window.",
}

mistake(
    "pool-average-not-divided",
    "you did not divide by the window's size",
    lambda at: _WHOLE[at.step.word],
    "A mean is the sum divided by the number of cells, forward and backward.",
    "Divide by the number of cells in the window.",
    when=_of_means,
    shown_on="pooling",
    pool=Alteration(result=_undivided),
    pool_gradient=Alteration(result=_undivided),
)


def _without_upstream(case: StepContext) -> dict[str, Array]:
    return {case.step.inputs[0].name: np.ones_like(case.input(0))}


mistake(
    "pool-upstream-forgotten",
    "you left the upstream gradient out",
    lambda at: f"You wrote {'1 at each winner' if _of_maxima(at) else '1/size for each cell'}, without × ∂L/∂y.",
    "That says where the gradient goes, not how much of it there is. What comes back then has nothing to do with the "
    "target.",
    lambda at: at.right_line,
    shown_on="pooling",
    pool_gradient=Alteration(inputs=_without_upstream),
)


def _probabilities(case: StepContext) -> Array:
    return case.input(-1)


def _diagonal(case: StepContext) -> Array:
    """∂L/∂p_j · p_j(1 − p_j): each probability as if it moved alone."""
    p = _probabilities(case)
    return case.input(0) * p * (1.0 - p)


mistake(
    "softmax-diagonal-only",
    "you used only the diagonal of the softmax's Jacobian",
    "You worked out ∂L/∂p · p(1 − p) for each class by itself.",
    "The probabilities add up to 1: when one grows, others shrink. Those terms, −p[i]·p[j], are missing.",
    lambda at: at.right_line,
    shown_on="two-conv-layers",
    softmax_gradient=Alteration(working=_diagonal),
)

mistake(
    "softmax-slope-twice",
    "you multiplied by the softmax's slope twice",
    lambda at: f"You worked out {at.step.symbol} rightly and multiplied it by p(1 − p) once more.",
    lambda at: (
        "With cross-entropy p − y is ∂L/∂z already: the softmax's slope is in it."
        if at.loss.only_with == "softmax"
        else "The chain rule passes the softmax once."
    ),
    lambda at: at.right_line,
    shown_on="smallest-network",
    softmax_gradient=Alteration(result=lambda case, delta: delta * _probabilities(case) * (1.0 - _probabilities(case))),
)


def _of_the_probabilities(at: Setting) -> str:
    if at.loss.only_with == "softmax":
        return (
            "∂L/∂p = −y/p says how the loss changes with each probability: it is 0 for every class that y leaves out."
        )
    return "That says how the loss changes with each probability, not with each score."


mistake(
    "softmax-slope-forgotten",
    "you left the softmax's slope out",
    lambda at: f"You took {at.step.inputs[0].symbol} for {at.step.symbol}.",
    lambda at: f"{_of_the_probabilities(at)} Each score moves all probabilities, so every one of them has a part here.",
    lambda at: at.right_line,
    shown_on="smallest-network",
    softmax_gradient=Alteration(working=lambda case: case.input(0).copy()),
)
