"""Whether linear inequalities can be met at once: a point that meets them, or a proof that none does.

Lawson & Hanson, Solving Least Squares Problems (1974), chapter 23: non-negative least squares (NNLS), and least
distance programming, which is NNLS on the dual. The proof that there is no point is Farkas' lemma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array

ZERO = 1e-9
"""What is smaller than this share of its row or of the solution is 0 but for rounding."""


@dataclass(frozen=True)
class Region:
    """The points y with G·y ≤ h: the one nearest to 0, or the proof that there is none. Neither: undecided."""

    point: Array | None
    empty: bool


def region(matrix: Array, bounds: Array) -> Region:
    """The y nearest to 0 with G·y ≤ h.

    With u ≥ 0 that brings ‖[G h]ᵀu − (0, −1)‖ as low as it goes, and r what is then left of (0, −1) − [G h]ᵀu:
    r = 0 says Gᵀu = 0 and hᵀu < 0, so that no y can do (Farkas); otherwise y = r₁ / −r₂ is the nearest one.
    """
    sizes = np.linalg.norm(matrix, axis=1)
    reach = float(np.abs(bounds).max(initial=0.0))
    empty_rows = sizes <= ZERO * max(float(sizes.max(initial=0.0)), 1e-300)
    if (bounds[empty_rows] < -ZERO * max(reach, 1.0)).any():
        return Region(None, empty=True)
    g, h = matrix[~empty_rows] / sizes[~empty_rows, None], bounds[~empty_rows] / sizes[~empty_rows]
    scale = float(np.abs(h).max(initial=0.0))
    if not h.size or scale == 0 or (h >= 0).all():
        return Region(np.zeros(matrix.shape[1]), empty=False)
    dual = np.vstack([g.T, h / scale])
    wanted = np.zeros(len(dual))
    wanted[-1] = -1.0
    left = wanted - dual @ nonnegative_least_squares(dual, wanted)
    if np.linalg.norm(left) <= ZERO:
        return Region(None, empty=True)
    point = scale * left[:-1] / -left[-1]
    met = bool((g @ point <= h + ZERO * max(scale, float(np.abs(point).max()))).all())
    return Region(point if met else None, empty=False)


def is_single(matrix: Array, bounds: Array, point: Array) -> bool:
    """Whether `point` is all there is of G·y ≤ h.

    It is if no direction d ≠ 0 has T·d ≤ 0 for the rows T that are tight there: T has full column rank, and
    some u > 0 has Tᵀu = 0 (Stiemke). u > 0 may be scaled to u = 1 + v with v ≥ 0, which is NNLS again.
    """
    dimensions = matrix.shape[1]
    if not dimensions:
        return True
    sizes = np.linalg.norm(matrix, axis=1)
    slack = bounds - matrix @ point
    tight = matrix[(slack <= ZERO * np.maximum(np.abs(bounds), sizes)) & (sizes > ZERO)]
    if np.linalg.matrix_rank(tight) < dimensions:
        return False
    tight = tight / np.linalg.norm(tight, axis=1)[:, None]
    wanted = -tight.sum(axis=0)
    left = wanted - tight.T @ nonnegative_least_squares(tight.T, wanted)
    return bool(np.linalg.norm(left) <= ZERO * len(tight))


def nonnegative_least_squares(matrix: Array, target: Array) -> Array:
    """argmin ‖M·u − d‖ over u ≥ 0, by Lawson and Hanson's active set.

    It gives up after three times as many rounds as there are unknowns, as rounding can make it go in circles:
    whoever asks checks what the answer is to prove.
    """
    unknowns = matrix.shape[1]
    u, free = np.zeros(unknowns), np.zeros(unknowns, dtype=bool)
    tolerance = 10 * np.finfo(float).eps * max(matrix.shape) * float(np.abs(matrix).sum(axis=0).max(initial=0.0))
    for _ in range(3 * unknowns):
        pull = np.where(free, -np.inf, matrix.T @ (target - matrix @ u))
        best = int(pull.argmax())
        if pull[best] <= tolerance:
            break
        free[best] = True
        u = _walk_back(matrix, target, u, free)
    return u


def _walk_back(matrix: Array, target: Array, u: Array, free: np.typing.NDArray[np.bool_]) -> Array:
    """From u towards the least squares of the free unknowns, stopping where one becomes 0; that one is freed no more.

    Each turn takes one unknown out of `free`, so it ends.
    """
    while free.any():
        goal = np.zeros_like(u)
        goal[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
        blocking = free & (goal <= 0)
        if not blocking.any():
            return goal
        share = np.full_like(u, np.inf)
        share[blocking] = u[blocking] / (u[blocking] - goal[blocking] + np.finfo(float).tiny)
        u = u + min(float(share.min()), 1.0) * (goal - u)
        free &= ~(blocking & (share <= share.min()))
        u = np.where(free, u, 0.0)
    return u
