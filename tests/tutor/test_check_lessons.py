"""What a search works out once: the results of a step, by the numbers that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import scenario
from cnnstep.tutor.check import search
from cnnstep.tutor.check.diagnose import diagnose
from cnnstep.tutor.check.lessons import Lessons
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.mistakes import MISTAKES, StepContext, mistaken


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


def test_a_second_mistake_is_not_looked_for_where_it_could_only_say_more_than_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five steps were left out: two mistakes in them can be made in some thousand ways."""
    question = scenario("sigmoid")
    wrong = first_iteration(mistaken(lesson_of(question), MISTAKES["slope-twice"])).matrix("update")
    judged, judge = [], search._Search._judged

    def counted(self: search._Search, *way: Any) -> Iterator[search.Candidate]:
        judged.append(way)
        return judge(self, *way)

    monkeypatch.setattr(search._Search, "_judged", counted)
    found = diagnose(Sheet(question, {"update": Written.rounded(wrong, 5)}))
    assert "slope-twice" in (*found.mistakes, *(code for codes in found.mark("update").alternatives for code in codes))
    assert len(judged) < 3_000
