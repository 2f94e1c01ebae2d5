"""GIFT for Moodle: what is written can be read again, and a mistake's answer brings its own words."""

from __future__ import annotations

import html
import re

import pytest

from cnnstep.surface.practice.course_file import load_course
from cnnstep.surface.practice.gift import gift
from cnnstep.tutor.practice.generate import Exercise, exercise, made
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.plain import NumberQuestion, WrongNumber
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import some

QUESTION = re.compile(
    r"^::(?P<title>(?:\\.|[^\\:])+)::\[html\](?P<text>(?:\\.|[^\\{])*)\{(?P<kind>#?)\n(?P<answers>.*)\n\}$", re.S
)


def plain(text: str) -> str:
    return re.sub(r"\\([~=#{}:\\])", r"\1", text.replace("\\n", "\n"))


def read(text: str) -> list[tuple[str, str, str, list[str]]]:
    """Title, text, kind and answers of each question: Moodle's rules, a blank line between two questions."""
    found = []
    for part in text.strip().split("\n\n"):
        if not part.startswith("$CATEGORY: "):
            match = QUESTION.match(part)
            assert match, part
            answers = [line.strip() for line in match["answers"].splitlines()]
            found.append((plain(match["title"]), plain(match["text"]), match["kind"], answers))
    return found


@pytest.mark.parametrize("skill", SKILLS)
def test_every_made_exercise_can_be_read_again(skill: str) -> None:
    exercises = made(PracticeOptions(skill), len(SKILLS[skill].variants))
    questions = read(gift(exercises))
    assert len(questions) == len(exercises)
    for (title, text, kind, answers), one in zip(questions, exercises, strict=True):
        assert title == f"{SKILLS[skill].title} {one.level}.{one.seed}"
        assert "<pre>" in text
        assert kind == "#" or one.question.kind in ("matrix", "choice")
        assert sum(answer.startswith("=") and not answer.startswith("=%0%") for answer in answers) == 1
        assert answers[-1].startswith("####"), "and what is said to all"


@pytest.mark.parametrize("skill", SKILLS)
def test_there_are_three_options_at_least_or_none_each_rounded_and_of_the_right_size(skill: str) -> None:
    for one, (_, text, kind, answers) in zip(every(skill), read(gift(every(skill))), strict=True):
        if kind or one.question.kind == "choice":
            assert "Work out" not in text or "the number in row" in text or one.question.kind == "number"
            continue
        options = [plain(re.sub("^[=~]", "", answer).split("#")[0]) for answer in answers[:-1]]
        assert len(set(options)) == len(options) >= 3
        assert len({tuple(len(row.split()) for row in option.split(";")) for option in options}) == 1
        numbers = [number for option in options for number in option.replace(";", " ").split()]
        assert max(len(number.partition(".")[2]) for number in numbers) <= 3
        assert "-0" not in numbers


def every(skill: str) -> list[Exercise]:
    return [exercise(skill, level, seed) for level in (1, 2, 3) for seed in range(len(SKILLS[skill].variants))]


def test_nothing_is_said_of_hints_which_moodle_does_not_have() -> None:
    for text in (gift(made(PracticeOptions(), 4)), gift(load_course("first-steps").exercises)):
        assert not re.search(r"\bhint", text)
        assert "type " not in text


def test_a_mistakes_answer_brings_its_words() -> None:
    one = exercise("delta", 2, 0)
    ((_, _, _, answers),) = read(gift([one]))
    told = dict(answer[1:].split("#", 1) for answer in answers if answer.startswith("~"))
    assert len(told) >= 4
    words = {wrong.text: wrong.words for wrong in one.question.wrongs()}
    for text, feedback in told.items():
        assert html.unescape(plain(feedback)) == words[plain(text)]


def test_a_cells_wrong_numbers_are_worth_nothing_and_are_explained() -> None:
    course = load_course("first-steps")
    title, _, kind, answers = read(gift(course.exercises))[0]
    assert (title, kind, answers[0]) == ("One output", "#", "=3:0.001")
    assert any(answer.startswith("=%0%-2:0.001#You worked out a true convolution") for answer in answers)


def test_where_mistakes_give_too_few_choices_one_number_is_asked_for() -> None:
    one = exercise("pooling", 2, 0)
    assert one.question.kind == "matrix"
    ((_, text, kind, answers),) = read(gift([one]))
    assert kind == "#"
    assert "the number in row" in text
    assert answers[0].endswith(":0.001")


def test_no_mistakes_number_lies_within_the_tolerance_of_the_right_one() -> None:
    for level in (2, 3):
        for title, text, kind, answers in read(gift(made(PracticeOptions("learning-rate", level), some(20)))):
            if kind == "#":
                numbers = [re.match(r"=(?:%0%)?([^:]+):([^#]+)", answer) for answer in answers[:-1]]
                (right, tolerance), *wrongs = ((float(m[1]), float(m[2])) for m in numbers if m)
                assert 0 < tolerance <= 0.001
                assert all(abs(wrong - right) > tolerance + of for wrong, of in wrongs), title
                assert ("Three decimals" in text) == (round(right, 3) != right)


def test_a_mistakes_number_that_is_near_makes_the_tolerance_small() -> None:
    near = NumberQuestion((), "How much?", 0.0476, ((), (), ()), (WrongNumber(0.0479, "near"),))
    assert "=0.0476:0.0001" in gift([Exercise("learning-rate", 1, 0, near)])


def test_each_skill_has_its_category_and_a_course_has_one_for_all() -> None:
    text = gift(made(PracticeOptions(), 1))
    assert text.count("$CATEGORY: cnnstep/") == len(SKILLS)
    course = gift(load_course("first-steps").exercises)
    assert re.findall(r"\$CATEGORY: (.*)", course) == ["cnnstep/One step of backpropagation"]
