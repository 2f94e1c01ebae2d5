"""A format is one file in the folder of formats: what stands there can be chosen, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstep.surface import formats
from tests.conftest import Program


def test_json_is_what_json_gives_and_text_what_nothing_gives(cnnstep: Program) -> None:
    for command in (("run", "first-filter"), ("step", "first-filter"), ("analyze", "first-filter")):
        assert cnnstep(*command, "--format", "json").out == cnnstep(*command, "--json").out
        assert cnnstep(*command, "--format", "text").out == cnnstep(*command).out


def test_a_module_put_into_the_folder_is_a_format(
    cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shout.py").write_text("def write(answer, screen):\n    return f'{len(answer.blocks())} BLOCKS!\\n'\n")
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    assert "shout" in formats.names()
    assert cnnstep("explain", "relu", "--format", "shout").out.endswith(" BLOCKS!\n")


def test_an_unknown_format_is_refused_before_anything_is_worked_out(cnnstep: Program) -> None:
    ran = cnnstep("run", "first-filter", "--format", "jsn", "-n", "1000000000")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == 'There is no format "jsn".\n  Did you mean "json"?\n'


def test_a_command_with_nothing_for_programs_says_so_in_json(cnnstep: Program) -> None:
    ran = cnnstep("explain", "relu", "--format", "json")
    assert ran.code == 2
    assert json.loads(ran.out)["error"]["code"] == "no-data"
    assert ran.err == "This command has no JSON.\n  Leave --format out.\n"


def test_both_ways_of_choosing_at_once_are_refused(cnnstep: Program) -> None:
    assert cnnstep("run", "first-filter", "--json", "--format", "text").code == 2
