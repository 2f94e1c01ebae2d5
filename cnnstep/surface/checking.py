"""A learner's own numbers judged from Python: `check`, `assert_right`, and a lesson in which a mistake is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from os import PathLike
from typing import Any

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.surface.loading import scenario as scenario_called
from cnnstep.surface.screen import Screen
from cnnstep.tutor.check.diagnose import Diagnosis, check_data, diagnose
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.document import Document
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.mistakes import mistaken as lesson_with
from cnnstep.tutor.numbers import AS_USUAL

Which = Scenario | str | PathLike[str]
"""A scenario, its shipped name or its path."""

ROUNDING = 8
"""A float32 that was worked out in a few steps is off by so many of its own units."""


@dataclass(frozen=True)
class CheckedWork(Diagnosis):
    """What `check` found: `verdict` ("correct", "mistaken", "unexplained"), `mistakes` (codes), `marks` step by step.

    `print` shows the report of the terminal; `to_dict` gives the JSON of `cnnstep check --json`.
    """

    def to_dict(self) -> dict[str, Any]:
        """Plain data: verdict, steps with their slips and alternatives, mistakes, conventions."""
        return check_data(self)

    def __str__(self) -> str:
        from cnnstep.surface.formats.text import render

        nowhere = StringIO()
        return render(Document(report(self, AS_USUAL), AS_USUAL), Screen(nowhere, nowhere)).rstrip("\n")


def check(
    scenario: Which,
    work: Mapping[str, Any] | None = None,
    /,
    *,
    iteration: int = 0,
    rounded: int | None = None,
    tolerance: float | None = None,
    **steps: Any,
) -> CheckedWork:
    """Marks matrices that were worked out for a scenario's steps, and names the mistake that gives exactly these.

    Each step is given by its name, `gradient=array`; one with a dot in a mapping, `{"conv1.gradient": array}`. Shapes
    are those that the lesson shows, axes of length 1 left out or not; lists, NumPy arrays of any real type and other
    array-likes (PyTorch's tensors) are taken. `iteration` counts from 0. Numbers count as exact to the digits of their
    type, unless they are `rounded` to so many decimals or right to within a `tolerance`. No number has a unit.

    `InputError` where a step is not the scenario's, or what is given is no array of real, finite numbers.

    >>> cnnstep.check("first-filter", gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]]).mistakes
    ('uphill-update',)
    """
    asked = _scenario(scenario)
    given = {**(work or {}), **steps}
    written = {name: _written(name, array, rounded, tolerance) for name, array in given.items()}
    called = "" if isinstance(scenario, Scenario) else str(scenario)
    return CheckedWork(**vars(diagnose(Sheet(asked, written, iteration, called))))


def assert_right(
    scenario: Which,
    work: Mapping[str, Any] | None = None,
    /,
    *,
    iteration: int = 0,
    rounded: int | None = None,
    tolerance: float | None = None,
    **steps: Any,
) -> None:
    """Raises AssertionError with the whole report unless every step that is given is right; as `check` takes them.

    >>> cnnstep.assert_right("first-filter", gradient=[[2, -2], [0, 2]])
    """
    found = check(scenario, work, iteration=iteration, rounded=rounded, tolerance=tolerance, **steps)
    if found.verdict != "correct" or any(mark.too_coarse for mark in found.marks):
        raise AssertionError(f"\n{found}")


def mistaken(scenario: Which, code: str) -> Lesson:
    """The lesson of a scenario in which this mistake is made in every iteration; `trace` carries it out.

    `InputError` where there is no such mistake, or it can't be made in this scenario.

    >>> next(cnnstep.trace(cnnstep.mistaken("first-filter", "uphill-update"))).matrix("update").tolist()
    [[2.0, -2.0], [1.0, 2.0]]
    """
    asked, made = _scenario(scenario), MISTAKES.find(code)
    lesson = next((one for one in _lessons(asked) if made.occasions(one)), None)
    if lesson is None:
        hint = f'it shows in "{made.shown_on}"'
        raise InputError(Fault("mistake", f"{code} can't be made in this scenario", hint))
    return lesson_with(lesson, made)


def _lessons(scenario: Scenario) -> Iterator[Lesson]:
    """The lesson as it is, and the one with ∂L/∂X, which the first layer does not need."""
    yield lesson_of(scenario)
    yield lesson_of(scenario, input_gradient=True)


def _scenario(which: Which) -> Scenario:
    return which if isinstance(which, Scenario) else scenario_called(which)


def _written(name: str, given: Any, rounded: int | None, tolerance: float | None) -> Written:
    """The array with each number's tolerance."""
    array = _array(name, given)
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        cell = [int(index) for index in np.argwhere(~np.isfinite(values))[0]]
        what = f"{name} has a number that is not finite, at {cell}"
        raise InputError(Fault("value", what, "look at what it was worked out from", (name,)))
    if tolerance is not None:
        return Written(values, np.full(values.shape, float(tolerance)))
    if rounded is not None:
        return Written(values, np.full(values.shape, 0.5 * 10.0**-rounded))
    fine = array.dtype.kind != "f" or array.dtype.itemsize >= values.itemsize
    unit = 0.0 if fine else ROUNDING * float(np.finfo(array.dtype).eps)
    return Written(values, unit * np.maximum(np.abs(values), 1.0))


def _array(name: str, given: Any) -> Any:
    """Real numbers as an array of their own type; a tensor is taken out of its graph and its device."""
    if hasattr(given, "detach"):
        given = given.detach().cpu()
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as error:
        hint = "give every row equally many numbers"
        raise InputError(Fault("ragged", f"{name} is no array of numbers", hint, (name,))) from error
    if array.dtype.kind not in "buif":
        hint = "give real numbers: lists of them, or an array"
        raise InputError(Fault("type", f"{name} holds {array.dtype}, and not numbers", hint, (name,)))
    return array
