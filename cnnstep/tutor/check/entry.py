"""A sheet as it is typed in, a step at a time: `advance(entry, line)` gives the next state and what to say to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.cards import question
from cnnstep.tutor.check.sheet import Sheet, Written, refuse_coarse
from cnnstep.tutor.document import Beside, Block, Heading, Paragraph, Table
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.sentences import place_of, title_of
from cnnstep.tutor.typed import CommandWord, Rows, entered, fault_note, full_word, read_matrix, size

_WORD = re.compile(r"[^\d\s\[\](){},;=:.+−-][^\s\[\](){},;=:]*")
"""`back`, `conv1.gradient`, `∂L/∂W`: what can't be a number or a bracket."""
_ADDRESSED = re.compile(rf"({_WORD.pattern}(?: new)?)\s*[=:]\s*(.*)")
"""`gradient: 1 2`, `∂L/∂W = [[1, 2],`: the step that a line is about, and the rest of it."""


@dataclass(frozen=True)
class SheetEntry:
    """The sheet so far, the step that is asked for, and the rows of its matrix that are there already."""

    name: str
    iteration: Iteration = field(repr=False)
    position: int = 0
    work: Mapping[str, Written] = field(default_factory=dict, repr=False)
    rows: tuple[str, ...] = ()
    done: bool = False

    @property
    def step(self) -> Step:
        """The step that is asked for."""
        return self.iteration.lesson.steps[self.position]

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of its matrix."""
        return tuple(self.iteration.matrix(self.step.name).shape)

    @property
    def sheet(self) -> Sheet:
        """What was typed in."""
        return Sheet(self.iteration.lesson.scenario, self.work, 0, self.name)

    def on(self) -> SheetEntry:
        """At the next step; after the last one the sheet is done."""
        last = self.position + 1 == len(self.iteration.lesson.steps)
        return replace(self, position=self.position + (not last), rows=(), done=last and bool(self.work))


Turn: TypeAlias = tuple[SheetEntry, tuple[Block, ...]]


def begin(name: str, scenario: Scenario) -> Turn:
    """An empty sheet, and the question that it belongs to."""
    iteration = first_iteration(lesson_of(scenario))
    words = (
        "Type what you got for each step, a row on a line or all in one with ; between the rows, or paste it. "
        "Enter leaves a step out, done marks what is there, help lists the rest."
    )
    heading = Heading(scenario.title or name, 1, name if scenario.title else "")
    return SheetEntry(name, iteration), (heading, *_given(iteration), Paragraph(words))


def _given(iteration: Iteration) -> tuple[Block, ...]:
    """The matrices that one starts from, without what a network's layers give: that is to be worked out."""
    return tuple(block for block in question(iteration) if isinstance(block, Beside))


def prompt(entry: SheetEntry) -> str:
    """`Forward pass z (2×2): `, in the middle of a matrix `row 1: `."""
    if entry.rows:
        return f"row {len(entry.rows)}: "
    given = ", given; Enter keeps it" if entry.step.name in entry.work else ""
    return f"{title_of(entry.step)} {entry.step.symbol} ({size(entry.shape)}{given}): "


def advance(entry: SheetEntry, line: str) -> Turn:
    """What a typed line leads to; one that can't be used changes nothing and says why."""
    try:
        return _answered(entry, line)
    except InputError as error:
        return entry, tuple(map(fault_note, error.faults))


def _answered(entry: SheetEntry, line: str) -> Turn:
    text = line.strip()
    if not text:
        return _next(entry, "")
    if _WORD.fullmatch(text):
        return _commanded(entry, text)
    addressed = None if entry.rows else _ADDRESSED.fullmatch(text)
    if addressed and (position := _position(entry, addressed[1])):
        entry, text = replace(entry, position=position - 1), addressed[2]
    return _typed(entry, text) if text else (entry, ())


def _position(entry: SheetEntry, name: str) -> int | None:
    """The number, from 1, of the step that is called so or has this symbol; None where none is."""
    steps = entry.iteration.lesson.steps
    for number, step in enumerate(steps, 1):
        if name.lower() == step.name or name == step.symbol:
            return number
    return None


def _commanded(entry: SheetEntry, text: str) -> Turn:
    """A word: a command or its beginning, or the name of a step to go to."""
    names = entry.iteration.lesson.names
    if position := _position(entry, text):
        return replace(entry, position=position - 1, rows=()), ()
    if name := full_word(text.lower(), COMMANDS, OTHER_WORDS):
        return COMMANDS[name].carry_out(entry, "")
    hint = did_you_mean(text, (*COMMANDS, *names))
    raise InputError(Fault("unknown-command", f'"{text[:40]}" is no number, no command and no step', hint))


def _typed(entry: SheetEntry, text: str) -> Turn:
    """A matrix or a row of it; brackets alone, such as `np.array([`, are only what a matrix is wrapped in."""
    if _is_wrapping(text):
        return entry, ()
    rows = (*entry.rows, text)
    matrix = entered(rows, entry.shape)
    return _complete(entry, matrix) if matrix else (replace(entry, rows=rows), ())


def _is_wrapping(text: str) -> bool:
    try:
        read_matrix(text)
    except InputError as error:
        return error.faults[0].code == "not-a-matrix"
    return False


def _complete(entry: SheetEntry, rows: Rows) -> Turn:
    """With this matrix on the sheet; one that can't be used is begun again."""
    try:
        return _with(entry, rows)
    except InputError as error:
        return replace(entry, rows=()), tuple(map(fault_note, error.faults))


def _with(entry: SheetEntry, rows: Rows) -> Turn:
    """With this matrix on the sheet, and at the next step; one of another size is taken as it is, and that is said."""
    step, shape = entry.step, entry.shape
    mine = Written.of(rows)
    full = entry.iteration.values[step.name].shape
    one_row = len(rows) == 1 and mine.values.size == entry.iteration.values[step.name].size
    mine = mine.reshaped(shape) if one_row else mine.in_axes_of(step, full)
    refuse_coarse(mine.values, mine.tolerance, entry.iteration.values[step.name])
    words: tuple[Block, ...] = ()
    if not mine.in_shape(shape):
        said = f"{step.symbol} is {size(shape)}, and yours is {size(mine.values.shape)}. It is kept as it is."
        words = (Paragraph(f"{said} back changes it.", "warn"),)
    return replace(entry, work={**entry.work, step.name: mine}).on(), words


def _next(entry: SheetEntry, rest: str) -> Turn:
    """Without rows the step stays as it is; rows that were begun are a matrix of another size."""
    return _complete(entry, read_matrix("\n".join(entry.rows))) if entry.rows else (entry.on(), _end(entry))


def _end(entry: SheetEntry) -> tuple[Block, ...]:
    if entry.work or entry.position + 1 < len(entry.iteration.lesson.steps):
        return ()
    return (Paragraph("That was the last step, and nothing is given yet. back goes to the one before.", "warn"),)


def _back(entry: SheetEntry, rest: str) -> Turn:
    if entry.rows:
        return replace(entry, rows=()), (Paragraph(f"{entry.step.symbol} again, from its first row.", "quiet"),)
    if not entry.position:
        return entry, (Paragraph("This is the first step.", "quiet"),)
    return replace(entry, position=entry.position - 1), ()


def _skip(entry: SheetEntry, rest: str) -> Turn:
    work = {name: mine for name, mine in entry.work.items() if name != entry.step.name}
    entry = replace(entry, work=work)
    return entry.on(), _end(entry)


def _show(entry: SheetEntry, rest: str) -> Turn:
    given = [place_of(step) for step in entry.iteration.lesson.steps if step.name in entry.work]
    words = f"Given so far: {listed(given)}." if given else "Nothing is given yet."
    return entry, (*_given(entry.iteration), Paragraph(words))


def _done(entry: SheetEntry, rest: str) -> Turn:
    if entry.rows:
        hint = "type the rest; back begins it again, Enter keeps it as it is"
        raise InputError(Fault("incomplete", f"some rows of {entry.step.symbol} are missing", hint))
    if not entry.work:
        raise InputError(Fault("no-work", "nothing is given yet", "type one matrix at least, or quit"))
    return replace(entry, done=True), ()


def _quit(entry: SheetEntry, rest: str) -> Turn:
    return replace(entry, rows=(), done=True), ()


def _help(entry: SheetEntry, rest: str) -> Turn:
    rows = tuple((command.usage, command.help) for command in COMMANDS.values())
    words = "Anything else is a matrix, or the name of a step to go to. gradient: 1 2; 3 4 does both in one line."
    return entry, (Table(("type", "to"), rows), Paragraph(words))


COMMANDS: dict[str, CommandWord[SheetEntry, Turn]] = {
    "next": CommandWord("Enter", "leave this step as it is: out, or as given", _next),
    "back": CommandWord("back", "the step before, to type it anew", _back),
    "skip": CommandWord("skip", "leave this step out, though it was given", _skip),
    "show": CommandWord("show", "the question again, and what is given", _show),
    "done": CommandWord("done", "mark what is given", _done),
    "help": CommandWord("help", "this list", _help),
    "quit": CommandWord("quit", "leave; what is given is marked", _quit),
}
"""One entry a command; help and suggestions read them from here."""

OTHER_WORDS = {"exit": "quit", "?": "help", "check": "done", "end": "done"}
"""What else is typed out of habit."""
