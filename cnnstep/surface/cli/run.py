"""`cnnstep run` and `cnnstep step`: a scenario walked through, also as a conversation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli.context import (
    FIRST_LESSON,
    All,
    AsJson,
    Exit,
    FormatOption,
    Fractions,
    MaybeScenario,
    Only,
    Precision,
    ScenarioName,
    at_least,
    format_of,
    give,
    not_both,
    progress,
    say,
    screen,
    show,
    stopping,
    style_of,
)
from cnnstep.surface.formats import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.trace import Iteration
    from cnnstep.surface.loading import Loaded
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.record import Record, Recording
    from cnnstep.tutor.session.state import Saving, Session


StartWeights = Annotated[
    str, typer.Option("--weights", metavar="FILE.npz", help="Start from weights saved with --save-weights.")
]
SampleOption = Annotated[int | None, typer.Option("--sample", help="Which sample of a batch to show, counted from 0.")]


def run(
    scenario: ScenarioName,
    iterations: Annotated[
        int | None, typer.Option("--iterations", "-n", help="Number of updates; without it, the scenario's own.")
    ] = None,
    every: Annotated[int | None, typer.Option("--every", help="Also show every Nth iteration.")] = None,
    only: Only = "",
    sample: SampleOption = None,
    mistake: Annotated[
        str,
        typer.Option("--mistake", metavar="CODE", help="Make this mistake in every iteration, next to the right way."),
    ] = "",
    weights: StartWeights = "",
    save: Annotated[
        str, typer.Option("--save-weights", metavar="FILE.npz", help="Save the weights after the last update.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    with_links: Annotated[
        bool, typer.Option("--links", help="With --json: also how each number comes about, for programs.")
    ] = False,
    as_json: AsJson = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
    every_number: All = False,
) -> None:
    """Run a scenario without questions: every step's matrix, the findings, the outcome.

    \b
    Examples:
      cnnstep run first-filter
      cnnstep run first-filter --iterations 40
      cnnstep run my.yaml --only gradient,update
      cnnstep run first-filter --mistake uphill-update -n 5
      cnnstep run first-filter --save-weights learned.npz
      cnnstep run first-filter --json
      cnnstep run first-filter --json --links
    """
    from cnnstep.tutor.cards import lesson_for, names_of
    from cnnstep.tutor.record import Recording
    from cnnstep.tutor.run import run_document, run_pieces, sample_shown

    style, shape = style_of(precision, fractions, every_number), format_of(format, as_json)
    if iterations is not None:
        at_least(iterations, 1, "--iterations")
    if every is not None:
        at_least(every, 1, "--every")
    _check_output(save, force, mistake)
    if with_links and shape != "json":
        raise InputError(Fault("usage", "--links goes with --json alone", "add --json"))
    loaded = _loaded(scenario, weights)
    steps = names_of(only)
    total = iterations or loaded.scenario.iterations
    asked = _Asked(loaded, lesson_for(loaded.scenario, steps), steps, total, every, with_links)
    if mistake:
        give(_beside_the_right_way(asked, mistake, style, shape), shape)
        return
    recording = Recording()

    def document() -> tuple[Block, ...]:
        for _ in _taking(asked, asked.lesson, recording, asked.keep):
            pass
        first = recording.whole.first
        return run_document(recording.whole, loaded.name, style, steps, sample_shown(first, sample))

    def data() -> Iterator[tuple[str, Any]]:
        taking = _taking(asked, asked.lesson, recording)
        yield from run_pieces(taking, recording, asked.listed, scenario_json(loaded), steps, asked.total)
        yield from asked.links(asked.lesson).items()

    give(Answer(document, data, style), shape)
    if save:
        _save(save, recording.whole, force)
    if recording.whole.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)


@dataclass(frozen=True)
class _Asked:
    """A run as it was asked for."""

    loaded: Loaded
    lesson: Lesson
    steps: tuple[str, ...]
    total: int
    every: int | None
    with_links: bool = False

    def keep(self, number: int) -> bool:
        """Whether --every names this iteration."""
        return bool(self.every) and number % (self.every or 1) == 0

    @property
    def listed(self) -> int | None:
        """JSON has one iteration in so many; None where it has the first and the last."""
        from cnnstep.tutor.run import keeps_all

        return self.every or (1 if keeps_all(self.loaded.scenario, self.total) else None)

    def links(self, lesson: Lesson) -> dict[str, Any]:
        """How the numbers of the lesson come about, where --links asks for it."""
        from cnnstep.engine.links import links

        return {"links": links(lesson).to_dict()} if self.with_links else {}


def _taking(
    asked: _Asked, lesson: Lesson, recording: Recording, keep: Callable[[int], bool] = lambda number: False
) -> Iterator[Iteration]:
    """The iterations, each taken in; Ctrl-C ends them after the one that is under way."""
    from cnnstep.engine.trace import trace

    with progress(asked.total, "iterations") as done, stopping() as stop:
        yield from recording.taking(trace(lesson, asked.total), keep, done, stop)


def _beside_the_right_way(asked: _Asked, code: str, style: Numbers, shape: str) -> Answer:
    """The run with a mistake made in every iteration, next to the right one."""
    from cnnstep.tutor.mistakes import MISTAKES, mistaken
    from cnnstep.tutor.mistakes.comparison import comparison_data, comparison_document

    made = MISTAKES.find(code)
    if shape == "json":
        asked = replace(asked, every=asked.listed)
    right, wrong = (_recorded(asked, one) for one in (asked.lesson, mistaken(asked.lesson, made)))
    return Answer(
        lambda: comparison_document(wrong, right, made, asked.loaded.name, style),
        lambda: (
            comparison_data(wrong, right, made, scenario_json(asked.loaded), asked.steps, asked.total)
            | asked.links(wrong.lesson)
        ),
        style,
    )


def _recorded(asked: _Asked, lesson: Lesson) -> Record:
    """The whole run: half of a comparison says nothing."""
    from cnnstep.tutor.record import Recording

    recording = Recording()
    for _ in _taking(asked, lesson, recording, asked.keep):
        pass
    if recording.whole.interrupted:
        raise KeyboardInterrupt
    return recording.whole


def _loaded(name: str, weights: str) -> Loaded:
    """The scenario, with the weights of a file where one is named."""
    from cnnstep.surface.loading import load

    loaded = load(name)
    if not weights:
        return loaded
    from cnnstep.surface.writing import load_weights

    return replace(loaded, scenario=load_weights(loaded.scenario, weights), weights=weights)


def _check_output(path: str, force: bool, mistake: str) -> None:
    """What would keep the weights from being written, told before anything is trained."""
    if not path:
        return
    from cnnstep.surface.writing import check_free, check_suffix

    not_both("--save-weights", {"--mistake": mistake})
    check_suffix(path)
    check_free(path, force)


def _save(path: str, recorded: Record, force: bool) -> None:
    from cnnstep.surface.writing import save_weights

    save_weights(recorded.outcome, path, force)
    say(f"Written: {path}")


def _iteration(lesson: Lesson, number: int) -> Iteration:
    """The iteration of this number; the ones before it are carried out and let go."""
    from itertools import islice

    from cnnstep.engine.trace import trace

    with progress(number + 1, "iterations") as done:
        for one in islice(trace(lesson), number + 1):
            done(one.number)
    return one


def step(
    scenario: MaybeScenario = FIRST_LESSON,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="The tutor: one step at a time, forward and back.")
    ] = False,
    iteration: Annotated[
        int | None,
        typer.Option("--iteration", help="The iteration to print, counted from 0; without it, the first."),
    ] = None,
    only: Only = "",
    sample: SampleOption = None,
    weights: StartWeights = "",
    as_json: AsJson = False,
    format: FormatOption = "",
    precision: Precision = 4,
    fractions: Fractions = False,
    every_number: All = False,
    no_pager: Annotated[
        bool,
        typer.Option("--no-pager", help="Long answers of a session whole, without CNNSTEP_PAGER."),
    ] = False,
) -> None:
    """Go through a scenario one step at a time, forward and back; or print one iteration's steps.

    \b
    Examples:
      cnnstep step --interactive
      cnnstep step my.yaml --interactive
      cnnstep step first-filter --iteration 3
    """
    from cnnstep.tutor.cards import lesson_for, names_of
    from cnnstep.tutor.run import sample_shown, step_data, step_document

    style, shape = style_of(precision, fractions, every_number), format_of(format, as_json)
    if iteration is not None:
        at_least(iteration, 0, "--iteration")
    if interactive:
        others = {"--json": as_json, "--format": format, "--only": only, "--iteration": iteration is not None}
        not_both("--interactive", others | {"--sample": sample is not None})
        _teach(_loaded(scenario, weights), style, paged=not no_pager)
        return
    loaded = _loaded(scenario, weights)
    steps = names_of(only)
    lesson = lesson_for(loaded.scenario, steps)
    wanted = _iteration(lesson, iteration or 0)
    answer = Answer(
        lambda: step_document(wanted, loaded.name, style, steps, sample_shown(wanted, sample)),
        lambda: step_data(wanted, scenario_json(loaded), steps),
        style,
    )
    give(answer, shape)


def _teach(loaded: Loaded, style: Numbers, paged: bool) -> None:
    """A lesson as a conversation, until it is left or the input ends."""
    from cnnstep.surface.cli.conversation import converse, take_any_bytes
    from cnnstep.surface.cli.line_editor import editing
    from cnnstep.surface.loading import STANDARD_INPUT, scenario
    from cnnstep.tutor.session.state import begin, prompt

    take_any_bytes()
    name = "scenario" if loaded.name == STANDARD_INPUT else loaded.name
    session, reply = begin(name, loaded.scenario, style, scenario)
    show(reply.blocks, style)
    from cnnstep.tutor.session.commands import advance  # 20 ms, while the first screen is read

    here = session

    def answer(session: Session, line: str) -> tuple[Session, tuple[Block, ...]]:
        nonlocal here
        here, reply = advance(session, line)
        if reply.save:
            _save_scenario(reply.save)
        if reply.clears:
            _clear()
        return here, reply.blocks

    def complete(line: str) -> tuple[str, ...]:
        from cnnstep.tutor.session.completion import completions

        return completions(here, line)

    def folder() -> Path:
        from cnnstep.surface.practice.store import home_folder  # brings SQLite

        return home_folder()

    with editing(complete, folder):
        converse(session, prompt, answer, style, "the lesson", paged=paged)


def _clear() -> None:
    """An empty screen, where there is one."""
    if screen().watched and sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")


def _save_scenario(saving: Saving) -> None:
    from cnnstep.errors import InputError
    from cnnstep.surface.cli.faults import faults_text
    from cnnstep.surface.scenario_file.writer import write_scenario
    from cnnstep.surface.writing import user_path

    try:
        write_scenario(user_path(saving.path), saving.scenario)
    except InputError as error:
        here = [replace(f, hint="choose another name") if f.code == "exists" else f for f in error.faults]
        say(faults_text(InputError(here), screen().width))
    else:
        say(f"Saved as {saving.path}. {saving.words}".rstrip())


DATA = {"input", "target", "samples", "test"}
WEIGHTS = {"filter", "weights", "bias"}


def scenario_json(loaded: Loaded) -> dict[str, Any]:
    """The scenario with every default filled in.

    A part of more than `MOST_NUMBERS` numbers is what the scenario's file has there, such as `{file: …}` or
    `{init: …}`; weights that came from elsewhere name the file that they came from.
    """
    from cnnstep.surface.files.yaml_reader import plain
    from cnnstep.tutor.run import MOST_NUMBERS

    data, written = loaded.scenario.data(), plain(loaded.document.root)
    layers = zip(data.get("layers", ()), written.get("layers", ()), strict=True)
    for part, was, prefix in [(data, written, ""), *((one, was, f"{one['name']}.") for one, was in layers)]:
        for key in part.keys() & (DATA | WEIGHTS):
            if _count(part[key]) > MOST_NUMBERS:
                elsewhere = loaded.weights and key in WEIGHTS
                part[key] = {"file": loaded.weights, "key": f"{prefix}{key}"} if elsewhere else was[key]
    return data


def _count(value: Any) -> int:
    """How many numbers stand in it."""
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1
