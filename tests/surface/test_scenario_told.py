"""What JSON tells of a scenario: its numbers, and what is too long for that as the file tells it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnstep.surface.cli.run import scenario_json
from cnnstep.surface.loading import load, shipped
from cnnstep.tutor.run import MOST_NUMBERS
from tests.conftest import Program

BATCH = """\
samples: {input: {file: x.npy, divide_by: 4}, target: {file: t.csv}}
layers:
  - {type: flatten}
  - {type: dense, weights: {init: normal, seed: 3, outputs: 3}}
  - {type: softmax}
loss: cross_entropy
learning_rate: 0.1
"""


def batch_of(folder: Path, samples: int, text: str = BATCH, side: int = 10) -> Path:
    """A scenario file with its samples in two others."""
    np.save(folder / "x.npy", np.ones((samples, side, side)))
    (folder / "t.csv").write_text("0\n" * samples, encoding="utf-8")
    (folder / "batch.yaml").write_text(text, encoding="utf-8")
    return folder / "batch.yaml"


def told_of(path: Path) -> dict[str, Any]:
    return scenario_json(load(str(path)))


def test_a_long_batch_from_files_is_told_as_the_file_tells_it(tmp_path: Path) -> None:
    data = told_of(batch_of(tmp_path, 100))
    assert data["samples"] == {"input": {"file": "x.npy", "divide_by": 4}, "target": {"file": "t.csv"}}


def test_a_batch_of_10000_numbers_is_told_number_by_number(tmp_path: Path) -> None:
    samples = MOST_NUMBERS // 103  # 100 numbers of the image and 3 of the target
    data = told_of(batch_of(tmp_path, samples))
    assert data["samples"] == [{"input": [[0.25] * 10] * 10, "target": [1, 0, 0]}] * samples


def test_weights_that_were_drawn_are_told_in_numbers_until_they_are_too_many(tmp_path: Path) -> None:
    few = told_of(batch_of(tmp_path, 2))["layers"][1]["weights"]
    assert np.shape(few) == (3, 100)
    many = told_of(batch_of(tmp_path, 2, side=58))["layers"][1]["weights"]  # 3 times 3364
    assert many == {"init": "normal", "seed": 3, "outputs": 3}


def test_long_weights_taken_from_elsewhere_name_where(tmp_path: Path, cnnstep: Program) -> None:
    scenario, learned = str(batch_of(tmp_path, 2, side=58)), str(tmp_path / "learned.npz")
    cnnstep("run", scenario, "--save-weights", learned)
    told = json.loads(cnnstep("run", scenario, "--weights", learned, "--json").out)["scenario"]
    assert told["layers"][1]["weights"] == {"file": learned, "key": "dense1.weights"}
    again = json.loads(cnnstep("run", "-", "--json", stdin=json.dumps(told)).out)
    assert again["outcome"]["loss"] < json.loads(cnnstep("run", scenario, "--json").out)["outcome"]["loss"]


def test_a_long_batch_that_was_written_out_is_told_as_it_was_written(tmp_path: Path) -> None:
    one = {"input": [[0.5] * 50] * 50, "target": {"class": 1}}
    path = tmp_path / "long.yaml"
    path.write_text(
        json.dumps({"samples": [one] * 5})[:-1] + ', "layers": [{"type": "flatten"}, '
        '{"type": "dense", "weights": {"init": "normal", "outputs": 2}}, {"type": "softmax"}], "learning_rate": 1}'
    )
    assert told_of(path)["samples"] == [one] * 5


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_a_shipped_scenario_is_told_in_full_unless_it_is_long(name: str) -> None:
    loaded = load(name)
    full, short = loaded.scenario.data(), scenario_json(loaded)
    assert set(short) == set(full)
    assert {key for key in full if short[key] != full[key]} == ({"samples", "test"} if name == "digits-cnn" else set())


def test_the_json_of_a_training_run_stays_a_page_of_numbers(cnnstep: Program) -> None:
    ran = cnnstep("run", "digits-cnn", "-n", "2", "--json")
    assert len(ran.out) < 250_000  # the data alone would be 700,000, and the dead cells as many again
