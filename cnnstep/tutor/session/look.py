"""What a session can be asked to show: a step, a part of it, a layer, one number's working, another sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Cell, Quantity, bracketed
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.cards import checked_part, iteration_cards, lesson_for, only_step, question, steps_of
from cnnstep.tutor.document import Block
from cnnstep.tutor.network.cards import arrays
from cnnstep.tutor.network.overview import checked_sample, one_sample
from cnnstep.tutor.present import planes
from cnnstep.tutor.session.state import Answer, Reply, Session, shown
from cnnstep.tutor.typed import find, index, is_index, read_place
from cnnstep.tutor.views import view_of
from cnnstep.tutor.why import why


def show(session: Session, rest: str) -> Answer:
    """The present step again, another one, a part of one, a layer, a leaf, all of them, or the network's overview."""
    if not rest:
        return session, Reply(shown(session))
    if rest == "all":
        kept_back(session, session.iteration.lesson.steps)
        cards = iteration_cards(session.iteration, session.style, sample=session.sample)
        return session, Reply((*question(session.iteration, session.sample), *cards))
    if rest == "network" and (overview := view_of(session.scenario).overview(session.iteration)):
        return session, Reply(overview)
    place = read_place(rest)
    if place.name in session.scenario.names:
        iteration = _under(session, lesson_for(session.scenario, (place.name,)))
        kept_back(session, steps_of(iteration.lesson, place.name))
        return session, Reply(iteration_cards(iteration, session.style, (rest,), session.sample))
    iteration, found = _found(session, place.name)
    if isinstance(found, Quantity):
        return session, Reply(_leaf(one_sample(iteration, session.sample), found.name, place.cell))
    wanted = found.name + bracketed(place.cell)
    return session, Reply(iteration_cards(iteration, session.style, (wanted,), session.sample))


def _leaf(view: Iteration, name: str, part: Cell) -> tuple[Block, ...]:
    """What no step computes, or the part of it under these indices."""
    leaf, array = view.lesson.quantity(name), view.matrix(name)
    checked_part(leaf.name, leaf.layout, array, part)
    if "." in leaf.name and not part:
        return arrays(leaf, array)
    return planes(leaf, array, all_of_them=True, part=part)


def _found(session: Session, name: str) -> tuple[Iteration, Step | Quantity]:
    """What is called so, and the session's iteration with it: ∂L/∂X is worked out once it is asked for."""
    iteration = session.iteration
    try:
        found = find(iteration.lesson, name)
    except InputError:
        whole = lesson_of(session.scenario, input_gradient=True)
        found = only_step(whole, name)
        iteration = _under(session, whole)
    if isinstance(found, Step):
        kept_back(session, (found,))
    return iteration, found


def kept_back(session: Session, steps: Iterable[Step]) -> None:
    """`InputError` where one of the steps would give away what is being guessed."""
    if session.guess is not None and not {step.name for step in steps}.isdisjoint(session.to_come):
        what = f"that would give {session.coming.symbol} away"
        raise InputError(Fault("guess", what, "type it first, or give up with an empty line"))


def _under(session: Session, lesson: Lesson) -> Iteration:
    """The session's iteration, with the steps of this lesson, which may have ∂L/∂X besides."""
    iteration = session.iteration
    if len(lesson.steps) <= len(iteration.lesson.steps):
        return iteration
    begin = {name: iteration.values[name] for name in lesson.start}
    return replace(iteration, lesson=lesson, values=lesson.carry_out(begin))


def why_number(session: Session, rest: str) -> Answer:
    """Where one number comes from: `0 1` in the step shown last, or `gradient 0 1`."""
    place = read_place(rest)
    if not place.name and session.step is None:
        raise InputError(Fault("step", "no step has been shown yet", "say which step: why forward 0 1"))
    iteration, found = _found(session, place.name or (session.step.name if session.step else ""))
    return session, Reply(why(iteration, found, place.cell, session.style, session.sample))


def sample(session: Session, rest: str) -> Answer:
    """Another sample of the batch; `all` shows them all where the screens can."""
    if rest == "all" and view_of(session.scenario).every_sample:
        after = replace(session, sample=None, guess=None, before=session)
        return after, Reply(shown(after))
    if not is_index(rest):
        count = len(session.scenario.inputs)
        checked_sample(session.iteration, 0)
        hint = f"type: sample 0, up to sample {count - 1}"
        raise InputError(Fault("sample", "say which sample" if not rest else f'"{rest}" is no sample', hint))
    after = replace(session, sample=checked_sample(session.iteration, index(rest)), guess=None, before=session)
    return after, Reply(shown(after))
