"""Exercises on somebody else's sheet: which mistake is in it, if any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.diagnose import diagnose
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.document import Beside, Block, Paragraph
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.exercises.drawing import Draw, Sizes, variant
from cnnstep.tutor.practice.questions.fit import are_short
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion, Hints, Offered, so_it_is
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step_screen import facts, idea
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.why import as_sum

CHOICES = 3
"""How many mistakes are offered, besides "no mistake"."""
FLAT: Sizes = ((2, 3), (2, 2))
"""So the whole sheet and its choices stand on one screen."""
LEAKY = {"name": "leaky_relu", "slope": 0.5}
NONE = "none: every step is right"
EXACT_DIGITS = 12
ALIKE_DIGITS = 9


@dataclass(frozen=True)
class SomebodysSheet:
    """A lesson in which a mistake is made (none for ""), beside the right one."""

    scenario: Scenario
    code: str

    @cached_property
    def lesson(self) -> Lesson:
        """The right lesson."""
        return lesson_of(self.scenario)

    @cached_property
    def worked(self) -> Iteration:
        """The iteration as it was worked."""
        lesson = mistaken(self.lesson, MISTAKES[self.code]) if self.code else self.lesson
        return first_iteration(lesson)

    @cached_property
    def wrong(self) -> Step | None:
        """The first step that is not what the numbers before it give."""
        for step in self.lesson.steps:
            if not np.allclose(step.compute(self.worked.values), self.worked.values[step.name]):
                return step
        return None

    def does(self, code: str) -> str:
        """What one does who makes this mistake here."""
        mistake = MISTAKES[code]
        return mistake.words(self.lesson, mistake.occasions(self.lesson)[0]).does

    def blocks(self) -> tuple[Block, ...]:
        """The whole sheet."""
        quantities = [*given(first_iteration(self.lesson)), *(step.quantity for step in self.lesson.steps)]
        parts = [
            planes(one, self.worked.matrix(one.name), title=f"{_named(one.name)} {one.symbol}") for one in quantities
        ]
        return (Beside(tuple(block for part in parts for block in part)),)

    def tells(self) -> bool:
        """Whether `check` finds this mistake and no other in these numbers."""
        work = {step.name: Written.rounded(self.worked.matrix(step.name), EXACT_DIGITS) for step in self.lesson.steps}
        diagnosis = diagnose(Sheet(self.scenario, work))
        single = not any(mark.alternatives for mark in diagnosis.marks)
        return single and diagnosis.mistakes == ((self.code,) if self.code else ())


def _named(name: str) -> str:
    return name.replace("_", " ").capitalize()


@variant("spotting", "sheet")
def _which_mistake(draw: Draw) -> Question:
    sizes = FLAT if draw.level == 1 else draw.size()
    activation = "relu" if draw.level == 1 else draw.pick("relu", "relu", LEAKY)
    scenario = draw.lesson(sizes=sizes, bias=draw.level == 3, activation=activation)
    codes = _possible(scenario)
    offered = [str(code) for code in draw.random.permutation(codes)[:CHOICES]]
    code = offered[0] if draw.random.random() < 1 - 1 / (CHOICES + 1) else ""
    sheet = SomebodysSheet(scenario, code)
    options = [*sorted(offered, key=codes.index), ""]
    right = options.index(code) + 1
    words = ["Somebody's sheet, with one mistake or none.", *_known(sheet)]
    told = tuple(Offered(_told(one), () if one == code else _reply(sheet, one), one) for one in options)
    easy = all(are_short(numbers) for numbers in sheet.worked.values.values())
    return ChoiceQuestion(
        (Paragraph(" ".join(words)), *sheet.blocks()),
        "Which mistake is it?",
        told,
        right,
        _hints(sheet, right),
        proved=easy and len(offered) == CHOICES and sheet.tells(),
    )


def _known(sheet: SomebodysSheet) -> Iterator[str]:
    """What the matrices do not show, each once."""
    right = first_iteration(sheet.lesson)
    steps = (step for step in sheet.lesson.steps if step.role != "update")
    yield from dict.fromkeys(fact for step in steps for fact in facts(right, step))
    yield f"η = {AS_USUAL.text(sheet.scenario.learning_rate)}."


def _possible(scenario: Scenario) -> list[str]:
    """The mistakes that can be made in this lesson, each with numbers of its own.

    Two that come to the same with a ReLU are said in words that fit both, so with another activation too only one
    of them is among these.
    """
    found: list[str] = []
    seen = {_signature(scenario, "")}
    with_relu = replace(scenario, layers=(scenario.conv, ActivationLayer(ACTIVATIONS["relu"]())))
    alike = set[bytes]()
    for code in MISTAKES:
        signature, relu = _signature(scenario, code), _signature(with_relu, code)
        if signature and signature not in seen and (relu == _signature(with_relu, "") or relu not in alike):
            seen.add(signature)
            alike.add(relu)
            found.append(code)
    return found


def _signature(scenario: Scenario, code: str) -> bytes:
    """The numbers of the sheet with this mistake; none where it can't be made, or where nobody could go on."""
    lesson = lesson_of(scenario)
    if not code:
        return _numbers(first_iteration(lesson))
    if MISTAKES[code].remembers or not MISTAKES[code].occasions(lesson):
        return b""
    try:
        return _numbers(first_iteration(mistaken(lesson, MISTAKES[code])))
    except (InputError, ValueError):  # a matrix of another size
        return b""


def _told(code: str) -> str:
    return MISTAKES[code].title if code else NONE


def _reply(sheet: SomebodysSheet, code: str) -> tuple[Block, ...]:
    """What would stand on the sheet if that choice were right."""
    if not code:
        return (Paragraph("One step does not follow from the numbers before it."),)
    other = SomebodysSheet(sheet.scenario, code)
    differing = [s for s in sheet.lesson.steps if _numbers(sheet.worked, s) != _numbers(other.worked, s)]
    step = next((s for s in differing if s.word in MISTAKES[code].alterations), differing[0])
    pair = (
        *planes(step.quantity, other.worked.matrix(step.name), title=f"{step.symbol} with that mistake"),
        *planes(step.quantity, sheet.worked.matrix(step.name), title=f"{step.symbol} on the sheet"),
    )
    return (Paragraph(f"That says: “{sheet.does(code)}” Then {step.symbol} would be another."), Beside(pair))


def _numbers(iteration: Iteration, *steps: Step) -> bytes:
    """The numbers of these steps, or of all, as what can be compared at once: equal but for their last bits."""
    arrays = (iteration.values[step.name] for step in steps or iteration.lesson.steps)
    return b"".join((np.round(array, ALIKE_DIGITS) + 0.0).tobytes() for array in arrays)


def _hints(sheet: SomebodysSheet, right: int) -> Hints:
    step = sheet.wrong or sheet.lesson.steps[0]
    where = (
        f"The first number that is wrong is in {step.symbol}, {title_of(step).lower()}."
        if sheet.wrong
        else "Work out each step from the one before it, and compare."
    )
    return ((Paragraph(where),), (Paragraph(idea(sheet.worked, step)),), _worked_way(sheet, step, right))


def _worked_way(sheet: SomebodysSheet, step: Step, right: int) -> tuple[Block, ...]:
    """The first number that is wrong, worked out rightly, beside what stands there."""
    cell = _first_wrong(sheet, step)
    label = step.quantity.label(cell)
    stands = float(sheet.worked.values[step.name][cell])
    working = as_sum(f"{label}, rightly", step.working(sheet.worked.values, cell), step, cell)
    if not sheet.wrong:
        return (working, Paragraph(f"{label} is right, and so are all the others."), so_it_is(right))
    words = f"On the sheet {label} is {AS_USUAL.text(stands)}. Tell them: “{sheet.does(sheet.code)}”"
    return (working, Paragraph(words), so_it_is(right))


def _first_wrong(sheet: SomebodysSheet, step: Step) -> Cell:
    there = ~np.isclose(step.compute(sheet.worked.values), sheet.worked.values[step.name])
    return tuple(int(i) for i in np.argwhere(there | ~there.any())[0])
