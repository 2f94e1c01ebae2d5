"""What a learner points at: a name and a cell, however they are written: `gradient 0 1`, `W[0][1]`, `dL/dW [0, 1]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean

if TYPE_CHECKING:  # a topic's page reads a name without NumPy
    from cnnstep.engine.lesson import Lesson
    from cnnstep.engine.quantity import Quantity
    from cnnstep.engine.step import Step

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

_WORDS = re.compile(r"[^\s,;\[\]()]+")
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
    words = _WORDS.findall(text)
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
    yield [one for one in known if wanted in _words(one)]
    yield [step for step in lesson.steps if wanted == folded(title_of(step))]
    yield [step for step in lesson.steps if wanted == "output" and step.name == lesson.output.name]
    said = {word for group in EVERYDAY if wanted in group for word in group}
    yield [one for one in known if said & {*_words(one)}]


def _words(one: Step | Quantity) -> tuple[str, ...]:
    """The bare names: a step's word, and what stands behind the layer's name."""
    return one.name, one.name.rpartition(".")[2], getattr(one, "word", one.name)


def _name(one: Step | Quantity) -> str:
    return one.name
