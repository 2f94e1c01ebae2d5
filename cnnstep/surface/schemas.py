"""The JSON Schemas of the files that the program reads and of the documents that it writes, by name.

What an editor completes and a grader relies on. The scenario's derives from the declaration of its keys; the others are
written here, and tests hold them against real files and documents, a key too many or too few among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from cnnstep.engine.status import STATUSES
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.link_schema import LINKS, link_definitions
from cnnstep.surface.practice.course_file import ITEM_KEYS, MOST_POINTS
from cnnstep.surface.practice.course_file import KEYS as COURSE_KEYS
from cnnstep.surface.scenario_file.schema import json_schema
from cnnstep.surface.work_file import KEYS as WORK_KEYS
from cnnstep.surface.work_file import MOST_ITERATIONS
from cnnstep.tutor.check.account import Verdict

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MAYBE: Schema = {"type": ["number", "null"]}
"""A number; null stands for one that is not finite."""
CELL: Schema = {"type": "array", "items": COUNT}
NUMBERS: Schema = {"anyOf": [MAYBE, {"type": "array", "items": {"$ref": "#/$defs/Numbers"}}]}
"""A number, or an array of numbers of any depth."""
ALL_NUMBERS: Schema = {"$ref": "#/$defs/Numbers"}
ERROR_KEYS: dict[str, Schema] = {
    "code": TEXT,
    "message": TEXT,
    "file": {"type": ["string", "null"]},
    "line": {"type": ["integer", "null"]},
    "column": {"type": ["integer", "null"]},
    "hint": TEXT,
}


def schema_of(name: str) -> Schema:
    """The schema of this name; `InputError` where there is none."""
    if name not in SCHEMAS:
        raise InputError(Fault("unknown-schema", f'there is no schema of "{name}"', did_you_mean(name, SCHEMAS)))
    return SCHEMAS[name]()


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(needed: Mapping[str, Schema], may: Mapping[str, Schema] | None = None, about: str = "") -> Schema:
    """A mapping with these keys and no others."""
    said = {"description": about} if about else {}
    keys = {**needed, **(may or {})}
    return {**said, "type": "object", "required": [*needed], "properties": keys, "additionalProperties": False}


def _document(title: str, about: str, schema: Schema, **definitions: Schema) -> Schema:
    """One document; where something is wrong with what was asked, the error stands in its place."""
    error = _object(ERROR_KEYS)
    faulty = _object({"schema": {"const": 1}, "error": error}, {"errors": _list(error)})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": about,
        "oneOf": [schema, faulty],
        "$defs": {"Numbers": NUMBERS, **definitions},
    }


def run_schema() -> Schema:
    """What `run --json` and `step --json` write; of `step` there is no outcome."""
    summary = {"type": "object", "description": "What is left of an array of very many numbers."}
    step = _object(
        {"name": TEXT, "symbol": TEXT, "formula": TEXT, "value": ALL_NUMBERS},
        {"part": CELL, "window": _list(_list(COUNT)), "summary": summary},
        "One step's matrix, or the part of it that was asked for.",
    )
    counts = _object({"cells": COUNT, "blocked": COUNT})
    finding = _object(
        {"code": TEXT, "step": TEXT, "cells": _list(CELL), "blocked": _list(CELL), "message": TEXT},
        {"summary": counts},
        "Something worth saying; `blocked` are those of the cells with an error left to learn.",
    )
    iteration = _object(
        {"iteration": COUNT, "loss": MAYBE, "steps": _list(step), "findings": _list(finding)},
        about="The loss is the one before its update.",
    )
    outcome = {
        "description": "After the last update: how it stands, and the weights under the names of their keys.",
        "type": "object",
        "required": ["status", "loss"],
        "properties": {"status": {"enum": [*STATUSES]}, "loss": MAYBE},
    }
    right = {"description": "How the run goes without the mistake.", "type": "object"}
    left_out = _object({"iterations": COUNT, "message": TEXT}, about="Iterations that are not here, and why.")
    schema = _object(
        {"schema": {"const": 1}, "scenario": {"type": "object"}, "iterations": _list(iteration)},
        {"left_out": left_out, "outcome": outcome, "mistake": TEXT, "right": right, "links": LINKS},
    )
    about = "A run, iteration by iteration: cnnstep run SCENARIO --json"
    return _document("cnnstep run", about, schema, **link_definitions())


def check_schema() -> Schema:
    """What `check --json` writes."""
    slip = _object({"cell": CELL, "yours": MAYBE, "expected": MAYBE, "reason": TEXT}, about="One cell that is off.")
    step = _object(
        {
            "name": TEXT,
            "verdict": {"enum": [*get_args(Verdict)]},
            "mistakes": _list(TEXT),
            "slips": _list(slip),
            "alternatives": _list(_list(TEXT)),
        },
        {"same_as": TEXT, "too_coarse": {"const": True}},
        "`alternatives` fit the same numbers as well, each a list of codes.",
    )
    convention = {"type": ["string", "number", "null"]}
    schema = _object(
        {
            "schema": {"const": 1},
            "verdict": {"enum": ["correct", "mistaken", "unexplained"]},
            "steps": _list(step),
            "mistakes": _list(TEXT),
            "conventions": {"type": "object", "additionalProperties": convention},
        },
        {"also": {"type": "object", "additionalProperties": _list(convention)}},
    )
    return _document("cnnstep check", "A sheet, marked step by step: cnnstep check WORK --json", schema)


def marks_schema() -> Schema:
    """What `check --json` writes of many sheets."""
    points: Schema = {"type": ["number", "null"]}
    step = _object({"verdict": {"enum": [*get_args(Verdict)]}, "points": {"type": "number"}, "of": {"type": "number"}})
    sheet = _object(
        {
            "sheet": TEXT,
            "verdict": {"enum": ["correct", "mistaken", "unexplained", "unreadable"]},
            "reason": {"type": ["string", "null"], "description": "Why it can't be read."},
            "scenario": {"type": ["string", "null"]},
            "mistakes": _list(TEXT),
            "slips": COUNT,
            "points": points,
            "of": points,
            "steps": {"type": "object", "additionalProperties": step},
        }
    )
    mistake = _object({"code": TEXT, "title": TEXT, "sheets": COUNT, "examples": _list(TEXT)})
    share = {"type": "number", "minimum": 0, "maximum": 1}
    of_class = _object({"name": TEXT, "given": COUNT, "wrong": COUNT, "share": share})
    counts = dict.fromkeys(("sheets", "correct", "mistaken", "unexplained", "unreadable"), COUNT)
    summary = _object(
        {
            **counts,
            "stopped": {"type": "boolean", "description": "Whether it was stopped before all were marked."},
            "mistakes": _list(mistake),
            "steps": _list(of_class),
            "teach_next": {"type": ["string", "null"]},
        }
    )
    schema = _object({"schema": {"const": 1}, "sheets": _list(sheet), "class": summary})
    return _document("cnnstep check, of many sheets", "A class, marked: cnnstep check FOLDER --json", schema)


def grade_schema() -> Schema:
    """What `grade --json` writes."""
    case = _object(
        {"title": TEXT, "scenario": _scenario(), "yours": ALL_NUMBERS, "right": ALL_NUMBERS},
        about="The smallest case in which it is not right; yours is null where there are no numbers.",
    )
    one = _object(
        {
            "name": {**TEXT, "description": "The function, as the file calls it."},
            "result": TEXT,
            "verdict": {"enum": ["right", "mistake", "unexplained", "faulted"]},
            "mistakes": {**_list(TEXT), "description": "What gives all of its numbers: one, or two together."},
            "alternatives": {**_list(_list(TEXT)), "description": "Where several fit equally well, each of them."},
            "right_in": COUNT,
            "cases": COUNT,
            "smallest": {"anyOf": [case, {"type": "null"}]},
            "message": TEXT,
        }
    )
    schema = _object(
        {
            "schema": {"const": 1},
            "verdict": {"enum": ["right", "wrong"]},
            "mistakes": {**_list(TEXT), "description": "Those that alone explain every case."},
            "cases": COUNT,
            "functions": _list(one),
        },
        {"printed": TEXT, "remarks": _list(TEXT)},
    )
    scenario = json_schema()
    document = _document("cnnstep grade", "Functions, judged result by result: cnnstep grade FILE.py --json", schema)
    del scenario["$schema"]
    document["$defs"] |= {**scenario.pop("$defs"), "Scenario": scenario}
    return document


def work_schema() -> Schema:
    """A work file: the scenario, and the matrices that were worked out."""
    keys: dict[str, Schema] = {
        "scenario": {"description": "A shipped name, a path, or a scenario.", "oneOf": [TEXT, _scenario()]},
        "work": {
            "description": "The matrix of any step, by its name; text in any usual spelling will do.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [TEXT, ALL_NUMBERS]},
        },
        "iteration": {**COUNT, "maximum": MOST_ITERATIONS, "default": 0},
        "title": TEXT,
    }
    return _file("cnnstep work file", _object(*_split(keys, WORK_KEYS, "scenario", "work")))


def course_schema() -> Schema:
    """A course: exercises in their order."""
    cells = {"description": "The one number that is asked.", "type": "array", "items": COUNT}
    item: dict[str, Schema] = {
        "title": TEXT,
        "skill": {**TEXT, "description": "What it counts for: cnnstep practice --list"},
        "scenario": {"description": "A shipped name, a path, or a scenario.", "oneOf": [TEXT, _scenario()]},
        "step": TEXT,
        "cell": cells,
        "hidden": {**_list(TEXT), "description": "Steps before it that are not shown."},
        "hints": {**_list(TEXT), "minItems": 3, "maxItems": 3},
        "mistakes": {**_list(TEXT), "description": "What its numbers have to tell apart."},
        "text": {**TEXT, "description": "Words of your own, before the question."},
        "points": {"type": "number", "minimum": 0, "maximum": MOST_POINTS, "default": 1},
        "read": {**TEXT, "description": "The page to read first: cnnstep explain"},
        "needs": {**_list(TEXT), "description": "Titles of exercises before it that it builds on."},
    }
    one = _object(*_split(item, ITEM_KEYS, "title", "skill", "scenario", "step", "hints"))
    keys: dict[str, Schema] = {"title": TEXT, "exercises": {**_list(one), "minItems": 1}}
    return _file("cnnstep course", _object(*_split(keys, COURSE_KEYS, *COURSE_KEYS)))


def _split(
    keys: dict[str, Schema], known: tuple[str, ...], *needed: str
) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The keys that must be there, and the others; all that the reader knows, and no more."""
    assert {*keys} == {*known}
    return {key: keys[key] for key in needed}, {key: keys[key] for key in known if key not in needed}


def _scenario() -> Schema:
    return {"$ref": "#/$defs/Scenario"}


def _file(title: str, schema: Schema) -> Schema:
    """A file in which scenarios may stand."""
    scenario = json_schema()
    dialect, definitions = scenario.pop("$schema"), scenario.pop("$defs")
    return {
        "$schema": dialect,
        "title": title,
        **schema,
        "$defs": {"Numbers": NUMBERS, "Scenario": scenario, **definitions},
    }


SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "scenario": json_schema,
    "work": work_schema,
    "course": course_schema,
    "run": run_schema,
    "check": check_schema,
    "marks": marks_schema,
    "grade": grade_schema,
}
"""What `cnnstep schema --of` can print."""
