"""A page's data: a scenario's board, its program, its run and what is said of it, as one plain document.

The numbers are the engine's. What a learner changes in the page is worked out there, by the same program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.links import links
from cnnstep.engine.quantity import number
from cnnstep.engine.trace import trace
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.board import Board, BoardMatrix, board_of
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.page.narrowed import narrowed
from cnnstep.tutor.page.quiz import quiz_data, quiz_steps, said
from cnnstep.tutor.page.run import PageRequest, run_of
from cnnstep.tutor.topics import topic_of

Data = dict[str, Any]


def page_data(asked: PageRequest, done: Callable[[int], None] = lambda number: None) -> Data:
    """The whole document. `done` is told of each iteration."""
    lesson, scenario = asked.lesson, asked.lesson.scenario
    board, program = board_of(lesson), links(lesson).to_dict()
    if asked.sample is not None:
        program = narrowed(program, lesson, asked.sample)
    run, codes = run_of(asked, lesson, done)
    more: Data = {} if asked.sample is None else {"sampleOf": [asked.sample, len(scenario.inputs)]}
    if asked.mistake:
        more["mistake"] = _mistake(asked, done)
    if asked.quiz:
        shown = next(islice(trace(lesson), asked.shown, None))
        more["quiz"] = quiz_data(lesson, quiz_steps(lesson, asked.quiz), shown.values)
    return {
        "name": asked.name,
        "title": asked.title,
        "about": asked.about,
        "layered": board.layered,
        "stations": _stations(board),
        "tiles": {tile.name: _tile(tile, asked) for tile in board.matrices},
        "program": program,
        "whole": asked.sample is None,
        "run": run,
        "shown": min(asked.shown, asked.last),
        "activations": list(_activations(lesson)),
        "activationIsFixed": scenario.loss.only_with is not None,
        "scenario": _scenario(lesson) if asked.sample is None else {},
        "topics": dict(_topics(codes)),
        **more,
    }


def _mistake(asked: PageRequest, done: Callable[[int], None]) -> Data:
    """The run in which the mistake is made, and the mistake's words; a fault where it can't be made here."""
    made = MISTAKES.find(asked.mistake)
    steps = made.occasions(asked.lesson)
    if not steps:
        what = f"{made.code} can't be made in this scenario"
        raise InputError(Fault("mistake", what, f"it shows in {made.shown_on}: cnnstep page {made.shown_on}"))
    lesson = mistaken(asked.lesson, made)
    program = links(lesson).to_dict()
    if asked.sample is not None:
        program = narrowed(program, lesson, asked.sample)
    run, _ = run_of(asked, lesson, done)
    return {**said(made, asked.lesson, steps[0]), "program": program, "run": run}


def _stations(board: Board) -> list[Data]:
    return [
        {"title": one.title, "forward": [t.name for t in one.forward], "backward": [t.name for t in one.backward]}
        for one in board.stations
    ]


def _tile(tile: BoardMatrix, asked: PageRequest) -> Data:
    """Words, and what stands before and after a cell's index: `W[0,1] new`."""
    quantity = tile.quantity
    before, _, after = quantity.label((0,) * len(quantity.layout.axes)).rpartition("]")
    before, _, _ = before.rpartition("[")
    if not before:  # a single number has no index
        before, after = quantity.symbol, ""
    axes = [axis for axis in quantity.layout.visible if not (axis == "sample" and asked.sample is not None)]
    formula = {"formula": tile.step.formula} if tile.step else {}
    told = {"before": before, "after": after, "word": tile.word, "meaning": tile.meaning, "axes": axes, **formula}
    return told | ({"remembered": True} if tile.remembered else {})


def _activations(lesson: Lesson) -> Iterator[Data]:
    """The activations that a learner may exchange, each with the steps that change, and the constants of all others."""
    zero = number(lesson.scenario.relu_slope_at_zero)
    usual = {name: [number(v) for v in make().parameters.values()] for name, make in ACTIVATIONS.items()}
    for at in lesson.layers:
        if isinstance(at.layer, ActivationLayer):
            steps = [step.name for step in lesson.steps if step.part is at.layer]
            constants = {name: own for name, own in usual.items() if own} | {"relu_slope": [zero]}
            yield {"layer": at.name, "name": at.layer.phi.name, "steps": steps, "constants": constants}


def _scenario(lesson: Lesson) -> Data:
    """The scenario's keys but for those whose numbers stand in the program; what is at its default is left out."""
    from cnnstep.engine.scenario_keys import DEFAULTS

    data = lesson.scenario.data()
    for key in ("input", "target", "samples", "test", "filter", "learning_rate"):
        data.pop(key, None)
    if data.get("bias") is not None:
        del data["bias"]
    for layer in data.get("layers", ()):
        for key in ("weights", "bias"):
            if layer.get(key) is not None:
                del layer[key]
    return {key: value for key, value in data.items() if not (key in DEFAULTS and DEFAULTS[key] == value)}


def _topics(codes: Iterable[str]) -> Iterator[tuple[str, Data]]:
    for code in sorted(codes):
        if topic := topic_of(code):
            yield code, {"title": topic.title, "summary": topic.summary}
