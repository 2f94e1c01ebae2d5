"""`cnnstep sweep`: many starting filters or learning rates at once, and what becomes of them."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import (
    AsJson,
    Exit,
    Fractions,
    Precision,
    ScenarioName,
    between,
    format_of,
    give,
    not_both,
    progress,
    say,
    style_of,
)
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.sweep.plan import Plan
    from cnnstep.tutor.sweep.runs import Sweep

MANY = 500
"""Updates of a run, unless told."""
MOST_WORKERS = 256
"""Each is a Python with NumPy, some 50 MB."""


def sweep(
    scenario: ScenarioName,
    starts: Annotated[int, typer.Option("--starts", metavar="N", help="Number of random starting filters.")] = 0,
    learning_rate: Annotated[
        str,
        typer.Option(
            "--learning-rate",
            metavar="RATE",
            help="One rate for all runs; or rates to sweep over, as start:stop:count in even steps or "
            "start:stop:count:log on a log scale.",
        ),
    ] = "",
    axis: Annotated[
        list[str] | None,
        typer.Option(
            "--axis",
            metavar="NAME=VALUES",
            help="Sweep learning_rate, filter[0,0] or bias over start:stop:count. Two axes make a map.",
        ),
    ] = None,
    iterations: Annotated[int, typer.Option("--iterations", "-n", help="Most updates in a run.")] = MANY,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same starts.")] = 1,
    init: Annotated[
        str,
        typer.Option(
            "--init",
            metavar="NAME",
            help="How starts are drawn: normal (deviation 1), uniform (-1 to 1), he (normal, deviation "
            "sqrt(2/inputs)) or glorot (uniform, within sqrt(6/(inputs + outputs))). The bias is not drawn.",
        ),
    ] = "normal",
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Number of processes.")] = 1,
    fast: Annotated[
        bool, typer.Option("--fast", help="Use machine code where there is some (the extra fast).")
    ] = False,
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="ADDRESS", help="Use a Dask cluster instead (the extra dask).")
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the runs as .csv or .npz, the picture as .svg or .png."
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    resume: Annotated[
        str, typer.Option("--resume", metavar="FILE", help="Keep finished runs in this file and continue from it.")
    ] = "",
    as_json: AsJson = False,
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Run many starting filters or learning rates at once, and see how each run ends.

    \b
    Examples:
      cnnstep sweep first-filter --starts 10000
      cnnstep sweep first-filter --learning-rate 0.01:1:200
      cnnstep sweep first-filter --axis 'filter[0,0]=-2:2:80' --axis learning_rate=0.01:1:40
      cnnstep sweep first-filter --starts 100000 --workers 2 --output runs.csv --resume part.npz
    """
    style = style_of(precision, fractions)
    between(workers, 1, MOST_WORKERS, "--workers")
    if scheduler:
        not_both("--scheduler", {"--workers": workers > 1})
    _one_thread()
    if fast:
        from cnnstep.surface.sweeping.executors import extra

        extra("numba", "fast", "--fast")
    from cnnstep.surface.loading import load
    from cnnstep.surface.sweeping.output import check_output
    from cnnstep.surface.sweeping.state import resumed

    plan = replace(_plan(starts, learning_rate, axis or [], iterations, seed, init), fast=fast)
    loaded = load(scenario)
    swept = resumed(resume, loaded.scenario, plan)
    if output:
        check_output(output, force)
    interrupted = _carried_out(swept, _executor(workers, scheduler), resume)
    if output:
        _write(output, swept, force)
    _tell(swept, loaded.name, style, as_json, bool(resume), interrupted)
    if interrupted:
        raise typer.Exit(Exit.INTERRUPTED)


def _one_thread() -> None:
    """For this process too, as long as NumPy is not there yet: no result then depends on how many do the work."""
    if "numpy" not in sys.modules:
        from cnnstep.surface.sweeping.executors import one_thread

        one_thread()


def _plan(starts: int, learning_rate: str, axes: list[str], iterations: int, seed: int, init: str) -> Plan:
    """The plan that the options stand for; every option that can't be read is a fault of its own."""
    from cnnstep.engine.keys import Faults
    from cnnstep.tutor.sweep.plan import Axis, Plan

    faults = Faults()
    rate = None
    if ":" in learning_rate:
        axes = [*axes, f"learning_rate={learning_rate}"]
    elif learning_rate:
        rate = faults.attempt(lambda: _rate(learning_rate))
    read = [faults.attempt(lambda text=text: Axis.read(text)) for text in axes]  # type: ignore[misc]
    faults.stop_if_any()
    return Plan(iterations, starts, seed, init, tuple(axis for axis in read if axis), rate)


def _rate(text: str) -> float:
    from cnnstep.tutor.typed import read_number

    try:
        return read_number(text).value
    except (ValueError, ZeroDivisionError):
        hint = "write one rate, 0.1, or start:stop:count, 0.01:1:200"
        raise InputError(Fault("usage", f'--learning-rate "{text}" is not a number', hint)) from None


def _executor(workers: int, scheduler: str) -> AbstractContextManager[Executor | None]:
    from cnnstep.surface.sweeping import executors

    return executors.cluster(scheduler) if scheduler else executors.workers(workers)


def _carried_out(swept: Sweep, executor: AbstractContextManager[Executor | None], resume: str) -> bool:
    """Carries out what is left of the sweep; True where Ctrl-C came before its end."""
    from concurrent.futures import BrokenExecutor

    from cnnstep.surface.sweeping.state import keeping
    from cnnstep.tutor.sweep.runs import gather, trainer

    try:
        with executor as hands, progress(swept.plan.runs, "runs") as done, keeping(resume, swept, done) as heard:
            gather(swept, trainer(swept.plan), hands, heard)
    except KeyboardInterrupt:
        return True
    except BrokenExecutor as error:
        hint = "try fewer --workers; with --resume FILE what is done is kept"
        raise InputError(Fault("workers", "a worker process was killed", hint)) from error
    return False


def _write(output: str, swept: Sweep, force: bool) -> None:
    """The output file, and what is in it where that is not everything; none where nothing is done."""
    from cnnstep.surface.sweeping.output import write_output

    if not swept.done.any():
        say(f"Not written: {output}. No run is finished yet.")
        return
    write_output(output, swept, force)
    say(f"Written: {output}" + ("." if swept.finished else f", with the {swept.count} runs that are done."))


def _tell(swept: Sweep, name: str, style: Numbers, as_json: bool, kept: bool, interrupted: bool) -> None:
    from cnnstep.tutor.sweep.report import report
    from cnnstep.tutor.sweep.runs import own_run, trainer
    from cnnstep.tutor.sweep.summary import summarize, sweep_data

    summary = summarize(swept)
    own = None if interrupted else own_run(swept, trainer(swept.plan))  # it may take as long as the others
    document = partial(report, swept, summary, own, name, style, kept)
    give(Answer(document, partial(sweep_data, swept, summary, own), style), format_of("", as_json))
