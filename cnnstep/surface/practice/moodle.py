"""Exercises as Moodle XML: a field for each number of a matrix, and for a mistake's number that mistake's words.

They are Cloze questions: a field is `{1:NUMERICAL:=3:0.001~%0%-3:0.001#what there is to say}` in a table that screen
readers can read. Moodle takes the first answer that fits, so each is told from the others by its tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

import numpy as np

from cnnstep.surface.formats.html.blocks import drawn
from cnnstep.surface.formats.html.element import Context, Html, element, joined, lines, text
from cnnstep.surface.practice.gift import DECIMALS, DIGITS, tolerance
from cnnstep.surface.screen import harmless
from cnnstep.tutor.document import Block, Note, Paragraph
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.questions.fit import are_long
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS

MOST_FEEDBACK = 8
"""So many mistakes have a say at one number."""
TOP = 4
"""The level of a question's first heading: above it are Moodle's."""
_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?")


def moodle(exercises: Iterable[Exercise]) -> str:
    """All of them as one file, each skill or course in a category of its own."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(_entries(exercises)) + "\n</quiz>\n"


def _entries(exercises: Iterable[Exercise]) -> Iterator[str]:
    before = ""
    for one in exercises:
        category = one.course or SKILLS[one.skill].title
        if category != before:
            before = category
            path = f"$course$/cnnstep/{category.replace('/', '-')}"
            yield f'<question type="category"><category>{_text(path)}</category></question>'
        yield _entry(one)


def _entry(one: Exercise) -> str:
    question = one.question
    title = one.title or f"{SKILLS[one.skill].title} {one.level}.{one.seed}"
    given = question.given if isinstance(question, ChoiceQuestion) else question.asked()
    digits = Html(DIGITS) if not isinstance(question, ChoiceQuestion) and are_long(question.answer) else Html("")
    given = (Paragraph(one.text), *given) if one.text else given
    asked = joined(_plain((*given, Paragraph(question.task, "strong"))), digits, _fields(question))
    idea = _plain(question.hint(2, None, AS_USUAL))
    return (
        f'<question type="cloze"><name>{_text(title)}</name>\n'
        f'<questiontext format="html">{_text(asked)}</questiontext>\n'
        f'<generalfeedback format="html">{_text(idea)}</generalfeedback></question>'
    )


def _text(content: str) -> str:
    """The content as a text of the file: whatever stands in it, it ends here."""
    return f"<text>{escape(_NO_XML.sub('', content), quote=False)}</text>"


def _plain(blocks: tuple[Block, ...]) -> Html:
    """Blocks as HTML, in which no field can begin: a brace is written as a reference."""
    return Html(drawn(blocks, Context(AS_USUAL, TOP)).replace("{", "&#123;").replace("}", "&#125;"))


def _fields(question: Question) -> Html:
    if isinstance(question, ChoiceQuestion):
        options = [
            f"={_said(option.text)}"
            if number == question.right
            else f"{_said(option.text)}#{_said(_words_of(option.reply))}"
            for number, option in enumerate(question.options, 1)
        ]
        return element("p", Html(f"{{1:MULTICHOICE_V:{'~'.join(options)}}}"))
    if isinstance(question, StepQuestion) and question.kind == "matrix":
        return _matrix(question)
    wrong = [(float(one.text), one.words) for one in question.wrongs() if _NUMBER.fullmatch(one.text)]
    return element("p", text("Your answer: "), _field(float(question.answer), wrong))


def _matrix(question: StepQuestion) -> Html:
    """A table with a field for each number, its rows and columns named."""
    right = question.right.reshape(-1, question.right.shape[-1])
    results = [
        (found.reshape(right.shape), _words(question, code))
        for code, each in question.by_mistake.items()
        for found in each
        if found.shape == question.right.shape and np.isfinite(found).all()
    ]
    columns = [element("th", text(f"column {c}"), scope="col") for c in range(right.shape[1])]
    rows = []
    for r, row in enumerate(right):
        cells = [
            element("td", _field(float(value), [(float(found[r, c]), words) for found, words in results]))
            for c, value in enumerate(row)
        ]
        rows.append(element("tr", element("th", text(f"row {r}"), scope="row"), *cells))
    head = element("thead", element("tr", element("td"), *columns))
    caption = element("caption", text(f"Your numbers for {question.step.symbol}"))
    return element("table", caption, head, element("tbody", *rows))


def _words(question: StepQuestion, code: str) -> str:
    words = question.words(code)
    return f"{MISTAKES[code].title[:1].upper()}{MISTAKES[code].title[1:]}. {words.fix}"


def _words_of(blocks: tuple[Block, ...]) -> str:
    """What blocks say in sentences."""
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Note))


def _field(right: float, wrong: list[tuple[float, str]]) -> Html:
    """A number to type: the right one, and those of mistakes with what there is to say."""
    told: dict[float, str] = {}
    for value, words in wrong:
        if abs(value - right) > 10.0**-DECIMALS:
            told.setdefault(round(value, 6) + 0.0, words)
    some = list(told.items())[:MOST_FEEDBACK]
    allowed = tolerance(right, [value for value, _ in some])
    answers = [f"={_digits(right)}:{allowed:g}", *(f"%0%{_digits(v)}:{allowed:g}#{_said(words)}" for v, words in some)]
    return Html(f"{{1:NUMERICAL:{'~'.join(answers)}}}")


def _digits(value: float) -> str:
    """The number as Moodle reads it: no more digits than mean something, and no −0."""
    return f"{round(value, 9) + 0.0:.10g}"


def _said(words: str) -> str:
    r"""Text inside a field, where a backslash stands before what Cloze reads as its own."""
    plain = lines(" ".join(harmless(words).split())).replace("{", "&#123;").replace("}", "&#125;")
    return re.sub(r"([\\~#/\"])", r"\\\1", plain)
