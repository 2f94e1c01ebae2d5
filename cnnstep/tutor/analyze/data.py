"""An analysis as the contract's JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.analysis import Analysis
from cnnstep.engine.analysis.curvature import reach
from cnnstep.engine.analysis.forecast import Forecast, Trial
from cnnstep.engine.quantity import Cell, number, numbers


def analyze_data(analysis: Analysis) -> dict[str, Any]:
    """The contract's keys, and some more: what was tried, the zeros of the gradient, the optimizer's own bound."""
    solutions, bend, check = analysis.solutions, analysis.curvature, analysis.check
    return {
        "schema": 1,
        "rank": analysis.rank,
        "weights": analysis.weights,
        "filters": len(analysis.scenario.conv.weights),
        "solutions": solutions.kind,
        **_example(analysis),
        "unreachable": _cells(analysis, solutions.unreachable),
        "loss_floor": number(solutions.floor),
        "active": _cells(analysis, bend.active),
        "dead": _cells(analysis, ~bend.active),
        "comes_back": [{"cell": list(cell), "iteration": at} for cell, at in sorted(analysis.revived.items())],
        "lambda_max": _maybe(bend.lambda_max),
        "stable_learning_rate": _maybe(bend.stable),
        "stable_learning_rate_all_active": _maybe(bend.stable_all_active),
        "optimizer": {"name": analysis.scenario.optimizer.name, "stable_learning_rate": _maybe(own_bound(analysis))},
        "zero_gradient": _zeros(analysis),
        "gradient_check": {
            "relative_error": number(check.relative_error),
            "band": check.band,
            "near_kink": _cells(analysis, check.near_kink),
            "relative_error_with_kinks": number(check.with_kinks),
            "checked": check.checked,
        },
        "forecast": _forecast(analysis.forecast),
        "tried": [_trial(trial) for trial in analysis.trials],
    }


def own_bound(analysis: Analysis) -> float | None:
    """The largest stable rate of the scenario's own optimizer for the cells active now; None where there is none."""
    factor, plain = reach(analysis.scenario.optimizer), analysis.curvature.stable
    return None if factor is None or plain is None else factor * plain


def cells_of(analysis: Analysis, mask: NDArray[np.bool_]) -> list[Cell]:
    """The cells where a mask [N, F, oh, ow] holds, as a learner counts them."""
    layout = analysis.first.lesson.quantity("forward").layout
    return [layout.shown_cell(tuple(int(i) for i in cell)) for cell in np.argwhere(mask)]


def _cells(analysis: Analysis, mask: NDArray[np.bool_]) -> list[list[int]]:
    return [list(cell) for cell in cells_of(analysis, mask)]


def _maybe(value: float | None) -> int | float | None:
    return None if value is None else number(value)


def _example(analysis: Analysis) -> dict[str, Any]:
    """`example`, and `example_bias` where a bias is trained; null where no such filter is known."""
    example, lesson = analysis.solutions.example, analysis.first.lesson
    told: dict[str, Any] = {"example": None}
    if example is not None:
        told["example"] = numbers(lesson.quantity("filter").layout.show(example.conv.weights))
    if analysis.scenario.conv.bias is not None:
        bias = None if example is None else example.conv.bias
        told["example_bias"] = None if bias is None else numbers(lesson.quantity("bias").layout.show(bias))
    return told


def _zeros(analysis: Analysis) -> dict[str, Any]:
    zero = analysis.zero
    return {
        "whole": zero.whole,
        "weights": {reason: [list(cell) for cell in cells] for reason, cells in zero.weights.items()},
    }


def _forecast(run: Forecast) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": run.status,
        "iteration": run.iteration,
        "loss": number(run.loss),
        "filter": numbers(run.matrix("filter")),
    }
    if "bias" in run.values:
        told["bias"] = numbers(run.matrix("bias"))
    return told | {"iterations": run.iterations, "rises": len(run.rises), "oscillates": run.oscillates}


def _trial(trial: Trial) -> dict[str, Any]:
    run = trial.forecast
    return {
        "change": trial.change,
        "what": trial.what,
        "learning_rate": number(trial.scenario.learning_rate),
        "status": run.status,
        "iteration": run.iteration,
        "loss": number(run.loss),
        "helps": trial.helps,
    }
