"""A course's file: read strictly, every fault at its place."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.formats.text import render
from cnnstep.surface.practice.course_file import load_course
from cnnstep.surface.practice.gift import gift
from cnnstep.surface.practice.moodle import moodle
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.worksheet import exercise_sheet

WHOLE = """title: A week
exercises:
  - title: One
    skill: forward
    scenario: six-outputs
    step: forward
    cell: [0, 2]
    hints: [a, b, c]
  - title: Two
    skill: gradient
    scenario:
      input: [[1, 2, 3], [0, 1, -1]]
      filter: [[1, -1]]
      target: [[0, 1], [2, 0]]
      activation: relu
      learning_rate: 0.1
    step: gradient
    hidden: [error, delta]
    mistakes: [gradient-rotated]
    hints: [a, b, c]
"""


def course(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "week.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(InputError) as caught:
        load_course(str(path))
    return [(fault.line, fault.what, fault.hint) for fault in caught.value.faults]


def test_a_course_is_read_with_everything_in_it(tmp_path: Path) -> None:
    read = load_course(str(course(tmp_path, WHOLE)))
    one, two = read.items
    assert read.title == "A week"
    assert (one.title, one.skill, one.question.cell) == ("One", "forward", (0, 2))
    assert one.question.tells, "without mistakes named it is about all of its skill that show"
    assert (two.question.hidden, two.question.tells) == (("error", "delta"), ("gradient-rotated",))
    assert two.question.given_hints == ("a", "b", "c")


MORE = WHOLE.replace(
    "    hidden: [error, delta]\n",
    "    hidden: [error, delta]\n    text: On paper.\n    points: 2.5\n    read: filter-gradient\n    needs: [One]\n",
)


def test_an_exercise_may_have_a_text_points_a_page_and_what_it_builds_on(tmp_path: Path) -> None:
    read = load_course(str(course(tmp_path, MORE)))
    one, two = read.items
    assert (one.text, one.points, one.read, one.needs) == ("", 1, "", ())
    assert (two.text, two.points, two.read, two.needs) == ("On paper.", 2.5, "gradient", ("One",))
    shown = [getattr(block, "text", "") or getattr(block, "command", "") for block in read.introduction(1, ())]
    assert shown == ["One, not solved by you yet.", "explain gradient", "On paper."]
    assert read.introduction(0, ()) == ()
    sheet = render(Document(exercise_sheet(read.exercises, "A week", False, AS_USUAL)), Screen(StringIO(), StringIO()))
    assert "2 Two   2.5 points" in sheet
    assert "On paper." in sheet
    assert "On paper." in gift(read.exercises)
    assert "On paper." in moodle(read.exercises)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("points: 2.5", "points: -1", "points must be a number, 0 or more"),
        ("points: 2.5", "points: many", "points must be a number, 0 or more"),
        ("read: filter-gradient", "read: nope", "there is no such page to read"),
        ("needs: [One]", "needs: [Two]", 'no exercise before this one is called "Two"'),
        ("text: On paper.", "text: []", "text must be a text"),
    ],
)
def test_what_is_wrong_with_them_is_told(tmp_path: Path, before: str, after: str, what: str) -> None:
    assert [told for _, told, _ in faults(course(tmp_path, MORE.replace(before, after)))] == [what]


def test_a_scenario_beside_the_course_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "input: [[1, 2]]\nfilter: [[2]]\ntarget: [[1, 0]]\nactivation: relu\nlearning_rate: 0.5\n", encoding="utf-8"
    )
    text = WHOLE.replace("six-outputs", "mine.yaml").replace("[0, 2]", "[0, 1]")
    assert load_course(str(course(tmp_path, text))).items[0].question.answer == "4"


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "hint"),
    [
        ("title: Two", "title: One", 9, 'there is a "One" already', "give each exercise a title of its own"),
        ("title: A week\n", "", 1, "title is missing", "add it: title: …"),
        ("skill: forward", "skill: forwards", 4, 'there is no skill called "forwards"', 'did you mean "forward"?'),
        ("    skill: forward\n", "", 3, "skill is missing", "add it: skill: …"),
        ("step: forward", "step: forwrd", 6, 'there is no step called "forwrd"', 'did you mean "forward"?'),
        ("cell: [0, 2]", "cell: [2, 0]", 7, "forward has no such cell; it is 2×3", "count from 0: cell: [0, 1]"),
        ("six-outputs", "six-output", 5, 'there is no scenario called "six-output"', 'did you mean "six-outputs"?'),
        ("cell:", "cel:", 7, 'there is no key "cel" here', 'did you mean "cell"?'),
        ("hidden: [error, delta]", "hidden: [errr]", 18, 'there is no step called "errr"', 'did you mean "error"?'),
        (
            *("mistakes: [gradient-rotated]", "mistakes: [gradient-rotatet]", 19),
            *('there is no mistake called "gradient-rotatet"', 'did you mean "gradient-rotated"?'),
        ),
        (
            *("hidden: [error, delta]", "hidden: [gradient]", 18),
            *("gradient does not come before gradient", "hide steps that lead to it"),
        ),
        ("hidden: [error, delta]", "hidden: error", 18, "hidden must be a list of texts", "write hidden: [a, b, c]"),
        ("filter: [[1, -1]]", "filter: [[1, x]]", 13, '"x" is not a number', "write a number such as 2, -1 or 0.5"),
    ],
)
def test_a_fault_is_told_where_it_is(tmp_path: Path, old: str, new: str, line: int, what: str, hint: str) -> None:
    assert (line, what, hint) in faults(course(tmp_path, WHOLE.replace(old, new, 1)))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("skill: forward", "skill: x").replace("step: gradient", "stp: gradient")
    assert [line for line, _, _ in faults(course(tmp_path, text))] == [4, 9, 17]
    text = (
        WHOLE.replace("[error, delta]", "[errr, dleta]").replace("gradient-rotated", "x").replace("step: g", "step: q")
    )
    assert [line for line, _, _ in faults(course(tmp_path, text))] == [17, 18, 18, 19]


def test_a_file_without_exercises_says_what_to_write(tmp_path: Path) -> None:
    ((_, what, hint),) = faults(course(tmp_path, "title: A week\n"))
    assert what == "exercises are missing"
    assert hint.startswith("add it: exercises:")


def test_an_unknown_course_gets_the_nearest_name() -> None:
    with pytest.raises(InputError) as caught:
        load_course("first-step")
    assert caught.value.faults[0].hint == 'did you mean "first-steps"?'
