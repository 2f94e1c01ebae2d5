"""Where a learner stands: counted from the history since a skill was begun anew, and one thing to do next."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cnnstep.errors import InputError
from cnnstep.tutor.document import Block, Command, Paragraph, ProgressBar, ProgressBars
from cnnstep.tutor.practice.history import Event, reset_question, to_reset
from cnnstep.tutor.practice.mastery import mastery
from cnnstep.tutor.practice.plan import PracticeOptions, next_exercise
from cnnstep.tutor.practice.progress import COLUMNS, SkillStatus, progress, progress_data, progress_rows, skill_statuses
from cnnstep.tutor.practice.skills import CORE, SKILLS


def right(skill: str, *seeds: int) -> list[Event]:
    return [Event(skill, "right", seed=seed) for seed in seeds]


def wrong(skill: str, seed: int, *mistakes: str, attempt: int = 1, hints: int = 0) -> Event:
    return Event(skill, "wrong", seed=seed, attempt=attempt, hints=hints, mistakes=mistakes)


def mastered(*skills: str) -> list[Event]:
    """Three right answers at once for each of these skills, which have three kinds or fewer, at the highest level."""
    return [
        Event(skill, "right", level=SKILLS[skill].levels, seed=1 + n, variant=(SKILLS[skill].variants * 3)[n])
        for skill in skills
        for n in range(max(3, len(SKILLS[skill].variants)))
    ]


def of(history: Sequence[Event], skill: str) -> SkillStatus:
    return next(one for one in skill_statuses(history) if one.skill.name == skill)


def bars(blocks: Sequence[Block]) -> dict[str, ProgressBar]:
    (found,) = (block for block in blocks if isinstance(block, ProgressBars))
    return {bar.label: bar for bar in found.bars}


def commands(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    return [(block.command, block.why) for block in blocks if isinstance(block, Command)]


def words(blocks: Sequence[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def test_each_skill_s_answers_hints_and_most_frequent_mistake_are_counted() -> None:
    history = [
        wrong("delta", 1, "slope-forgotten", hints=1),
        wrong("delta", 1, "mask-inverted", attempt=2, hints=2),
        Event("delta", "shown", seed=1, attempt=2, hints=3),
        Event("delta", "skipped", seed=2),
        wrong("delta", 3, "mask-inverted"),
        Event("delta", "right", seed=3, attempt=2, hints=2),
        *right("forward", 1),
    ]
    delta = of(history, "delta")
    assert (delta.answers, delta.right, delta.hints, delta.mistake) == (4, 1, 3 + 0 + 2, "mask-inverted")
    assert delta.mastery == mastery(history, "delta")
    assert (of(history, "forward").answers, of(history, "error").answers) == (1, 0)


def test_who_has_not_begun_sees_every_skill_and_how_to_begin() -> None:
    page = progress(())
    assert words(page) == "You have not begun yet. There are 15 skills."
    assert {*bars(page).values()} == {
        ProgressBar(skill.title, None, "not begun", "quiet") for skill in map(SKILLS.find, CORE)
    }
    assert commands(page) == [("cnnstep practice", "forward pass, it comes first")]


def test_an_exercise_that_was_only_left_is_no_beginning() -> None:
    assert words(progress([Event("forward", "skipped")])) == "You have not begun yet. There are 15 skills."


def test_mastered_is_said_in_words_and_what_is_on_its_way_is_a_bar() -> None:
    history = [*mastered("forward"), wrong("activation", 1)]
    page = progress(history)
    assert "You have mastered 1 of 15 skills, with 4 answers. A skill is mastered from 95\u00a0%, once" in words(page)
    shown = bars(page)
    assert (shown["Forward pass"].note, shown["Forward pass"].tone) == ("mastered, 3 answers", "good")
    assert shown["Activation"] == ProgressBar("Activation", mastery(history, "activation"), "1 answer", "plain")


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (mastered("forward"), "activation, it comes next"),
        ([*mastered("forward"), *right("activation", 1)], "activation, to go on where you were"),
        ([*mastered("forward"), wrong("activation", 1)], "activation, you left this one open"),
        (
            [wrong("update", 1, "slope-forgotten"), wrong("update", 2, "slope-forgotten"), *right("update", 3)],
            "delta and the mask, slope-forgotten came up again and again",
        ),
    ],
)
def test_next_is_what_practice_goes_on_with(history: Sequence[Event], why: str) -> None:
    assert commands(progress(history))[-1] == ("cnnstep practice", why)
    choice = next_exercise(history, PracticeOptions())
    data = progress_data(history)["next"]
    assert data == {"skill": choice.skill, "command": "cnnstep practice", "why": choice.why}


def test_the_mistakes_made_most_come_first_and_no_more_than_five() -> None:
    codes = SKILLS["gradient"].mistakes[:7]
    history = [wrong("gradient", 9 * k + j, code) for k, code in enumerate(codes) for j in range(k + 1)]
    history.append(Event("gradient", "right", seed=99, attempt=2))
    shown = [command for command in commands(progress(history)) if "explain" in command[0]]
    assert shown == [(f"cnnstep explain {codes[k]}", f"{k + 1} times") for k in (6, 5, 4, 3, 2)]
    assert progress_data(history)["mistakes"] == [{"code": codes[k], "times": k + 1} for k in (6, 5, 4, 3, 2, 1, 0)]


def test_when_all_is_mastered_it_says_so() -> None:
    history = mastered(*SKILLS)
    page = progress(history)
    assert words(page) == "You have mastered all 18 skills, with 58 answers."
    assert commands(page) == [("cnnstep practice", "forward pass, it was longest ago")]


def test_the_data_says_the_same_with_every_digit() -> None:
    history = [*mastered("forward"), wrong("activation", 1, "activation-skipped")]
    data = progress_data(history)
    assert data["schema"] == 1
    assert [skill["name"] for skill in data["skills"]] == list(SKILLS)
    assert data["skills"][1] == {
        "name": "activation",
        "title": "Activation",
        "mastery": mastery(history, "activation"),
        "mastered": False,
        "answers": 1,
        "right": 0,
        "hints": 0,
        "solutions": 0,
        "stuck": False,
        "missing": ["relu", "leaky_relu", "level 2"],
    }
    assert data["next"]["skill"] == "activation"


def test_a_row_has_the_learner_and_what_stands_on_the_page() -> None:
    rows = progress_rows("anna", [*mastered("forward"), wrong("activation", 1, "activation-skipped")])
    forward, activation = (dict(zip(COLUMNS, row, strict=True)) for row in rows[:2])
    assert len(rows) == len(SKILLS)
    assert forward | {"mastery": 0} == {
        "learner": "anna",
        "skill": "forward",
        "mastery": 0,
        "mastered": "yes",
        "answers": 3,
        "right": 3,
        "hints": 0,
        "mistake": "",
        "solutions": 0,
        "stuck": "no",
        "fault": "",
    }
    assert (activation["mastered"], activation["mistake"]) == ("no", "activation-skipped")


def test_what_is_missing_is_said_where_it_is_all_that_is_missing() -> None:
    history = mastered("delta")[:2]
    assert bars(progress(history))["Delta and the mask"].note == "2 answers; missing: sigmoid"
    assert bars(progress(history[:1]))["Delta and the mask"].note == "1 answer"


def test_who_is_stuck_is_told_what_to_read_and_the_teacher_sees_it() -> None:
    history = [Event("delta", "shown", seed=seed) for seed in (1, 2)]
    assert of(history, "delta").stuck
    assert bars(progress(history))["Delta and the mask"].note == "0 answers; stuck"
    assert ("cnnstep explain delta", "read this before more of delta and the mask") in commands(progress(history))
    row = next(row for row in progress_rows("anna", history) if row[1] == "delta")
    assert row[-3:] == (2, "yes", "")
    assert progress_data(history)["skills"][3]["stuck"] is True


class TestBegunAnew:
    HISTORY = (*mastered("forward", "activation"), Event("forward", "reset"), *right("forward", 7))

    def test_what_was_before_no_longer_counts(self) -> None:
        assert (of(self.HISTORY, "forward").answers, of(self.HISTORY, "activation").answers) == (1, 3)
        assert of(self.HISTORY, "forward").mastery == mastery(right("forward", 7), "forward")

    def test_a_skill_that_was_just_begun_anew_is_not_begun(self) -> None:
        page = progress([*self.HISTORY, Event("forward", "reset")])
        assert bars(page)["Forward pass"].share is None

    def test_only_what_would_change_is_begun_anew(self) -> None:
        assert to_reset(self.HISTORY, "all") == ["forward", "activation"]
        assert to_reset(self.HISTORY, "forward") == ["forward"]
        assert to_reset([*self.HISTORY, Event("forward", "reset")], "forward") == []
        with pytest.raises(InputError, match='there is no skill called "foward"'):
            to_reset(self.HISTORY, "foward")

    @pytest.mark.parametrize(
        ("name", "question"),
        [
            ("forward", "Begin forward anew? Its 1 answer stays in the file, but no longer counts. [y/N] "),
            ("activation", "Begin activation anew? Its 3 answers stay in the file, but no longer count. [y/N] "),
            ("all", "Begin all skills anew? Their 4 answers stay in the file, but no longer count. [y/N] "),
        ],
    )
    def test_the_question_says_how_many_answers_no_longer_count(self, name: str, question: str) -> None:
        assert reset_question(self.HISTORY, name, to_reset(self.HISTORY, name)) == question
