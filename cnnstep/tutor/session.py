"""The tutor as a pure function: `advance(session, line)` gives the next session and what to show.

A session knows nothing of terminals or files. `back` is the session that was before; saving is a request in
the reply, which whoever owns the files carries out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Block, Command, Heading, Note, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.present import question, step_card
from cnnstep.tutor.sentences import title_of

LONGEST = 300
"""Characters of a fault that quotes what was typed: a page pasted by mistake need not come back whole."""


@dataclass(frozen=True)
class Session:
    """Where a learner stands: the scenario as it is now, the iteration, and the step shown last (−1: none yet).

    `guess` holds the lines of a matrix that is being typed. `before` is the session to go back to.
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


def begin(name: str, scenario: Scenario, style: Numbers = AS_USUAL) -> tuple[Session, Reply]:
    """A session before its first step, and how it introduces itself."""
    iteration = first_iteration(lesson_of(scenario))
    session = Session(name, scenario, scenario, iteration, style=style)
    steps = ", ".join(title_of(step).lower() for step in iteration.lesson.steps)
    blocks = (
        Heading(scenario.title or name, 1, name if scenario.title else ""),
        *question(iteration),
        Paragraph(f"One iteration has {len(iteration.lesson.steps)} steps: {steps}."),
        Command("Enter", "the first step. Also: why 0 1, guess, back, help, quit"),
    )
    return session, Reply(blocks)


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
    return f"{session.name}{changed} · iteration {session.iteration.number} · {place} > "


def shown(session: Session) -> tuple[Block, ...]:
    """The present step's card; the first step of an iteration shows what it starts from as well."""
    step = session.step
    if step is None:
        return question(session.iteration)
    opening: tuple[Block, ...] = ()
    if session.position == 0 and session.iteration.number:
        loss = session.style.text(session.iteration.loss)
        opening = (Heading(f"Iteration {session.iteration.number}", 1, f"loss {loss}"), *question(session.iteration))
    return (*opening, *step_card(session.iteration, step, session.style))


def advance(session: Session, line: str) -> tuple[Session, Reply]:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why."""
    from cnnstep.tutor.session_commands import carry_out
    from cnnstep.tutor.session_guess import guessing

    try:
        return guessing(session, line) if session.guess is not None else carry_out(session, line)
    except InputError as error:
        return session, Reply(tuple(_told(fault) for fault in error.faults))


def _told(fault: Fault) -> Note:
    what = fault.what if len(fault.what) <= LONGEST else f"{fault.what[: LONGEST - 1]}…"
    hint = fault.hint[:1].upper() + fault.hint[1:]
    return Note(fault.code, f"{what}. {hint}{'' if hint.endswith(('?', '.', '…')) or not hint else '.'}".strip())
