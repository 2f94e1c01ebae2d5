"""The scenario that a page is worked on, loaded and computed only as far as the page asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a page that needs no scenario does without NumPy, and so starts 80 ms sooner
    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.scenario import Scenario
    from cnnstep.engine.trace import Iteration
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.view import View

FIRST_LESSON = "first-filter"


@dataclass(frozen=True)
class Example:
    """A scenario by its name; `own` where the learner named it. Numbers on the page are written in `style`."""

    load: Callable[[str], Scenario] = field(repr=False)
    name: str
    own: bool
    style: Numbers
    left_out: int = 0

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.load(self.name)

    @cached_property
    def view(self) -> View:
        """How such a scenario is shown."""
        from cnnstep.tutor.views import view_of

        return view_of(self.scenario)

    @cached_property
    def lesson(self) -> Lesson:
        """Its steps, the input gradient among them."""
        from cnnstep.engine.lesson import lesson_of

        return lesson_of(self.scenario, input_gradient=True)

    @cached_property
    def first(self) -> Iteration:
        """Its first iteration."""
        from cnnstep.engine.trace import trace

        return next(trace(self.lesson, 1))

    def few(self, samples: int | None) -> Example:
        """The same with its first samples alone; None is all of them."""
        if samples is None:
            return self
        whole = self.scenario
        left_out = max(0, len(whole.inputs) - samples)
        if not left_out:
            return self
        short = replace(whole, inputs=whole.inputs[:samples], targets=whole.targets[:samples])
        return replace(self, load=lambda name: short if name == self.name else self.load(name), left_out=left_out)

    def said(self) -> tuple[Block, ...]:
        """A sentence on what was left out."""
        if not self.left_out:
            return ()
        from cnnstep.tutor.document import Paragraph

        used = len(self.scenario.inputs)
        first = "the first is" if used == 1 else f"the first {used} are"
        return (Paragraph(f"Of its {self.left_out + used} samples, {first} used here.", "quiet"),)

    @property
    def typed(self) -> str:
        """The scenario as a command names it; standard input can't be read twice, so the first lesson stands in."""
        if self.name in ("", "-"):
            return FIRST_LESSON
        if not self.own:
            return self.name
        from shlex import quote

        return quote(self.name)

    def text(self, value: float) -> str:
        """One number as the page writes it."""
        return self.style.text(float(value))
