"""What happened to one exercise: one line of a learner's history, which is only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Outcome: TypeAlias = Literal["right", "wrong", "hint", "shown", "skipped", "reset"]
"""An answer that was right or wrong, a hint or the solution asked for, an exercise left, or a skill begun anew."""
Kind: TypeAlias = Literal["matrix", "cell", "number", "choice"]
"""What an answer is made of: a whole matrix, one cell of it, another number, one of several choices."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Event:
    """An exercise by its skill, level and seed (of a course also the course's name), and what became of it.

    `hints` were seen before, `attempt` counts the answers from 1, `text` is what was typed, `mistakes` are the codes
    that it was told. `fast`: on the fast track. `at` is in seconds since 1970, by the clock of whoever keeps it.
    `variant` says which kind of exercise of its skill it was; "" where that was not kept yet.
    """

    skill: str
    outcome: Outcome
    level: int = 1
    seed: int = 0
    course: str = ""
    kind: Kind = "matrix"
    attempt: int = 1
    hints: int = 0
    text: str = ""
    mistakes: tuple[str, ...] = ()
    fast: bool = False
    at: float = 0.0
    variant: str = ""

    @property
    def exercise(self) -> tuple[str, int, int, str]:
        """Which exercise it was."""
        return self.skill, self.level, self.seed, self.course

    @property
    def leaves_open(self) -> bool:
        """Whether the exercise is still to be done after it."""
        return self.outcome in ("wrong", "hint")

    @property
    def unaided(self) -> bool:
        """Right at once, without a hint."""
        return self.outcome == "right" and self.attempt == 1 and not self.hints


History: TypeAlias = Sequence[Event]
"""A learner's events, the oldest first."""
