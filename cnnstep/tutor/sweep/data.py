"""A sweep as the contract's JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import number, numbers
from cnnstep.tutor.sweep.gather import NOT_DONE, STATUSES, Own, Sweep
from cnnstep.tutor.sweep.summary import Found, Summary


def sweep_data(sweep: Sweep, summary: Summary, own: Own | None) -> dict[str, Any]:
    """`runs` are those that are done, of `planned`; `seed` and `init` are null where nothing was drawn.

    `took` has the iterations of each status that ends a run; `map` (axes only) a status for each run, the first
    axis outermost, null where one is not done. `own` is null where the sweep was stopped before its turn.
    """
    plan = sweep.plan
    data: dict[str, Any] = {
        "schema": 1,
        "runs": summary.runs,
        "planned": plan.runs,
        "seed": plan.seed if plan.starts else None,
        "init": plan.init if plan.starts else None,
        "iterations": plan.iterations,
        "learning_rate": number(plan.rate(sweep.scenario)),
        "axes": [
            {"name": axis.name, "start": number(axis.start), "stop": number(axis.stop), "count": axis.count}
            | {"spacing": "log" if axis.log else "linear"}
            for axis in plan.axes
        ],
        "outcomes": dict(summary.outcomes),
        "took": {status: asdict(took) for status, took in summary.took.items()},
        "filters": {"distinct": summary.distinct, "frequent": [_found(sweep, found) for found in summary.found]},
        "own": own and {"status": own.status, "iterations": own.iterations, "loss": number(own.loss)},
    }
    return data | ({"map": _map(sweep)} if plan.axes else {})


def _found(sweep: Sweep, found: Found) -> dict[str, Any]:
    lesson, size = lesson_of(sweep.scenario), sweep.scenario.conv.weights.size
    shape = sweep.scenario.conv.weights.shape
    data: dict[str, Any] = {"runs": found.runs, "status": found.status}
    data["filter"] = numbers(lesson.quantity("filter").layout.show(found.weights[:size].reshape(shape)))
    if len(found.weights) > size:
        data["bias"] = numbers(lesson.quantity("bias").layout.show(found.weights[size:]))
    return data


def _map(sweep: Sweep) -> Any:
    names = [*STATUSES, None]  # NOT_DONE, −1, is the last of them
    assert NOT_DONE == -1
    grid = sweep.statuses.reshape([axis.count for axis in sweep.plan.axes]).tolist()
    return [[names[code] for code in row] if isinstance(row, list) else names[row] for row in grid]
