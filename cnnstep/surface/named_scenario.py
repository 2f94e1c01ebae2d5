"""A scenario inside another file: by a shipped name, by a path beside that file, or written in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.errors import Path as Keypath
from cnnstep.surface.files.yaml_reader import Document, Node, Scalar
from cnnstep.surface.loading import STANDARD_INPUT, load
from cnnstep.surface.scenario_file.reader import read_scenario


def scenario_at(document: Document, node: Node, path: Keypath, faults: list[Fault]) -> Scenario | None:
    """The scenario that a node names or holds; None after its faults were noted, each at a place in this file."""
    try:
        if isinstance(node, Scalar):
            return load(_beside(document, node.text)).scenario
        return read_scenario(document, path)
    except InputError as error:
        here = document.fault("", "", "", path)
        for fault in error.faults:
            unplaced = fault.line is None
            placed = replace(fault, file=here.file, line=here.line, column=here.column, source=here.source)
            faults.append(placed if unplaced else fault)
        return None


def _beside(document: Document, name: str) -> str:
    """A path beside the file, where there is such a file; else the name as it stands."""
    beside = document.source.folder / name
    return str(beside) if name != STANDARD_INPUT and Path(name).suffix and beside.exists() else name
