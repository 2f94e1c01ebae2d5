"""A sweep as a table, a row a run: where it started, its learning rate, how it ended, its final weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.tutor.sweep.axis import RATE
from cnnstep.tutor.sweep.gather import STATUSES, Sweep
from cnnstep.tutor.sweep.starts import axis_values, block

Columns = dict[str, NDArray[Any]]


def block_columns(sweep: Sweep, number: int) -> Columns:
    """The columns of one finished block.

    The axes, or for random starts `w0`, `w1`, … in row order; `learning_rate`, `status`, `iterations`, `loss`;
    the final weights `v0`, `v1`, … and the final biases `b0`, `b1`, ….
    """
    started = block(sweep.plan, sweep.scenario, number)
    runs, size = started.runs, sweep.scenario.conv.weights.size
    columns: Columns = {}
    if sweep.plan.starts:
        columns |= {f"w{k}": column for k, column in enumerate(started.filters.T)}
    else:
        values = axis_values(sweep.plan, np.arange(runs.start, runs.start + len(started.rates)))
        columns |= {axis.name: column for axis, column in zip(sweep.plan.axes, values, strict=True)}
    columns.setdefault(RATE, started.rates)
    columns["status"] = np.array(STATUSES)[sweep.statuses[runs]]
    columns["iterations"] = sweep.iterations[runs]
    columns["loss"] = sweep.losses[runs]
    ends = sweep.weights[runs].T + 0.0  # −0 is 0
    columns |= {f"v{k}": column for k, column in enumerate(ends[:size])}
    columns |= {f"b{k}": column for k, column in enumerate(ends[size:])}
    return columns


def columns(sweep: Sweep) -> Columns:
    """The columns of all finished runs."""
    parts = [block_columns(sweep, int(number)) for number in np.flatnonzero(sweep.done)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
