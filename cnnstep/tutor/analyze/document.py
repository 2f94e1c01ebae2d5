"""The page of `analyze`: what will happen, why, what to do instead; then the numbers behind it."""

from __future__ import annotations

import math
from itertools import chain
from shlex import quote

from cnnstep.engine.analysis import Analysis
from cnnstep.engine.analysis.curvature import reach
from cnnstep.engine.analysis.forecast import MOST_TRIED, Forecast, arrives, products
from cnnstep.engine.analysis.gradient import BANDS, NUDGE, Reason
from cnnstep.engine.analysis.solutions import clips
from cnnstep.tutor.analyze.verdict import (
    MOST_CELLS,
    best,
    cells_of,
    course,
    expected_another,
    instead,
    named,
    own_bound,
    reasons,
    verdict,
)
from cnnstep.tutor.document import Beside, Block, Command, Curve, Heading, Note, Paragraph, Series, Table
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.present import planes

SPAN = 1e3
"""Losses further apart than this are drawn on a logarithmic axis."""

ZEROS: dict[Reason, str] = {
    "no-error": "its cells have no error left",
    "dead": "the cells with an error are inactive: δ is 0",
    "zero-patch": "it met only zeros where δ is not 0",
    "cancellation": "what the cells contribute cancels",
}
"""Why one weight's gradient is 0."""
WHOLE: dict[Reason, str] = {
    "no-error": "The gradient is 0 because no error is left: that is the goal.",
    "dead": "The gradient is 0 though errors are left: the cells that have them are inactive.",
    "zero-patch": "The gradient is 0 though δ is not: where it is not 0, the patches hold only zeros.",
    "cancellation": "The gradient is 0 because what the cells contribute cancels exactly.",
}
"""Why the whole gradient is 0."""


def analyze_document(analysis: Analysis, name: str, style: Numbers) -> tuple[Block, ...]:
    """Words first, numbers beside them, then what to change."""
    text, tone = verdict(analysis, style)
    title = analysis.scenario.title or name
    return (
        Heading(title, 1, name if name != title else ""),
        Paragraph(text, tone),
        *_why(analysis, style),
        *_curve(analysis, style),
        *_tried(analysis, style),
        Heading("What can be met"),
        *_met(analysis, style),
        Heading("Where you stand now"),
        *_standing(analysis, style),
        Heading("Is the gradient right?"),
        Paragraph(_check(analysis, style)),
        _next(analysis, name, style),
    )


def _why(analysis: Analysis, style: Numbers) -> list[Block]:
    blocks: list[Block] = []
    if told := course(analysis.forecast, style):
        blocks.append(Paragraph(told))
    if why := reasons(analysis, style):
        blocks.append(Note("why", " ".join(why)))
    if helps := instead(analysis, style):
        words = "; or ".join(helps)
        blocks.append(
            Note("instead", f"{words[0].upper() if words.startswith('a ') else words[0]}{words[1:]}.", "good")
        )
    elif analysis.trials:
        blocks.append(Note("instead", "Nothing that was tried helps; it is listed below.", "quiet"))
    elif analysis.forecast.status != "converged" and products(analysis.scenario) > MOST_TRIED:
        words = "Each run takes long at this size, so no other learning rate, activation or start was tried."
        blocks.append(Note("instead", words, "quiet"))
    arrived = analysis.forecast.status == "converged" or any(t.helps for t in analysis.trials)
    if arrived and (more := expected_another(analysis)):
        blocks.append(Note("note", more, "quiet"))
    return blocks


def _curve(analysis: Analysis, style: Numbers) -> tuple[Block, ...]:
    """The loss of the run; beside it that of the rate that helps."""
    runs = {f"η = {style.text(analysis.scenario.learning_rate)}": analysis.forecast}
    if trial := best(analysis, "rate"):
        runs[f"η = {style.text(trial.scenario.learning_rate)}"] = trial.forecast
    length = _length(list(runs.values()))
    if length < 2:
        return ()
    curves = [Series(label, _losses(run, length), sign) for (label, run), sign in zip(runs.items(), "•+", strict=False)]
    positive = [loss for loss in chain(*(one.values for one in curves)) if loss > 0]
    log = bool(positive) and max(positive) > SPAN * min(positive)
    return (Curve("Loss", tuple(curves), "iteration", 0, length - 1, log),)


def _length(runs: list[Forecast]) -> int:
    """How many losses are drawn: those of the longest run, cut where one that is not at rest ends."""
    open_ends = [len(_finite(run)) for run in runs if not _rests(run)]
    return min([*open_ends, max(len(_finite(run)) for run in runs)])


def _rests(run: Forecast) -> bool:
    return run.status in ("converged", "settled", "stuck")


def _losses(run: Forecast, length: int) -> tuple[float, ...]:
    """The first `length` losses; a run at rest repeats its last one."""
    losses = _finite(run)
    return (*losses, *losses[-1:] * (length - len(losses)))[:length]


def _finite(run: Forecast) -> tuple[float, ...]:
    return run.losses[: next((k for k, loss in enumerate(run.losses) if not math.isfinite(loss)), len(run.losses))]


def _tried(analysis: Analysis, style: Numbers) -> tuple[Block, ...]:
    if not analysis.trials:
        return ()
    own = f"as it is, learning_rate {style.text(analysis.scenario.learning_rate)}"
    runs = [(own, analysis.forecast), *((trial.what, trial.forecast) for trial in analysis.trials)]
    rows = tuple(
        (what, run.status, f"iteration {run.iteration}" if run.final else f"after {run.iterations}", run.loss)
        for what, run in runs
    )
    return (Table(("what was tried", "becomes", "when", "loss"), rows, "Each was run"),)


def _met(analysis: Analysis, style: Numbers) -> list[Block]:
    """Whether a filter meets the target, whether it is the only one, and one of them beside the one found."""
    solutions = analysis.solutions
    blocks: list[Block] = [Paragraph(_solutions(analysis, style))]
    if solutions.example is None:
        return blocks
    quantity, found = analysis.first.lesson.quantity("filter"), analysis.forecast
    title = "the filter that meets it" if solutions.kind == "unique" else "one that meets it"
    shown = planes(quantity, quantity.layout.show(solutions.example.conv.weights), title=title)
    ended = planes(quantity, found.matrix("filter"), title="where the run ends")
    blocks.append(Beside((*shown, *ended)))
    if solutions.example.conv.bias is not None:
        bias = [style.text(float(value)) for value in solutions.example.conv.bias]
        ends = [style.text(float(value)) for value in found.matrix("bias").ravel()]
        blocks.append(Paragraph(f"With a bias of {listed(bias)}; the run ends with {listed(ends)}."))
    return blocks


def _solutions(analysis: Analysis, style: Numbers) -> str:
    """The rank, and what follows from it."""
    solutions, phi = analysis.solutions, analysis.scenario.activation
    rank, weights = analysis.rank, analysis.weights
    bias = " and a bias" if analysis.scenario.conv.bias is not None else ""
    each = "each filter" if len(analysis.scenario.conv.weights) > 1 else "the filter"
    patches = f"The patch matrix has rank {rank}; {each} has {counted(weights - bool(bias), 'weight')}{bias}."
    if solutions.kind == "unique":
        return f"One filter meets the target, and no other. {patches}"
    if solutions.kind == "family":
        free = weights - rank
        left = (
            f"That leaves {counted(free, 'direction')} in which a change of the weights changes no output."
            if free
            else (f"But for a target of 0 any z of 0 or less will do with {phi.name}, which leaves room.")
        )
        return f"More than one filter meets the target. {patches} {left}"
    if solutions.kind == "none":
        return f"No filter meets the target exactly. {patches} {_floor(analysis, style)}"
    why = "the search for one was inconclusive" if clips(phi) else f"{phi.name} gives some outputs for two different z"
    return f"It is not known whether a filter meets the target exactly: {why}. See where the run ends. {patches}"


def _floor(analysis: Analysis, style: Numbers) -> str:
    """The loss that has to stay, where that is known beforehand."""
    floor, least = analysis.solutions.floor, analysis.scenario.loss.least(analysis.scenario.targets)
    if floor > least:
        return f"The loss can't fall below {style.text(floor)}."
    if analysis.solutions.unreachable.any():
        return (
            f"The loss can come as close to {style.text(floor)} as you like, unless the targets contradict each other."
        )
    return "How much loss must remain is not known beforehand; see where the run ends."


def _standing(analysis: Analysis, style: Numbers) -> list[Block]:
    """The cells that are active, what they allow, which can come back, and where the gradient is 0."""
    return [
        Paragraph(" ".join(_cells(analysis))),
        _rates(analysis, style),
        *_optimizer(analysis, style),
        *_zeros(analysis),
    ]


def _cells(analysis: Analysis) -> list[str]:
    active = cells_of(analysis, analysis.curvature.active)
    dead = cells_of(analysis, ~analysis.curvature.active)
    if not dead:
        return [f"Every cell passes something back: {named(active)}." if len(active) > 1 else "Its cell is active."]
    told = [f"Active: {named(active)}. Inactive: {named(dead)}." if active else "No cell is active."]
    back = sorted(analysis.revived.items())
    if back:
        first = [f"{named([cell])} becomes active at iteration {at}" for cell, at in back[:MOST_CELLS]]
        more = f"; so do {len(back) - MOST_CELLS} more" if len(back) > MOST_CELLS else ""
        told.append(f"In the run {listed(first)}{more}.")
    never = [cell for cell in dead if cell not in analysis.revived]
    if never:
        told.append(f"{named(never)} {'stays' if len(never) == 1 else 'stay'} inactive in the run.")
    return told


def _rates(analysis: Analysis, style: Numbers) -> Table:
    bend = analysis.curvature
    rows = [
        (what, "—" if largest is None else largest, "—" if stable is None else stable)
        for what, largest, stable in (
            ("the cells active now", bend.lambda_max, bend.stable),
            ("every cell at its steepest", bend.all_active, bend.stable_all_active),
        )
        if largest != bend.all_active or what != "the cells active now"
    ]
    own = style.text(analysis.scenario.learning_rate)
    return Table(("curvature of", "λmax", "2/λmax"), tuple(rows), f"The largest stable learning rate (yours: {own})")


def _optimizer(analysis: Analysis, style: Numbers) -> list[Block]:
    optimizer = analysis.scenario.optimizer
    factor = reach(optimizer)
    curved = analysis.scenario.activation.name not in ("linear", "relu", "leaky_relu")
    told = []
    if factor is None:
        told.append(
            f"2/λmax is for plain gradient descent; {optimizer.name} scales its own steps, so it is no limit here."
        )
    elif factor != 1:
        bound = own_bound(analysis)
        here = "" if bound is None else f": {style.text(bound)} now"
        told.append(f"2/λmax is for plain gradient descent; {optimizer.name} allows {factor:.4g} times as much{here}.")
    if curved:
        told.append("φ is curved: λmax is the curvature near the goal (Gauss–Newton), and changes as z changes.")
    return [Paragraph(" ".join(told), "quiet")] if told else []


def _zeros(analysis: Analysis) -> list[Block]:
    """Why the gradient is 0, in whole or at some weights."""
    zero = analysis.zero
    if zero.whole:
        return [Paragraph(WHOLE[zero.whole], "good" if zero.whole == "no-error" else "warn")]
    lesson = analysis.first.lesson
    told = []
    for reason, cells in zero.weights.items():
        which = f"W{named([cells[0]])}" if len(cells) == 1 else counted(len(cells), "weight")
        told.append(f"{which}: {ZEROS[reason]}")
    symbol = lesson.quantity("gradient").symbol
    return [Paragraph(f"{symbol} is 0 at {listed(told)}.", "quiet")] if told else []


def _check(analysis: Analysis, style: Numbers) -> str:
    check = analysis.check
    words = {
        "tight": "Yes",
        "ok": "Yes, as far as this can tell",
        "suspicious": "Perhaps not: the slopes differ by more than rounding",
        "wrong": "No: the slopes differ",
        "unknown": "The losses are no longer finite, so this test can't tell",
    }[check.band]
    bands = ", ".join(f"{band} up to {most:g}" for band, most in BANDS)
    text = f"{words}. {counted(check.checked, 'weight')} nudged by {NUDGE:g}, one at a time: "
    apart = f"the measured slopes differ from the gradient by {check.relative_error:.1e} of the largest"
    text += (
        f"{apart} ({bands}, above that wrong)." if check.relative_error else "the measured slopes equal the gradient."
    )
    if near := cells_of(analysis, check.near_kink):
        one = len(near) == 1
        text += (
            f" {named(near)} {'is' if one else 'are'} so close to a kink, where the slope jumps, that a nudge proves "
        )
        text += f"nothing there; {'it is' if one else 'they are'} left out."
    return text


def _next(analysis: Analysis, name: str, style: Numbers) -> Command:
    """One thing to type."""
    typed = "FILE" if name == "-" else quote(name)
    if trial := best(analysis, "rate"):
        rate = f"{trial.scenario.learning_rate:g}"
        then = f"type: set learning_rate {rate}, then: run {trial.forecast.iterations}"
        return Command(f"cnnstep step {typed} --interactive", then)
    if trial := best(analysis, "activation"):
        slope = trial.scenario.activation.parameters["slope"]
        return Command(f"cnnstep step {typed} --interactive", f"type: set activation leaky_relu slope {slope:g}")
    run = analysis.forecast
    if arrives(run, analysis.solutions) and run.iteration:
        return Command(f"cnnstep run {typed} --iterations {run.iteration}", "see it happen")
    return Command(f"cnnstep step {typed} --interactive", "go through it, one number at a time")
