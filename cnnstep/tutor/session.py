"""The tutor as a pure function: `advance(session, line)` gives the next session and what to show.

A session knows nothing of terminals or files. `back` is the session that was before; saving is a request in
the reply, which whoever owns the files carries out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.naming import BACKWARD
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import GRADIENT_ROLES, Iteration, first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.document import Block, Command, Heading, Paragraph
from cnnstep.tutor.network.one_sample import is_batch
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.present import question, step_card
from cnnstep.tutor.select import lesson_for
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.told import told


@dataclass(frozen=True)
class Session:
    """Where a learner stands: the scenario as it is now, the iteration, and the step shown last (−1: none yet).

    `guess` holds the lines of a matrix that is being typed. `before` is the session to go back to. `sample` is the one
    of a batch that is looked at (None: all of them). `load` finds the scenario that a topic is worked on.
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
    load: Callable[[str], Scenario] | None = field(default=None, repr=False)

    @property
    def step(self) -> Step | None:
        """The step shown last."""
        return self.iteration.lesson.steps[self.position] if self.position >= 0 else None

    @property
    def coming(self) -> Step:
        """The step that Enter shows next."""
        steps = self.iteration.lesson.steps
        return steps[(self.position + 1) % len(steps)]

    def moved(self, iteration: Iteration, position: int) -> Session:
        """The session at another place, from which `back` leads here."""
        return replace(self, iteration=iteration, position=position, guess=None, before=self)

    def forward(self) -> Session:
        """One step on; after the last step the next iteration begins."""
        if self.position + 1 < len(self.iteration.lesson.steps):
            return self.moved(self.iteration, self.position + 1)
        return self.moved(self.iteration.next(), 0)


@dataclass(frozen=True)
class Reply:
    """What to show, and the file to save the present scenario in, if that was asked for."""

    blocks: tuple[Block, ...]
    save: str | None = None


def begin(
    name: str, scenario: Scenario, style: Numbers = AS_USUAL, load: Callable[[str], Scenario] | None = None
) -> tuple[Session, Reply]:
    """A session before its first step, and how it introduces itself."""
    iteration = opening(scenario)
    sample = 0 if scenario.is_network and is_batch(iteration) else None
    session = Session(name, scenario, scenario, iteration, style=style, sample=sample, load=load)
    blocks = (
        Heading(scenario.title or name, 1, name if scenario.title else ""),
        *question(iteration, sample),
        Paragraph(f"One iteration has {len(iteration.lesson.steps)} steps: {_steps_in_words(iteration.lesson)}."),
        *_one_at_a_time(iteration, sample),
        Command("Enter", "the first step. Also: why 0 1, guess, back, help, quit"),
    )
    return session, Reply(blocks)


def opening(scenario: Scenario) -> Iteration:
    """A scenario's first iteration."""
    return first_iteration(lesson_for(scenario))


def _steps_in_words(lesson: Lesson) -> str:
    """One filter's steps by their titles; of a network, how many lead where."""
    if not lesson.scenario.is_network:
        return ", ".join(title_of(step).lower() for step in lesson.steps)
    at, forward = lesson.names.index("error"), len(lesson.scenario.layers)
    updates = len([name for name in lesson.names if name.endswith("update")])
    memory = len(lesson.steps) - at - 1 - sum(s.role in (*BACKWARD, *GRADIENT_ROLES) for s in lesson.steps) - updates
    back = len(lesson.steps) - at - 1 - updates - memory
    more = f"{memory} of the optimizer's memory; " if memory else ""
    way_back = f"{back} back, from the last layer to the first"
    return f"{forward} forward, one a layer; the error; {way_back}; {more}{updates} updates"


def _one_at_a_time(iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
    """What a network's batch needs said: one sample is looked at, and gradients are sums."""
    if sample is None:
        return ()
    count = len(iteration.lesson.scenario.inputs)
    words = f"You look at sample {sample} of {count}; sample {min(1, count - 1)} shows another. "
    return (Paragraph(f"{words}Loss, gradients and updates are those of all {count} together, added up."),)


def prompt(session: Session) -> str:
    """Where one is: `first-filter · iteration 0 · 3/6 error >`."""
    if session.guess is not None:
        from cnnstep.tutor.typed import read_matrix

        rows = len(read_matrix("\n".join(session.guess))) if session.guess else 0
        return f"your {session.coming.symbol}, row {rows}: " if rows else f"your {session.coming.symbol}: "
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


def advance(session: Session, line: str) -> tuple[Session, Reply]:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why."""
    from cnnstep.tutor.session_commands import carry_out
    from cnnstep.tutor.session_guess import guessing

    try:
        return guessing(session, line) if session.guess is not None else carry_out(session, line)
    except InputError as error:
        return session, Reply(tuple(map(told, error.faults)))
