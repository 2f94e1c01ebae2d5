"""What a search works out once: the results of a step, by the numbers that they are made of."""

from __future__ import annotations

import pytest

from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import scenario
from cnnstep.tutor.check.lessons import Lessons
from cnnstep.tutor.mistakes import MISTAKES, StepContext


@pytest.mark.parametrize("name", ["six-outputs", "two-channels", "sigmoid", "pooling"])
def test_a_result_is_worked_out_again_where_any_number_that_it_is_made_of_is_another(name: str) -> None:
    question: Scenario = scenario(name)
    lessons = Lessons(question, input_gradient=True)
    lesson = lessons.own
    values = lesson.carry_out(lessons.begin)
    for step in lesson.steps:
        for mistake in (one for one in MISTAKES.values() if one.fits(lesson, step)):
            lessons.results(StepContext(lesson, step, values), (mistake,))
            for changed in values:
                case = StepContext(lesson, step, {**values, changed: values[changed] + 1.0})
                anew = Lessons(question, input_gradient=True).results(case, (mistake,))
                again = lessons.results(case, (mistake,))
                assert [one.tobytes() for one in again] == [one.tobytes() for one in anew], (mistake.code, changed)
