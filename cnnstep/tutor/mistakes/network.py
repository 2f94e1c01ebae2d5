"""Mistakes that only a network gives occasion for: in pooling, and in the softmax."""

from __future__ import annotations

from typing import cast

import numpy as np

from cnnstep.engine.layers.pool import AveragePool, MaxPool, Pool
from cnnstep.engine.patches import scatter
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.case import Case, Setting
from cnnstep.tutor.mistakes.mistake import Slant, mistake


def _window(case: Case) -> Pool:
    return cast("Pool", case.step.part)


def _blocks(case: Case, shares: Array) -> Array:
    """Windows' shares [N, C, oh, ow, h, w] added into the image that the pooling layer read."""
    return scatter(shares, case.image_size, _window(case).window.geometry).copy()


def _of_maxima(at: Setting) -> bool:
    return isinstance(at.step.part, MaxPool)


def _of_means(at: Setting) -> bool:
    return isinstance(at.step.part, AveragePool)


def _every_winner(case: Case) -> Array:
    """Each ∂L/∂y whole to every cell that equals its window's largest number."""
    views = _window(case).window.views(case.input(-1), -np.inf)
    won = views == views.max(axis=(-2, -1), keepdims=True)
    return _blocks(case, won * case.input(0)[..., None, None])


mistake(
    "pool-tie-copied",
    "you gave the gradient to every equal maximum",
    "Where several numbers of a window were equally large, you sent each of them the whole ∂L/∂y.",
    "The window has one output, and ∂L/∂y of it belongs to one cell. Sent to several, it counts more than once.",
    "One winner per window: here the first in reading order. The others get 0.",
    when=_of_maxima,
    shown_on="pooling",
    pool_gradient=Slant(working=_every_winner),
)


def _spread(case: Case) -> Array:
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
    pool_gradient=Slant(working=_spread),
)


def _undivided(case: Case, result: Array) -> Array:
    rows, columns = _window(case).window.size
    return result * (rows * columns)


_WHOLE = {
    "pool": "You added the window up and left it at that.",
    "pool_gradient": "You sent the whole ∂L/∂y to each cell of the window.",
}

mistake(
    "pool-average-not-divided",
    "you did not divide by the window's size",
    lambda at: _WHOLE[at.step.role],
    "A mean is the sum divided by the number of cells, forward and backward.",
    "Divide by the number of cells in the window.",
    when=_of_means,
    shown_on="pooling",
    pool=Slant(result=_undivided),
    pool_gradient=Slant(result=_undivided),
)


def _shares(case: Case) -> Array:
    return case.input(-1)


def _diagonal(case: Case) -> Array:
    """∂L/∂p_j · p_j(1 − p_j): each share as if it moved alone."""
    p = _shares(case)
    return case.input(0) * p * (1.0 - p)


mistake(
    "softmax-diagonal-only",
    "you used only the diagonal of the softmax's Jacobian",
    "You worked out ∂L/∂p · p(1 − p) for each class by itself.",
    "The probabilities add up to 1: when one grows, others shrink. Those terms, −p[i]·p[j], are missing.",
    lambda at: at.right_line,
    shown_on="two-conv-layers",
    softmax_gradient=Slant(working=_diagonal),
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
    softmax_gradient=Slant(result=lambda case, delta: delta * _shares(case) * (1.0 - _shares(case))),
)
