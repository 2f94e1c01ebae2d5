"""`run`: a scenario from beginning to end, as a document and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.quantity import Array, mean, norm, number, numbers
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.cards import Selection, iteration_cards, question, selected, view_of
from cnnstep.tutor.document import Block, Command, Curve, Heading, Paragraph, Series, Table, Tone
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import checked_sample
from cnnstep.tutor.record import Record, Recording, RunEvent

MOST_NUMBERS = 10_000
"""An array of more numbers is summed up in JSON unless it is asked for."""
FIRST_CELLS = 100
"""At most this many cells of a finding are listed in JSON where all of them would be more than `MOST_NUMBERS`."""
MOST_EVENTS = 20
"""At most this many lines of what happened are shown; the rest are counted."""

STATUS: dict[str, tuple[str, Tone]] = {
    "converged": ("converged: the loss is gone", "good"),
    "settled": ("settled: at a minimum; the loss that is left can't be reduced from here", "warn"),
    "stuck": ("stuck: an error is left, but every gradient is 0", "bad"),
    "improving": ("improving: the loss is smaller than at the start", "good"),
    "worse": ("worse: the loss is larger than at the start", "bad"),
    "diverged": ("diverged: the loss exploded", "bad"),
}
"""What each outcome means, in words."""


def ending(record: Record) -> tuple[str, Tone]:
    """How the run stands, in words."""
    if record.outcome.status == "worse" and not record.outcome.loss > record.losses[0]:
        return "worse: the loss is no smaller than at the start", "bad"
    return STATUS[record.outcome.status]


def run_document(
    record: Record, name: str, style: Numbers, only: tuple[str, ...] = (), sample: int | None = None
) -> tuple[Block, ...]:
    """The whole walk: one iteration in full; of many, the curve, what happened, and the first and the last in full."""
    title = record.lesson.scenario.title or name
    blocks: list[Block] = [Heading(title, 1, name if name != title else "")]
    if record.iterations > 1:
        blocks += course(record)
    shown = {iteration.number: iteration for iteration in (record.first, *record.kept, record.last)}
    for number_, iteration in sorted(shown.items()):
        if record.iterations > 1:
            blocks.append(Heading(f"Iteration {number_}", 1, f"loss {style.text(iteration.loss)}"))
        blocks += step_blocks(iteration, style, only, sample)
    return (*blocks, *_ending(record, name, style))


def step_blocks(iteration: Iteration, style: Numbers, only: tuple[str, ...], sample: int | None) -> tuple[Block, ...]:
    """One iteration's steps, or only those named; of a batch, as one sample sees them."""
    if only:
        return iteration_cards(iteration, style, only, sample)
    summary = view_of(iteration.lesson.scenario).summary(iteration, sample)
    return summary or (*question(iteration, sample), *iteration_cards(iteration, style, (), sample))


def sample_shown(iteration: Iteration, asked: int | None) -> int | None:
    """The sample that the screens show: the one asked for; of a network's batch the first; else all of them."""
    if asked is not None:
        return checked_sample(iteration, asked)
    return view_of(iteration.lesson.scenario).first_sample(iteration)


def step_document(
    iteration: Iteration, name: str, style: Numbers, only: tuple[str, ...] = (), sample: int | None = None
) -> tuple[Block, ...]:
    """One iteration's steps, or only those named; of a batch, as one sample sees them."""
    where = f"iteration {iteration.number}" + ("" if sample is None else f", sample {sample}")
    title = Heading(iteration.lesson.scenario.title or name, 1, where)
    return (title, *step_blocks(iteration, style, only, sample), *_to_open(iteration, only, _to_type(name)))


def _to_open(iteration: Iteration, only: tuple[str, ...], name: str) -> tuple[Block, ...]:
    """How to open a layer of a network whose steps were not all shown."""
    layer = view_of(iteration.lesson.scenario).to_open(iteration.lesson.scenario)
    if only or not layer:
        return ()
    number_ = f" --iteration {iteration.number}" if iteration.number else ""
    return (Command(f"cnnstep step {name}{number_} --only {layer}", "open a layer, or one of its steps"),)


def step_data(iteration: Iteration, scenario: Mapping[str, Any], only: tuple[str, ...] = ()) -> dict[str, Any]:
    """One iteration in the JSON form of a run; `scenario` is what is written of the scenario."""
    return {"schema": 1, "scenario": scenario, "iterations": [iteration_data(iteration, only)]}


def course(record: Record) -> list[Block]:
    """The loss as a curve, and a table of where something happened."""
    finite = [loss for loss in record.losses if loss > 0]
    spans_decades = len(finite) > 1 and max(finite) > 100 * min(finite)
    series = (Series("loss", record.losses),)
    blocks: list[Block] = [
        Curve("Loss", series, "iteration", record.first.number, record.last.number + 1, log=spans_decades),
    ]
    blocks += view_of(record.lesson.scenario).curves(record)
    if record.events:
        blocks.append(_events(record.events, record.events_left_out))
    return blocks


def _events(events: tuple[RunEvent, ...], left_out: int) -> Table:
    rows: list[tuple[str | float, ...]] = [(str(e.iteration), e.loss, e.text) for e in events]
    if len(rows) > MOST_EVENTS:
        head, tail = rows[: MOST_EVENTS - 5], rows[-5:]
        rows = [*head, ("…", "", f"{counted(len(rows) - MOST_EVENTS + left_out, 'more event')}"), *tail]
    return Table(("iteration", "loss", "what happened"), tuple(rows), "Events")


def _ending(record: Record, name: str, style: Numbers) -> list[Block]:
    """What changed, how it stands, and one thing to type next."""
    end = record.outcome
    words, tone = ending(record)
    losses = f"The loss went from {style.text(record.losses[0])} to {style.text(end.loss)}"
    after = f"in {counted(record.iterations, 'iteration')}"
    blocks: list[Block] = [
        Heading("What changed"),
        Paragraph(f"{losses} {after}. It is {words}.", tone),
    ]
    return [*blocks, *view_of(record.lesson.scenario).changes(record), _next(record, _to_type(name))]


def _to_type(name: str) -> str:
    """The scenario's name as a shell takes it; a scenario that came through standard input has none."""
    if name == "-":
        return "FILE"
    if all(character.isalnum() or character in "._-/" for character in name):
        return name
    from shlex import quote

    return quote(name)


def _next(record: Record, name: str) -> Command:
    if layer := view_of(record.lesson.scenario).to_open(record.lesson.scenario):
        last = f" --iteration {record.last.number}" if record.last.number else ""
        return Command(f"cnnstep step {name}{last} --only {layer}", "open a layer")
    if record.iterations == 1:
        return Command(f"cnnstep step {name} --interactive", "go through it yourself, one number at a time")
    if record.outcome.status in ("stuck", "worse", "diverged"):
        return Command("cnnstep explain learning-rate", "why the loss can rise though the gradient is right")
    if record.outcome.status == "improving":
        return Command(f"cnnstep run {name} --iterations {record.iterations * 10}", "let it continue")
    return Command(f"cnnstep step {name} --interactive", "go through it yourself, one number at a time")


def run_data(
    record: Record, scenario: Mapping[str, Any], only: tuple[str, ...] = (), asked: int | None = None
) -> dict[str, Any]:
    """A run as JSON: the scenario as it is written there, the kept iterations, and the outcome.

    `left_out` is there where an iteration is not: not listed, or of those that were `asked` for not carried out.
    """
    kept = record.kept or tuple({one.number: one for one in (record.first, record.last)}.values())
    listed = [iteration_data(iteration, only) for iteration in kept]
    head = {"schema": 1, "scenario": scenario, "iterations": listed}
    return head | _ended_data(record, len(listed), asked or 0)


def run_pieces(
    taking: Iterable[Iteration],
    recording: Recording,
    every: int | None,
    scenario: Mapping[str, Any],
    only: tuple[str, ...] = (),
    asked: int | None = None,
) -> Iterator[tuple[str, Any]]:
    """What `run_data` gives, piece by piece while the run goes on: its iterations are one after another, never all.

    There is one iteration in `every` so many; where that is None, the first and the last.
    """
    count = 0

    def iterations() -> Iterator[dict[str, Any]]:
        nonlocal count
        iteration = None
        for iteration in taking:
            if not iteration.number or (every and iteration.number % every == 0):
                count += 1
                yield iteration_data(iteration, only)
        if every is None and iteration and iteration.number:
            count += 1
            yield iteration_data(iteration, only)

    yield from {"schema": 1, "scenario": scenario, "iterations": iterations()}.items()
    yield from _ended_data(recording.whole, count, asked or 0).items()


def _ended_data(record: Record, listed: int, asked: int) -> dict[str, Any]:
    """What of a run's JSON is known at its end."""
    end = record.outcome
    result: dict[str, Any] = {"status": end.status, "loss": number(end.loss)}
    result |= view_of(record.lesson.scenario).outcome(record)
    return {**_left_out(record, listed, asked), "outcome": result}


def _left_out(record: Record, listed: int, asked: int) -> dict[str, Any]:
    """How many iterations the JSON does not have, and why; nothing where it has them all."""
    unlisted, undone = record.iterations - listed, asked - record.iterations
    words = []
    if unlisted:
        verb = "is" if unlisted == 1 else "are"
        words.append(f"{counted(unlisted, 'iteration')} {verb} not listed here; --every 1 lists them all")
    if undone > 0:
        verb = "was" if undone == 1 else "were"
        why = "the run was interrupted" if record.interrupted else "the loss is not finite any more"
        words.append(f"{undone} of those asked for {verb} not carried out: {why}")
    if not words:
        return {}
    return {"left_out": {"iterations": unlisted + max(undone, 0), "message": ". ".join(words)}}


def iteration_data(iteration: Iteration, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """One iteration as plain data, every step or only those named."""
    chosen = selected(iteration, only) if only else tuple(Selection(step) for step in iteration.lesson.steps)
    return {
        "iteration": iteration.number,
        "loss": number(iteration.loss),
        "steps": [_step_data(iteration, one, whole=bool(only)) for one in chosen],
        "findings": [_finding_data(finding) for finding in findings(iteration)],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    """A finding with its cells; of very many the first ones, and how many there are."""
    many = len(finding.cells) * len(next(iter(finding.cells), ())) > MOST_NUMBERS
    listed = FIRST_CELLS if many else None
    data: dict[str, Any] = {
        "code": finding.code,
        "step": finding.step,
        "cells": finding.cells[:listed],
        "blocked": finding.blocked[:listed],
        "message": finding.message,
    }
    if many:
        data["summary"] = {"cells": len(finding.cells), "blocked": len(finding.blocked)}
    return data


def _step_data(iteration: Iteration, chosen: Selection, *, whole: bool) -> dict[str, Any]:
    """A step's matrix, or the part of it that was asked for; a very large one that was not is summed up."""
    step, shown = chosen.step, chosen.of(iteration.matrix(chosen.step.name))
    data: dict[str, Any] = {"name": step.name, "symbol": step.symbol, "formula": step.formula}
    if chosen.part:
        data["part"] = list(chosen.part)
    if chosen.window:
        data["window"] = [[one.start, one.stop] for one in chosen.window]
    if shown.size <= MOST_NUMBERS or whole:
        return data | {"value": numbers(np.asarray(shown))}
    return data | {"value": None, "summary": _summary_data(shown)}


def _summary_data(array: Array) -> dict[str, Any]:
    """An array summed up: shape, smallest, mean, largest, length, number of zeros."""
    with np.errstate(all="ignore"):
        found = {"min": array.min(), "mean": mean(array), "max": array.max(), "norm": norm(array)}
    data: dict[str, Any] = {"shape": list(array.shape)}
    data |= {key: float(value) if math.isfinite(value) else None for key, value in found.items()}
    return data | {"zeros": int((array == 0).sum())}


def keeps_all(scenario: Scenario, iterations: int) -> bool:
    """Whether a run's JSON can hold every iteration; of a long run of a large network it has the first and the last."""
    return view_of(scenario).lists_all(scenario, iterations, MOST_NUMBERS)
