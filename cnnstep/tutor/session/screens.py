"""What a session shows by itself: its introduction, the step that one stands at, and the prompt."""

from __future__ import annotations

from collections.abc import Callable

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.cards import question, step_card
from cnnstep.tutor.document import Block, Command, Heading, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.session.state import Answer, Reply, Session, no_other, opening
from cnnstep.tutor.views import view_of


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
    """Where one is: `first-filter · iteration 0 · 3/6 error >`."""
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
