"""Which filters meet the target exactly: one, many, none; and the least loss where none does.

An activation that gives each output once makes every cell an equation, P·w = φ⁻¹(t). ReLU makes an equation of
a cell with a positive target and an inequality, P·w ≤ 0, of a cell with target 0.

gelu and silu turn round, so they have no φ⁻¹: what filter meets a target can then only be found by trying.

Whether linear inequalities can be met at once is answered by a point that meets them, or a proof that none does:
Lawson & Hanson, Solving Least Squares Problems (1974), chapter 23: non-negative least squares (NNLS), and least
distance programming, which is NNLS on the dual. The proof that there is no point is Farkas' lemma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.activations import Activation
from cnnstep.engine.analysis.curvature import by_filter, with_columns
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import floor


def clips(phi: Activation) -> bool:
    """Whether φ(z) = max(0, z): relu, and leaky_relu and elu with nothing left below 0."""
    return phi.flat and phi.low == 0


def has_inverse(phi: Activation) -> bool:
    """Whether φ grows everywhere, so that each output has one z."""
    return phi.name in INVERSES and not phi.flat


def inverse(phi: Activation, output: Array) -> Array:
    """z with φ(z) = output, cell by cell; the output must be within φ's range."""
    with np.errstate(divide="ignore", invalid="ignore"):  # np.where works out both of its branches
        return INVERSES[phi.name](phi, output)


INVERSES: Mapping[str, Callable[[Activation, Array], Array]] = {
    "linear": lambda phi, t: t.copy(),
    "leaky_relu": lambda phi, t: np.where(t > 0, t, t / phi.parameters["slope"]),
    "elu": lambda phi, t: np.where(t > 0, t, np.log1p(np.minimum(t, 0.0) / phi.parameters["alpha"])),
    "softplus": lambda phi, t: t + np.log(-np.expm1(-t)),
    "sigmoid": lambda phi, t: np.log(t) - np.log1p(-t),
    "tanh": lambda phi, t: np.arctanh(t),
}


ZERO = 1e-9
"""What is smaller than this share of its row or of the solution is 0 but for rounding."""


@dataclass(frozen=True)
class FeasibleRegion:
    """The points y with G·y ≤ h: the one nearest to 0, or the proof that there is none. Neither: undecided."""

    point: Array | None
    empty: bool


def region(matrix: Array, bounds: Array) -> FeasibleRegion:
    """The y [K] nearest to 0 with G·y ≤ h, where G is `matrix` [rows, K] and h is `bounds` [rows].

    With u ≥ 0 that brings ‖[G h]ᵀu − (0, −1)‖ as low as it goes, and r what is then left of (0, −1) − [G h]ᵀu:
    r = 0 says Gᵀu = 0 and hᵀu < 0, so that no y can do (Farkas); otherwise y = r₁ / −r₂ is the nearest one.
    """
    sizes = np.linalg.norm(matrix, axis=1)
    reach = float(np.abs(bounds).max(initial=0.0))
    empty_rows = sizes <= ZERO * max(float(sizes.max(initial=0.0)), 1e-300)
    if (bounds[empty_rows] < -ZERO * max(reach, 1.0)).any():
        return FeasibleRegion(None, empty=True)
    g, h = matrix[~empty_rows] / sizes[~empty_rows, None], bounds[~empty_rows] / sizes[~empty_rows]
    scale = float(np.abs(h).max(initial=0.0))
    if not h.size or scale == 0 or (h >= 0).all():
        return FeasibleRegion(np.zeros(matrix.shape[1]), empty=False)
    dual = np.vstack([g.T, h / scale])
    wanted = np.zeros(len(dual))
    wanted[-1] = -1.0
    left = wanted - dual @ nonnegative_least_squares(dual, wanted)
    if np.linalg.norm(left) <= ZERO:
        return FeasibleRegion(None, empty=True)
    point = scale * left[:-1] / -left[-1]
    met = bool((g @ point <= h + ZERO * max(scale, float(np.abs(point).max()))).all())
    return FeasibleRegion(point if met else None, empty=False)


def is_single(matrix: Array, bounds: Array, point: Array) -> bool:
    """Whether `point` [K] is all there is of G·y ≤ h, where G is `matrix` [rows, K] and h is `bounds` [rows].

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
    """argmin ‖M·u − d‖ over u ≥ 0, by Lawson and Hanson's active set; M [rows, K], d [rows], u [K].

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


Kind: TypeAlias = Literal["unique", "family", "none", "unknown"]

DIGITS = 13
"""The significant digits of the largest weight down to which a filter is rounded: the rest is noise."""
EXACT = 1e-9
"""An output this near its target, measured by the largest target where that is above 1, meets it."""


@dataclass(frozen=True)
class Solutions:
    """`example` is the scenario with a filter that meets the target, where there is one.

    `unreachable` marks the target cells [N, F, oh, ow] outside φ's range, the bound of an open range among them.
    `floor` is a loss that no filter goes below: for linear the least there is; for the others what the range of φ
    allows cell by cell, which cells that are at odds with each other may keep it from.
    """

    kind: Kind
    example: Scenario | None
    unreachable: NDArray[np.bool_]
    floor: float


def solve(lesson: Lesson, matrix: Array) -> Solutions:
    """What filters w [K] meet φ(P·w) = t, for a lesson with the target t and the patch matrix P [N·oh·ow, K]."""
    scenario = lesson.scenario
    phi = scenario.activation
    reached = np.array([phi.reaches(float(t)) for t in scenario.targets.ravel()])
    unreachable = ~reached.reshape(scenario.targets.shape)
    kind, columns = ("none", None) if unreachable.any() else _columns(scenario, matrix)
    example = None if columns is None else _verified(scenario, columns)
    if columns is not None and example is None:
        kind = "unknown"
    if phi.name == "linear" and kind == "none":
        return Solutions(kind, None, unreachable, _least_squares(scenario, matrix))
    return Solutions(kind, example, unreachable, floor(lesson))


def _columns(scenario: Scenario, matrix: Array) -> tuple[Kind, Array | None]:
    """The filters one by one, as columns [columns of P, F]; one that can't be met makes the whole impossible."""
    phi, targets = scenario.activation, by_filter(scenario.targets)
    if not (clips(phi) or has_inverse(phi)):
        return "unknown", None
    found = [
        _clipped(matrix, target) if clips(phi) else _equations(matrix, inverse(phi, target)) for target in targets.T
    ]
    kinds = {kind for kind, _ in found}
    kind = next(kind for kind in ORDER if kind in kinds)
    columns = [column for _, column in found if column is not None]
    return kind, np.column_stack(columns) if len(columns) == len(found) else None


ORDER: tuple[Kind, ...] = ("none", "unknown", "family", "unique")
"""What is said of several filters: the first of these that holds for one of them."""


def _equations(matrix: Array, wanted: Array) -> tuple[Kind, Array | None]:
    """P·w = z: none where least squares leave something over; unique where P has full column rank."""
    solved = np.linalg.lstsq(matrix, wanted, rcond=None)
    w, rank = np.asarray(solved[0], dtype=np.float64), int(solved[2])
    if not np.abs(matrix @ w - wanted).max(initial=0.0) <= EXACT * max(1.0, float(np.abs(wanted).max(initial=0.0))):
        return "none", None
    return ("unique" if rank == matrix.shape[1] else "family"), w


def _clipped(matrix: Array, target: Array) -> tuple[Kind, Array | None]:
    """P·w = t where t > 0, P·w ≤ 0 where t = 0: w = w₀ + N·y, with N what the equations leave free."""
    asked, closed = matrix[target > 0], matrix[target == 0]
    kind, w = _equations(asked, target[target > 0]) if len(asked) else ("family", np.zeros(matrix.shape[1]))
    if w is None:
        return kind, None
    free = _null_space(asked)
    at, along = closed @ w, closed @ free
    # a patch that the equations have pinned down leaves only rounding of itself in their null space
    along[np.linalg.norm(along, axis=1) <= EXACT * np.linalg.norm(closed, axis=1)] = 0.0
    found = region(along, -at)
    if found.point is None:
        return ("none" if found.empty else "unknown"), None
    single = is_single(along, -at, found.point)
    return ("unique" if single else "family"), w + free @ found.point


def _null_space(matrix: Array) -> Array:
    """An orthonormal basis, as columns, of the w with P·w = 0."""
    if not len(matrix):
        return np.eye(matrix.shape[1])
    if len(matrix) > matrix.shape[1]:
        # the triangle has the same null space, and its SVD no square matrix of all cells
        matrix = np.asarray(np.linalg.qr(matrix, mode="r"), dtype=np.float64)
    _, sizes, directions = np.linalg.svd(matrix)
    tolerance = float(sizes.max(initial=0.0)) * max(matrix.shape) * np.finfo(float).eps
    return directions[int((sizes > tolerance).sum()) :].T


def _verified(scenario: Scenario, columns: Array) -> Scenario | None:
    """The scenario with these weights, freed of rounding where that does no harm; None where they miss the target."""
    size = float(np.abs(columns).max(initial=0.0))
    digits = DIGITS - 1 - int(np.floor(np.log10(size))) if size else 0
    tried = (with_columns(scenario, columns.round(digits) + 0.0), with_columns(scenario, columns))
    return next((one for one in tried if _meets(one)), None)


def _meets(scenario: Scenario) -> bool:
    """Whether the engine's own forward pass gives the target."""
    lesson = lesson_of(scenario)
    off = np.abs(lesson.output_of(lesson.start) - scenario.targets)
    return bool(off.max() <= EXACT * max(1.0, float(np.abs(scenario.targets).max())))


def _least_squares(scenario: Scenario, matrix: Array) -> float:
    """The loss of the filters that least squares give: for linear and a loss of squares there is no lower one."""
    columns = np.linalg.lstsq(matrix, by_filter(scenario.targets), rcond=None)[0]
    lesson = lesson_of(with_columns(scenario, np.asarray(columns, dtype=np.float64)))
    return scenario.loss.value(lesson.output_of(lesson.start), scenario.targets)
