"""What a class's marks say: a row a sheet, which mistakes were made and how often, what to teach next; and the JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnstep.tutor.check.account import WRONG
from cnnstep.tutor.document import Block, Command, Heading, Note, Paragraph, Table, Tone
from cnnstep.tutor.marking.marks import MarkedClass, MarkedSheet
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.practice.skills import homes

MOST_EXAMPLES = 3
"""So many sheets are named as examples of a mistake."""
COLUMNS = ("sheet", "scenario", "verdict", "mistakes", "slips", "points", "of")
LAST_COLUMN = "reason"
TONES: dict[str, Tone] = {"correct": "good", "mistaken": "bad", "unexplained": "warn", "unreadable": "warn"}


@dataclass(frozen=True)
class Frequent:
    """A mistake of the class: its code, and the sheets that have it."""

    code: str
    sheets: tuple[str, ...]


def frequent(marked: MarkedClass) -> list[Frequent]:
    """The mistakes, the one that most sheets have first."""
    made: dict[str, list[str]] = {}
    for one in marked.sheets:
        for code in one.mistakes:
            made.setdefault(code, []).append(one.name)
    found = [Frequent(code, tuple(names)) for code, names in made.items()]
    return sorted(found, key=lambda one: (-len(one.sheets), one.code))


def report_of_class(marked: MarkedClass, style: Numbers) -> tuple[Block, ...]:
    """The summary, then a row a sheet; what to do next at the end."""
    sheets, right = len(marked.sheets), marked.count("correct")
    counts = [counted(right, "sheet") + " right"]
    counts += [f"{number} {word}" for word in list(TONES)[1:] if (number := marked.count(word))]
    blocks: list[Block] = [Heading(f"Marks of {counted(sheets, 'sheet')}", 1), Paragraph(f"{listed(counts)}.")]
    if marked.stopped:
        blocks.append(Note("stopped", "Not all sheets were marked: these are the ones that were."))
    mistakes = frequent(marked)
    if mistakes:
        blocks.append(Heading("What went wrong"))
        blocks += [Note(one.code, f"{_examples(one)}: {MISTAKES[one.code].title}.", "bad") for one in mistakes]
    rows_of_steps = tuple(_step_row(*row) for row in steps_of_class(marked))
    blocks.append(Table(("step", "given", "wrong", "points, mean"), rows_of_steps, "Step by step"))
    each = tuple(_told_row(marked, one, style) for one in marked.sheets)
    tones = tuple(TONES[one.verdict] for one in marked.sheets)
    blocks.append(Table(("sheet", "verdict", "points", "what"), each, "Sheet by sheet", tones))
    return (*blocks, *_next(mistakes))


def _step_row(name: str, given: int, wrong: int, mean: float) -> tuple[str, str, str, str]:
    return name, f"{given}", f"{wrong}", f"{mean:.0%}"


def steps_of_class(marked: MarkedClass) -> list[tuple[str, int, int, float]]:
    """For each step that is worth points: on how many sheets it stands, where it is wrong, which share was earned."""
    found = []
    for name in marked.points:
        marks = [mark for _, diagnosis in marked.read for mark in diagnosis.marks if mark.step.name == name]
        earned = [marked.earned(one)[name] for one, _ in marked.read if name in marked.earned(one)]
        worth = sum(of for _, of in earned)
        share = sum(points for points, _ in earned) / worth if worth else 0.0
        given = sum(mark.mine is not None for mark in marks)
        found.append((name, given, sum(mark.verdict in WRONG for mark in marks), share))
    return found


def _examples(one: Frequent) -> str:
    """`3 sheets (a.yaml, b.yaml and 1 more)`."""
    more = len(one.sheets) - MOST_EXAMPLES
    named = [*one.sheets[:MOST_EXAMPLES], *([f"{more} more"] if more > 0 else [])]
    return f"{counted(len(one.sheets), 'sheet')} ({listed(named)})"


def _told_row(marked: MarkedClass, one: MarkedSheet, style: Numbers) -> tuple[str, str, str, str]:
    if one.diagnosis is None:
        return one.name, one.verdict, "", one.reason
    points, of = marked.total(one)
    what = [*one.mistakes, *([counted(one.slips, "slip")] if one.slips else [])]
    return one.name, one.verdict, f"{style.text(points)}/{style.text(of)}", ", ".join(what)


def _next(mistakes: list[Frequent]) -> tuple[Block, ...]:
    """What to show the class: the page of its most frequent mistake, and the skill to practise."""
    if not mistakes:
        return ()
    code, sheets = mistakes[0].code, len(mistakes[0].sheets)
    skill = homes().get(code)
    why = f"teach next: {counted(sheets, 'sheet')} {'has' if sheets == 1 else 'have'} it"
    practise = (Command(f"cnnstep practice --skill {skill}", "exercises that tell it apart"),) if skill else ()
    return Command(f"cnnstep explain {code}", why), *practise


def class_data(marked: MarkedClass) -> dict[str, Any]:
    """The same for programs."""
    mistakes = frequent(marked)
    summary = {
        "sheets": len(marked.sheets),
        **{word: marked.count(word) for word in TONES},
        "stopped": marked.stopped,
        "mistakes": [
            {
                "code": one.code,
                "title": MISTAKES[one.code].title,
                "sheets": len(one.sheets),
                "examples": [*one.sheets[:MOST_EXAMPLES]],
            }
            for one in mistakes
        ],
        "steps": [
            {"name": name, "given": given, "wrong": wrong, "share": round(share, 4)}
            for name, given, wrong, share in steps_of_class(marked)
        ],
        "teach_next": mistakes[0].code if mistakes else None,
    }
    return {"schema": 1, "sheets": [_sheet_data(marked, one) for one in marked.sheets], "class": summary}


def _sheet_data(marked: MarkedClass, one: MarkedSheet) -> dict[str, Any]:
    data: dict[str, Any] = {"sheet": one.name, "verdict": one.verdict, "reason": one.reason or None}
    if one.diagnosis is None:
        return data | {"scenario": None, "mistakes": [], "slips": 0, "points": None, "of": None, "steps": {}}
    points, of = marked.total(one)
    steps = {}
    for mark in one.diagnosis.marks:
        if mark.step.name in marked.points:
            got, worth = marked.earned(one)[mark.step.name]
            steps[mark.step.name] = {"verdict": mark.verdict, "points": got, "of": worth}
    told = {"scenario": one.diagnosis.sheet.name, "mistakes": list(one.mistakes), "slips": one.slips}
    return data | told | {"points": points, "of": of, "steps": steps}


def class_rows(marked: MarkedClass) -> list[tuple[object, ...]]:
    """The table for a spreadsheet: its heads, then a row a sheet with its points, step by step."""
    rows: list[tuple[object, ...]] = [(*COLUMNS, *marked.points, LAST_COLUMN)]
    for one in marked.sheets:
        if one.diagnosis is None:
            empty = ("",) * (len(COLUMNS) - 3 + len(marked.points))
            rows.append((one.name, "", one.verdict, *empty, one.reason))
            continue
        points, of = marked.total(one)
        earned = marked.earned(one)
        each = (earned[name][0] if name in earned else "" for name in marked.points)
        mistakes = " ".join(one.mistakes)
        rows.append((one.name, one.diagnosis.sheet.name, one.verdict, mistakes, one.slips, points, of, *each, ""))
    return rows
