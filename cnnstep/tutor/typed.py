"""What a learner types: numbers and matrices, steps and cells, words by their beginning; how a fault in it is told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.document import Note
from cnnstep.tutor.numbers import counted, listed

if TYPE_CHECKING:  # a topic's page reads a name without NumPy
    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.quantity import Quantity
    from cnnstep.engine.step import Step

EXACT = 1e-9
"""Relative tolerance of a number that stands for itself: an integer, a fraction, fifteen digits."""

HOW = "type rows of numbers, with ; between them"
DECIMAL_COMMAS = (",", "{,}")
"""What stands in a number where others write a point; LaTeX sets it in braces."""

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "－": "-", "∕": "/", "⁄": "/"})
_LATEX_ROW = re.compile(r"\\\\(\[[^\]]*\])?|\\cr\b")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?[\d.]+)\s*\}\s*\{\s*(-?[\d.]+)\s*\}")
_LATEX_WORD = re.compile(r"\\(begin|end)\s*\{\w+\*?\}(\{[^}]*\})?|\\(left|right|bigl?|bigr?)\b|\\[,;!:]|\$+")
_CODE_WORDS = re.compile(
    r"\b(np|numpy|torch|jnp)\.|\b(array|tensor|matrix|mat|asarray)\b"
    r"|\b(dtype|device|grad_fn|requires_grad)\s*=\s*(<[^>]*>|'[^']*'|[\w.]+)",
    re.I,
)
_NAME = re.compile(r"^\s*(?!\d)[\w∂/′]+(?:\s+new)?(\s*\[[\d\s,]*\])?\s*[=:]\s*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:/(?:\d+(?:\.\d*)?))?")
_SLASH = re.compile(r"(?<=\d)[ \t]*/[ \t]*(?=\d)")
_GAP = re.compile(r"[\s,;&|\[\](){}]*")


@dataclass(frozen=True)
class Typed:
    """One number and how far the true one may be from it: half a unit of its last digit, `-0.18` ± 0.005."""

    value: float
    tolerance: float

    def fits(self, true: float) -> bool:
        """Whether the true number could have been written like this."""
        return abs(self.value - true) <= self.tolerance + EXACT * max(1.0, abs(true))


Rows: TypeAlias = tuple[tuple[Typed, ...], ...]
"""A matrix as it was typed."""


def read_number(text: str) -> Typed:
    """A number from its text; `ValueError` where it is none."""
    text = text.strip().translate(_MINUS)
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    above, _, below = text.partition("/")
    value = float(above) / float(below or 1)
    if not math.isfinite(value):
        raise ValueError(text)
    mantissa, _, exponent = above.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if below or not decimals:
        return Typed(value, 0.0)
    return Typed(value, 0.5 * float(f"1e{int(exponent or 0) - decimals}"))  # unlike 10.0 **, it never overflows


def read_matrix(text: str, shape: Sequence[int] | None = None) -> Rows:
    """Rows of numbers from `[[1, 2], [3, 4]]`, `1 2; 3 4`, lines, `np.array(…)`, MATLAB or LaTeX.

    Rows that differ in length, and anything that is no number, are an `InputError` that quotes the place. So is a
    comma that may be a decimal one; inside brackets `[1,2]` is a list, unless only one number fits the `shape`.
    """
    rows = [row for row in map(_row_words, _rows(text)) if row]
    if not rows:
        raise InputError(Fault("not-a-matrix", "there are no numbers in that", HOW))
    _ask_about_commas(rows, "[" in text or "(" in text or "{" in text, shape)
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            what = f"row {index} has {counted(len(row), 'number')}, row 0 has {len(rows[0])}"
            raise InputError(Fault("ragged", what, "give every row equally many numbers"))
    return tuple(tuple(word.typed for word in row) for row in rows)


def entered(lines: Sequence[str], shape: Sequence[int]) -> Rows | None:
    """A matrix that is typed over several lines, a row on each; None while some are missing.

    All rows in one line, with ; between them, are taken whatever their size. A first row that can't be one of a matrix
    of this shape is an `InputError`.
    """
    rows = read_matrix("\n".join(lines), shape)
    count, wanted = len(rows) * len(rows[0]), math.prod(shape)
    if count >= wanted or len(rows) > len(lines):
        return rows
    width = shape[-1]
    if len(rows[0]) != width and not (len(shape) == 1 and len(rows[0]) == 1):
        asked = f"a row of {size(shape)} has {width}" if len(shape) > 1 else f"{width} are asked for"
        what = f"this row has {counted(len(rows[0]), 'number')}, and {asked}"
        hint = f"type {counted(width, 'number')}; a matrix of another size goes in one line, with ; between its rows"
        raise InputError(Fault("width", what, hint))
    return None


def size(shape: Sequence[int]) -> str:
    """`2×2`, `3 numbers`, `one number`."""
    if len(shape) < 2:
        return "one number" if math.prod(shape) == 1 else counted(math.prod(shape), "number")
    return "×".join(str(n) for n in shape)


@dataclass(frozen=True)
class _Spelled:
    """A number, as it was spelled and as it was read, and what stands between it and the next one of its row."""

    text: str
    typed: Typed
    gap: str


def _ask_about_commas(rows: list[list[_Spelled]], bracketed: bool, shape: Sequence[int] | None) -> None:
    """`InputError` where `0,5` may be one number or two.

    A comma that can't be a decimal one, as in `1,-2` or `1,2,3`, says that all of them separate numbers. In brackets
    they mostly do, so there it is asked only where decimal ones would give the `shape`, or, where none is known, where
    other gaps stand beside them.
    """
    commas = [(row, at) for row in rows for at, word in enumerate(row[:-1]) if word.gap in DECIMAL_COMMAS]
    if not commas or not all(_may_be_one(row, at) for row, at in commas):
        return
    mixed = any(len({word.gap for word in row[:-1]}) > 1 for row, _ in commas)
    count = sum(len(row) for row in rows)
    fits = mixed if shape is None else count != math.prod(shape) == count - len(commas)
    if fits or not bracketed:
        row, at = commas[0]
        one, two = row[at].text, row[at + 1].text
        what = f'"{one},{two}" may be one number or two'
        raise InputError(Fault("decimal-comma", what, f"write {one}.{two} for one number, {one} {two} for two"))


def _may_be_one(row: list[_Spelled], at: int) -> bool:
    """Whether the comma after this number may be a decimal one: digits alone around it, no comma beside them."""
    one, two = row[at], row[at + 1]
    digits = one.text.lstrip("+-").isdigit() and re.fullmatch(r"\d+([eE][+-]?\d+)?", two.text)
    return bool(digits) and two.gap not in DECIMAL_COMMAS and (at == 0 or row[at - 1].gap not in DECIMAL_COMMAS)


def _rows(text: str) -> list[str]:
    text = _LATEX_ROW.sub("\n", text.translate(_MINUS))
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    text = _CODE_WORDS.sub(" ", _LATEX_WORD.sub(" ", text))
    text = _SLASH.sub("/", _NAME.sub("", text))
    return re.split(r"[\n;]|\]\s*,?\s*(?=\[)|\)\s*,?\s*(?=\()|\}\s*,?\s*(?=\{)", text)


def _row_words(part: str) -> list[_Spelled]:
    """The numbers of one row."""
    words: list[_Spelled] = []
    gap = _GAP.match(part)
    at = gap.end() if gap else 0
    while at < len(part):
        match = _NUMBER.match(part, at)
        if match is None:
            raise InputError(Fault("not-a-number", f'"{_quoted(part, at)}" is not a number', HOW))
        gap = _GAP.match(part, match.end())
        at = gap.end() if gap else len(part)
        words.append(_Spelled(match.group(), _read(match.group()), gap.group() if gap else ""))
        if at == match.end() and at < len(part):
            what = f'"{_quoted(part, match.start())}" is not a number'
            raise InputError(Fault("not-a-number", what, "put a space or a comma between numbers"))
    return words


def _read(text: str) -> Typed:
    try:
        return read_number(text)
    except ZeroDivisionError:
        raise InputError(Fault("not-a-number", f'"{text}" divides by 0', "check that number")) from None
    except ValueError:
        raise InputError(Fault("not-a-number", f'"{text[:20]}" is too large', "check that number")) from None


def _quoted(part: str, at: int) -> str:
    return part[at:].split()[0][:20]


DIGITS = 9
"""An index that is longer is beyond every array."""

EVERYDAY = (
    ("filter", "weights", "kernel", "weight", "w"),
    ("bias", "b"),
    ("input", "image", "x"),
    ("target", "label", "y", "t"),
    ("forward", "pre_activation", "z"),
    ("activation", "a"),
    ("delta", "dz"),
    ("gradient", "dw"),
    ("bias_gradient", "db"),
    ("input_gradient", "dx"),
)
"""Words and letters that are said for one another; which of them is a name depends on the lesson."""

_PLACE_PARTS = re.compile(r"[^\s,;\[\]()]+")
_INDEX = re.compile(r"[-+−]?\d")
_AFTER = ("new", "before")
"""Words of a symbol that stand behind its indices: `W[0,1] new`."""
_CELL = re.compile(r"(?P<name>[^\s\[\]=]*(?:\s+(?:new|before))?)(?P<gap>\s*)(\[[\d\s,]*\]\s*)+(new|before)?", re.S)


@dataclass(frozen=True)
class Place:
    """A name, "" where none was written, and the indices behind it."""

    name: str
    cell: tuple[int, ...] = ()


def read_place(text: str) -> Place:
    """`filter gradient 0 1`, `W[0,1] new` or `[0, 1]`; `InputError` where what follows the name is no index."""
    words = _PLACE_PARTS.findall(text)
    start = next((at for at, word in enumerate(words) if _INDEX.match(word)), len(words))
    names, indices = words[:start], words[start:]
    if indices and indices[-1] in _AFTER:
        names.append(indices.pop())
    for word in indices:
        if not is_index(word):
            raise InputError(Fault("cell", f'"{word}" is no row or column', "type numbers counted from 0: why 0 1"))
    return Place(" ".join(names), tuple(map(index, indices)))


def is_index(word: str) -> bool:
    """Whether it can be a row or a column."""
    return word.isascii() and word.isdigit()


def index(word: str) -> int:
    """The index; what is longer than any is beyond every array."""
    return int(word) if len(word) <= DIGITS else 10**DIGITS


def is_cell(line: str, names: Iterable[str]) -> bool:
    """Whether a line is a cell and nothing else: `[0,1]`, `z[0,1]`; `e [0,1]` where e is one of the names."""
    found = _CELL.fullmatch(line.strip())
    return found is not None and (not found["name"] or not found["gap"] or found["name"] in names)


def folded(name: str) -> str:
    """A name as it is compared: `Filter gradient` is `filter_gradient`, `−∂L/∂W` and `dL/dW` are one."""
    plain = name.replace("∂", "d").replace("−", "-").replace("δ", "delta").replace("η", "eta")
    return re.sub(r"[\s_-]+", "_", plain).strip("_").lower()


def find(lesson: Lesson, name: str) -> Step | Quantity:
    """The step or the leaf that is called so: by its name, its symbol, its title, or in everyday words.

    A name that can mean several says which there are; an unknown one gets the nearest.
    """
    for fitting in _fitting(lesson, name):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            several = ", ".join(_name(one) for one in fitting)
            raise InputError(Fault("ambiguous-step", f'"{name}" can mean several things', f"say which: {several}"))
    raise InputError(Fault("unknown-step", f'there is no step called "{name}"', did_you_mean(name, lesson.names)))


def _fitting(lesson: Lesson, name: str) -> Iterator[list[Step | Quantity]]:
    """What may be meant, from the name to the letter to everyday words."""
    from cnnstep.tutor.sentences import title_of  # brings NumPy

    known: list[Step | Quantity] = [*lesson.steps, *(leaf for leaf in lesson.leaves if leaf.name != "iteration")]
    wanted = folded(name)
    yield [one for one in known if one.name == name]
    yield [one for one in known if one.symbol == name]
    yield [one for one in known if wanted in (folded(one.name), folded(one.symbol))]
    yield [one for one in known if wanted in _words_of(one)]
    yield [step for step in lesson.steps if wanted == folded(title_of(step))]
    yield [step for step in lesson.steps if wanted == "output" and step.name == lesson.output.name]
    said = {word for group in EVERYDAY if wanted in group for word in group}
    yield [one for one in known if said & {*_words_of(one)}]


def _words_of(one: Step | Quantity) -> tuple[str, ...]:
    """The bare names: a step's word, and what stands behind the layer's name."""
    return one.name, one.name.rpartition(".")[2], getattr(one, "word", one.name)


def _name(one: Step | Quantity) -> str:
    return one.name


State = TypeVar("State")
Turn = TypeVar("Turn")

HABITS = dict.fromkeys(("exit", "q", ":q", ":q!", ":wq", "exit()", "quit()", "bye"), "quit") | {
    "?": "help",
    "n": "next",
    "prev": "back",
    "previous": "back",
}
"""What is typed out of habit, and the command that is meant."""


@dataclass(frozen=True)
class CommandWord(Generic[State, Turn]):
    """How a word is used, what it does, and the function that does it, given what was typed after it."""

    usage: str
    help: str
    carry_out: Callable[[State, str], Turn]


def full_word(typed: str, words: Iterable[str], habits: Mapping[str, str]) -> str:
    """The word that is meant, "" where none begins so; `InputError` where several do. `habits` are other names."""
    typed = habits.get(typed, typed)
    fitting = [word for word in words if word.startswith(typed)]
    if typed in fitting or len(fitting) < 2:
        return typed if typed in fitting else "".join(fitting)
    raise InputError(Fault("ambiguous", f'"{typed}" can mean {listed(fitting, "or")}', "type one letter more"))


LONGEST = 300
"""Characters of a fault that quotes what was typed: a page pasted by mistake need not come back whole."""


def fault_note(fault: Fault) -> Note:
    """The fault as a note."""
    what = fault.what if len(fault.what) <= LONGEST else f"{fault.what[: LONGEST - 1]}…"
    return Note(fault.code, " ".join(ended(begun(words)) for words in (what, fault.hint) if words))


def begun(sentence: str) -> str:
    """With a capital, unless it begins with something to type: `learning_rate`, `cnnstep`, a quotation."""
    word = sentence.partition(" ")[0].rstrip(":,")
    return sentence if not word.isalpha() or word == "cnnstep" else sentence[0].upper() + sentence[1:]


def ended(sentence: str) -> str:
    """With a full stop, unless it has an end already."""
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."
