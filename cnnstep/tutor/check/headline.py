"""A diagnosis in one sentence, and each step of it in a few words: as firm as the numbers are, and no firmer."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import bracketed
from cnnstep.tutor.check.account import WRONG, Explanation, StepMark
from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.check.lessons import Convention
from cnnstep.tutor.document import Table, Tone
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import counted, listed
from cnnstep.tutor.sentences import place_of, title_of

ZEROS = "zeros"
"""What a matrix is the same as in which nothing was worked out."""
MOST_ROWS = 10
COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}


def headline(diagnosis: Diagnosis) -> str:
    """What went wrong, and where; several explanations that fit equally are told as that."""
    wrong = [mark for mark in diagnosis.marks if mark.verdict in WRONG]
    if not wrong:
        given = sum(1 for mark in diagnosis.marks if mark.verdict != "missing")
        right = "All right" if given > 1 else "Right"
        if any(mark.too_coarse for mark in diagnosis.marks):
            right = f"As far as it can be told: {right.lower()}"
        conventions = [convention_words(one) for one in diagnosis.conventions]
        return f"{right}, with {listed(conventions)}." if conventions else f"{right}."
    things = _things(diagnosis.lesson, wrong)
    if len(things) == 1:
        where, what = things[0]
        return (
            f"One thing went wrong, in {listed(where)}{': ' if len(what) == 1 else '. One of these: '}{choice(what)}."
        )
    told = [f"{listed(where)}: {'one of these: ' if len(what) > 1 else ''}{choice(what)}" for where, what in things]
    return f"{COUNTS.get(len(things), str(len(things)))} things went wrong: in {'; in '.join(told)}."


def choice(what: Sequence[str]) -> str:
    """`this, or that`; `this; that; or the other`."""
    mark = ", " if len(what) == 2 else "; "
    return f"{mark.join(what[:-1])}{mark}or {what[-1]}" if len(what) > 1 else what[0]


def _things(lesson: Lesson, wrong: Sequence[StepMark]) -> list[tuple[list[str], list[str]]]:
    """Where something went wrong, and what it may have been; a misconception in several steps is one thing."""
    things: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    exchanged = {mark.step.name: mark.same_as for mark in wrong}
    for mark in wrong:
        each = readings(lesson, mark)
        said = [(tuple(each), each)]
        if exchanged.get(mark.same_as) == mark.step.name:
            pair = sorted((mark.step.name, mark.same_as), key=lesson.names.index)
            symbols = listed([lesson.step(name).symbol for name in pair])
            said = [(tuple(pair), [f"you exchanged {symbols}"])]
        elif len(each) == 1:
            besides = _besides(lesson, mark)
            said = [((code,), [MISTAKES[code].title]) for code in mark.mistakes]
            said += [((mark.step.name, besides), [besides])] if besides else []
        for key, what in said:
            things.setdefault(key, ([], what))[0].append(place_of(mark.step))
    return list(things.values())


def readings(lesson: Lesson, mark: StepMark) -> list[str]:
    """What a step's numbers can come from: what was assumed there first, then what fits as well."""
    own = [MISTAKES[code].title for code in mark.mistakes]
    besides = _besides(lesson, mark)
    found = [" and ".join([*own, *([besides] if besides else [])])]
    others = [_titles(other) for other in mark.others]
    if mark.verdict == "unexplained" and others and not mark.same_as:  # too few numbers to say it for certain
        found = [f"perhaps {others.pop(0)}"]
    return [one for one in dict.fromkeys([*found, *others]) if one]


def _titles(other: Explanation) -> str:
    titles = " and ".join(MISTAKES[code].title for code in other.codes)
    slips = f"{counted(other.slips, 'cell')} off" if other.slips else ""
    return f"{titles}, with {slips}" if titles and slips else titles or slips


def _besides(lesson: Lesson, mark: StepMark) -> str:
    """What is wrong in a step beside its named mistakes."""
    if mark.same_as:
        return f"{copied(lesson, mark)}{'' if mark.same_as == ZEROS else f', not {mark.step.symbol}'}"
    if mark.slips:
        turned = all("sign is turned" in slip.reason for slip in mark.slips)
        return f"{counted(len(mark.slips), 'cell')} {'with the sign turned' if turned else 'off'}"
    return "no mistake known here gives these numbers" if mark.verdict == "unexplained" else ""


def copied(lesson: Lesson, mark: StepMark) -> str:
    """`this is δ, the delta`: the matrix that stands where another belongs."""
    if mark.same_as == ZEROS:
        return "nothing but zeros"
    quantity = lesson.quantity(mark.same_as)
    if mark.same_as in lesson.names:
        return f"this is {quantity.symbol}, {place_of(lesson.step(mark.same_as))}"
    old = "old " if mark.step.role == "update" and quantity in mark.step.inputs else ""
    return f"this is {quantity.symbol}, the {old}{mark.same_as.replace('_', ' ')}"


def table(diagnosis: Diagnosis) -> Table:
    """A row a step: right, follows, mistake, slip, not given; of many steps those that were not given share one."""
    shown = diagnosis.marks
    if len(shown) > MOST_ROWS:
        shown = tuple(mark for mark in shown if mark.verdict != "missing" or mark.too_coarse)
    words = [(title_of(mark.step).lower(), *_word(diagnosis, mark)) for mark in shown]
    if len(shown) < len(diagnosis.marks):
        words.append((counted(len(diagnosis.marks) - len(shown), "other step"), "not given", "quiet"))
    rows, tones = tuple((step, word) for step, word, _ in words), tuple(tone for _, _, tone in words)
    return Table(("step", "your numbers"), rows, tones=tones)


def _word(diagnosis: Diagnosis, mark: StepMark) -> tuple[str, Tone]:
    conventions = [convention_words(cause.convention) for cause in mark.causes if cause.convention]
    with_those = f", with {listed(conventions)}" if conventions else ""
    if mark.too_coarse:
        return "rounded too far to tell: type three decimals", "warn"
    if mark.verdict == "missing":
        return "not given", "quiet"
    if mark.verdict in WRONG:
        return f"{_wrong(diagnosis.lesson, mark)}{with_those}", "warn" if mark.verdict == "unexplained" else "bad"
    if mark.verdict == "follows":
        return f"follows from your earlier numbers{with_those}", "plain"
    if mark.from_intended:
        return f"right, though not from your earlier numbers{with_those}", "good"
    downhill = ": with it, the gradient points downhill" if _points_downhill(diagnosis, mark) else ""
    return f"right{with_those}{' for that sign' + downhill if downhill else ''}", "good"


def _wrong(lesson: Lesson, mark: StepMark) -> str:
    """`mistake: slope-forgotten, or mask-not-strict`, `slip in [0,0] and [1,0]`."""
    own = listed(mark.mistakes)
    cells = f"slip in {listed([bracketed(slip.cell) or 'it' for slip in mark.slips])}" if mark.slips else ""
    if mark.same_as:
        first = copied(lesson, mark)
    elif own:
        first = f"mistake: {own}{f' and a {cells}' if cells else ''}"
    else:
        first = cells or "not explained"
    others = [listed(codes) for codes in mark.alternatives if codes and codes != mark.mistakes]
    if mark.verdict == "unexplained" and others and not mark.same_as:
        first = f"perhaps {others.pop(0)}"
    return ", or ".join([first, *others])


def _points_downhill(diagnosis: Diagnosis, mark: StepMark) -> bool:
    turned = any(one.key == "error" for one in diagnosis.conventions)
    return turned and mark.step.word == "gradient" and diagnosis.lesson.scenario.sign < 0 and not mark.causes


def convention_words(convention: Convention) -> str:
    """`error = target − output`, `the loss squared_error or mean_squared_error`, `ReLU′(0) = 1`."""
    if convention.key == "error":
        if convention.negate:
            return "the gradient's sign turned"
        return f"error = {str(convention.value).replace('_minus_', ' − ')}"
    if convention.key == "loss":
        return f"the loss {listed((str(convention.value), *convention.also), 'or')}"
    return f"ReLU′(0) = {float(convention.value):g}"
