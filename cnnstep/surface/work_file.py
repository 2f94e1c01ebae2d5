"""A learner's work: the scenario by its name, its path or in place, and the matrices that they worked out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, TextIO

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.errors import Path as Keypath
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import Source, quoted, why_no_number
from cnnstep.surface.files.yaml_reader import Items, Keys, Node, Scalar, YamlDocument, read_yaml, uneven
from cnnstep.surface.loading import STANDARD_INPUT, named_in, scenario_at, shipped, source_of
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.typed import read_matrix, read_number

KEYS = ("scenario", "iteration", "work", "title")
OF_A_SCENARIO = ("input", "filter", "layers", "samples", "target")
MOST_ITERATIONS = 100_000
"""The number of the last that can be asked for."""
EXAMPLE = "gradient: [[1, 2], [3, 4]]"


@dataclass(frozen=True)
class Work:
    """A sheet, the file that it stands in, and the keys under which that has the steps."""

    sheet: Sheet
    document: YamlDocument = field(repr=False)
    keys: Mapping[str, str]

    def placed(self, error: InputError) -> InputError:
        """The same faults, those about a step's numbers at their place in the file."""
        return InputError([self._placed(fault) for fault in error.faults])

    def _placed(self, fault: Fault) -> Fault:
        if fault.path[:1] != ("work",):
            return fault
        path = ("work", self.keys[str(fault.path[1])])
        return self.document.fault(fault.code, fault.what, fault.hint, path)


def load_work(path: str, *, stdin: TextIO | BinaryIO | None = None) -> Work:
    """The sheet in a file, or from standard input for `-`; `InputError` with every fault at its place."""
    return read_work(_source(path, stdin), path)


def read_work(source: Source, path: str, known: dict[str, Scenario] | None = None) -> Work:
    """The sheet in a text; `path` is what it is called. Scenarios that other sheets have named are `known` by it."""
    document = read_yaml(source)
    root = document.root
    if not isinstance(root, Keys):
        what = "a work file is made of keys and values"
        raise InputError(document.fault("type", what, f"write scenario: and work: {{{EXAMPLE}}}", ()))
    _refuse_a_scenario(document, root, path)
    faults = list(document.faults)
    for key, _ in root.entries:
        if key.text not in KEYS:
            hint = did_you_mean(key.text, KEYS)
            faults.append(
                document.fault("unknown-key", f'there is no key "{key.text}" here', hint, (key.text,), key=True)
            )
    scenario = _scenario(document, root, faults, {} if known is None else known)
    iteration = _iteration(document, root, faults)
    keys, work = _work(document, root, scenario, faults)
    if faults or scenario is None:
        raise InputError(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
    named = root.get("scenario")
    name = named.text if isinstance(named, Scalar) else path
    return Work(Sheet(scenario, work, iteration, name), document, keys)


def _source(path: str, stdin: TextIO | BinaryIO | None) -> Source:
    """The file's text; a scenario that is named instead is a fault, which says what belongs here."""
    try:
        return source_of(path, stdin=stdin)
    except InputError as error:
        if path in {one.name for one in shipped()}:
            raise InputError(_not_work(path)) from None
        raise error


def _not_work(path: str) -> Fault:
    what = f"{quoted(path, 200)} is a scenario, and check takes what you worked out on it"
    typed = "" if path == STANDARD_INPUT else f", or type it in: cnnstep check --interactive {path}"
    return Fault("not-work", what, f"write it into a file, under scenario: and work:{typed}")


def _refuse_a_scenario(document: YamlDocument, root: Keys, path: str) -> None:
    keys = {key.text for key, _ in root.entries}
    if not keys & {"scenario", "work"} and keys & set(OF_A_SCENARIO):
        told = _not_work(path)
        raise InputError(document.fault(told.code, told.what, told.hint, ()))


def _scenario(document: YamlDocument, root: Keys, faults: list[Fault], known: dict[str, Scenario]) -> Scenario | None:
    node = root.get("scenario")
    if node is None:
        what = "scenario is missing: the question that was worked out"
        faults.append(document.fault("missing-key", what, "add it: scenario: first-filter", ()))
        return None
    if isinstance(node, Scalar) and (name := named_in(document, node.text)) in known:
        return known[name]
    found = scenario_at(document, node, ("scenario",), faults)
    if found is None:
        return None
    found = known.setdefault(json.dumps(found.data()), found)  # equal ones are one
    if isinstance(node, Scalar):
        known[named_in(document, node.text)] = found
    return found


def _iteration(document: YamlDocument, root: Keys, faults: list[Fault]) -> int:
    node = root.get("iteration")
    if node is None:
        return 0
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, int) or not 0 <= value <= MOST_ITERATIONS:
        what = "iteration must be a whole number, counted from 0"
        faults.append(document.fault("value", what, "write iteration: 0, or leave it out", ("iteration",)))
        return 0
    return value


def _work(
    document: YamlDocument, root: Keys, scenario: Scenario | None, faults: list[Fault]
) -> tuple[dict[str, str], dict[str, Written]]:
    """The keys and the matrices by the steps' full names."""
    node = root.get("work")
    if not isinstance(node, Keys) or not node.entries:
        what = "work is missing: the matrices that you worked out"
        hint = f"add it, any of the steps: work: {{{EXAMPLE}}}"
        faults.append(document.fault("missing-key", what, hint, ("work",) if node else ()))
        return {}, {}
    reader = _WorkReader(document, faults, lesson_of(scenario, input_gradient=True) if scenario else None)
    keys: dict[str, str] = {}
    work: dict[str, Written] = {}
    for key, value in node.entries:
        path = ("work", key.text)
        name = reader.name(path)
        if name in work:
            what = f'"{key.text}" is {name}, which is given already'
            faults.append(document.fault("duplicate-key", what, "keep one of them", path, key=True))
        matrix = reader.matrix(value, path, name)
        if matrix is not None:
            keys[name], work[name] = key.text, matrix
    return keys, work


@dataclass(frozen=True)
class _WorkReader:
    """Reads the entries of `work` and notes their faults; without a lesson, names and sizes are taken as they come."""

    document: YamlDocument
    faults: list[Fault]
    lesson: Lesson | None

    @cached_property
    def _right(self) -> Mapping[str, Array]:
        return self.lesson.carry_out(self.lesson.start) if self.lesson else {}

    def name(self, path: Keypath) -> str:
        """The whole name of the step that is meant; a network's may be shortened where only one can be meant."""
        typed = str(path[-1])
        try:
            return self.lesson.step(typed).name if self.lesson else typed
        except InputError as error:
            for fault in error.faults:
                hint = "a comma begins another key here: write 0.5, not 0,5" if typed.isdigit() else fault.hint
                self.faults.append(self.document.fault(fault.code, fault.what, hint, path, key=True))
            return typed

    def matrix(self, node: Node, path: Keypath, name: str) -> Written | None:
        """The numbers with the digits they were typed in; a text is read as a matrix in any usual spelling."""
        shape = self._shape(name)
        if isinstance(node, Scalar) and not _is_number(node.text):
            return self._typed(node.text, path, shape)
        if isinstance(node, Items):
            odd = uneven(self.document.source, str(path[-1]), node)
            self._note("ragged", ((one.what, one.hint, (*path, *one.place)) for one in odd))
            if odd:
                return None
        rows = self._numbers(node, path)
        if rows is None:
            return None
        try:
            matrix = Written.of(rows)
        except InputError as error:
            self._note_all(error.faults, path)
            return None
        if shape is not None and self._shown(matrix, name).values.shape != shape:
            self._ask_about_commas(node, path, shape)
        return matrix

    def _ask_about_commas(self, node: Node, path: Keypath, shape: tuple[int, ...]) -> None:
        """Where a matrix has another size than it should, its commas may be decimal ones."""
        try:
            read_matrix(_text(self.document.source.text, node), shape)
        except InputError as error:
            self._note_all([fault for fault in error.faults if fault.code == "decimal-comma"], path)

    def _shape(self, name: str) -> tuple[int, ...] | None:
        """The size that the step's matrix should have."""
        if self.lesson is None or name not in self._right:
            return None
        return self.lesson.step(name).quantity.layout.show(self._right[name]).shape

    def _shown(self, matrix: Written, name: str) -> Written:
        assert self.lesson is not None
        return matrix.in_axes_of(self.lesson.step(name), self._right[name].shape)

    def _typed(self, text: str, path: Keypath, shape: tuple[int, ...] | None) -> Written | None:
        try:
            return Written.of(read_matrix(text, shape))
        except InputError as error:
            self._note_all(error.faults, path)
            return None

    def _note_all(self, faults: Iterable[Fault], path: Keypath) -> None:
        self.faults.extend(self.document.fault(one.code, one.what, one.hint, path) for one in faults)

    def _note(self, code: str, faults: Iterable[tuple[str, str, Keypath]]) -> None:
        self.faults.extend(self.document.fault(code, what, hint, path) for what, hint, path in faults)

    def _numbers(self, node: Node, path: Keypath) -> object | None:
        if isinstance(node, Items) and node.items:
            parts = [self._numbers(item, (*path, index)) for index, item in enumerate(node.items)]
            return None if any(part is None for part in parts) else parts
        if isinstance(node, Scalar) and _is_number(node.text):
            return read_number(node.text)
        none = ("no numbers stand here", f"write rows of numbers: {EXAMPLE}")
        what, hint = why_no_number(node.text, node.quoted) if isinstance(node, Scalar) else none
        self._note("not-a-number", [(what, hint, path)])
        return None


def _text(source: str, node: Node) -> str:
    """What stands in the file from the beginning of a list to its last number."""
    last = node
    while isinstance(last, Items):
        last = last.items[-1]
    return source[node.index : last.index + (len(last.text) if isinstance(last, Scalar) else 0)]


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except (ValueError, ZeroDivisionError):
        return False
    return True
