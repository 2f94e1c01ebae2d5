"""Networks with data in files: whole batches, what is held back, weights that were trained; and networks written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from cnnstep.engine.scenario import Scenario, weights_of
from cnnstep.engine.status import outcome, trained
from cnnstep.engine.trace import trace
from cnnstep.errors import Fault, InputError
from cnnstep.surface.files import number_files
from cnnstep.surface.loading import load, read_scenario_text, scenario, shipped
from cnnstep.surface.scenario_file.writer import LARGEST, dump, write_scenario
from cnnstep.surface.work_file import load_work
from cnnstep.surface.writing import load_weights, save_weights
from tests.conftest import Program
from tests.engine.network_strategies import networks
from tests.examples import examples
from tests.surface.scenario_texts import FIRST, faults_of, said
from tests.surface.test_loading_arbitrary import PIECES, accepted_or_refused
from tests.surface.test_loading_network import NETWORK

BATCH = """\
samples: {input: {file: x.npy, divide_by: 4}, target: {file: t.csv}}
test: {input: {file: x.npy}, target: {file: t.csv}}
layers:
  - {type: flatten}
  - {type: dense, weights: {init: normal, outputs: 3}}
  - {type: softmax}
loss: cross_entropy
learning_rate: 0.1
"""
IMAGES = np.arange(16, dtype=np.uint8).reshape(4, 2, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", IMAGES)
    (tmp_path / "t.csv").write_text("0\n2\n1\n2\n", encoding="utf-8")
    return tmp_path


def test_a_batch_in_two_files_is_taken_apart_and_divided(folder: Path) -> None:
    batch = read_scenario_text(BATCH, folder=folder)
    assert_array_equal(batch.inputs, IMAGES[:, None] / 4)
    assert_array_equal(batch.targets, [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]])


def test_what_is_held_back_is_kept_and_trained_with_by_nobody(folder: Path) -> None:
    batch = read_scenario_text(BATCH, folder=folder)
    without = read_scenario_text(BATCH.replace("test: ", "title: no # "), folder=folder)
    assert batch.test_inputs is not None
    assert_array_equal(batch.test_inputs, IMAGES[:, None])
    assert_array_equal(batch.test_targets, batch.targets)
    assert (without.test_inputs, without.test_targets) == (None, None)
    assert [i.loss for i in trace(batch, 3)] == [i.loss for i in trace(without, 3)]


def test_samples_may_be_written_one_by_one_and_test_samples_too(folder: Path) -> None:
    text = BATCH.replace(
        "test: {input: {file: x.npy}, target: {file: t.csv}}",
        "test:\n  - {input: [[1, 2], [3, 4]], target: {class: 1}}",
    )
    read = read_scenario_text(text, folder=folder)
    assert_array_equal(read.test_targets, [[0, 1, 0]])
    assert_array_equal(read.test_inputs, [[[[1, 2], [3, 4]]]])


@pytest.mark.parametrize(
    ("file", "array", "end", "expected"),
    [
        ("t.npy", [0, 2, 1, 2], "softmax", [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]),
        ("t.npy", [[0, 0.5, 1]] * 4, "softmax", [[0, 0.5, 1]] * 4),
        ("t.npy", [[0, 0.5, 7]] * 4, "linear", [[0, 0.5, 7]] * 4),
    ],
)  # fmt: skip
def test_targets_are_classes_or_arrays(folder: Path, file: str, array: Any, end: str, expected: Any) -> None:
    np.save(folder / file, array)
    text = BATCH.replace("t.csv", file).replace("softmax", end).replace("normal", "zeros")
    text = text if end == "softmax" else text.replace("cross_entropy", "squared_error")
    assert_array_equal(read_scenario_text(text, folder=folder).targets, expected)


def test_single_numbers_are_no_classes_where_the_network_does_not_end_in_softmax(folder: Path) -> None:
    text = BATCH.replace("{type: softmax}", "{type: relu}").replace("outputs: 3", "outputs: 1")
    read = read_scenario_text(text.replace("cross_entropy", "squared_error"), folder=folder)
    assert_array_equal(read.targets, [[0], [2], [1], [2]])


def test_one_filter_may_have_its_batch_in_two_files_too(folder: Path) -> None:
    np.save(folder / "t.npy", np.ones((4, 1, 1)))
    samples = "samples: {input: {file: x.npy}, target: {file: t.npy}}\n"
    kept = "".join(line for line in FIRST.splitlines(keepends=True) if not line.startswith(("input", "target")))
    assert read_scenario_text(samples + kept, folder=folder).inputs.shape == (4, 1, 2, 2)


@pytest.mark.parametrize(
    ("old", "new", "told", "what"),
    [
        ("samples: {input: {file: x", "samples: {input: {file: y", "1:25 not-found", "there is no file"),
        ("divide_by: 4", "divide_by: 0", "1:43 value", "divide_by is 0; it must be greater than 0"),
        ("divide_by: 4", "divided_by: 4", "1:32 unknown-key", "no key"),
        ("samples: {input: {file: x.npy, divide_by: 4}", "samples: {input: [[1]]", "1:18 type", "it is a file"),
        ("samples: {input: {file: x.npy, divide_by: 4}", "samples: {inptu: 3", "1:11 unknown-key", "inptu"),
        ("samples: {input: {file: x.npy, divide_by: 4}, ", "samples: {", "1:10 missing-key", "no input"),
        ("samples: {input: {file: x.npy", "samples: {input: {file: flat.npy", "1:18 shape", "file of inputs is 4×4"),
        ("outputs: 3", "outputs: 2", "1:55 value", "one row of 2 numbers (sample 1 of the file)"),
        ("t.csv}}\ntest", "short.csv}}\ntest", "1:55 shape", "there are 4 inputs and 3 targets"),
        ("t.csv}}\ntest", "half.csv}}\ntest", "1:55 value", "sample 1 has the class 0.5"),
        ("t.csv}}\ntest", "word.csv}}\ntest", "2:1 not-a-number", '"two" is not a number'),
        ("test: {input: {file: x.npy}", "test: {input: {file: other.npy}", "2:15 shape", "input is one map of 3×3"),
        ("test: {input: {file: x.npy}", "test: {input: {file: x.npy}, sample: 1", "2:30 unknown-key", "sample"),
        ("test: ", "test: 3 #", "2:7 type", "test is 3"),
        ("test: ", "test: [] #", "2:7 value", "test is empty"),
    ],
)  # fmt: skip
def test_a_fault_of_a_batch_is_told_at_its_place(folder: Path, old: str, new: str, told: str, what: str) -> None:
    np.save(folder / "flat.npy", np.ones((4, 4)))
    np.save(folder / "other.npy", np.ones((4, 3, 3)))
    for name, content in (("short", "0\n2\n1\n"), ("half", "0\n0.5\n1\n1\n"), ("word", "0\ntwo\n1\n1\n")):
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    assert BATCH.count(old) == 1
    text = BATCH.replace(old, new)
    assert told == said(text, folder)[0]
    assert what in faults_of(text, folder)[0].what


def test_a_fault_that_many_samples_share_is_told_once(folder: Path) -> None:
    np.save(folder / "x.npy", np.ones((500, 2, 2)))
    np.save(folder / "t.npy", np.full(500, 7))
    text = BATCH.replace("t.csv", "t.npy")
    assert [fault.what for fault in faults_of(text, folder)] == [
        "there is no class 7: the network gives one row of 3 numbers (sample 0 of the file)"
    ] * 2
    assert said(text, folder) == ["1:55 value", "2:38 value"]


def test_an_npz_that_unpacks_to_more_than_a_file_may_hold_is_refused_before_it_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(folder / "bomb.npz", a=np.zeros((500, 500)))
    monkeypatch.setattr(number_files, "FILE_LIMIT", 100_000)
    assert (folder / "bomb.npz").stat().st_size < 100_000
    text = BATCH.replace("{file: x.npy, divide_by: 4}", "{file: bomb.npz, key: a}")
    assert said(text, folder)[0] == "1:25 too-large"


@pytest.mark.parametrize("name", [one.name for one in shipped() if one.has_layers and one.name != "digits-cnn"])
def test_a_network_that_is_written_reads_back_the_same(name: str) -> None:
    network = load(name).scenario
    assert read_scenario_text(dump(network)).data() == network.data()


def test_a_network_is_written_without_what_its_layers_have_by_themselves() -> None:
    expected = """\
input: [[1, 0, 2, 0],
        [0, 1, 0, 1],
        [2, 0, 1, 0],
        [0, 1, 0, 2]]
target: [0, 1]
layers:
  - type: conv
    weights: [[[[1, 0],
                [0, 1]]]]
    bias: [0]
  - {type: relu}
  - {type: max_pool, size: 3}
  - {type: flatten}
  - type: dense
    name: out
    weights: [[1],
              [2]]
    bias: [0, 0]
  - {type: softmax}
learning_rate: 0.1
loss: cross_entropy
"""
    assert expected == dump(read_scenario_text(NETWORK))


def test_settings_of_layers_are_written_where_they_are_not_the_usual_ones() -> None:
    text = NETWORK.replace("{type: relu}", "{type: leaky_relu, slope: 0.2, name: leak}").replace(
        "bias: [0]", "padding: 1"
    )
    text = text.replace("size: 3", "size: [2, 3], stride: [3, 2], padding: 0").replace("[[1], [2]]", "[[1, 2, 3, 4]] ")
    text = text.replace("{class: 1}", "[1]")
    network = read_scenario_text(text)
    written = dump(network)
    assert "{type: leaky_relu, name: leak, slope: 0.2}" in written
    assert "{type: max_pool, size: [2, 3], stride: [3, 2]}" in written
    assert read_scenario_text(written).data() == network.data()


def test_a_layer_moves_along_each_axis_as_its_keys_say_and_is_written_so() -> None:
    text = NETWORK.replace("bias: [0]", "stride: [1, 2], padding: [0, 1], leftover: drop, bias: [0]")
    text = text.replace("size: 3", "size: 2, stride: 1, padding: same").replace(
        "[[1], [2]]", "[[1, 2, 3, 4, 5, 6, 7, 8, 9]]"
    )
    network = read_scenario_text(text.replace("{class: 1}", "[1]"))
    conv, _, pool, *_ = network.data()["layers"]
    assert (conv["stride"], conv["padding"], conv["leftover"]) == ([1, 2], [0, 1], "drop")
    assert (pool["stride"], pool["padding"]) == ([1, 1], "same")
    written = dump(network)
    assert "{type: max_pool, size: 2, stride: 1, padding: same}" in written
    assert "    stride: [1, 2]\n    padding: [0, 1]\n    leftover: drop\n" in written
    assert read_scenario_text(written).data() == network.data()


@given(networks())
@examples(40)
def test_a_network_written_down_reads_back_the_same_however_its_windows_move(network: Scenario) -> None:
    assert read_scenario_text(dump(network)).data() == network.data()


def test_large_arrays_stand_in_a_file_beside_the_scenario(tmp_path: Path) -> None:
    digits = load("digits-cnn").scenario
    write_scenario(tmp_path / "mine.yaml", digits)
    assert {"mine.npz", "mine.yaml"} == {path.name for path in tmp_path.iterdir()}
    again = scenario(str(tmp_path / "mine.yaml"))
    assert max(map(len, (tmp_path / "mine.yaml").read_text(encoding="utf-8").splitlines())) <= 101
    assert digits.layers[4].settings()["weights"] == again.layers[4].settings()["weights"]
    assert_array_equal(again.inputs, digits.inputs)
    assert again.hidden == digits.hidden
    assert_array_equal(again.test_targets, digits.test_targets)
    assert weights_of(digits)["dense1.weights"].size > LARGEST > weights_of(digits)["conv1.weights"].size


def test_a_small_network_is_one_file(tmp_path: Path) -> None:
    write_scenario(tmp_path / "mine.yaml", read_scenario_text(NETWORK))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def after(scenario: Scenario, iterations: int) -> Any:
    run = list(trace(scenario, iterations))
    return outcome(run[0], run[-1])


class TestWeights:
    """Trained weights saved, and a run that goes on from them."""

    def refusal(self, path: Path) -> list[Fault]:
        with pytest.raises(InputError) as caught:
            load_weights(read_scenario_text(NETWORK), path)
        return list(caught.value.faults)

    def test_what_was_saved_is_loaded_to_the_last_bit(self, tmp_path: Path) -> None:
        network = read_scenario_text(NETWORK)
        end = after(network, 5)
        save_weights(end, tmp_path / "w.npz")
        again = weights_of(load_weights(network, tmp_path / "w.npz"))
        assert list(again) == ["conv1.weights", "conv1.bias", "out.weights", "out.bias"]
        for name, array in trained(end).items():
            assert_array_equal(again[name], array)

    def test_the_same_weights_are_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.npz", "b.npz"):
            save_weights(after(read_scenario_text(NETWORK), 2), tmp_path / name)
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()

    def test_a_file_that_does_not_fit_is_named(self, tmp_path: Path) -> None:
        save_weights(after(read_scenario_text(FIRST), 1), tmp_path / "w.npz")
        assert {str(tmp_path / "w.npz")} == {fault.file for fault in self.refusal(tmp_path / "w.npz")}
        assert [fault.code for fault in self.refusal(tmp_path / "w.npz")] == [
            *["missing-weights"] * 4,
            "unknown-weights",
        ]
        assert [fault.code for fault in self.refusal(tmp_path / "no.npz")] == ["not-found"]
        assert [fault.code for fault in self.refusal(tmp_path / "w.npy")] == ["file-kind"]

    def test_run_saves_and_goes_on(self, cnnstep: Program) -> None:
        saved = cnnstep("run", "two-conv-layers", "-n", "5", "--save-weights", "w.npz")
        assert (saved.code, "Written: w.npz" in saved.err) == (0, True)
        on = cnnstep("run", "two-conv-layers", "-n", "1", "--weights", "w.npz", "--json")
        whole = cnnstep("run", "two-conv-layers", "-n", "6", "--json")
        assert on.out.split('"outcome"')[1] == whole.out.split('"outcome"')[1]

    def test_a_run_that_could_not_be_kept_is_not_begun(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        cnnstep("run", "first-filter", "--save-weights", "w.npz")
        monkeypatch.setattr("cnnstep.surface.cli.run._recorded", None)
        for name in ("w.npz", "w.yaml", "no/w.npz"):
            assert cnnstep("run", "first-filter", "--save-weights", name).code == 2

    def test_an_existing_file_is_kept_unless_forced(self, cnnstep: Program) -> None:
        arguments = ("run", "first-filter", "--save-weights", "w.npz")
        assert cnnstep(*arguments).code == 0
        again = cnnstep(*arguments)
        assert (again.code, again.out, "exists already" in again.err) == (2, "", True)
        assert cnnstep(*arguments, "--force").code == 0

    def test_a_name_of_another_kind_is_refused(self, cnnstep: Program) -> None:
        refused = cnnstep("run", "first-filter", "--save-weights", "w.yaml")
        assert (refused.code, "npz" in refused.err) == (2, True)

    def test_step_opens_a_trained_network(self, cnnstep: Program) -> None:
        cnnstep("run", "smallest-network", "--save-weights", "w.npz")
        page = cnnstep("step", "smallest-network", "--weights", "w.npz", "--only", "softmax1.forward")
        assert "0.9997" in page.out


class TestWork:
    """Sheets of networks name steps as the network does, or shorter where only one can be meant."""

    def work(self, folder: Path, steps: str) -> str:
        inside = "".join(f"  {line}" for line in NETWORK.splitlines(keepends=True))
        (folder / "work.yaml").write_text(f"scenario:\n{inside}work:\n{steps}", encoding="utf-8")
        return str(folder / "work.yaml")

    def test_a_step_is_named_in_full_or_by_what_it_alone_is_called(self, tmp_path: Path) -> None:
        path = self.work(tmp_path, "  conv1.forward: [[1]]\n  error: [0, 1]\n  max_pool1.input_gradient: [[1]]\n")
        assert list(load_work(path).sheet.work) == ["conv1.forward", "error", "max_pool1.input_gradient"]

    @pytest.mark.parametrize(
        ("steps", "told"),
        [
            ("  forward: [[1]]\n", "14:3 ambiguous-step"),
            ("  conv1.foward: [[1]]\n", "14:3 unknown-step"),
            ("  conv1.forward: [[1]]\n  conv1.frwd: [[1], [2, 3]]\n", "15:3 unknown-step"),
        ],
    )
    def test_a_name_that_can_mean_none_or_several_is_told(self, tmp_path: Path, steps: str, told: str) -> None:
        with pytest.raises(InputError) as caught:
            load_work(self.work(tmp_path, steps))
        fault = caught.value.faults[0]
        assert told == f"{fault.line}:{fault.column} {fault.code}"


@given(st.integers(0, len(NETWORK)), st.integers(0, 20), st.lists(PIECES, max_size=3).map("".join))
@examples(300)
def test_a_damaged_network_is_accepted_or_refused(at: int, gone: int, put: str) -> None:
    accepted_or_refused(NETWORK[:at] + put + NETWORK[at + gone :])
