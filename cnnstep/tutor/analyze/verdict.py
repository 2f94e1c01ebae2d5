"""What an analysis comes to: the verdict in one sentence, and everything found as the contract's JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.analysis import Analysis
from cnnstep.engine.analysis.curvature import reach
from cnnstep.engine.analysis.forecast import Forecast, Trial, arrives, nears_a_bound
from cnnstep.engine.analysis.solutions import clips
from cnnstep.engine.findings import Cells
from cnnstep.engine.quantity import Cell, bracketed, number, numbers
from cnnstep.tutor.document import Tone
from cnnstep.tutor.numbers import Numbers, counted, listed

MOST_CELLS = 6
"""At most this many cells are named; of more, only their number is told."""


def named(cells: Sequence[Cell]) -> str:
    """`[0,0] and [1,1]`, or `36 cells`."""
    return listed([bracketed(cell) for cell in cells]) if len(cells) <= MOST_CELLS else counted(len(cells), "cell")


def best(analysis: Analysis, change: str) -> Trial | None:
    """The trial of this kind that helps, where there is one."""
    return next((trial for trial in analysis.trials if trial.change == change and trial.helps), None)


def verdict(analysis: Analysis, style: Numbers) -> tuple[str, Tone]:
    """One sentence on what will become of it."""
    run, loss = analysis.forecast, style.text(analysis.forecast.loss)
    with_rate = "With this learning rate it" if best(analysis, "rate") or run.status == "diverged" else "It"
    if run.status == "converged":
        at = f"It will learn: the loss is gone at iteration {run.iteration}."
        return (at if run.iteration else "There is nothing left to learn: the loss is gone already."), "good"
    if run.status == "settled":
        if not arrives(run, analysis.solutions):
            return f"It will settle with a loss of {loss} left.", "warn"
        least = "the least that its range allows" if analysis.solutions.unreachable.any() else "the least there is"
        return f"It will settle at a loss of {loss}: {least}.", "warn"
    if run.status == "stuck":
        return ("It is stuck from the start." if run.iteration == 0 else f"{with_rate} will get stuck."), "bad"
    if run.status == "diverged":
        return f"{with_rate} will diverge.", "bad"
    if run.oscillates:
        return f"{with_rate} keeps jumping and does not settle.", "bad"
    if nears_a_bound(run, analysis.solutions):
        return "It will learn: it comes ever closer to its target without quite reaching it.", "good"
    if run.status == "worse":
        return _no_better(run, with_rate, loss), "bad"
    return f"It learns slowly: after {counted(run.iterations, 'iteration')} a loss of {loss} is left.", "warn"


def _no_better(run: Forecast, subject: str, loss: str) -> str:
    if run.loss > run.losses[0]:
        return f"{subject} gets worse."
    still = "still" if run.goes_nowhere else "again"
    return f"{subject} gets nowhere: after {counted(run.iterations, 'iteration')} the loss is {still} {loss}."


def course(run: Forecast, style: Numbers) -> str:
    """How the loss goes, from the first to the last: how far down, whether it jumps, how it ends."""
    rate, ups = style.text(run.lesson.scenario.learning_rate), run.rises
    begin = style.text(run.losses[0])
    if run.iterations == 0:
        return f"The loss is {begin}." if run.final else ""
    if run.goes_nowhere:
        return f"At {rate} the loss stays at {begin}."
    if not ups:
        way = f"At {rate} the loss falls steadily, from {begin}"
    elif ups[0] == 0:
        way = f"At {rate} the loss rises from the first update on, from {begin} to {style.text(run.losses[1])}"
    else:
        down = style.text(run.losses[ups[0]])
        then = "rises now and then" if run.status in ("converged", "settled") else "begins to jump"
        way = f"At {rate} the loss falls from {begin} to {down} in {counted(ups[0], 'iteration')}, then {then}"
    return f"{way}; {_end(run, style)}."


def _end(run: Forecast, style: Numbers) -> str:
    loss = style.text(run.loss)
    if run.status == "converged":
        return f"at iteration {run.iteration} it is gone"
    if run.status == "diverged":
        return f"at iteration {run.iteration} it is more than a million times the first one"
    if run.status == "stuck":
        phi, z = run.lesson.scenario.activation, run.values["forward"]
        everyone = "every cell" if not phi.slope(z).any() else "every cell with an error"
        return f"at iteration {run.iteration} {everyone} is inactive, and the loss stays {loss}"
    if run.status == "settled":
        return f"from iteration {run.iteration} on it stays at {loss}"
    return f"after {counted(run.iterations, 'iteration')} it is {loss}"


def reasons(analysis: Analysis, style: Numbers) -> list[str]:
    """Why: the target, the inactive cells, the learning rate; each only where it has a part in it."""
    return [reason for reason in (_target(analysis), _dead(analysis), _rate(analysis, style)) if reason]


def _target(analysis: Analysis) -> str:
    phi, beyond = analysis.scenario.activation, analysis.solutions.unreachable
    if beyond.any():
        cells, targets = cells_of(analysis, beyond), analysis.scenario.targets[beyond]
        outside = bool(((targets < phi.low) | (targets > phi.high)).any())
        never = "can't be met" if outside else "can only be approached"
        return f"{_range(analysis)} The {'target' if len(cells) == 1 else 'targets'} in {named(cells)} {never}."
    if analysis.solutions.kind == "none":
        return "The targets contradict each other: no filter meets all of them at once."
    return ""


def _range(analysis: Analysis) -> str:
    phi = analysis.scenario.activation
    low, high = f"{phi.low:.4g}", f"{phi.high:.4g}"
    if math.isinf(phi.high):
        return (
            f"{phi.name} gives only numbers above {low}." if phi.open_range else f"{phi.name} never goes below {low}."
        )
    return f"{phi.name} gives only numbers between {low} and {high}."


def _dead(analysis: Analysis) -> str:
    if analysis.zero.whole != "dead":
        return ""
    return "Every cell that has an error has slope 0, so nothing passes back and no learning rate can help."


def _rate(analysis: Analysis, style: Numbers) -> str:
    """The learning rate against what the curvature allows."""
    scenario, bend = analysis.scenario, analysis.curvature
    factor = reach(scenario.optimizer)
    arrived = arrives(analysis.forecast, analysis.solutions)
    if factor is None or not bend.stable_all_active or arrived or analysis.zero.whole == "dead":
        return ""
    everywhere = factor * bend.stable_all_active
    if scenario.learning_rate <= everywhere:
        return ""
    active, cells = int(bend.active.sum()), bend.active.size
    text = f"{scenario.learning_rate:g} is too long a step. "
    if bend.stable and active < cells:
        verb, most = "cell is" if active == 1 else "cells are", style.text(factor * bend.stable)
        text += f"{active} of {cells} {verb} active now; the steepest curvature there allows {most}. "
    return text + f"With every cell active it is {style.text(everywhere)}."


def instead(analysis: Analysis, style: Numbers) -> list[str]:
    """What helps: each was tried by running it."""
    told = []
    if trial := best(analysis, "rate"):
        told.append(f"a learning rate of {style.text(trial.scenario.learning_rate)} {_arrival(trial, style)}")
    if trial := best(analysis, "activation"):
        phi, rate = trial.scenario.activation, trial.scenario.learning_rate
        with_rate = "" if rate == analysis.scenario.learning_rate else f" at a learning rate of {style.text(rate)}"
        told.append(f"{phi.name} with slope {phi.parameters['slope']:g}{with_rate} {_arrival(trial, style)}")
    if trial := best(analysis, "start"):
        told.append(f"starting from {trial.what.removeprefix('start: ')} {_arrival(trial, style)}")
    return told


def _arrival(trial: Trial, style: Numbers) -> str:
    run = trial.forecast
    if run.status == "converged":
        return f"reaches loss 0 (iteration {run.iteration})"
    if run.status == "settled":
        return f"reaches {style.text(run.loss)}, the least there is (iteration {run.iteration})"
    return f"gets to {style.text(run.loss)} in {run.iterations} iterations, still falling"


def expected_another(analysis: Analysis) -> str:
    """A sentence where more than one filter will do: the one found may be another than the one expected."""
    if analysis.solutions.kind != "family":
        return ""
    targets, closed = analysis.scenario.targets, analysis.scenario.targets == 0
    which = "more than one meets this target"
    if clips(analysis.scenario.activation) and closed.any() and not closed.all() and targets.size <= MOST_CELLS:
        asked = zip(targets[~closed], cells_of(analysis, ~closed), strict=True)
        wanted = listed([f"{target:g} in {bracketed(cell)}" for target, cell in asked])
        zeros = named(cells_of(analysis, closed))
        which = f"any filter works whose outputs are {wanted}, and whose z is 0 or less in {zeros}"
    return f"It may find a different filter than you expect: {which}."


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


def cells_of(analysis: Analysis, mask: NDArray[np.bool_]) -> Cells:
    """The cells where a mask [N, F, oh, ow] holds, as a learner counts them."""
    return Cells(analysis.first.lesson.quantity("forward").layout, mask)


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
