"""Conventions: what everybody may choose as they like, and then has to keep to.

The sign of the error, a minus put in on the way back, the loss whose number multiplies the error and where it is
put in: together they are one reading of a sheet. Each step back reads it, for the weights and the bias alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from cnnstep.engine.losses import LOSSES
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario

STAGES = ("error", "delta", "gradient")
"""Where a minus or the loss's number can come in, in the order of the way back."""
SLOPES_AT_ZERO = (0.0, 0.5, 1.0)
"""The values of ReLU′(0) that anybody uses."""


@dataclass(frozen=True)
class Convention:
    """Another value for a key of the scenario; `also` names others that say exactly the same here.

    `negate`: it is the minus that was put in on the way back, whatever the error's own sign.
    """

    key: str
    value: str | float
    negate: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Where a minus was put in, where the loss's number was and which; "" and None while neither has been seen."""

    minus: str = ""
    place: str = ""
    number: float | None = None

    def before(self, stage: str) -> float:
        """What stands before the plain a − t in the numbers of this stage, but for the error's own sign."""
        sign = -1.0 if self.minus and _reached(self.minus, stage) else 1.0
        return sign * self.number if self.number is not None and _reached(self.place, stage) else sign


UNREAD = Reading()
"""Nothing is known yet."""


def _reached(place: str, stage: str) -> bool:
    return STAGES.index(place) <= STAGES.index(stage)


@dataclass(frozen=True)
class Rules:
    """Which readings a scenario's sheets can have. `number` is the one that its own loss puts before the error."""

    scenario: Scenario

    @cached_property
    def number(self) -> float:
        """2, 1, 1/n or 2/n; 1 for a loss that multiplies each error by another number."""
        factor = self.scenario.loss.factor
        return 1.0 if factor is None else factor(self.scenario.targets.size)

    @cached_property
    def losses(self) -> Mapping[float, tuple[str, ...]]:
        """By their number the losses that a learner may have in mind."""
        if self.scenario.loss.factor is None:
            return {1.0: (self.scenario.loss.name,)}
        found: dict[float, tuple[str, ...]] = {}
        for name, loss in LOSSES.items():
            if loss.factor is not None:
                number = loss.factor(self.scenario.targets.size)
                found[number] = (*found.get(number, ()), name)
        return found

    def engine(self, stage: str) -> float:
        """What stands before a − t in the engine's own numbers of this stage: an error that is shown as e is plain."""
        return 1.0 if stage == "error" and self.scenario.vocabulary.shows_difference else self.number

    def readings(self, so_far: Reading, stage: str, unseen: str, *, signed: bool) -> tuple[Reading, ...]:
        """What the numbers of this stage can show, the scenario's own first.

        `unseen` is where a number may have come in before without having been written down, "" if nowhere.
        `signed`: a minus that comes in here shows.
        """
        places = dict.fromkeys(place for place in (stage, unseen) if place)
        found = [so_far]
        if so_far.number is None:
            last = stage == STAGES[-1]
            numbers = [n for n in self.losses if last or n != 1.0]
            found = [replace(so_far, place=place, number=number) for number in numbers for place in places]
            found += [] if last else [so_far]
        if signed and not so_far.minus and stage != STAGES[0]:
            found += [replace(one, minus=stage) for one in found]
        return tuple(sorted(found, key=lambda one: self.cost(so_far, one, stage)))

    def cost(self, before: Reading, after: Reading, stage: str) -> float:
        """How far a reading goes beyond the one before, in bits: what the scenario itself does costs nothing."""
        if after == before:
            own = after.number is not None or self.engine(stage) == 1.0
            return 0.0 if own else ELSEWHERE
        cost = OTHER if after.minus != before.minus else 0.0
        if after.number != before.number:
            usual = self.engine(stage) != 1.0 or after.number == 1.0
            cost += (OTHER if after.number != self.number else 0.0) + (0.0 if usual else ELSEWHERE)
        return cost

    def assumed(self, before: Reading, after: Reading) -> tuple[Convention, ...]:
        """The conventions that a reading adds to the one before."""
        found: list[Convention] = []
        if after.minus != before.minus:
            found.append(Convention("error", self.scenario.error, negate=True))
        if after.number != before.number and after.number is not None:
            found += self.loss(after.number)
        return tuple(found)

    def loss(self, number: float) -> tuple[Convention, ...]:
        """The loss that has this number, if it is another one than the scenario's."""
        if number == self.number:
            return ()
        first, *others = self.losses[number]
        return (Convention("loss", first, also=tuple(others)),)


OTHER, ELSEWHERE = 3.0, 0.25
"""What another convention costs, in bits, and the scenario's own in another place: nobody is wrong by either."""


def other_sign(error: str) -> str:
    """`target_minus_output` for `output_minus_target`, and the other way round."""
    return next(sign for sign in ERROR_SIGNS if sign != error)
