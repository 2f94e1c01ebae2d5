"""Which filters meet the target exactly: one, many, none; and the least loss where none does.

An activation that gives each output once makes every cell an equation, P·w = φ⁻¹(t). ReLU makes an equation of
a cell with a positive target and an inequality, P·w ≤ 0, of a cell with target 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.analysis.inequalities import is_single, region
from cnnstep.engine.analysis.inverse import clips, has_inverse, inverse
from cnnstep.engine.analysis.patch_matrix import by_filter, with_columns
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import floor

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
    """What filters meet the target of this lesson, whose patch matrix this is."""
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
