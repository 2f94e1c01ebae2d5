"""A matrix in a file of its own: what is read from it, and what it is refused for, with its own lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files import number_files
from cnnstep.surface.files.number_files import read_numbers
from cnnstep.surface.loading import load, read_scenario_text
from tests.surface.scenario_texts import FIRST, faults_of, first_with, said

FROM_FILE = first_with("[[1, 0], [0, 1]]", "{file: t.csv}")


def fault_of(path: Path) -> Fault:
    with pytest.raises(InputError) as caught:
        read_numbers(path, path.name)
    return caught.value.faults[0]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1;-.5\n3;1e-3", [[1, -0.5], [3, 0.001]]),
        ("1 2\t3\r\n 4  5 6 \r\n", [[1, 2, 3], [4, 5, 6]]),
        ("# a, comment\n1\n\n2\n", [[1], [2]]),
        ("\ufeff1 , 2\n", [[1, 2]]),
    ],
)
def test_a_csv_is_one_row_a_line_with_commas_semicolons_or_blanks(
    tmp_path: Path, text: str, rows: list[list[float]]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_numbers(path, "a.csv").tolist() == rows


@pytest.mark.parametrize(
    ("text", "place", "code", "what"),
    [
        ("1,2\n3\n4,5\n", (2, 1), "ragged", "this row has 1 number, the others have 2"),
        ("# x\n1 2\n1 2 3\n", (3, 1), "ragged", "this row has 3 numbers, the first has 2"),
        ("x,y\n1,2\n", (1, 1), "not-a-number", '"x" is not a number'),
        ("1; 0,5\n", (1, 4), "not-a-number", '"0,5" has a decimal comma'),
        ("1,2\n1,\n", (2, 3), "not-a-number", "a number is missing here"),
        ("1  2\n3  nan\n", (2, 4), "not-a-number", '"nan" can\'t be calculated with'),
        ("1,2\n3, x", (2, 4), "not-a-number", '"x" is not a number'),
        ("# nothing\n", (None, None), "empty", 'there are no numbers in "a.csv"'),
    ],
)
def test_a_fault_of_a_csv_is_placed_in_the_csv(
    tmp_path: Path, text: str, place: tuple[int | None, int | None], code: str, what: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    fault = fault_of(path)
    assert (fault.line, fault.column, fault.code) == (*place, code)
    assert fault.what.startswith(what)


def test_a_byte_of_a_csv_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,2\n3,\xff\n")
    assert (fault_of(tmp_path / "a.csv").line, fault_of(tmp_path / "a.csv").column) == (2, 3)


@pytest.mark.parametrize(
    "array", [np.eye(2), np.arange(6).reshape(1, 2, 3), np.asfortranarray(np.eye(3, 2, dtype="f4"))]
)
def test_an_npy_is_read_with_its_axes(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    assert read_numbers(tmp_path / "a.npy", "a.npy").tolist() == array.tolist()


@pytest.mark.parametrize(
    ("array", "code", "what"),
    [
        (np.array([[True]]), "not-a-number", "holds bool"),
        (np.array([["a"]]), "not-a-number", "holds <U1"),
        (np.array([[1j]]), "not-a-number", "holds complex128"),
        (np.array([[1.0, np.nan]]), "not-a-number", "has nan at [0, 1]"),
        (np.array([[{}]], dtype=object), "not-a-matrix", "can't be read as a NumPy array"),
    ],
)
def test_an_npy_with_something_else_in_it_is_refused(
    tmp_path: Path,
    array: np.ndarray,
    code: str,
    what: str,
) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    assert fault_of(tmp_path / "a.npy").code == code
    assert what in fault_of(tmp_path / "a.npy").what


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04", b"1,2\n"])
def test_an_npy_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    assert fault_of(tmp_path / "a.npy").code == "not-a-matrix"


def test_an_npy_without_numbers_is_told_where_its_file_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.zeros((0, 2)))
    fault = faults_of(FROM_FILE.replace("t.csv", "t.npy"), tmp_path)[0]
    assert (fault.line, fault.column, fault.what) == (3, 9, "target is empty")


def test_an_npy_that_promises_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(2))
    content = (tmp_path / "a.npy").read_bytes()
    assert content.count(b"(2, 2), }        ") == 1
    (tmp_path / "a.npy").write_bytes(content.replace(b"(2, 2), }        ", b"(99999, 99999), }"[:17]))
    assert fault_of(tmp_path / "a.npy").code == "not-a-matrix"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"P2\n# a comment\n3 2\n255\n0 1 2 # x\n3 4 255\n", [[0, 1, 2], [3, 4, 255]]),
        (b"P5 3 2 255\n\x00\x01\x02\x03\x04\xff", [[0, 1, 2], [3, 4, 255]]),
        (b"P5 2 1 65535\n\x00\x01\x01\x00", [[1, 256]]),
        (b"P5 1 1 255\n#", [[35]]),
    ],
)
def test_a_pgm_is_read_plain_and_binary(tmp_path: Path, content: bytes, rows: list[list[float]]) -> None:
    (tmp_path / "a.pgm").write_bytes(content)
    assert read_numbers(tmp_path / "a.pgm", "a.pgm").tolist() == rows


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        (b"P5 3 2 255\n\x00\x01", "shape", "has 2 pixels; its header says 3 wide and 2 high, 6"),
        (b"P2 2 2 255\n1 2 3 4 5", "shape", "has 5 pixels"),
        (b"P2 0 0 255\n", "shape", "has 0 pixels"),
        (b"P2 1 1 5\n6", "not-a-number", "has a pixel of 6, and its header says 5 at most"),
        (b"P2 1 1 5\n-1", "not-a-number", 'has "-1" where a pixel belongs'),
        (b"P2 1 1 70000\n6", "not-a-matrix", "gives 70000 as its largest value"),
        (b"P6 1 1 255\n123", "not-a-matrix", "does not begin as a .pgm image does"),
        (b"", "not-a-matrix", "does not begin as a .pgm image does"),
    ],
)
def test_a_pgm_that_does_not_fit_its_header_is_refused(tmp_path: Path, content: bytes, code: str, what: str) -> None:
    (tmp_path / "a.pgm").write_bytes(content)
    assert fault_of(tmp_path / "a.pgm").code == code
    assert what in fault_of(tmp_path / "a.pgm").what


def test_another_kind_of_file_is_told_the_kinds_there_are(tmp_path: Path) -> None:
    fault = fault_of(tmp_path / "a.png")
    assert (fault.code, fault.hint) == ("file-kind", "use one of .csv, .npy, .npz, .pgm")


@pytest.mark.parametrize("name", ["a.csv", "a.npy", "a.pgm"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as stream:
        stream.truncate(number_files.FILE_LIMIT + 1)
    assert fault_of(tmp_path / name).code == "too-large"


def test_a_file_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1 0\n0 1\n", encoding="utf-8")
    (tmp_path / "my.yaml").write_text(FROM_FILE, encoding="utf-8")
    assert load(str(tmp_path / "my.yaml")).scenario.targets.tolist() == [[[[1, 0], [0, 1]]]]
    assert read_scenario_text(FROM_FILE, folder=tmp_path).data() == read_scenario_text(FIRST).data()


def test_a_sample_takes_its_numbers_from_files_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1 0\n0 1\n", encoding="utf-8")
    batch = "samples: [{input: {file: x.csv}, target: [[1]]}]\nfilter: [[1, 0], [0, 1]]\n"
    text = f"{batch}activation: relu\nlearning_rate: 1\n"
    assert read_scenario_text(text, folder=tmp_path).inputs.tolist() == [[[[1, 0], [0, 1]]]]


def test_a_missing_file_is_told_where_it_is_named_and_what_may_be_meant(tmp_path: Path) -> None:
    assert said(FROM_FILE, tmp_path) == ["3:16 not-found"]
    assert faults_of(FROM_FILE, tmp_path)[0].hint == f"it was looked for in {tmp_path}"
    (tmp_path / "tt.csv").write_text("1", encoding="utf-8")
    assert faults_of(FROM_FILE, tmp_path)[0].hint == 'did you mean "tt.csv"?'
    assert "there is no folder" in faults_of(FROM_FILE, tmp_path / "none")[0].what


def test_a_fault_inside_the_file_stands_among_the_scenarios_in_order(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1 0\n0 x\n", encoding="utf-8")
    faults = faults_of(FROM_FILE.replace("0.5", "0").replace("[0, 1, 0]", "[0]"), tmp_path)
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("my.yaml", 1, 22),
        ("t.csv", 2, 3),
        ("my.yaml", 5, 16),
    ]
    assert (faults[1].source, faults[1].path) == ("0 x", ("target",))


def test_a_matrix_of_the_wrong_size_is_told_where_its_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1 0 0\n", encoding="utf-8")
    assert said(FROM_FILE, tmp_path) == ["3:9 shape"]


def test_a_file_with_a_fault_that_is_named_twice_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1 x\n", encoding="utf-8")
    sample = "{input: {file: t.csv}, target: [[1]]}"
    text = f"samples: [{sample}, {sample}]\nfilter: [[1]]\nactivation: relu\nlearning_rate: 0\n"
    faults = [(fault.file, fault.line, fault.path) for fault in faults_of(text, tmp_path)]
    assert faults == [("t.csv", 1, ("samples", 0, "input")), ("my.yaml", 4, ("learning_rate",))]
