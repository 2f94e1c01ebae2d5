"""A skill that is begun anew: its events stay in the history, and those before a reset no longer count."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstep.tutor.numbers import counted
from cnnstep.tutor.practice.event import Event, History
from cnnstep.tutor.practice.skills import SKILLS

ALL = "all"
"""What is typed for every skill."""


def since_reset(history: History, skill: str) -> list[Event]:
    """The events of a skill that still count."""
    events: list[Event] = []
    for event in history:
        if event.skill == skill and event.outcome == "reset":
            events = []
        elif event.skill == skill:
            events.append(event)
    return events


def answers(history: History) -> int:
    """How many answers were given, right and wrong ones."""
    return sum(event.outcome in ("right", "wrong") for event in history)


def to_reset(history: History, name: str) -> list[str]:
    """The skills that `name` means, all of them or one, as far as something would change; `InputError` for no skill."""
    if name == ALL:
        return [skill for skill in SKILLS if since_reset(history, skill)]
    return [name] if since_reset(history, SKILLS.find(name).name) else []


def reset_question(history: History, name: str, skills: Sequence[str]) -> str:
    """What a learner is asked before."""
    given = answers([event for skill in skills for event in since_reset(history, skill)])
    what = "all skills" if name == ALL else name
    whose = "Their" if name == ALL else "Its"
    then = "stays in the file, but no longer counts" if given == 1 else "stay in the file, but no longer count"
    return f"Begin {what} anew? {whose} {counted(given, 'answer')} {then}. [y/N] "
