"""Scenarios of other forms: a batch of samples, a scenario inside of another file."""

from __future__ import annotations

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.files.source import Source
from cnnstep.surface.files.yaml_reader import read_yaml
from cnnstep.surface.loading import read_scenario_text
from cnnstep.surface.scenario_file.reader import read_scenario
from tests.surface.scenario_texts import FIRST, faults_of, said

BATCH = """\
samples:
  - {input: [[1, 2], [3, 4]], target: [[1]]}
  - input: [[5, 6], [7, 8]]
    target: [[0]]
filter: [[1, 0], [0, 1]]
activation: relu
learning_rate: 1
"""


def test_a_batch_replaces_input_and_target() -> None:
    assert read_scenario_text(BATCH).inputs.tolist() == [[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("target: [[0]]", "targt: [[0]]", ["4:5 unknown-key"]),
        ("target: [[0]]", "target: [[0, 1]]", ["4:13 shape"]),
        ("[[5, 6], [7, 8]]", "[[5, 6], [7]]", ["3:21 ragged"]),
        ("[[5, 6], [7, 8]]", "[[5, 6, 7], [7, 8, 9]]", ["3:12 shape"]),
        ("{input: [[1, 2], [3, 4]], target: [[1]]}", "4", ["2:5 type"]),
        ("activation: relu", "activation: relu\ninput: [[1]]", ["7:1 conflict"]),
    ],
)
def test_a_fault_of_a_sample_is_told_in_that_sample(old: str, new: str, told: list[str]) -> None:
    assert BATCH.count(old) == 1
    assert told == said(BATCH.replace(old, new))


def test_a_batch_in_files_has_no_class_for_all_of_its_targets() -> None:
    text = "samples: {input: {file: a.npy}, target: {foo: 1}}\nlayers: [{type: flatten}]\nlearning_rate: 1\n"
    assert [fault.hint for fault in faults_of(text)] == ["available: file, key, divide_by"]


@pytest.mark.parametrize(
    ("samples", "told"), [("3", "1:10 type"), ("[]", "1:10 value"), ("", "1:1 missing-key"), ("*x", "1:10 alias")]
)
def test_samples_are_a_list_with_something_in_it(samples: str, told: str) -> None:
    assert [told] == said(f"samples: {samples}\nfilter: [[1]]\nactivation: relu\nlearning_rate: 1\n")


def test_a_scenario_inside_of_another_file_has_its_faults_placed_in_that_file() -> None:
    inside = "".join(f"  {line}" for line in FIRST.splitlines(keepends=True))
    document = read_yaml(Source(f"work: 1\nscenario:\n{inside}", "work.yaml"))
    assert read_scenario(document, ("scenario",)).data() == read_scenario_text(FIRST).data()
    broken = read_yaml(Source(f"work: 1\nscenario:\n{inside.replace('relu', 'rleu')}", "work.yaml"))
    with pytest.raises(InputError, match=r"^work\.yaml:6:15: there is no activation"):
        read_scenario(broken, ("scenario",))
