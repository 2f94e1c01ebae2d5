"""What was found out as a document: the verdict, a line for each result, then the smallest case where it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array, bracketed
from cnnstep.tutor.document import Beside, Block, Command, Formula, Heading, Mark, Matrix, Note, Paragraph, Table
from cnnstep.tutor.grade.answer import GivenResult
from cnnstep.tutor.grade.candidates import Naming, words_of
from cnnstep.tutor.grade.case import LOSS
from cnnstep.tutor.grade.form import FULL
from cnnstep.tutor.grade.roles import ROLES
from cnnstep.tutor.grade.signatures import LearnerFunction
from cnnstep.tutor.grade.verdict import SEEN, Graded, ResultMark
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.typed import size
from cnnstep.tutor.why import arithmetic

DIFFERENT = Mark("✗", "not this number", "bad")
MOST_PLANES = 2
"""Of an array of many matrices so many are shown."""
NO_SANDBOX = "This ran your code as you: it is no sandbox."


def report(graded: Graded, style: Numbers, saved: str = "") -> tuple[Block, ...]:
    """The whole page; `saved` is the file that the smallest case was written to."""
    blocks: list[Block] = [Heading(headline(graded), 1, graded.name), _table(graded)]
    for mark in graded.marks:
        blocks += _section(graded, mark, style)
    if graded.printed:
        blocks.append(Table(("your code printed",), tuple((line,) for line in _first(graded.printed))))
    blocks += [Paragraph(remark, "quiet") for remark in (*graded.remarks, NO_SANDBOX)]
    return (*blocks, *_ending(graded, saved))


MOST_LINES = 10


def _first(printed: str) -> list[str]:
    lines = printed.rstrip().splitlines()
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"… and {counted(more, 'line')} more"] if more > 0 else [])]


def headline(graded: Graded) -> str:
    """The verdict in one sentence."""
    wrong = [mark for mark in graded.marks if mark.verdict != "right"]
    if not wrong:
        return f"All right, in {counted(graded.cases, 'case')}."
    own = [mark for mark in wrong if not mark.follows]
    if len(own) == 1 and own[0].certain:
        mark = own[0]
        count = "One mistake" if len(own[0].certain) == 1 else "Two mistakes"
        return f"{count}, in {_place(graded, mark)}: {title_of_naming(mark, mark.explanations[0])}."
    if len({mark.explanations for mark in own}) == 1 == len(own[0].certain):
        places = listed([mark.result.name for mark in own])
        return f"One mistake, in {places}: {title_of_naming(own[0], own[0].explanations[0])}."
    return f"Not right: {listed([_place(graded, mark) for mark in own])}."


def _place(graded: Graded, mark: ResultMark) -> str:
    """`conv_backward`'s dx, or the function alone where that is all it gives."""
    name = graded.name_of(mark.function)
    return name if len(mark.function.results) == 1 else f"{mark.result.name} of {name}"


def title_of_naming(mark: ResultMark, naming: Naming) -> str:
    """`you averaged δ instead of adding it up`; of two mistakes both."""
    return " and ".join(title for title, _ in words_of(naming, mark.smallest or mark.answers[0]))


CONVENTION_WORDS = {
    "pool-tie-shared": "equal maxima sharing the gradient",
    "pool-tie-last": "the last of equal maxima getting the gradient",
}


def _table(graded: Graded) -> Table:
    rows, before = [], ""
    for mark in graded.marks:
        name = graded.name_of(mark.function)
        rows.append(("" if name == before else name, mark.result.name, verdict_words(mark)))
        before = name
    return Table(("function", "result", "your numbers"), tuple(rows))


def verdict_words(mark: ResultMark) -> str:
    """`right in 18 of 18 cases`, `wrong in 17 of 18 cases: filter-not-rotated`."""
    total = len(mark.answers)
    if mark.convention:
        return f"right in {total} of {total} cases, with {CONVENTION_WORDS[mark.convention]}"
    if mark.verdict == "right":
        digits = " (to 32 bits)" if any(answer.imprecise for answer in mark.answers) else ""
        return f"right in {total} of {total} cases{digits}"
    if mark.faulted:
        if all(answer.fault and answer.fault.skipped for answer in mark.faulted) and mark.right_in == 0:
            return "not asked"
        wrong = total - mark.right_in - len(mark.faulted)
        counts = ((len(mark.faulted), "no numbers in"), (wrong, "wrong in"), (mark.right_in, "right in"))
        return f"{listed([f'{words} {count}' for count, words in counts if count])} of {total} cases"
    if mark.follows:
        return f"follows from {mark.follows}"
    wrong = total - mark.right_in
    said = f"wrong in {wrong} of {total} cases" if wrong else f"right in {total} of {total} cases, but"
    codes = " or ".join(map(str, mark.explanations)) or "no mistake that we know"
    return f"{said}: {codes}" if wrong else f"{said} {codes}"


def _section(graded: Graded, mark: ResultMark, style: Numbers) -> list[Block]:
    """One result that is not right: where it shows first, the numbers, and what explains them."""
    answer = mark.smallest
    if mark.verdict == "right" or mark.follows or answer is None or (answer.fault and answer.fault.skipped):
        return []
    blocks: list[Block] = []
    if answer.fault:
        blocks += _faulted(graded, mark, answer)
    else:
        blocks += _heading(graded, mark)
        blocks += _behaviour(mark, answer) if is_seen(mark) else _shown(answer)
    blocks += _explained(graded, mark, answer, style)
    return blocks


def _heading(graded: Graded, mark: ResultMark) -> list[Block]:
    place = _place(graded, mark)
    if len(mark.explanations) == 1:
        return [Heading(f"{place}: {title_of_naming(mark, mark.explanations[0])}", 2, str(mark.explanations[0]))]
    if mark.explanations:
        return [Heading(f"{place}: one of these", 2)]
    return [Heading(f"{place}: no mistake that we know gives these numbers", 2)]


def _faulted(graded: Graded, mark: ResultMark, answer: GivenResult) -> list[Block]:
    assert answer.fault is not None
    fault, where = answer.fault, f", line {answer.fault.line}" if answer.fault.line else ""
    blocks: list[Block] = [
        Heading(f"{_place(graded, mark)}: no numbers", 2),
        Paragraph(f"In the case {answer.case.title}: {fault.what}{where}.", "bad"),
    ]
    if "positional argument" in fault.what:
        blocks.append(Paragraph(f"It is called as {mark.function.line}."))
    return [*blocks, *([Formula(fault.source.strip())] if fault.source else [])]


def is_seen(mark: ResultMark) -> bool:
    """Whether what is wrong is what the function does, not its numbers by themselves."""
    return any(code in SEEN for one in mark.explanations for code in one.codes)


def _behaviour(mark: ResultMark, answer: GivenResult) -> list[Block]:
    """Both calls, where they gave different numbers; else that the numbers are right all the same."""
    name = answer.result.name
    first: Block = Paragraph(f"The smallest case where it shows: {answer.case.title}.")
    if not answer.unsteady:
        return [first, Paragraph(f"The numbers of your {name} are right all the same.", "good")]
    once, twice = _readable(answer, answer.values), _readable(answer, answer.again)
    cell = _worst(twice, once)
    calls = (*_matrices(f"{name}, first call", once, cell), *_matrices(f"{name}, second call", twice, cell))
    return [first, Beside(calls)]


def _shown(answer: GivenResult) -> list[Block]:
    """The smallest case: what went in, the learner's numbers beside the right ones."""
    blocks: list[Block] = [Paragraph(f"The smallest case where it shows: {answer.case.title}.")]
    blocks.append(Beside(tuple(block for name, array in _arrays(answer) for block in _matrices(name, array))))
    name = answer.result.name
    if not answer.has_shape and answer.values is not None:
        blocks.append(
            Paragraph(f"Yours is {size(answer.values.shape)}; it should be {size(answer.right.shape)}.", "warn")
        )
    cell = _worst(_readable(answer, answer.mine), _readable(answer, answer.right))
    wrong = _readable(answer, answer.wrong) if answer.has_shape else None
    yours = _matrices(f"your {name}", _readable(answer, answer.mine), cell, wrong)
    blocks.append(Beside((*yours, *_matrices(f"right {name}", _readable(answer, answer.right), cell))))
    return blocks


DOUTS = ("dout", "dZ", "dA")
FEWEST_MEANS = 2
"""In one case alone a mean may be right by chance."""
NO_PART = {
    "forward": {"b", "dout", "dZ"},
    "gradient": {"w", "W", "b"},
    "dense_gradient": {"w", "b"},
    "bias_gradient": {"x", "X", "A_prev", "w", "W", "b"},
    "dense_bias_gradient": {"x", "w", "b"},
    "input_gradient": {"x", "X", "A_prev", "b"},
    "dense_input_gradient": {"x", "b"},
}
"""What a step's numbers are not made of, among what its function is given; a bias only where it is not 0."""


def _arrays(answer: GivenResult) -> Iterator[tuple[str, Any]]:
    """What a result is made of, by the names of its arguments."""
    function = answer.function
    left_out = NO_PART.get(answer.result.word, set())
    if answer.result.word == "forward" and answer.case.bias.any():
        left_out = {"dout"}
    besides = ("b", "dout") if function.graph else ()
    for role in dict.fromkeys((*function.roles, *function.cached, *besides)):
        value = ROLES[role].read(answer.case, FULL if answer.form.last else answer.form)
        if role not in left_out and isinstance(value, np.ndarray | float | int):
            yield ROLES[role].names[0], np.asarray(value)


def _readable(answer: GivenResult, array: Any) -> Any:
    """The array so that its last two axes are rows and columns."""
    return None if array is None else answer.form.plain(answer.case.axes(answer.result.word), array)


def _worst(mine: Array | None, right: Array) -> tuple[int, ...]:
    """The cell that is furthest off; the first, where the shape is another."""
    if mine is None or mine.shape != right.shape:
        return (0,) * right.ndim
    away = np.abs(mine - right)
    return tuple(int(index) for index in np.unravel_index(int(away.argmax()), away.shape))


def _matrices(
    name: str, array: Array | None, cell: tuple[int, ...] = (), wrong: Any = None
) -> Iterator[Matrix | Paragraph]:
    """An array as matrices, axes of length 1 at its front left out; of many, the one of this cell."""
    if array is None or not array.size:
        return
    while array.ndim > 2 and len(array) == 1:
        array, cell, wrong = array[0], cell[1:], None if wrong is None else wrong[0]
    leading = array.shape[:-2]
    many = int(np.prod(leading)) > MOST_PLANES
    for place in np.ndindex(leading):
        if many and place != (cell[: len(leading)] or (0,) * len(leading)):
            continue
        plane = array[place].reshape(-1, array.shape[-1] if array.ndim else 1)
        marks = {}
        if wrong is not None:
            flat = np.asarray(wrong[place]).reshape(plane.shape)
            marks = {(int(row), int(column)): DIFFERENT for row, column in np.argwhere(flat)}
        yield Matrix(tuple(map(tuple, plane.tolist())), f"{name}{bracketed(place)}", marks)


def _explained(graded: Graded, mark: ResultMark, answer: GivenResult, style: Numbers) -> list[Block]:
    if len(mark.explanations) == 1:
        return _one(graded, mark, mark.explanations[0], answer)
    blocks: list[Block] = []
    for one in mark.explanations:
        said = (f"{words.does} Instead: {words.fix}" for _, words in words_of(one, answer))
        blocks.append(Note(str(one), " ".join(said)))
    if mark.explanations:
        return [*blocks, Paragraph("Your numbers fit all of these in every case, so they can't tell which it was.")]
    return [] if answer.fault else _unexplained(mark, answer, style)


def _one(graded: Graded, mark: ResultMark, naming: Naming, answer: GivenResult) -> list[Block]:
    blocks: list[Block] = []
    dout = _dout_of(mark.function)
    for _, words in words_of(naming, answer):
        letters = f" (δ is your {dout}.)" if dout and "δ" in " ".join(words) and not blocks else ""
        blocks += [
            Paragraph(f"What you did: {words.does}{letters}"),
            Paragraph(f"Why it hurts: {words.hurts}"),
            Paragraph(f"Instead: {words.fix}", "good"),
        ]
    total = len(mark.answers)
    if answer.shares and naming.codes == ("argument-changed",):
        blocks.append(Paragraph(f"What you return lies in the memory of {listed(answer.shares)}.", "warn"))
    if is_seen(mark):
        return blocks
    if mark.faulted:
        given = total - len(mark.faulted)
        blocks.append(Paragraph(f"This explains the {counted(given, 'case')} that gave numbers, and not the others."))
    else:
        those, do = ("This", "does") if len(naming.codes) == 1 else ("Together these two", "do")
        explain = "explains" if do == "does" else "explain"
        other = "no other mistake that we know does" if do == "does" else "no other two that we know do"
        blocks.append(Paragraph(f"{those} {explain} all {total} cases, and {other}."))
    if mark.same_mean >= FEWEST_MEANS:
        wrong = total - mark.right_in - len(mark.faulted)
        where = "all" if mark.same_mean == wrong else f"{mark.same_mean} of"
        text = f"The mean is right in {where} {wrong} cases in which your {mark.result.name} is wrong: a test of means"
        blocks.append(Paragraph(f"{text} would not see this."))
    return blocks


def _dout_of(function: LearnerFunction) -> str:
    """What a function calls δ, if it is given one under another name."""
    return "dout" if function.graph else next((role for role in DOUTS if role in function.roles), "")


def _unexplained(mark: ResultMark, answer: GivenResult, style: Numbers) -> list[Block]:
    """The cell that is furthest off, worked out."""
    if not answer.has_shape or answer.mine is None:
        return []
    cell, step = _worst(answer.mine, answer.right), answer.case.step(mark.result.word)
    yours, right = (style.text(float(array[cell])) for array in (answer.mine, answer.right))
    full = _at(answer, cell)
    text = f"Furthest off is {mark.result.name}{bracketed(cell)}: you have {yours}, right is {right}."
    blocks: list[Block] = [Paragraph(text)]
    if mark.result.word != LOSS:
        blocks += arithmetic(step, full, step.working(answer.case.values, full), style)
        dout = _dout_of(answer.function)
        blocks += [Paragraph(f"(δ is your {dout}; the other letters are large here.)")] if dout else []
    factor = mark.factor
    if factor is not None:
        words = "has the wrong sign, and nothing else" if factor == -1 else f"is {style.text(factor)} × the right one"
        blocks.append(Paragraph(f"In every case your {mark.result.name} {words}.", "strong"))
    return blocks


def _at(answer: GivenResult, cell: tuple[int, ...]) -> tuple[int, ...]:
    """Where, among the engine's axes, the learner's cell is."""
    shape = answer.case.right(answer.result.word).shape
    order = answer.form.shown(answer.case.axes(answer.result.word), np.arange(float(np.prod(shape))).reshape(shape))
    return tuple(int(index) for index in np.unravel_index(int(order[cell]), shape))


def _ending(graded: Graded, saved: str) -> Iterable[Block]:
    """One thing to type next."""
    code, smallest = next(iter(graded.mistakes), ""), graded.smallest
    if saved and smallest:
        yield _on_the_case(smallest, code, saved)
    elif code:
        yield Command(f"cnnstep explain {code}", "read more on it")
    elif any(mark.verdict == "unexplained" for mark in graded.marks):
        yield Command(f"cnnstep grade {graded.name} --save case.yaml", "keep the smallest case, to step through it")


def _on_the_case(smallest: GivenResult, code: str, saved: str) -> Command:
    """The mistake on the case that was kept, where a page can show it; else the case itself."""
    if code in MISTAKES and MISTAKES[code].occasions(lesson_of(smallest.case.scenario)):
        page = f"cnnstep page {saved} --mistake {code} -o case.html"
        return Command(page, "see it beside the right way, in a browser")
    word = smallest.result.word
    if word in smallest.case.lesson.names:
        return Command(f"cnnstep step {saved} --only {word}", "the right numbers; with --interactive, each worked out")
    return Command(f"cnnstep step {saved} --interactive", "work through it, a number at a time")
