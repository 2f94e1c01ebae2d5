"""Exercises for Moodle in its GIFT format: a mistake's answer brings what there is to say to it as feedback.

A matrix becomes a question with choices, the wrong ones made by mistakes; a number a numerical question, in which
each mistake's number is worth nothing and has its own feedback.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Document, Paragraph
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.questions.fit import are_long
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.questions.step_screen import first_cell
from cnnstep.tutor.practice.skills import SKILLS

MOST_WRONG = 5
FEWEST_WRONG = 2
"""So many wrong choices beside the right one; with fewer, one number of the matrix is asked for."""
WIDTH = 76
DECIMALS = 3
TOLERANCE = 10.0**-DECIMALS
"""How far a number may be off: three decimals are asked for."""
DIGITS = "<p>Type a number, not a fraction. Three decimals are enough.</p>"
SCREEN = Screen(sys.stdout, sys.stderr, width=WIDTH)


def gift(exercises: Iterable[Exercise]) -> str:
    """All of them, each skill or each course in a category of its own."""
    return "\n\n".join(_entries(exercises)) + "\n"


def _entries(exercises: Iterable[Exercise]) -> Iterator[str]:
    before = ""
    for one in exercises:
        category = one.course or SKILLS[one.skill].title
        if category != before:
            before = category
            yield f"$CATEGORY: cnnstep/{_escaped(category.replace('/', '-'))}"
        yield _entry(one)


def _entry(one: Exercise) -> str:
    question = _as_asked(one.question)
    title = one.title or f"{SKILLS[one.skill].title} {one.level}.{one.seed}"
    blocks = question.given if isinstance(question, ChoiceQuestion) else question.asked()
    blocks = (Paragraph(one.text), *blocks) if one.text else blocks
    answers = "\n".join(f"  {line}" for line in _answers(question))
    marker = "#" if question.kind in ("cell", "number") else ""
    digits = DIGITS if marker and are_long(question.answer) else ""
    text = f"{_told((*blocks, Paragraph(question.task)))}{digits}"
    return f"::{_escaped(title)}::[html]{text}{{{marker}\n{answers}\n  ####{_told(_idea(question))}\n}}"


def _as_asked(question: Question) -> Question:
    """The question, or one number of it where the mistakes give too few wrong choices."""
    if isinstance(question, StepQuestion) and question.kind == "matrix" and len(_choices(question)) < FEWEST_WRONG:
        return replace(question, cell=first_cell(question))
    return question


def _idea(question: Question) -> tuple[Block, ...]:
    """What is said to every answer. A course's own words are its author's."""
    return question.hint(2, None, AS_USUAL)


def _answers(question: Question) -> Iterator[str]:
    """The right answer, then a line for each wrong one."""
    if isinstance(question, ChoiceQuestion):
        for number, option in enumerate(question.options, 1):
            mark, feedback = ("=", "") if number == question.right else ("~", f"#{_told(option.reply)}")
            yield f"{mark}{_line(option.text)}{feedback}"
        return
    if question.kind in ("cell", "number"):
        numbers = [wrong for wrong in question.wrongs() if re.fullmatch(r"-?[\d.]+(e-?\d+)?", wrong.text)]
        allowed = tolerance(float(question.answer), [float(wrong.text) for wrong in numbers])
        yield f"={question.answer}:{allowed:g}"
        for wrong in numbers:
            yield f"=%0%{wrong.text}:{allowed:g}#{_line(wrong.words)}"
        return
    yield f"={_line(_rounded(question.answer))}"
    for text, words in list(_choices(question).items())[:MOST_WRONG]:
        yield f"~{_line(text)}#{_line(words)}"


def _choices(question: Question) -> dict[str, str]:
    """The wrong matrices as they are shown, each once and of the right size, with what there is to say to it."""
    right, found = question.answer, dict[str, str]()
    for wrong in question.wrongs():
        text = _rounded(wrong.text)
        if _size(wrong.text) == _size(right) and text != _rounded(right):
            found.setdefault(text, wrong.words)
    return found


def _size(text: str) -> list[int]:
    return [len(row.split()) for row in text.split(";")]


def _rounded(text: str) -> str:
    """A matrix as it is typed, each number to three decimals: `1.2e-05` is 0."""
    return "; ".join(
        " ".join(f"{round(float(number), DECIMALS) + 0.0:.10g}" for number in row.split()) for row in text.split(";")
    )


def tolerance(right: float, wrongs: list[float]) -> float:
    """How far off a number may be: less where a mistake's number is near, for Moodle takes the first that fits."""
    gaps = [abs(wrong - right) for wrong in wrongs]
    return min([TOLERANCE, *(round(gap / 3, 6) for gap in gaps)])


def _told(blocks: tuple[Block, ...]) -> str:
    """Blocks as the terminal shows them, in a fixed-width paragraph."""
    return f"<pre>{_line(render(Document(blocks, AS_USUAL), SCREEN).strip())}</pre>" if blocks else ""


def _line(text: str) -> str:
    return _escaped(html.escape(text, quote=False))


def _escaped(text: str) -> str:
    r"""With a backslash before what GIFT reads as its own, and `\n` for a new line, which would end a question."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n")
