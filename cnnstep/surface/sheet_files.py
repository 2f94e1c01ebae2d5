"""A class's sheets: which files there are, and each as a work file, whether it is one, a table or a notebook.

In a table (.csv) the first cell of a row names the step, and rows under it with an empty first cell go on with it; the
rows `scenario` and `iteration` say what was worked out. In a notebook (.ipynb) a cell that begins with
`# cnnstep: gradient` holds the matrix, as its last output or in its text; it is read, and never run.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import YAML_LIMIT, Source, decoded, quoted, read_file
from cnnstep.surface.work_file import KEYS, Work, load_work, read_work
from cnnstep.tutor.check.diagnose import Diagnosis, SharedLessons, diagnose
from cnnstep.tutor.check.sheet import Sheet
from cnnstep.tutor.marking.marks import MarkedSheet

WORK_FILES = (".yaml", ".yml", ".json")
NOT_IN_WORK = tuple(key for key in KEYS if key != "work")
MOST_OF_A_NOTEBOOK = 20_000_000
"""Bytes: a notebook may hold pictures."""
_NAMED = re.compile(r"\s*#\s*cnnstep\s*:\s*(?P<key>[\w.]+)[ \t]*[=:]?[ \t]*(?P<value>[^\n]*)(?:\n|$)")
_MATRIX = re.compile(r"[\[{(].*[\])}]", re.S)


def sheets_in(names: Iterable[str]) -> list[str]:
    """The files, and of each folder those in it and below it, in the order of their names; hidden ones are left out."""
    found: list[str] = []
    for name in names:
        path = Path(name)
        try:
            inside = sorted(path.rglob("*")) if path.is_dir() else None
        except OSError as error:
            what = f"{quoted(name, 200)} can't be looked into: {(error.strerror or str(error)).lower()}"
            raise InputError(Fault("cannot-read", what, "check the folder's permissions", file=name)) from error
        if inside is None:
            found.append(name)
            continue
        parts = ((one, one.relative_to(path).parts) for one in inside)
        found += [str(one) for one, below in parts if not one.is_dir() and not any(p.startswith(".") for p in below)]
    return list(dict.fromkeys(found))


def read_sheet(path: str, known: dict[str, Scenario]) -> Work:
    """The sheet in a file of any of these kinds; `InputError` with what is wrong with it."""
    kind = Path(path).suffix.lower()
    if path != "-" and Path(path).exists() and not Path(path).is_file():
        raise InputError(Fault("file-kind", f"{quoted(path, 200)} is no file", "hand in a file", file=path))
    if path == "-":
        return load_work(path)
    if kind in (".csv", ".ipynb"):
        content = _csv(path) if kind == ".csv" else _ipynb(path)
        return _as_work(path, content, known)
    if kind not in WORK_FILES:
        what = f"{quoted(path, 200)} is no sheet: they end in .yaml, .csv or .ipynb"
        raise InputError(Fault("file-kind", what, "hand in one of these", file=path))
    return read_work(Source(_text(path, YAML_LIMIT), path, Path(path).parent), path, known)


class Marker:
    """Marks one sheet after another; what those of one scenario have in common is worked out once.

    A sheet with the very numbers of another has its diagnosis.
    """

    def __init__(self) -> None:
        self._known: dict[str, Scenario] = {}
        self._shared = SharedLessons()
        self._found: dict[tuple[object, ...], Diagnosis] = {}

    def mark(self, path: str, name: str) -> MarkedSheet:
        """The sheet with its marks, or with why it can't be read: that is never the end of the others."""
        try:
            work = read_sheet(path, self._known)
            try:
                return MarkedSheet(name, self._diagnosis(work.sheet))
            except InputError as error:
                raise work.placed(error) from None
        except InputError as error:
            return MarkedSheet(name, reason=_reason(error.faults[0]))
        except RecursionError:
            return MarkedSheet(name, reason="it is nested too deep")

    def _diagnosis(self, sheet: Sheet) -> Diagnosis:
        steps = ((name, one.values, one.tolerance) for name, one in sheet.work.items())
        numbers = tuple((name, v.shape, v.tobytes(), t.tobytes()) for name, v, t in steps)
        key = (id(sheet.scenario), sheet.iteration, numbers)
        if key not in self._found:
            self._found[key] = diagnose(sheet, self._shared)
        return replace(self._found[key], sheet=sheet)


def _reason(fault: Fault) -> str:
    """What is wrong, in one line, with its place in the sheet."""
    place = f"line {fault.line}: " if fault.line is not None else ""
    return f"{place}{' '.join(fault.what.split())}"


def _text(path: str, limit: int) -> str:
    return decoded(read_file(Path(path), limit, path), path).removeprefix("\ufeff")


def _as_work(path: str, content: Mapping[str, str], known: dict[str, Scenario]) -> Work:
    """The same as a work file. A place in that would be none in the sheet, so faults are told without it."""
    if not content:
        hint = "begin a row with scenario or a step's name; in a notebook, a cell with # cnnstep: gradient"
        raise InputError(Fault("no-work", "nothing in it is named as a step", hint, file=path))
    above = [f"{key}: {_plain_or_quoted(text)}" for key, text in content.items() if key in NOT_IN_WORK]
    below = [f"  {json.dumps(key)}: {json.dumps(text)}" for key, text in content.items() if key not in NOT_IN_WORK]
    text = "\n".join([*above, *(["work:"] if below else []), *below, ""])
    try:
        return read_work(Source(text, path, Path(path).parent), path, known)
    except InputError as error:
        raise InputError(replace(one, line=None, column=None, source=None) for one in error.faults) from error


def _plain_or_quoted(text: str) -> str:
    """A whole number as it is, any other text in quotes."""
    return text if text.isdecimal() else json.dumps(text)


def _csv(path: str) -> dict[str, str]:
    """Each name's rows as text: between the numbers spaces, between the rows semicolons."""
    text = _text(path, YAML_LIMIT)
    first = re.search(r"[;\t,]", text)
    mark = first[0] if first else ","
    rows: dict[str, list[str]] = {}
    name = ""
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=mark):
            cells = [cell.strip() for cell in row]
            name = (cells[0] if cells else "") or name
            numbers = [cell.replace(",", ".") if mark == ";" else cell for cell in cells[1:] if cell]
            if name and numbers:
                rows.setdefault(name, []).append(" ".join(numbers))
    except csv.Error as error:
        raise InputError(Fault("not-a-table", f"this is no table: {error}", "save it as CSV", file=path)) from error
    return {name: "; ".join(lines) for name, lines in rows.items()}


def _ipynb(path: str) -> dict[str, str]:
    """Each named cell's matrix, as it is written in the cell or shown below it."""
    try:
        data = json.loads(_text(path, MOST_OF_A_NOTEBOOK))
        cells = [cell for cell in data["cells"] if cell["cell_type"] == "code"]
        return dict(one for cell in cells for one in _named_in(cell))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = "this is no notebook, though its name says so"
        raise InputError(Fault("not-a-notebook", what, "save it again, and hand that in", file=path)) from error


def _named_in(cell: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The name and the matrix of a cell; several lines `# cnnstep: scenario = first-filter` may stand in one."""
    text = _joined(cell["source"])
    while found := _NAMED.match(text):
        text = text[found.end() :]
        if found["value"]:
            yield found["key"], found["value"].strip()
        else:
            outputs = cell.get("outputs") or []
            assert isinstance(outputs, list)
            shown = [_MATRIX.search(one) for output in outputs[::-1] for one in _texts_of(output)]
            matrix = next((one for one in shown if one), None) or _MATRIX.search(text)
            yield found["key"], matrix[0] if matrix else text


def _texts_of(output: Mapping[str, object]) -> Iterator[str]:
    """What an output of a cell says as plain text."""
    data = output.get("data")
    if isinstance(data, Mapping) and "text/plain" in data:
        yield _joined(data["text/plain"])
    elif output.get("output_type") == "stream":
        yield _joined(output.get("text", ""))


def _joined(lines: object) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
