"""A tutor for one step of backpropagation through a convolution, number by number.

For scripts and notebooks: `scenario("first-filter")` or `one_filter(input=…, …)` gives a scenario, `trace`
its iterations; an iteration has `matrix("gradient")`, `working("gradient", 0, 1)`, and `findings(iteration)`.
`check(scenario, gradient=mine)` names the mistake in numbers of your own, and `assert_right` is for tests.
`sweep(scenario, Plan(starts=1000))` makes many runs at once, by any `concurrent.futures` executor.
"""

from __future__ import annotations

from sys import modules as _loaded

TYPE_CHECKING = False  # typing's own costs 3 ms, a tenth of `cnnstep --version`; type checkers know the name
if TYPE_CHECKING:
    from typing import Any

    from cnnstep.engine.build import network, one_filter
    from cnnstep.engine.findings import findings
    from cnnstep.engine.lesson import lesson_of
    from cnnstep.engine.links import links
    from cnnstep.engine.status import outcome
    from cnnstep.engine.trace import trace
    from cnnstep.errors import InputError
    from cnnstep.surface.checking import assert_right, check, mistaken
    from cnnstep.surface.from_torch import from_torch
    from cnnstep.surface.grading.api import grade
    from cnnstep.surface.loading import scenario
    from cnnstep.surface.page.notebook import page
    from cnnstep.surface.writing import load_weights, save_weights
    from cnnstep.tutor.sweep.plan import Axis, Plan
    from cnnstep.tutor.sweep.runs import sweep

__version__ = "0.1.0"

__all__ = [
    "Axis",
    "InputError",
    "Plan",
    "assert_right",
    "check",
    "findings",
    "from_torch",
    "grade",
    "lesson_of",
    "links",
    "load_weights",
    "mistaken",
    "network",
    "one_filter",
    "outcome",
    "page",
    "save_weights",
    "scenario",
    "sweep",
    "trace",
]

_HOMES = {
    "Axis": "cnnstep.tutor.sweep.plan",
    "InputError": "cnnstep.errors",
    "Plan": "cnnstep.tutor.sweep.plan",
    "assert_right": "cnnstep.surface.checking",
    "check": "cnnstep.surface.checking",
    "findings": "cnnstep.engine.findings",
    "from_torch": "cnnstep.surface.from_torch",
    "grade": "cnnstep.surface.grading.api",
    "lesson_of": "cnnstep.engine.lesson",
    "links": "cnnstep.engine.links",
    "load_weights": "cnnstep.surface.writing",
    "mistaken": "cnnstep.surface.checking",
    "network": "cnnstep.engine.build",
    "one_filter": "cnnstep.engine.build",
    "outcome": "cnnstep.engine.status",
    "page": "cnnstep.surface.page.notebook",
    "save_weights": "cnnstep.surface.writing",
    "scenario": "cnnstep.surface.loading",
    "sweep": "cnnstep.tutor.sweep.runs",
    "trace": "cnnstep.engine.trace",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are used: `cnnstep --version` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


if "IPython" in _loaded:  # else nobody is there to be shown anything
    from cnnstep.surface.notebook import install as _install

    _install()
