"""What can be typed in a session, one entry a command, and `advance`: a line's answer, and the session after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.scenario import Scenario, weights_of, with_weights
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.cards import first_step, view_of
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import note
from cnnstep.tutor.record import record
from cnnstep.tutor.run import course
from cnnstep.tutor.session.look import guessing, sample, show, start_guess, still_asked, why_number
from cnnstep.tutor.session.state import Answer, Reply, Saving, Session, opening, shown
from cnnstep.tutor.typed import DIGITS, HABITS, CommandWord, fault_note, full_word, is_cell, is_index
from cnnstep.tutor.what_if import changed


def save(session: Session, rest: str) -> Answer:
    """The scenario with the weights of this moment: those after the last update that was shown whole."""
    if not rest:
        raise InputError(Fault("save", "say which file", "type: save my-scenario.yaml"))
    iteration, scenario = session.iteration, session.scenario
    over = session.position + 1 == len(iteration.lesson.steps)
    updates, values = (iteration.number + 1, iteration.following) if over else (iteration.number, iteration.values)
    weights = {name: values[name] for name in weights_of(scenario)}
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise InputError(Fault("save", "the weights are no longer finite numbers", "go back with: goto 0, then save"))
    if not updates:
        return session, Reply((), Saving(rest, scenario, ""))
    after = f"after {counted(updates, 'update')}"
    scenario = replace(with_weights(scenario, weights), title=f"{scenario.title or session.name}, {after}")
    words = f"Its {view_of(scenario).learned} {after}."
    if scenario.optimizer.memory:
        words += f" The memory of {scenario.optimizer.name} is not in it: that begins with 0 again."
    return session, Reply((), Saving(rest, scenario, words))


OTHER_NUMBERS = ("six-outputs", "first-filter")
_ASSIGNED = re.compile(r"\s*[^\s=:]+\s*[=:]")
FURTHEST = 100_000
"""No session runs on further than this in one command."""


SessionCommand = CommandWord[Session, Answer]


def by_command(session: Session, line: str) -> Answer:
    """The command that a line begins with; an empty line goes on."""
    if is_cell(line, _symbols(session)):
        return why_number(session, line)
    if _ASSIGNED.match(line):
        return _set(session, line)
    word, _, rest = line.strip().partition(" ")
    return COMMANDS[_command(word.lower() or "next")].carry_out(session, rest.strip())


def is_command(session: Session, line: str) -> bool:
    """Whether a line is a command and no matrix: `why 0 0`, `z[0,1]`, but not `[0, 1]` and not `e = 2 0`."""
    word = line.strip().partition(" ")[0]
    if not word or _ASSIGNED.match(line):
        return False
    return bool(full_word(word.lower(), COMMANDS, OTHER_WORDS)) or (word[0] != "[" and is_cell(line, _symbols(session)))


def _symbols(session: Session) -> set[str]:
    lesson = session.iteration.lesson
    return {quantity.symbol for quantity in (*lesson.leaves, *(step.quantity for step in lesson.steps))}


def _command(word: str) -> str:
    """The full name of a command from its beginning."""
    if name := full_word(word, COMMANDS, OTHER_WORDS):
        return name
    raise InputError(Fault("unknown-command", f'there is no command "{word}"', did_you_mean(word, COMMANDS)))


def _on(session: Session, rest: str = "") -> Answer:
    after = session.forward()
    return after, Reply(shown(after))


def _back(session: Session, rest: str) -> Answer:
    before = session.before if session.guess is None else replace(session, guess=None)
    if before is None:
        return session, Reply((Paragraph("This is where you began.", "quiet"),))
    while before.position < 0 and before.iteration.number and before.before is not None:
        before = before.before  # the pause before an iteration's first step is no place of its own
    return before, Reply(shown(before))


def _count(word: str, usage: str) -> int:
    if not is_index(word):
        raise InputError(Fault("number", f'"{word}" is no number of iterations', f"type: {usage}"))
    if len(word) > DIGITS or int(word) > FURTHEST:
        raise InputError(Fault("number", f"{word} is too far for one go", f"at most {FURTHEST} at once"))
    return int(word)


def _run(session: Session, rest: str) -> Answer:
    number = _count(rest or "1", "run 10")
    if number == 0:
        return session, Reply((Paragraph("Nothing to run.", "quiet"),))

    def iterations() -> Iterator[Iteration]:
        iteration = session.iteration
        for _ in range(number):
            yield iteration
            iteration = iteration.next()

    recorded = record(iterations())
    done = recorded.iterations
    after = replace(session.moved(recorded.last.next(), -1).forward(), before=session)
    losses = " to ".join(session.style.text(loss) for loss in (recorded.losses[0], recorded.losses[-1]))
    short = "" if done == number else " The numbers are no longer finite, so it goes no further."
    head = Paragraph(f"{counted(done, 'iteration')} on: the loss went from {losses}.{short}", "strong")
    return after, Reply((head, *course(recorded), *shown(after)))


def _goto(session: Session, rest: str) -> Answer:
    numbers = [word for word in rest.split() if is_index(word)]
    names = [word for word in rest.split() if not is_index(word)]
    lesson = session.iteration.lesson
    if not numbers and not names:
        raise InputError(Fault("goto", "say where to", f"an iteration, a step, or both: goto 3 {lesson.names[-1]}"))
    if len(numbers) > 1 or len(names) > 1:
        raise InputError(Fault("goto", "that is more than one place", f"type: goto 3 {lesson.names[-1]}"))
    position = lesson.names.index(first_step(lesson, names[0]).name) if names else 0
    target = _iteration(session, _count(numbers[0], "goto 3")) if numbers else session.iteration
    after = session.moved(target, position)
    return after, Reply(shown(after))


def _iteration(session: Session, number: int) -> Iteration:
    """The iteration of this number, from where the session stands or from the beginning."""
    iteration = session.iteration
    if number < iteration.number:
        iteration = first_iteration(iteration.lesson)
    while iteration.number < number:
        iteration = iteration.next()
    return iteration


def _set(session: Session, rest: str) -> Answer:
    scenario, change = changed(session.scenario, rest)
    iteration = opening(scenario)
    position = _same_step(session, iteration.lesson)
    after = replace(session.moved(iteration, position), scenario=scenario, changes=(*session.changes, change))
    was, now = first_iteration(session.iteration.lesson), iteration
    text = session.style.text
    words = (
        f"What if {change}? The lesson starts again from iteration 0. One update takes the loss from "
        f"{text(now.loss)} to {text(now.loss_after)}; before this change it went from {text(was.loss)} to "
        f"{text(was.loss_after)}. reset undoes all changes."
    )
    return after, Reply((Paragraph(words), *shown(after)))


def _same_step(session: Session, lesson: Lesson) -> int:
    """The place of the last shown step in another lesson; where it has no such step, the same place."""
    if session.step is None or session.step.name not in lesson.names:
        return min(session.position, len(lesson.steps) - 1)
    return lesson.names.index(session.step.name)


def _reset(session: Session, rest: str) -> Answer:
    iteration = opening(session.original)
    fresh = replace(session.moved(iteration, -1), scenario=session.original, changes=())
    return fresh, Reply((Paragraph("Back to the scenario as it was, before the first step."), *shown(fresh)))


def _findings(session: Session, rest: str) -> Answer:
    hidden = session.to_come if session.guess is not None else ()
    found = [finding for finding in findings(session.iteration) if finding.step not in hidden]
    blocks = tuple(map(note, found)) or (Paragraph(f"Nothing special {'so far' if hidden else 'in this iteration'}."),)
    return session, Reply(blocks)


def _explain(session: Session, rest: str) -> Answer:
    from cnnstep.tutor.topics import explanation, topic_list

    if not rest:
        return session, Reply(topic_list())

    def load(name: str) -> Scenario:
        found = session.scenario if name == session.name else session.load(name)
        if session.guess is not None and _has_its_numbers(session, found):
            what = f"that page works out the very numbers that {session.coming.symbol} is made of"
            raise InputError(Fault("guess", what, "type it first, or give up with an empty line"))
        return found

    name = session.name if session.guess is None else _elsewhere(session)
    blocks = explanation(rest, load, name, session.style)
    return session, Reply(tuple(block for block in blocks if not _opens_a_session(block)))


def _elsewhere(session: Session) -> str:
    """A scenario with other numbers than the one that is being guessed: a page worked on it gives nothing away."""
    return next(name for name in OTHER_NUMBERS if not _has_its_numbers(session, session.load(name)))


def _has_its_numbers(session: Session, other: Scenario) -> bool:
    return np.array_equal(other.inputs, session.scenario.inputs)


def _opens_a_session(block: Block) -> bool:
    """Whether it proposes what the learner is in the middle of."""
    return isinstance(block, Command) and block.command.startswith("cnnstep step ")


def _guess(session: Session, rest: str) -> Answer:
    return start_guess(session)


def _help(session: Session, rest: str) -> Answer:
    if rest:
        name = _command(rest.lower())
        return session, Reply((Table(("type", "what it does"), ((COMMANDS[name].usage, COMMANDS[name].help),)),))
    rows = tuple((command.usage, command.help) for command in COMMANDS.values())
    closing = Paragraph("The beginning of a word is enough, where it can mean only one.", "quiet")
    return session, Reply((Table(("type", "what it does"), rows), closing))


def _clear(session: Session, rest: str) -> Answer:
    return session, Reply(shown(session), clears=True)


def _quit(session: Session, rest: str) -> Answer:
    return replace(session, done=True), Reply((Paragraph("Until next time.", "quiet"),))


COMMANDS: dict[str, SessionCommand] = {
    "next": SessionCommand("next, or Enter", "the next step; after the last one the next iteration begins", _on),
    "back": SessionCommand("back", "undo the last move: to the step before, also over iterations", _back),
    "why": SessionCommand(
        "why [NAME] ROW COL", "where a number comes from: why 0 1, why gradient 0 1, why W[0,1]", why_number
    ),
    "guess": SessionCommand("guess", "type the next matrix yourself first, and have it marked", _guess),
    "set": SessionCommand("set NAME VALUE", "what if: set learning_rate 0.1, set filter 0 1 -2", _set),
    "run": SessionCommand("run [N]", "N iterations on, with their loss", _run),
    "sample": SessionCommand("sample N", "look at another sample of a batch", sample),
    "goto": SessionCommand("goto [ITERATION] [STEP]", "to an iteration, a step, or both: goto 3 delta", _goto),
    "show": SessionCommand("show [STEP]", "this step again, another one, a layer of a network, or show all", show),
    "findings": SessionCommand("findings", "what is worth saying about this iteration", _findings),
    "explain": SessionCommand("explain [TOPIC]", "a concept, worked on this scenario", _explain),
    "save": SessionCommand(
        "save FILE", "write the scenario as it is now: your changes, and the filter learned so far", save
    ),
    "reset": SessionCommand("reset", "the scenario as it was, from its beginning", _reset),
    "clear": SessionCommand("clear", "an empty screen, and on it where you are", _clear),
    "help": SessionCommand("help [COMMAND]", "this list", _help),
    "quit": SessionCommand("quit", "leave", _quit),
}
"""One entry a command; help, suggestions and tests read them from here."""

OTHER_WORDS = HABITS | {"layer": "show", "print": "show", "step": "next", "continue": "next", "undo": "back"}
"""What else is typed out of habit."""


def advance(session: Session, line: str) -> Answer:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why.

    While a matrix is being guessed, whatever is said ends with what is still asked, and how to give up.
    """
    after, reply = _answered(session, line)
    if after.guess is not None and reply.blocks and not after.done:
        reply = replace(reply, blocks=(*reply.blocks, still_asked(after)))
    return after, reply


def _answered(session: Session, line: str) -> Answer:
    try:
        if session.guess is not None and not is_command(session, line):
            return guessing(session, line)
        return by_command(session, line)
    except InputError as error:
        return session, Reply(tuple(map(fault_note, error.faults)))
