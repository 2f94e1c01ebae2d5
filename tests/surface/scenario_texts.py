"""The first lesson as a text, with parts replaced; and what a text is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstep.errors import Fault, InputError
from cnnstep.surface.loading import read_scenario_text

FIRST = """\
input:  [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
filter: [[1, -1], [1, 1]]
target: [[1, 0], [0, 1]]
activation: relu
learning_rate: 0.5
"""


def first_with(old: str, new: str) -> str:
    """The first lesson with one part of it replaced."""
    assert FIRST.count(old) == 1
    return FIRST.replace(old, new)


def faults_of(text: str, folder: Path | None = None) -> list[Fault]:
    """The faults that the text is refused for."""
    with pytest.raises(InputError) as caught:
        read_scenario_text(text, "my.yaml", folder)
    return list(caught.value.faults)


def said(text: str, folder: Path | None = None) -> list[str]:
    """Each fault as `line:column code`."""
    return [f"{fault.line}:{fault.column} {fault.code}" for fault in faults_of(text, folder)]


def only(text: str, folder: Path | None = None) -> Fault:
    """The one fault of a text that has one."""
    (fault,) = faults_of(text, folder)
    return fault
