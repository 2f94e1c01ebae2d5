"""The iterations of a lesson in any order: each is worked out when it is asked for, from what it starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.links import Links, links
from cnnstep.engine.quantity import Array
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.present import one_sample


class Iterations:
    """What every iteration so far starts with, which is its weights; its other numbers are let go and made again."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.losses: list[float] = []
        self._starts: list[Mapping[str, Array]] = [lesson.start]
        self._last: Iteration | None = None
        self._links: dict[int | None, Links] = {}

    def at(self, number: int) -> Iteration:
        """The iteration of this number, and on the way to it those that nobody has asked for yet."""
        if self._last is not None and self._last.number == number:
            return self._last
        with np.errstate(all="ignore"):
            while len(self._starts) <= number + 1:
                values = self.lesson.carry_out(self._starts[-1])
                self.losses += [self.lesson.loss(values)]
                self._starts.append(self.lesson.next_begin(values))
            values = self.lesson.carry_out(self._starts[number])
            following = self.lesson.carry_out(self._starts[number + 1])
            after = self.lesson.loss(following)
        loss = self.losses[number]
        self._last = Iteration(self.lesson, number, values, following, loss, after, self.losses[0])
        return self._last

    def links(self, sample: int | None) -> Links:
        """What the numbers are made of and go on to; of a batch those of one sample, which are quickly known."""
        if sample not in self._links:
            lesson, whole = self.lesson, self.at(0)
            if sample is not None:
                seen = one_sample(whole, sample)
                start = {name: seen.values.get(name, whole.values[name]) for name in lesson.start}
                lesson = replace(seen.lesson, start=start)
            self._links = {sample: links(lesson)}
        return self._links[sample]
