"""What a notebook shows of a scenario, a lesson, an iteration, a working, a run or a diagnosis that is a cell's value.

`text/plain` is what the terminal prints, `text/html` the same as tables. IPython is told no more than the names of the
types: nothing is imported before there is something to show, and neither the engine nor the tutor knows of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from cnnstep.engine.findings import Finding
    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.scenario import Scenario
    from cnnstep.engine.status import Outcome
    from cnnstep.engine.step import Working
    from cnnstep.engine.trace import Iteration
    from cnnstep.tutor.check.diagnose import Diagnosis
    from cnnstep.tutor.document import Block, Table
    from cnnstep.tutor.grade.verdict import Graded
    from cnnstep.tutor.sweep.runs import Sweep

    Blocks: TypeAlias = tuple[Block, ...]

UNTITLED = "A scenario of your own"


def install() -> None:
    """Tells the IPython in which this runs, if it does, how our types show themselves."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        for (module, name), blocks_of in SHOWN.items():
            shell.display_formatter.mimebundle_formatter.for_type_by_name(module, name, partial(bundle, blocks_of))


def bundle(blocks_of: Callable[[Any], Blocks], shown: object) -> dict[str, str]:
    """A value by the types in which a notebook keeps it."""
    from cnnstep.surface.formats.html import fragment
    from cnnstep.surface.formats.text import render
    from cnnstep.surface.screen import Screen
    from cnnstep.tutor.document import Document

    nowhere = StringIO()
    document = Document(blocks_of(shown))
    return {"text/plain": render(document, Screen(nowhere, nowhere)).rstrip("\n"), "text/html": fragment(document)}


def _scenario(scenario: Scenario) -> Blocks:
    """What is given, the settings, the steps."""
    from cnnstep.engine.trace import first_iteration
    from cnnstep.tutor.cards import lesson_for, question, view_of
    from cnnstep.tutor.document import Heading, Table

    iteration, view = first_iteration(lesson_for(scenario)), view_of(scenario)
    given = view.overview(iteration) or question(iteration, view.first_sample(iteration))
    settings: tuple[tuple[str | float, ...], ...] = (
        ("learning_rate", f"{scenario.learning_rate:g}"),
        ("loss", f"{scenario.loss.name}: L = {scenario.loss.formula}"),
        ("error", scenario.error),
        ("optimizer", scenario.optimizer.name),
        ("samples", str(len(scenario.inputs))),
    )
    title = Heading(scenario.title or UNTITLED, 1)
    return (title, *given, Table(("setting", "value"), settings, "Settings"), _steps(iteration.lesson))


def _lesson(lesson: Lesson) -> Blocks:
    from cnnstep.tutor.document import Heading

    return (Heading(lesson.scenario.title or UNTITLED, 1), _steps(lesson))


def _steps(lesson: Lesson) -> Table:
    """The steps by the names under which `matrix` and `working` know them."""
    from cnnstep.tutor.document import Table

    rows = tuple((step.name, step.symbol, step.formula) for step in lesson.steps)
    return Table(("step", "symbol", "formula"), rows, "One iteration")


def _iteration(iteration: Iteration) -> Blocks:
    from cnnstep.tutor.document import Heading
    from cnnstep.tutor.numbers import AS_USUAL
    from cnnstep.tutor.run import sample_shown, step_blocks

    note = f"iteration {iteration.number}, loss {AS_USUAL.text(iteration.loss)}"
    title = Heading(iteration.lesson.scenario.title or UNTITLED, 1, note)
    return (title, *step_blocks(iteration, AS_USUAL, (), sample_shown(iteration, None)))


def _working(working: Working) -> Blocks:
    """Its products; of which step they are, a working does not know."""
    from cnnstep.tutor.document import Line, Sum
    from cnnstep.tutor.numbers import AS_USUAL
    from cnnstep.tutor.why import put_in

    lines = []
    for term in working.terms:
        labels, numbers = zip(*((factor.label, factor.value) for factor in term.factors), strict=True)
        lines.append(Line(labels, numbers, term.value, term.note))
    return (Sum("", tuple(lines), working.value), *put_in(working, AS_USUAL))


def _finding(finding: Finding) -> Blocks:
    from cnnstep.tutor.present import note

    return (note(finding),)


def _outcome(outcome: Outcome) -> Blocks:
    """How the run stands, and the weights that it ended with."""
    from cnnstep.tutor.document import Paragraph
    from cnnstep.tutor.numbers import AS_USUAL
    from cnnstep.tutor.present import planes
    from cnnstep.tutor.run import STATUS

    words, tone = STATUS[outcome.status]
    leaves = (one.leaf for one in outcome.lesson.trained)
    learned = (block for leaf in leaves for block in planes(leaf, outcome.matrix(leaf.name)))
    return (Paragraph(f"The run is {words}. Its loss is {AS_USUAL.text(outcome.loss)}.", tone), *learned)


def _diagnosis(diagnosis: Diagnosis) -> Blocks:
    from cnnstep.tutor.check.report import report
    from cnnstep.tutor.numbers import AS_USUAL

    return report(diagnosis, AS_USUAL)


def _graded(graded: Graded) -> Blocks:
    from cnnstep.tutor.grade.report import report
    from cnnstep.tutor.numbers import AS_USUAL

    return report(graded, AS_USUAL)


def _sweep(sweep: Sweep) -> Blocks:
    """The report, but for what it would have typed next: there is no name to type."""
    from cnnstep.tutor.document import Command
    from cnnstep.tutor.numbers import AS_USUAL
    from cnnstep.tutor.sweep.report import report
    from cnnstep.tutor.sweep.summary import summarize

    blocks = report(sweep, summarize(sweep), None, UNTITLED, AS_USUAL)
    return tuple(block for block in blocks if not isinstance(block, Command))


SHOWN: dict[tuple[str, str], Callable[[Any], Blocks]] = {
    ("cnnstep.engine.scenario", "Scenario"): _scenario,
    ("cnnstep.engine.lesson", "Lesson"): _lesson,
    ("cnnstep.engine.trace", "Iteration"): _iteration,
    ("cnnstep.engine.step", "Working"): _working,
    ("cnnstep.engine.findings", "Finding"): _finding,
    ("cnnstep.engine.status", "Outcome"): _outcome,
    ("cnnstep.tutor.check.diagnose", "Diagnosis"): _diagnosis,
    ("cnnstep.tutor.grade.verdict", "Graded"): _graded,
    ("cnnstep.tutor.sweep.runs", "Sweep"): _sweep,
}
"""What shows itself, by its module and its name."""
