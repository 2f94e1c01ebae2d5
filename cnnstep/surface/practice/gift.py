"""Exercises for Moodle in its GIFT format: a mistake's answer brings what there is to say to it as feedback.

A matrix becomes a question with choices, the wrong ones made by mistakes; a number a numerical question, in which
each mistake's number is worth nothing and has its own feedback.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable, Iterator

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Document
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.making import Exercise
from cnnstep.tutor.practice.questions.digits import are_long
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.skills import SKILLS

MOST_WRONG = 5
"""So many wrong choices beside the right one."""
WIDTH = 76
TOLERANCE = 0.001
"""How far a number may be off: three decimals are asked for."""
DIGITS = "<p>Type a number, not a fraction. Three decimals are enough.</p>"
SCREEN = Screen(sys.stdout, sys.stderr, width=WIDTH)


def gift(exercises: Iterable[Exercise]) -> str:
    """All of them, each skill in a category of its own."""
    return "\n\n".join(_entries(exercises)) + "\n"


def _entries(exercises: Iterable[Exercise]) -> Iterator[str]:
    category = ""
    for one in exercises:
        if one.skill != category:
            category = one.skill
            yield f"$CATEGORY: cnnstep/{_escaped(SKILLS[one.skill].title)}"
        yield _entry(one)


def _entry(one: Exercise) -> str:
    question = one.question
    title = one.title or f"{SKILLS[one.skill].title} {one.level}.{one.seed}"
    blocks = question.question if isinstance(question, ChoiceQuestion) else question.asked()
    answers = "\n".join(f"  {line}" for line in _answers(question))
    marker = "#" if question.kind in ("cell", "number") else ""
    digits = DIGITS if marker and are_long(question.answer) else ""
    general = _told(question.hint(2, None, AS_USUAL))
    return f"::{_escaped(title)}::[html]{_told(blocks)}{digits}{{{marker}\n{answers}\n  ####{general}\n}}"


def _answers(question: Question) -> Iterator[str]:
    """The right answer, then a line for each wrong one."""
    if isinstance(question, ChoiceQuestion):
        for number, option in enumerate(question.options, 1):
            mark, feedback = ("=", "") if number == question.right else ("~", f"#{_told(option.reply)}")
            yield f"{mark}{_line(option.text)}{feedback}"
        return
    if question.kind in ("cell", "number"):
        numbers = [wrong for wrong in question.wrongs() if re.fullmatch(r"-?[\d.]+(e-?\d+)?", wrong.text)]
        tolerance = _tolerance(float(question.answer), [float(wrong.text) for wrong in numbers])
        yield f"={question.answer}:{tolerance:g}"
        for wrong in numbers:
            yield f"=%0%{wrong.text}:{tolerance:g}#{_line(wrong.words)}"
        return
    yield f"={_line(question.answer)}"
    for wrong in question.wrongs()[:MOST_WRONG]:
        yield f"~{_line(wrong.text)}#{_line(wrong.words)}"


def _tolerance(right: float, wrongs: list[float]) -> float:
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
