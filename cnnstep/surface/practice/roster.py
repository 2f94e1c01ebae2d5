"""A sheet for each student of a class: exercises of their own, and the work files in which `check` knows them again."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import YAML_LIMIT, decoded, quoted, read_file
from cnnstep.surface.scenario_file.writer import dump
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.plan import first_seed
from cnnstep.tutor.practice.questions.step import StepQuestion

HEADS = ("name", "student", "students")
MOST_STUDENTS = 1000


def roster(path: str) -> list[str]:
    """The names in the first column of a table, each once; a first row that says so is its head."""
    text = decoded(read_file(Path(path), YAML_LIMIT, path), path).removeprefix("\ufeff")
    first = [row[0].strip() for row in csv.reader(re.sub(r"[;\t]", ",", text).splitlines()) if row and row[0].strip()]
    names = list(dict.fromkeys(first[1:] if first and first[0].lower() in HEADS else first))
    if not 0 < len(names) <= MOST_STUDENTS:
        what = f"{quoted(path, 200)} names {len(names)} students"
        raise InputError(Fault("roster", what, f"write a name a line, at most {MOST_STUDENTS}", file=path))
    return names


def own_seed(student: str) -> int:
    """Where a student's exercises begin, as `practice --student` has it."""
    return first_seed(student.lower())


def file_names(students: list[str]) -> dict[str, str]:
    """A name for each student's files that every system takes, no two the same."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for student in students:
        plain = re.sub(r"[^\w-]+", "-", student).strip("-")[:80] or "student"
        numbered = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(students) + 1))
        name = next(one for one in numbered if one.lower() not in taken)
        found[student] = name
        taken.add(name.lower())
    return found


def work_files(student: str, exercises: tuple[Exercise, ...]) -> Iterator[tuple[int, str]]:
    """For each exercise about a step, by its number, the work file to fill in."""
    for number, one in enumerate(exercises, 1):
        if isinstance(one.question, StepQuestion):
            title = json.dumps(f"{student}, exercise {number}", ensure_ascii=False)
            scenario = indent(dump(one.question.scenario), "  ")
            again = f"iteration: {one.question.number}\n" if one.question.number else ""
            asked = f"work:\n  {one.question.step.name}: # your numbers, such as [[1, 2], [3, 4]]\n"
            yield number, f"title: {title}\nscenario:\n{scenario}{again}{asked}"
