"""What each key makes of the place where one is: one entry a key, read by the screen, its help and its palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cnnstep.tutor.explore.explorer import Explorer
from cnnstep.tutor.mistakes import MISTAKES


@dataclass(frozen=True)
class KeyCommand:
    """The keys that do it, what they are called on the screen, what they do, and the function that does it."""

    keys: tuple[str, ...]
    name: str
    help: str
    press: Callable[[Explorer], Explorer]


def _by(rows: int, columns: int) -> Callable[[Explorer], Explorer]:
    def press(here: Explorer) -> Explorer:
        cell = list(here.cell)
        if cell:
            cell[-1] += columns
        if len(cell) > 1:
            cell[-2] += rows
        return here.on(here.focus, tuple(cell))

    return press


def _next(step: int) -> Callable[[Explorer], Explorer]:
    def press(here: Explorer) -> Explorer:
        names = [one.name for one in here.board.matrices]
        return here.on(names[(names.index(here.focus) + step) % len(names)])

    return press


def _iteration(step: int) -> Callable[[Explorer], Explorer]:
    return lambda here: here.at(max(here.number + step, 0))


def _plane(step: int) -> Callable[[Explorer], Explorer]:
    def press(here: Explorer) -> Explorer:
        shape = here.shown(here.focus).shape[:-2]
        if not shape:
            return here.told("There is only one such matrix here.")
        place = (int(np.ravel_multi_index(here.cell[:-2], shape)) + step) % int(np.prod(shape))
        return here.on(here.focus, (*map(int, np.unravel_index(place, shape)), *here.cell[-2:]))

    return press


def _sample(step: int) -> Callable[[Explorer], Explorer]:
    def press(here: Explorer) -> Explorer:
        if not here.is_batch:
            return here.told("There is only one sample here.")
        sample = ((here.session.sample or 0) + step) % len(here.session.scenario.inputs)
        return replace(here, session=replace(here.session, sample=sample, guess=None), message="")

    return press


def _undo(here: Explorer) -> Explorer:
    if not here.past:
        return here.told("Nothing was changed yet.")
    return here.with_scenario(here.past[-1], here.past[:-1]).told("Taken back.")


def _reset(here: Explorer) -> Explorer:
    if here.session.scenario is here.session.original:
        return here.told("Nothing was changed yet.")
    past = (*here.past, here.session.scenario)
    return here.with_scenario(here.session.original, past).told("The scenario as it was. u takes that back.")


def _mistake(here: Explorer) -> Explorer:
    """The next of the mistakes that can be made in the step under the cursor; after the last one, none."""
    codes = [one.code for one in MISTAKES.values() if here.focus in {s.name for s in one.occasions(here.lesson)}]
    following = [*codes, ""][codes.index(here.mistake) + 1 if here.mistake in codes else 0]
    if not codes:
        return here.told("No known mistake is made in this matrix. Tab goes to the next one.")
    return replace(here, mistake=following, message="")


KEYS = (
    KeyCommand(("left", "h"), "←  h", "a number to the left", _by(0, -1)),
    KeyCommand(("right", "l"), "→  l", "a number to the right", _by(0, 1)),
    KeyCommand(("up", "k"), "↑  k", "a number up", _by(-1, 0)),
    KeyCommand(("down", "j"), "↓  j", "a number down", _by(1, 0)),
    KeyCommand(("tab",), "Tab", "the next matrix", _next(1)),
    KeyCommand(("shift+tab",), "Shift-Tab", "the matrix before", _next(-1)),
    KeyCommand(("right_square_bracket",), "]", "the next iteration", _iteration(1)),
    KeyCommand(("left_square_bracket",), "[", "the iteration before", _iteration(-1)),
    KeyCommand(("home",), "Home", "the first iteration", lambda here: here.at(0)),
    KeyCommand(("end",), "End", "the last iteration of the curve", lambda here: here.at(here.horizon)),
    KeyCommand(("greater_than_sign",), ">", "the next filter or channel", _plane(1)),
    KeyCommand(("less_than_sign",), "<", "the filter or channel before", _plane(-1)),
    KeyCommand(("full_stop",), ".", "the next sample", _sample(1)),
    KeyCommand(("comma",), ",", "the sample before", _sample(-1)),
    KeyCommand(("u",), "u", "take the last change back", _undo),
    KeyCommand(("r",), "r", "the scenario as it was", _reset),
    KeyCommand(("m",), "m", "a mistake that is made here, beside the right way; again for the next one", _mistake),
)
"""Keys that the screen has no part in."""
BY_KEY = {key: one for one in KEYS for key in one.keys}
