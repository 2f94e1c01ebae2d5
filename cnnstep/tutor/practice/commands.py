"""What can be typed in practice besides an answer: one entry a command, found by its beginning."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.practice.generate import worked_example
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.session import (
    FIRST_COURSE,
    STRENGTHS,
    Practice,
    PracticeReply,
    answered,
    begin,
    on,
    shown,
    status_after,
    strength,
    to_do,
)
from cnnstep.tutor.practice.skills import SKILLS
from cnnstep.tutor.typed import CommandWord, fault_note, full_word, read_matrix

Turn = tuple[Practice, PracticeReply]


PracticeCommand = CommandWord[Practice, Turn]


def advance(practice: Practice, line: str) -> Turn:
    """The next state, what to keep and what to show; a line that can't be carried out changes nothing and says why."""
    try:
        return by_command(practice, line)
    except InputError as error:
        return practice, PracticeReply(tuple(map(fault_note, error.faults)))


def by_command(practice: Practice, line: str) -> Turn:
    """A command, a part of a matrix, or an answer."""
    text = line.strip()
    if not text:
        return _empty(practice)
    word, _, rest = text.partition(" ")
    answers = rest.lstrip().startswith(("=", ":"))  # `e = 3`
    if not answers and (name := full_word(word.lower(), COMMANDS, OTHER_WORDS)):
        return COMMANDS[name].carry_out(practice, rest.strip())
    _refuse_unless_open(practice, "Enter gives the next one; again repeats it")
    if practice.exercise.question.kind == "choice":
        return answered(practice, text)
    _refuse_words(text)
    return _matrix(practice, text)


def _refuse_unless_open(practice: Practice, hint: str) -> None:
    """There is nothing to answer while an example is read, and once an exercise is done."""
    if practice.reading:
        raise InputError(Fault("reading", "this is an example", "Enter gives you your own exercise"))
    if practice.finished:
        raise InputError(Fault("finished", "this exercise is done", hint))


def _refuse_words(text: str) -> None:
    """A line of words is no matrix: it was meant as a command."""
    if re.search(r"\d", text):
        return
    hint = did_you_mean(text.split()[0], COMMANDS)
    raise InputError(Fault("unknown-command", f'"{text[:40]}" is no number and no command', hint))


def _empty(practice: Practice) -> Turn:
    if practice.finished or practice.reading:
        return on(practice)
    if practice.typed:
        return _whole(practice, practice.typed)
    return practice, PracticeReply((*to_do(practice), Paragraph("Or type hint, solution or skip.", "quiet")))


def _matrix(practice: Practice, text: str) -> Turn:
    """A row on a line until there are enough numbers; several rows in one line are all of it, and so is what an empty
    line ends. Rows of another width than the answer's may be a mistake in the making, so they wait for that.
    """
    typed = (*practice.typed, text)
    rows = read_matrix("\n".join(typed))
    shape = practice.exercise.question.shape
    in_one_line = not practice.typed and (len(rows) > 1 or not shape)
    whole = [list(shape[-1:]) * len(rows), [prod(shape)]]  # all numbers may stand in one line too
    as_wide = [len(row) for row in rows] in whole
    if in_one_line or (as_wide and sum(map(len, rows)) >= prod(shape)):
        return _whole(practice, typed)
    words = (Paragraph("An empty line ends the matrix.", "quiet"),) if not as_wide and not practice.typed else ()
    return replace(practice, typed=typed), PracticeReply(words)


def _whole(practice: Practice, typed: tuple[str, ...]) -> Turn:
    """An answer from its rows; one that can't be marked is begun again."""
    begun = replace(practice, typed=())
    try:
        return answered(begun, "\n".join(typed))
    except InputError as error:
        return begun, PracticeReply(tuple(map(fault_note, error.faults)))


def _hint(practice: Practice, rest: str) -> Turn:
    _refuse_unless_open(practice, "why 0 1 shows where a number comes from")
    number, question = practice.hints + 1, practice.exercise.question
    blocks = question.hint(number, practice.focus, practice.style)
    head = Paragraph(f"Hint {number}, {strength(number)}:", "strong")
    last = number >= len(STRENGTHS)
    end = (Command("hint", "the next number" if last else strength(number + 1)),)
    after = replace(practice, hints=number)
    event = after.event("hint")
    fault_note = (*blocks, *(() if last and question.kind != "matrix" else end), *to_do(practice))
    return after.after(event), PracticeReply((head, *fault_note), event)


def _solution(practice: Practice, rest: str) -> Turn:
    if practice.reading:
        _refuse_unless_open(practice, "")
    blocks = practice.exercise.question.solution(practice.style)
    if practice.finished:
        return practice, PracticeReply(blocks)
    event = practice.event("shown")
    after = practice.after(event)
    return after, PracticeReply((*blocks, *status_after(practice, after)), event)


def _example(practice: Practice, rest: str) -> Turn:
    return practice, PracticeReply((*worked_example(practice.exercise, practice.style), *_goes_on(practice)))


def _goes_on(practice: Practice) -> tuple[Block, ...]:
    """What comes after an example: one's own exercise."""
    if practice.finished or practice.reading:
        return (Command("Enter", "your own exercise" if practice.reading else "the next one"),)
    return (Command("show", "your own exercise again"), *to_do(practice))


def _course(practice: Practice, rest: str) -> Turn:
    if practice.around is None:
        raise InputError(Fault("course", "courses can't be loaded here", f"type: cnnstep practice {rest}"))
    course = practice.around.course(rest or FIRST_COURSE)
    return begin(practice.history, PracticeOptions(), course, practice.style, practice.around)


def _why(practice: Practice, rest: str) -> Turn:
    if not practice.finished:
        raise InputError(Fault("open", "that would be the answer", "type hint, or solution"))
    words = re.findall(r"[^\s,\[\]]+", rest)
    if not all(word.isdigit() and len(word) < 10 for word in words):
        raise InputError(Fault("cell", f'"{rest}" is no row and column', "type numbers counted from 0: why 0 1"))
    question = practice.exercise.question
    cell = tuple(int(word) for word in words)
    return practice, PracticeReply(question.explained(cell, practice.style))


def _skip(practice: Practice, rest: str) -> Turn:
    if practice.finished or practice.reading:
        return on(practice)
    event = practice.event("skipped")
    after, reply = on(practice.after(event))
    return after, PracticeReply(reply.blocks, event)


def _again(practice: Practice, rest: str) -> Turn:
    fresh = replace(practice, finished=False, reading=False, focus=None, typed=())
    return fresh, PracticeReply(shown(fresh))


def _show(practice: Practice, rest: str) -> Turn:
    if rest not in ("", "all"):
        raise InputError(Fault("show", f'there is nothing called "{rest[:40]}" to show', "type show, or show all"))
    return practice, PracticeReply(shown(practice, everything=rest == "all"))


def _explain(practice: Practice, rest: str) -> Turn:
    from cnnstep.tutor.topics import explanation

    if practice.around is None:
        raise InputError(Fault("explain", "topics can't be loaded here", f"type: cnnstep explain {rest}"))
    topic = rest or SKILLS[practice.exercise.skill].topic
    return practice, PracticeReply(explanation(topic, practice.around.scenario, "", practice.style))


def _progress(practice: Practice, rest: str) -> Turn:
    from cnnstep.tutor.practice.progress import progress

    return practice, PracticeReply(progress(practice.history))


def _help(practice: Practice, rest: str) -> Turn:
    rows = tuple((command.usage, command.help) for command in COMMANDS.values())
    words = "Anything else is your answer. Enter goes on once an exercise is done."
    return practice, PracticeReply((Table(("type", "to"), rows), Paragraph(words)))


def _quit(practice: Practice, rest: str) -> Turn:
    blocks: tuple[Block, ...] = (Paragraph("Until next time: practice goes on from here."),)
    return replace(practice, done=True), PracticeReply((*blocks, Command("cnnstep progress", "how your skills stand")))


COMMANDS: dict[str, PracticeCommand] = {
    "hint": PracticeCommand("hint", "help in three strengths: where to look, the idea, a number worked out", _hint),
    "example": PracticeCommand("example", "one like it, worked out", _example),
    "solution": PracticeCommand("solution", "the right answer", _solution),
    "why": PracticeCommand("why ROW COLUMN", "where a number of the right answer comes from, once it is done", _why),
    "next": PracticeCommand("next, or Enter", "the next exercise, once this one is done", lambda p, _: _empty(p)),
    "skip": PracticeCommand("skip", "leave this one for another", _skip),
    "again": PracticeCommand("again", "this one from its beginning", _again),
    "show": PracticeCommand("show, show all", "the exercise again; with all the numbers before it", _show),
    "explain": PracticeCommand("explain [TOPIC]", "the page to read on this", _explain),
    "course": PracticeCommand("course [NAME]", f"go on with a course; without a name {FIRST_COURSE}", _course),
    "progress": PracticeCommand("progress", "how your skills stand", _progress),
    "help": PracticeCommand("help", "this list", _help),
    "quit": PracticeCommand("quit", "leave; practice goes on here next time", _quit),
}
"""One entry a command; help and suggestions read them from here."""

OTHER_WORDS = {"exit": "quit", "?": "help", "q": "quit", "solve": "solution", "n": "next"}
"""What else is typed out of habit."""
