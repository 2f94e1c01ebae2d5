"""Whatever stands in a file, it is a scenario or it is refused with a place; nothing else ever comes out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.errors import InputError
from cnnstep.surface.files.number_files import read_numbers
from cnnstep.surface.loading import load, read_scenario_text
from cnnstep.surface.scenario_file.writer import dump
from tests.examples import examples
from tests.surface.scenario_texts import FIRST

YAML = r"""[ ] { } , : - ? ' " \ &a *a ! | > # % @ 0 1e5 1e999 −1 . null true <<: file: name: input: samples: --- ..."""
OTHERS = [" ", "\n", "\t", "\r", "- ", ": ", "\ufeff", "\x85", "\u2028", "%YAML 1.1\n", "\x00mapping"]
PIECES = st.sampled_from([*YAML.split(), *OTHERS, "9" * 400, "\\x", "\\U0011ffff"])


T = TypeVar("T")


def accepted(read: Callable[[], T]) -> T | None:
    """What was read; None where it was refused, with words and a place that exists."""
    try:
        return read()
    except InputError as error:
        faults = error.faults
    assert faults
    assert all(fault.what for fault in faults)
    assert all(fault.line is None or (fault.line >= 1 and (fault.column or 1) >= 1) for fault in faults)
    return None


def accepted_or_refused(text: str) -> None:
    scenario = accepted(lambda: read_scenario_text(text, "a.yaml"))
    assert scenario is None or read_scenario_text(dump(scenario)).data() == scenario.data()


@given(st.text())
def test_arbitrary_text_is_accepted_or_refused(text: str) -> None:
    accepted_or_refused(text)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_pieces_of_yaml_are_accepted_or_refused(text: str) -> None:
    accepted_or_refused(text)


@given(st.integers(0, len(FIRST)), st.integers(0, 20), st.lists(PIECES, max_size=3).map("".join))
@examples(300)
def test_a_damaged_scenario_is_accepted_or_refused(at: int, gone: int, put: str) -> None:
    accepted_or_refused(FIRST[:at] + put + FIRST[at + gone :])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_accepted_or_refused(content: bytes) -> None:
    accepted(lambda: load("-", stdin=io.BytesIO(content)))


BEGINNINGS = st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"P2 1 1 9\n", b"1,2\n"])


@given(st.sampled_from(["csv", "npy", "pgm"]), BEGINNINGS, st.binary())
def test_arbitrary_number_files_are_read_or_refused(kind: str, begin: bytes, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        path.write_bytes(begin + content)
        numbers = accepted(lambda: read_numbers(path, path.name))
        assert numbers is None or np.isfinite(numbers).all()
