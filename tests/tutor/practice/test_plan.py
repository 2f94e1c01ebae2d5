"""What comes next: where one stopped, what recurs, the skill at hand, then the next one in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.plan import BLOCK, PracticeOptions, all_mastered, first_seed, next_exercise
from cnnstep.tutor.practice.skills import CORE, SKILLS

ANYTHING = PracticeOptions()


def mastered(*skills: str, first: int = 0) -> list[Event]:
    """Enough right answers for each of these: every kind, at the highest level."""
    return [
        Event(skill, "right", level=SKILLS[skill].levels, seed=first + n, variant=variant)
        for skill in skills
        for n, variant in enumerate(
            [*SKILLS[skill].variants, *SKILLS[skill].variants[:1] * 3][: max(4, len(SKILLS[skill].variants))]
        )
    ]


def test_a_beginner_begins_with_the_first_skill_at_level_one() -> None:
    choice = next_exercise([], ANYTHING)
    assert (choice.skill, choice.level, choice.seed, choice.open) == ("forward", 1, 0, None)


def test_the_one_left_open_comes_back_with_its_answers_and_hints() -> None:
    left = Event("delta", "wrong", level=2, seed=7, attempt=3, hints=2)
    assert next_exercise([left], ANYTHING).open == left
    assert next_exercise([replace(left, outcome="hint")], ANYTHING).seed == 7
    assert next_exercise([replace(left, outcome="skipped")], ANYTHING).open is None


def test_another_skill_or_level_or_seed_asked_for_leaves_it_open() -> None:
    left = Event("delta", "wrong", level=2, seed=7)
    for options in (PracticeOptions("error"), PracticeOptions(level=1), PracticeOptions(seed=0)):
        assert next_exercise([left], options).open is None


def test_one_goes_on_with_the_skill_at_hand_until_it_is_mastered() -> None:
    history = [*mastered("forward"), Event("activation", "right", seed=0, variant="relu")]
    choice = next_exercise(history, ANYTHING)
    assert (choice.skill, choice.seed) == ("activation", 1)


def test_then_comes_the_next_one_whose_needs_are_mastered() -> None:
    order: list[str] = []
    history: list[Event] = []
    while not all_mastered(history):
        skill = next_exercise(history, ANYTHING).skill
        order.append(skill)
        assert all(need in order for need in SKILLS[skill].needs)
        history += mastered(skill, first=10)
    assert sorted(order) == sorted(CORE)


def test_a_mistake_that_recurs_brings_its_skill_back() -> None:
    history = [
        *mastered("forward", "activation", "error", "delta"),
        *(Event("gradient", "wrong", seed=seed, mistakes=("mask-inverted",)) for seed in range(2)),
        Event("gradient", "right", seed=2),
    ]
    choice = next_exercise(history, ANYTHING)
    assert choice.skill == "delta"
    assert "mask-inverted" in choice.why


def test_when_all_is_mastered_the_one_longest_ago_comes() -> None:
    history = mastered(*SKILLS)
    assert all_mastered(history)
    assert next_exercise(history, ANYTHING).skill == "forward"


def right(level: int, variant: str, seed: int, skill: str = "delta") -> Event:
    return Event(skill, "right", level=level, seed=seed, variant=variant)


def wrong(level: int, variant: str, seed: int) -> Event:
    return Event("delta", "shown", level=level, seed=seed, variant=variant)


def levels(*histories: Sequence[Event]) -> list[int]:
    return [next_exercise(history, PracticeOptions("delta")).level for history in histories]


class TestLevel:
    EASY, MIDDLE = right(1, "relu", 0), right(2, "leaky_relu", 1)

    def test_a_right_answer_at_once_leads_to_the_next_one(self) -> None:
        assert levels((), (self.EASY,), (self.EASY, self.MIDDLE)) == [1, 2, 3]

    def test_with_help_one_stays_and_two_that_were_not_right_at_once_lead_back(self) -> None:
        helped = replace(self.MIDDLE, hints=1)
        assert levels((self.EASY, helped), (self.EASY, helped, replace(helped, seed=4))) == [2, 1]

    def test_where_it_is_not_likely_that_the_skill_is_there_one_stays(self) -> None:
        failed = [replace(wrong(1, "relu", seed), outcome="wrong") for seed in range(3)]
        assert levels([*failed, right(1, "relu", 5)]) == [1]

    def test_there_is_none_above_the_highest(self) -> None:
        done = [right(2, "error", seed, "error") for seed in range(3)]
        assert next_exercise(done, PracticeOptions("error")).level == SKILLS["error"].levels == 2

    def test_many_kinds_still_to_come_come_at_the_lower_levels(self) -> None:
        kinds = SKILLS["pooling"].variants
        history, met = list[Event](), []
        for _ in kinds:
            choice = next_exercise(history, PracticeOptions("pooling"))
            met.append((kinds[choice.seed % len(kinds)], choice.level))
            history.append(Event("pooling", "right", level=choice.level, seed=choice.seed, variant=met[-1][0]))
        assert met == list(zip(kinds, (1, 1, 2, 3), strict=True))

    def test_a_skill_begun_anew_begins_at_the_first(self) -> None:
        assert levels((self.EASY, self.MIDDLE, Event("delta", "reset"))) == [1]

    def test_on_the_fast_track_it_is_the_highest(self) -> None:
        assert next_exercise([], PracticeOptions(fast=True)).level == 3
        assert next_exercise([], PracticeOptions("error", fast=True)).level == 2

    def test_one_that_was_asked_for_is_given_as_far_as_there_is_one(self) -> None:
        assert next_exercise([], PracticeOptions(level=2)).level == 2
        assert next_exercise([], PracticeOptions("error", level=3)).level == 2


def kind(history: Sequence[Event]) -> str:
    """Which kind of delta exercise comes next."""
    variants = SKILLS["delta"].variants
    return variants[next_exercise(history, PracticeOptions("delta")).seed % len(variants)]


class TestKind:
    FIRST = right(1, "relu", 0)

    def test_they_come_in_their_order(self) -> None:
        assert kind([]) == "relu"
        assert kind([self.FIRST]) == "leaky_relu"
        assert kind([self.FIRST, right(2, "leaky_relu", 1)]) == "sigmoid"

    def test_one_that_was_not_right_at_once_comes_once_more_then_another(self) -> None:
        failed = [self.FIRST, wrong(2, "leaky_relu", 1)]
        assert kind(failed) == "leaky_relu"
        assert kind([*failed, wrong(2, "leaky_relu", 4)]) == "sigmoid"
        assert kind([*failed, wrong(2, "leaky_relu", 4), right(1, "sigmoid", 5)]) == "leaky_relu"

    def test_when_all_were_right_the_one_longest_ago_comes(self) -> None:
        every = [right(1, variant, n) for n, variant in enumerate(SKILLS["delta"].variants)]
        assert kind(every) == "relu"
        assert kind([*every, right(2, "relu", 3)]) == "leaky_relu"


class TestStudent:
    def test_each_name_has_a_block_of_seeds_and_stays_in_it(self) -> None:
        first = next_exercise([], PracticeOptions(student="anna"))
        assert first.seed // BLOCK == first_seed("anna") // BLOCK > 0
        begun = [Event("forward", "right", seed=first.seed, variant="one-output")]
        assert next_exercise(begun, ANYTHING).seed // BLOCK == first.seed // BLOCK
        other_skill = next_exercise(begun, PracticeOptions("delta"))
        assert other_skill.seed // BLOCK == first.seed // BLOCK

    def test_two_names_get_two_blocks(self) -> None:
        assert first_seed("anna") != first_seed("ben")


def test_no_exercise_is_given_twice_and_a_seed_asked_for_goes_on_from_there() -> None:
    history = [Event("delta", "right", seed=4), Event("delta", "skipped", seed=9), Event("error", "right", seed=20)]
    assert next_exercise(history, PracticeOptions("delta")).seed == 12, "the first after 9 that is of the first kind"
    assert [next_exercise(history, PracticeOptions("delta", seed=3), now).seed for now in range(3)] == [3, 4, 5]


def test_exercises_of_a_course_are_neither_taken_up_nor_counted() -> None:
    history = [Event("delta", "wrong", seed=5, course="week-1")]
    choice = next_exercise(history, PracticeOptions("delta"))
    assert (choice.seed, choice.open) == (0, None)


def stuck(skill: str, times: int, first: int = 0) -> list[Event]:
    return [Event(skill, "shown", seed=first + n, variant=SKILLS[skill].variants[0]) for n in range(times)]


def test_after_six_of_one_skill_in_a_row_another_that_is_ready_has_a_turn_then_it_comes_back() -> None:
    history = [*mastered("forward", "activation", "error", "delta"), *stuck("gradient", 5)]
    assert next_exercise(history, ANYTHING).skill == "gradient"
    history += stuck("gradient", 1, first=5)
    choice = next_exercise(history, ANYTHING)
    assert (choice.skill, choice.why) == ("bias-gradient", "a change from filter gradient, which comes back")
    assert next_exercise([*history, *mastered("bias-gradient")], ANYTHING).skill == "gradient"


def test_where_nothing_else_is_ready_what_comes_after_it_has_a_turn_all_the_same() -> None:
    assert next_exercise(stuck("forward", 5), ANYTHING).skill == "forward"
    assert next_exercise(stuck("forward", 6), ANYTHING).skill == "activation"
    both = [*stuck("forward", 6), *stuck("activation", 6)]
    assert next_exercise(both, ANYTHING).skill == "error", "not back to the one that is stuck"


def test_who_is_stuck_in_all_skills_goes_round_through_all() -> None:
    history: list[Event] = []
    order = []
    for _ in range(6 * len(CORE) + 1):
        choice = next_exercise(history, ANYTHING)
        order.append(choice.skill)
        history.append(Event(choice.skill, "shown", level=choice.level, seed=choice.seed))
    turns = [skill for skill, _ in groupby(order)]
    assert turns == [*CORE, "forward"]
    assert all(order.count(skill) == 6 for skill in CORE[1:])


def test_a_mistake_that_recurs_on_and_on_leaves_a_turn_to_something_else_too() -> None:
    slips = [Event("activation", "wrong", seed=seed, mistakes=("absolute-activation",)) for seed in (11, 12)]
    history = [
        *mastered("forward", "activation"),
        *slips,
        *(Event("activation", "right", seed=20 + n) for n in range(1)),
    ]
    assert next_exercise(history, ANYTHING).why == "absolute-activation came up again and again"
    history += [Event("activation", "right", seed=30 + n, attempt=2) for n in range(6)]
    assert next_exercise(history, ANYTHING).skill != "activation"
