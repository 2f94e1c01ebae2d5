"""Many ReLU or linear runs in machine code: one iteration of a scenario written out as straight lines, by numba.

For P = [[1, −1], [0, 1]] and targets 1, 0 the inner loop is

    z0 = w0 - w1
    z1 = w1
    d0 = z0 - 1.0 if z0 > 0.0 else 0.0
    d1 = z1 if z1 > 0.0 else 0.0
    a[r] = w0 - eta[r] * (d0)
    a[r + 512] = w1 - eta[r] * (-d0 + d1)

so that zeros of P cost nothing, ones no product, and the processor takes four runs at a time. numba is the
optional extra `fast`; it is imported where a kernel is asked for, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.training.kernels import Advance, State
from cnnstep.engine.training.problem import Problem
from cnnstep.errors import Fault, InputError

MOST_TERMS = 400
"""More products than this take seconds to compile, and a matrix product is then as fast."""
BLOCK = 512
"""Runs that go through all iterations together: their weights stay in the first cache."""


def has_kernel(problem: Problem) -> bool:
    """Plain gradient descent of a squared loss under ReLU (slope 0 at 0) or no activation, on a small layer."""
    return problem.straight and np.count_nonzero(problem.patches) * problem.targets.shape[1] <= MOST_TERMS


def compiled(problem: Problem) -> Advance:
    """The given number of iterations in machine code, for a scenario that `has_kernel`.

    The first call compiles, about a second; the kernel stays as long as the process lives.
    """
    kernels = [_kernel(_source(problem.patches, targets, problem.phi.plain_relu)) for targets in problem.targets.T]

    def iterate(problem: Problem, state: State, iterations: int) -> None:
        assert problem.factor is not None
        count, _, runs = state.weights.shape
        rates = np.zeros((-(-runs // BLOCK), 1, BLOCK))
        _exchange(np.broadcast_to(problem.factor * np.asarray(state.rates), (1, runs)), rates)
        blocks = np.zeros((len(rates), count, BLOCK))
        for number, kernel in enumerate(kernels):
            rows = state.weights[:, number]
            _exchange(rows, blocks)
            kernel(blocks.reshape(len(blocks), -1), rates[:, 0], iterations)
            _exchange(rows, blocks, back=True)
        state.count += iterations

    return iterate


def _exchange(rows: Array, blocks: Array, *, back: bool = False) -> None:
    """Rows [K, R] into blocks [R/512, K, 512], the rest of the last one left as it is; or the way back."""
    count, runs = rows.shape
    full, rest = divmod(runs, BLOCK)
    whole = rows[:, : full * BLOCK].reshape(count, full, BLOCK), blocks[:full].transpose(1, 0, 2)
    last = rows[:, full * BLOCK :], blocks[full:].transpose(1, 0, 2).reshape(count, -1)[:, :rest]
    for row_part, block_part in (whole, last) if rest else (whole,):
        if back:
            row_part[...] = block_part
        else:
            block_part[...] = row_part


@lru_cache(maxsize=32)
def _kernel(source: str) -> Callable[[Array, Array, int], None]:
    try:
        from numba import njit  # type: ignore[import-not-found,unused-ignore]  # optional
    except ImportError:
        what = "machine code needs the extra fast, which is not installed"
        raise InputError(Fault("missing-extra", what, "pip install 'cnnstep[fast]'")) from None
    names: dict[str, Any] = {}
    exec(source, names)
    kernel: Callable[[Array, Array, int], None] = njit(error_model="numpy")(names["iterate"])
    return kernel


def _source(patches: Array, targets: Array, relu: bool) -> str:
    """The Python of one iteration of one filter's runs; `w` are its weights, `a` where they are kept."""
    cells, weights = (range(size) for size in patches.shape)
    places = ["r" if k == 0 else f"r + {k * BLOCK}" for k in weights]
    body = [f"w{k} = a[{places[k]}]" for k in weights]
    body += [f"z{i} = {summed(patches[i], 'w')}" for i in cells]
    for i, target in enumerate(targets):
        error = f"z{i} - {float(target)!r}" if target else f"z{i}"
        body.append(f"d{i} = {error} if z{i} > 0.0 else 0.0" if relu else f"d{i} = {error}")
    body += [f"a[{places[k]}] = w{k} - eta[r] * ({summed(patches[:, k], 'd')})" for k in weights]
    lines = ["def iterate(blocks, rates, iterations):", "    for b in range(blocks.shape[0]):"]
    lines += ["        a = blocks[b]", "        eta = rates[b]", "        for _ in range(iterations):"]
    lines += [f"            for r in range({BLOCK}):"]
    return "\n".join([*lines, *(f"                {line}" for line in body)])


def summed(numbers: Iterable[float], name: str) -> str:
    """`w0 - w1 + 0.5*w3`: the terms that are not 0, in their order."""
    text = ""
    for index, number in enumerate(numbers):
        if number:
            sign = ("-" if number < 0 else "") if not text else (" - " if number < 0 else " + ")
            size = abs(float(number))
            text += f"{sign}{'' if size == 1 else f'{size!r}*'}{name}{index}"
    return text or "0.0"
