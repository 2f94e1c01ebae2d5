"""Where a learner stands, what a line is answered with, and what is shown unasked: introduction, step, prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.cards import lesson_for, question, step_card, view_of
from cnnstep.tutor.document import Block, Command, Heading, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.present import one_sample
from cnnstep.tutor.typed import read_matrix


def no_other(name: str) -> Scenario:
    """The loader of a session that knows no scenario but its own: `InputError` for every name."""
    raise InputError(Fault("explain", f"the page is worked on {name}, which can't be found from here", "try another"))


@dataclass(frozen=True)
class Session:
    """Where a learner stands: the scenario as it is now, the iteration, and the step shown last (−1: none yet).

    `guess` holds the lines of a matrix that is being typed. `before` is the session to go back to. `sample` is the one
    of a batch that is looked at (None: all of them). `load` finds the scenario of a page that this one does not suit.
    """

    name: str
    original: Scenario
    scenario: Scenario
    iteration: Iteration
    position: int = -1
    style: Numbers = AS_USUAL
    guess: tuple[str, ...] | None = None
    before: Session | None = field(default=None, repr=False)
    changes: tuple[str, ...] = ()
    done: bool = False
    sample: int | None = None
    load: Callable[[str], Scenario] = field(default=no_other, repr=False)

    @property
    def step(self) -> Step | None:
        """The step shown last."""
        return self.iteration.lesson.steps[self.position] if self.position >= 0 else None

    @property
    def coming(self) -> Step:
        """The step that Enter shows next."""
        steps = self.iteration.lesson.steps
        return steps[(self.position + 1) % len(steps)]

    @property
    def asked(self) -> Array:
        """The matrix that Enter shows next, and a guess is about: where one sample is looked at, that one's."""
        return one_sample(self.iteration, self.sample).matrix(self.coming.name)

    @property
    def rows_typed(self) -> int:
        """How many rows of a guess there are so far."""
        return len(read_matrix("\n".join(self.guess), self.asked.shape)) if self.guess else 0

    @property
    def to_come(self) -> tuple[str, ...]:
        """The names of the coming step and of those after it, ∂L/∂X among them even where nobody has asked for it."""
        names = lesson_of(self.scenario, input_gradient=True).names
        return names[names.index(self.coming.name) :]

    def moved(self, iteration: Iteration, position: int) -> Session:
        """The session at another place, from which `back` leads here."""
        return replace(self, iteration=iteration, position=position, guess=None, before=self)

    def forward(self) -> Session:
        """One step on; after the last step the next iteration begins."""
        if self.position + 1 < len(self.iteration.lesson.steps):
            return self.moved(self.iteration, self.position + 1)
        return self.moved(self.iteration.next(), 0)


@dataclass(frozen=True)
class Saving:
    """A scenario to be written to a file, and in words what is particular about it."""

    path: str
    scenario: Scenario = field(repr=False, compare=False)  # arrays are neither equal nor not
    words: str


@dataclass(frozen=True)
class Reply:
    """What to show, on an empty screen if it `clears`; and what to write to a file, if that was asked for."""

    blocks: tuple[Block, ...]
    save: Saving | None = None
    clears: bool = False


Answer: TypeAlias = tuple[Session, Reply]
"""What a line leads to: the session afterwards, and what to show."""


def opening(scenario: Scenario) -> Iteration:
    """A scenario's first iteration."""
    return first_iteration(lesson_for(scenario))


def begin(
    name: str, scenario: Scenario, style: Numbers = AS_USUAL, load: Callable[[str], Scenario] = no_other
) -> Answer:
    """A session before its first step, and how it introduces itself."""
    iteration = opening(scenario)
    view = view_of(scenario)
    sample = view.first_sample(iteration)
    session = Session(name, scenario, scenario, iteration, style=style, sample=sample, load=load)
    blocks = (
        Heading(scenario.title or name, 1, name if scenario.title else ""),
        *question(iteration, sample),
        Paragraph(f"One iteration has {len(iteration.lesson.steps)} steps: {view.steps_in_words(iteration.lesson)}."),
        *_one_at_a_time(iteration, sample),
        Command("Enter", f"the first step. Also: guess, {view.also(iteration.lesson)}, help, quit"),
    )
    return session, Reply(blocks)


def _one_at_a_time(iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
    """What a network's batch needs said: one sample is looked at, and gradients are sums."""
    if sample is None:
        return ()
    count = len(iteration.lesson.scenario.inputs)
    words = f"You look at sample {sample} of {count}; sample {min(1, count - 1)} shows another. "
    return (Paragraph(f"{words}Loss, gradients and updates are those of all {count} together, added up."),)


def prompt(session: Session) -> str:
    """The prompt says where the learner is: `first-filter · iteration 0 · 3/6 error >`."""
    if session.guess is not None:
        row = f", row {session.rows_typed}" if session.guess else ""
        return f"your {session.coming.symbol}{row}: "
    steps = session.iteration.lesson.steps
    step = session.step
    place = f"{session.position + 1}/{len(steps)} {step.name}" if step else "start"
    changed = " · what if" if session.changes else ""
    sample = "" if session.sample is None else f" · sample {session.sample}"
    return f"{session.name}{changed} · iteration {session.iteration.number}{sample} · {place} > "


def shown(session: Session) -> tuple[Block, ...]:
    """The present step's card; the first step of an iteration shows what it starts from as well."""
    step = session.step
    if step is None:
        return question(session.iteration, session.sample)
    head: tuple[Block, ...] = ()
    if session.position == 0 and session.iteration.number:
        loss = session.style.text(session.iteration.loss)
        title = Heading(f"Iteration {session.iteration.number}", 1, f"loss {loss}")
        head = (title, *question(session.iteration, session.sample))
    return (*head, *step_card(session.iteration, step, session.style, sample=session.sample))
