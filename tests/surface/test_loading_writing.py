"""A scenario written down reads back the same; a file is written whole or not at all, never over another unasked."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.surface.loading import read_scenario_text
from cnnstep.surface.scenario_file.writer import dump
from cnnstep.surface.writing import write_file
from tests.engine.strategies import scenarios
from tests.examples import examples
from tests.surface.scenario_texts import FIRST

BATCH = """\
title: "a: b"
samples:
  - input: [[[1, -2.5],
             [0,    1]],
            [[1,    2],
             [3,    4]]]
    target: [[[1]]]
  - input: [[[1, 2],
             [0, 1]],
            [[1, 2],
             [3, 4]]]
    target: [[[0.001]]]
filter: [[[[1, 2],
           [3, 4]],
          [[5, 6],
           [7, 8]]]]
bias: [1]
activation: {name: leaky_relu, slope: 0.1}
learning_rate: 1e-05
loss: squared_error
optimizer: momentum
"""


def refusal(path: Path | str, *, force: bool = False) -> Fault:
    with pytest.raises(InputError) as caught:
        write_file(path, "new", force)
    return caught.value.faults[0]


def test_the_first_lesson_is_written_row_by_row_without_its_defaults() -> None:
    expected = """\
input: [[1, -1, 0],
        [0,  1, 0],
        [0, -1, 1]]
filter: [[1, -1],
         [1,  1]]
target: [[1, 0],
         [0, 1]]
activation: relu
learning_rate: 0.5
"""
    assert dump(read_scenario_text(FIRST)) == expected


def test_a_batch_with_everything_is_written_as_it_was_read() -> None:
    assert dump(read_scenario_text(BATCH)) == BATCH


@given(scenarios())
@examples(60)
def test_a_scenario_reads_back_the_same_however_its_filter_moves(scenario: Scenario) -> None:
    assert read_scenario_text(dump(scenario)).data() == scenario.data()


def test_the_schema_is_named_only_where_asked_for() -> None:
    first, rest = dump(read_scenario_text(FIRST), schema="a.json").split("\n", 1)
    assert first == "# yaml-language-server: $schema=a.json"
    assert rest == dump(read_scenario_text(FIRST))


@pytest.mark.parametrize(
    "title",
    [
        "no",
        "3",
        "a # b",
        "- a",
        "[x]",
        'say "a\\b"',
        " a ",
        "\u03b4 = e\u2009\u2299\u2009\u03c6",
        "\U0001f600",
        "a\u2028b",
        "'",
        "x:",
    ],
)
def test_a_title_reads_back_whatever_it_holds(title: str) -> None:
    scenario = replace(read_scenario_text(FIRST), title=title)
    assert read_scenario_text(dump(scenario)).title == title


def test_numbers_read_back_to_the_last_digit() -> None:
    precise = FIRST.replace("0.5", "0.1000000000000000055511151231257827")
    text = precise.replace("[0, 1, 0]", "[1e300, 5e-324, 12345678901234567890]")
    scenario = read_scenario_text(text)
    assert (read_scenario_text(dump(scenario)).inputs == scenario.inputs).all()


def test_a_file_is_written_and_nothing_beside_it(tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", "δ\n")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.yaml", "δ\n".encode())]


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_file(tmp_path / "a.yaml", "")
    assert (tmp_path / "a.yaml").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    assert (refusal(path).code, path.read_text(encoding="utf-8")) == ("exists", "old")
    assert "--force" in refusal(path).hint
    write_file(path, "new", force=True)
    assert (path.read_text(encoding="utf-8"), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_file(tmp_path / "link", "new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "new"


def test_a_file_that_came_up_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def come_up(_: int) -> None:
        (tmp_path / "a").write_text("theirs", encoding="utf-8")

    monkeypatch.setattr(os, "fsync", come_up)
    assert refusal(tmp_path / "a").code == "exists"
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("a", "theirs")]


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: bool) -> None:
    def refuse(*_: object) -> None:
        if meanwhile:
            (tmp_path / "a").write_text("theirs", encoding="utf-8")
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    if meanwhile:
        assert refusal(tmp_path / "a").code == "exists"
    else:
        write_file(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "cannot-write", "no space left on device"),
        (PermissionError(errno.EACCES, "Permission denied"), "no-permission", "you have no permission to write"),
    ],
)
def test_what_the_disk_refuses_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, code: str, words: str
) -> None:
    def refuse(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", refuse)
    fault = refusal(tmp_path / "a")
    assert fault.code == code
    assert words in fault.what
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert (refusal(tmp_path / "none" / "a").code, refusal(tmp_path / "none" / "a").hint) == (
        "not-found",
        "make the folder first",
    )
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "a").code == "not-found"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path, force=True).what
    if Path(os.devnull).exists():
        assert "a device" in refusal(os.devnull, force=True).what
    assert refusal("a\0b").code == "cannot-write"
