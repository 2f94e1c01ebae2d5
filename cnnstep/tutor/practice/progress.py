"""Where a learner stands: each skill as a bar, the mistakes made most, and the one thing to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cnnstep.tutor.document import Block, Command, Heading, Paragraph, ProgressBar, ProgressBars
from cnnstep.tutor.numbers import counted, listed
from cnnstep.tutor.practice.history import History, answers, is_stuck, since_reset
from cnnstep.tutor.practice.mastery import USUAL, Missing, mastery, missing, most_made
from cnnstep.tutor.practice.plan import PracticeOptions, next_exercise
from cnnstep.tutor.practice.skills import CORE, SKILLS, Skill, beyond

COLUMNS = (
    "learner",
    "skill",
    "mastery",
    "mastered",
    "answers",
    "right",
    "hints",
    "mistake",
    "solutions",
    "stuck",
    "fault",
)
"""Of the table of several learners; the fault is why a file can't be read, and its row has nothing else."""
NEXT = "cnnstep practice"
"""It goes on with the very exercise that the page names."""


@dataclass(frozen=True)
class SkillStatus:
    """What a learner has done in one skill since it was last begun anew, and P that they have it.

    `hints` counts each hint once, however many answers followed it; `mistake` is the most frequent one, or "".
    `solutions` were asked for; `stuck`: the last exercises were given up. `missing` is not shown yet.
    """

    skill: Skill
    mastery: float
    begun: bool
    answers: int
    right: int
    hints: int
    mistake: str
    solutions: int
    stuck: bool
    missing: Missing

    @property
    def mastered(self) -> bool:
        """Whether P has reached what counts as mastered, and nothing is missing."""
        return self.mastery >= USUAL.mastered and not self.missing


def skill_statuses(history: History) -> tuple[SkillStatus, ...]:
    """Every skill's, in the order in which a learner meets them."""
    return tuple(_skill_status(history, skill) for skill in SKILLS.values())


def _skill_status(history: History, skill: Skill) -> SkillStatus:
    events = since_reset(history, skill.name)
    made = Counter(code for event in events for code in event.mistakes).most_common(1)
    return SkillStatus(
        skill,
        mastery(history, skill.name),
        any(event.outcome != "skipped" for event in events),
        answers(events),
        sum(event.outcome == "right" for event in events),
        sum(max(event.hints for event in of_one) for _, of_one in groupby(events, key=lambda event: event.exercise)),
        made[0][0] if made else "",
        sum(event.outcome == "shown" for event in events),
        is_stuck(history, skill.name),
        missing(history, skill.name),
    )


def progress(history: History) -> tuple[Block, ...]:
    """The page."""
    stand = [one for one in skill_statuses(history) if one.begun or not one.skill.extra]
    choice = next_exercise(history, PracticeOptions())
    blocks: list[Block] = [
        Heading("Your progress", 1),
        *_summary(history, stand),
        ProgressBars(tuple(map(_bar, stand))),
    ]
    if stuck := [one for one in stand if one.stuck]:
        blocks.append(Heading("Where you are stuck"))
        blocks += [
            Command(f"cnnstep explain {one.skill.topic}", f"read this before more of {one.skill.title.lower()}")
            for one in stuck
        ]
    if made := most_made(history):
        blocks.append(Heading("The mistakes you made most"))
        blocks += [Command(f"cnnstep explain {code}", counted(times, "time")) for code, times in made]
    return (*blocks, Heading("Next"), Command(NEXT, f"{SKILLS[choice.skill].title.lower()}, {choice.why}"))


def _summary(history: History, stand: Sequence[SkillStatus]) -> list[Block]:
    mastered = sum(one.mastered for one in stand)
    if mastered == len(stand):
        more = f" {beyond()}" if len(stand) == len(CORE) else ""
        return [Paragraph(f"You have mastered all {len(stand)} skills, with {_given(history)}.{more}", "good")]
    if not any(one.begun for one in stand):
        return [Paragraph(f"You have not begun yet. There are {len(stand)} skills.")]
    words = f"You have mastered {mastered} of {len(stand)} skills, with {_given(history)}."
    return [Paragraph(f"{words} {RULE}")]


RULE = (
    f"A skill is mastered from {100 * USUAL.mastered:.0f}\N{NO-BREAK SPACE}%, once every kind of its exercises and its "
    "highest level was right at once."
)


def _given(history: History) -> str:
    return counted(answers(history), "answer")


def _bar(one: SkillStatus) -> ProgressBar:
    if not one.begun:
        return ProgressBar(one.skill.title, None, "not begun", "quiet")
    given = counted(one.answers, "answer")
    if one.mastered:
        return ProgressBar(one.skill.title, one.mastery, f"mastered, {given}", "good")
    if one.mastery >= USUAL.mastered:
        given += f"; missing: {listed(one.missing.words)}"
    return ProgressBar(one.skill.title, one.mastery, f"{given}; stuck" if one.stuck else given, "plain")


def progress_data(history: History) -> dict[str, Any]:
    """The page for programs, with full precision and all mistakes."""
    stand = skill_statuses(history)
    choice = next_exercise(history, PracticeOptions())
    kinds = len({code for event in history for code in event.mistakes})
    return {
        "schema": 1,
        "skills": [
            {
                "name": one.skill.name,
                "title": one.skill.title,
                "mastery": one.mastery,
                "mastered": one.mastered,
                "answers": one.answers,
                "right": one.right,
                "hints": one.hints,
                "solutions": one.solutions,
                "stuck": one.stuck,
                "missing": list(one.missing.words),
            }
            for one in stand
        ],
        "mistakes": [{"code": code, "times": times} for code, times in most_made(history, kinds)],
        "next": {"skill": choice.skill, "command": NEXT, "why": choice.why},
    }


def progress_rows(learner: str, history: History) -> list[tuple[object, ...]]:
    """A row for each skill, under `COLUMNS`."""
    return [
        (
            *(learner, one.skill.name, one.mastery, _yes(one.mastered)),
            *(one.answers, one.right, one.hints, one.mistake, one.solutions, _yes(one.stuck), ""),
        )
        for one in skill_statuses(history)
    ]


def _yes(true: bool) -> str:
    return "yes" if true else "no"
