"""What a session can be asked to show: a step, a part of it, a layer, one number's working, another sample."""

from __future__ import annotations

import re
from dataclasses import replace

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Block
from cnnstep.tutor.network.cards import arrays
from cnnstep.tutor.network.one_sample import checked_sample, one_sample
from cnnstep.tutor.network.overview import overview
from cnnstep.tutor.present import iteration_cards, planes, question
from cnnstep.tutor.select import checked_part, lesson_for, only_step
from cnnstep.tutor.session.screens import shown
from cnnstep.tutor.session.state import Answer, Reply, Session
from cnnstep.tutor.why import why

DIGITS = 9
"""A number that is longer is beyond every row, column and iteration."""


def show(session: Session, rest: str) -> Answer:
    """The present step again, another one, a part of one, a layer, a leaf, all of them, or the network's overview."""
    if not rest:
        return session, Reply(shown(session))
    view = one_sample(session.iteration, session.sample)
    if rest == "all":
        cards = iteration_cards(session.iteration, session.style, sample=session.sample)
        return session, Reply((*question(session.iteration, session.sample), *cards))
    if rest == "network" and session.scenario.is_network:
        return session, Reply(overview(session.iteration))
    name, part = _name_and_part(rest)
    if leaf := _leaf(session, name):
        leaf, array = view.lesson.quantity(leaf.name), view.matrix(leaf.name)
        checked_part(leaf.name, leaf.layout, array, part)
        return session, Reply(planes(leaf, array, all_of_them=True, part=part) if part else _whole(leaf, array))
    if name in session.scenario.names:
        iteration, wanted = _with_input_gradient(session, name), rest
    else:
        iteration, step = _step_of(session, name)
        wanted = step.name + (f"[{','.join(map(str, part))}]" if part else "")
    return session, Reply(iteration_cards(iteration, session.style, (wanted,), session.sample))


def _whole(leaf: Quantity, array: Array) -> tuple[Block, ...]:
    return arrays(leaf, array) if "." in leaf.name else planes(leaf, array, all_of_them=True)


def _name_and_part(rest: str) -> tuple[str, Cell]:
    """`conv1.gradient 0`, `conv1.gradient[0]`: the name, and the leading indices of the part that is wanted."""
    words = re.findall(r"[^\s,\[\]]+", rest)
    indices = [word for word in words[1:] if is_index(word)]
    if not words or len(indices) < len(words) - 1:
        return rest, ()
    return words[0], tuple(index(word) for word in indices)


def _leaf(session: Session, name: str) -> Quantity | None:
    """What no step computes, by its name or its symbol: `filter`, `W`; `weights` where one layer alone has some."""
    leaves = session.iteration.lesson.leaves
    found = [leaf for leaf in leaves if name in (leaf.name, leaf.symbol)]
    found = found or [leaf for leaf in leaves if leaf.name.endswith(f".{name}")]
    return found[0] if len(found) == 1 else None


def _step_of(session: Session, name: str) -> tuple[Iteration, Step]:
    """The step of this name or symbol and an iteration that has it: ∂L/∂X is worked out once it is asked for."""
    iteration = session.iteration
    name = {step.symbol: step.name for step in iteration.lesson.steps}.get(name, name)
    if name.endswith("input_gradient"):
        iteration = _with_input_gradient(session, name)
    return iteration, only_step(iteration.lesson, name)


def _with_input_gradient(session: Session, name: str) -> Iteration:
    """The session's iteration, with ∂L/∂X where the name asks for it."""
    iteration, lesson = session.iteration, lesson_for(session.scenario, (name,))
    if len(lesson.steps) <= len(iteration.lesson.steps):
        return iteration
    return replace(iteration, lesson=lesson, values=lesson.carry_out(_begin(lesson, iteration)))


def _begin(lesson: Lesson, iteration: Iteration) -> dict[str, Array]:
    return {name: iteration.values[name] for name in lesson.start}


def why_number(session: Session, rest: str) -> Answer:
    """Where one number comes from: `0 1` in the step shown last, or `gradient 0 1`."""
    words = re.findall(r"[^\s,\[\]]+", rest)
    name = words.pop(0) if words and not re.match(r"[-+]?\d", words[0]) else None
    if name is None:
        if session.step is None:
            raise InputError(Fault("step", "no step has been shown yet", "say which step: why forward 0 1"))
        iteration, step = session.iteration, session.step
    elif leaf := _leaf(session, name):
        raise InputError(_given(session, leaf))
    else:
        iteration, step = _step_of(session, name)
    if not all(is_index(word) for word in words):
        wrong = next(word for word in words if not is_index(word))
        raise InputError(Fault("cell", f'"{wrong}" is no row or column', "type numbers counted from 0: why 0 1"))
    cell = tuple(index(word) for word in words)
    return session, Reply(why(iteration, step, cell, session.style, session.sample))


def _given(session: Session, leaf: Quantity) -> Fault:
    """Where a number comes from that no step of this iteration computes."""
    number, update = session.iteration.number, dict(session.iteration.lesson.carried).get(leaf.name)
    if number and update:
        return Fault("step", f"{leaf.name} is what the last update made", f"type: goto {number - 1} {update}")
    return Fault("step", f"{leaf.name} is given, not worked out", "ask for a step's number: why forward 0 1")


def is_index(word: str) -> bool:
    """Whether it can be a row or a column."""
    return word.isascii() and word.isdigit()


def index(word: str) -> int:
    """The index; what is longer than any is beyond every array."""
    return int(word) if len(word) <= DIGITS else 10**DIGITS


def sample(session: Session, rest: str) -> Answer:
    """Another sample of the batch; `all` shows them all where the screens can."""
    if rest == "all" and not session.scenario.is_network:
        after = replace(session, sample=None, before=session)
        return after, Reply(shown(after))
    if not is_index(rest):
        count = len(session.scenario.inputs)
        checked_sample(session.iteration, 0)
        hint = f"type: sample 0, up to sample {count - 1}"
        raise InputError(Fault("sample", "say which sample" if not rest else f'"{rest}" is no sample', hint))
    after = replace(session, sample=checked_sample(session.iteration, index(rest)), before=session)
    return after, Reply(shown(after))
