"""A learner's work: the scenario by its name, its path or in place, and the matrices that they worked out."""

from __future__ import annotations

from typing import BinaryIO, TextIO

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.errors import Path as Keypath
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.matrices import uneven
from cnnstep.surface.files.scalars import why_no_number
from cnnstep.surface.files.yaml_reader import Document, Items, Keys, Node, Scalar, read_yaml
from cnnstep.surface.loading import source_of
from cnnstep.surface.named_scenario import scenario_at
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.typed import read_matrix, read_number

KEYS = ("scenario", "iteration", "work", "title")
EXAMPLE = "work: {forward: [[3, 0], [-2, 1]], update: [[0, 0], [1, 0]]}"


def load_work(path: str, *, stdin: TextIO | BinaryIO | None = None) -> Sheet:
    """The sheet in a file, or from standard input for `-`; `InputError` with every fault at its place."""
    document = read_yaml(source_of(path, stdin=stdin))
    root = document.root
    if not isinstance(root, Keys):
        raise InputError(document.fault("type", "a work file is made of keys and values", f"write {EXAMPLE}", ()))
    faults = list(document.faults)
    for key, _ in root.entries:
        if key.text not in KEYS:
            hint = did_you_mean(key.text, KEYS)
            faults.append(
                document.fault("unknown-key", f'there is no key "{key.text}" here', hint, (key.text,), key=True)
            )
    scenario = _scenario(document, root, faults)
    iteration = _iteration(document, root, faults)
    work = _work(document, root, scenario, faults)
    if faults or scenario is None:
        raise InputError(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
    named = root.get("scenario")
    name = named.text if isinstance(named, Scalar) else path
    return Sheet(scenario, work, iteration, name)


def _scenario(document: Document, root: Keys, faults: list[Fault]) -> Scenario | None:
    node = root.get("scenario")
    if node is None:
        what = "scenario is missing: the question that was worked out"
        faults.append(document.fault("missing-key", what, "add it: scenario: first-filter", ()))
        return None
    return scenario_at(document, node, ("scenario",), faults)


def _iteration(document: Document, root: Keys, faults: list[Fault]) -> int:
    node = root.get("iteration")
    if node is None:
        return 0
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, int) or not 0 <= value <= 100_000:
        what = "iteration must be a whole number, counted from 0"
        faults.append(document.fault("value", what, "write iteration: 0, or leave it out", ("iteration",)))
        return 0
    return value


def _work(document: Document, root: Keys, scenario: Scenario | None, faults: list[Fault]) -> dict[str, Written]:
    node = root.get("work")
    if not isinstance(node, Keys) or not node.entries:
        what = "work is missing: the matrices that you worked out"
        faults.append(document.fault("missing-key", what, f"add it: {EXAMPLE}", ("work",) if node else ()))
        return {}
    lesson = lesson_of(scenario, input_gradient=True) if scenario else None
    work = {}
    for key, value in node.entries:
        path: Keypath = ("work", key.text)
        name = _step(document, lesson, path, faults) if lesson else key.text
        if name in work:
            what = f'"{key.text}" is {name}, which is given already'
            faults.append(document.fault("duplicate-key", what, "keep one of them", path, key=True))
        matrix = _matrix(document, value, path, faults)
        if matrix is not None:
            work[name] = Written.of(matrix)
    return work


def _step(document: Document, lesson: Lesson, path: Keypath, faults: list[Fault]) -> str:
    """The whole name of the step that is meant; a network's may be shortened where only one can be meant."""
    try:
        return lesson.step(str(path[-1])).name
    except InputError as error:
        faults.extend(document.fault(fault.code, fault.what, fault.hint, path, key=True) for fault in error.faults)
        return str(path[-1])


def _matrix(document: Document, node: Node, path: Keypath, faults: list[Fault]) -> object | None:
    """Nested numbers with the digits they were typed in; a text is read as a matrix in any usual spelling."""
    if isinstance(node, Scalar) and not _is_number(node.text):
        try:
            return read_matrix(node.text)
        except InputError as error:
            faults.extend(document.fault(fault.code, fault.what, fault.hint, path) for fault in error.faults)
            return None
    if isinstance(node, Items):
        odd = uneven(document.source, str(path[-1]), node)
        faults.extend(document.fault("ragged", one.what, one.hint, (*path, *one.place)) for one in odd)
        if odd:
            return None
    return _numbers(document, node, path, faults)


def _numbers(document: Document, node: Node, path: Keypath, faults: list[Fault]) -> object | None:
    if isinstance(node, Items) and node.items:
        parts = [_numbers(document, item, (*path, index), faults) for index, item in enumerate(node.items)]
        return None if any(part is None for part in parts) else parts
    if isinstance(node, Scalar) and _is_number(node.text):
        return read_number(node.text)
    what, hint = (
        why_no_number(node.text, node.quoted) if isinstance(node, Scalar) else ("no numbers stand here", EXAMPLE)
    )
    faults.append(document.fault("not-a-number", what, hint, path))
    return None


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except (ValueError, ZeroDivisionError):
        return False
    return True
