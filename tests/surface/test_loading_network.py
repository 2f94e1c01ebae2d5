"""A whole network from a file: `layers` read entry by entry, and every fault of theirs at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnstep.engine.build import network
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.layers.kinds import LAYERS
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import read_scenario_text
from cnnstep.surface.scenario_file.schema import json_schema
from tests.surface.scenario_texts import FIRST, faults_of, only, said

NETWORK = """\
input: [[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 1, 0, 2]]
target: {class: 1}
loss: cross_entropy
learning_rate: 0.1
layers:
  - {type: conv, weights: [[[[1, 0], [0, 1]]]], bias: [0]}
  - {type: relu}
  - {type: max_pool, size: 3}
  - {type: flatten}
  - {type: dense, weights: [[1], [2]], bias: 0, name: out}
  - {type: softmax}
"""
CONV, RELU, POOL, FLATTEN, DENSE, SOFTMAX = NETWORK.splitlines()[5:]


def with_line(old: str, new: str) -> str:
    """The network with one part of it replaced."""
    assert NETWORK.count(old) == 1
    return NETWORK.replace(old, new)


def weights(scenario: Scenario, name: str) -> Array:
    return lesson_of(scenario).start[name]


def save(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def test_a_network_reads_as_it_is_written() -> None:
    scenario = read_scenario_text(NETWORK)
    assert scenario.names == ("conv1", "relu1", "max_pool1", "flatten1", "out", "softmax1")
    assert scenario.loss.name == "cross_entropy"
    assert_array_equal(scenario.targets, [[0, 1]])
    assert_array_equal(weights(scenario, "out.bias"), [0, 0])


def test_a_network_read_from_a_file_is_the_one_made_in_python() -> None:
    made = network(
        input=[[1, 2], [3, 4]],
        target=[1, 0],
        learning_rate=0.1,
        layers=[{"type": "flatten"}, {"type": "leaky_relu", "slope": 0.2}, {"type": "dense", "weights": [[1] * 4] * 2}],
    )
    text = (
        "input: [[1, 2], [3, 4]]\ntarget: [1, 0]\nlearning_rate: 0.1\nlayers:\n  - type: flatten\n"
        "  - {type: leaky_relu, slope: .2}\n  - type: dense\n    weights: [[1, 1, 1, 1], [1, 1, 1, 1]]\n"
    )
    assert made.data() == read_scenario_text(text).data()


def test_drawn_weights_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    def drawn(seed: int) -> Array:
        spec = f"{{init: he_normal, seed: {seed}, filters: 2, size: [3, 2]}}"
        text = with_line("[[[[1, 0], [0, 1]]]], bias: [0]", spec).replace("size: 3", "size: [2, 3]")
        return weights(read_scenario_text(text.replace("[[1], [2]]", "[[1, 1], [2, 2]]")), "conv1.weights")

    assert drawn(1).shape == (2, 1, 3, 2)
    assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1) != drawn(2)).any()


@pytest.mark.parametrize(
    ("old", "new", "told", "what", "hint"),
    [
        ("type: conv", "type: konv", "6:12 unknown-layer", 'no layer type "konv"', 'did you mean "conv"?'),
        ("type: relu", "typ: relu", "7:6 unknown-key", 'no key "typ"', 'did you mean "type"?'),
        ("{type: relu}", "{}", "7:5 missing-key", "this layer has no type", "max_pool"),
        ("{type: relu}", "relu", "7:5 type", 'this layer is "relu"', "write {type: relu}"),
        ("type: relu", "type: 3", "7:12 unknown-layer", 'no layer type "3"', "available: conv"),
        ("type: relu", "type: [relu]", "7:12 unknown-layer", "the type is one list", "available: conv"),
        ("bias: [0]", "strid: 2", "6:49 unknown-key", 'a conv layer has no key "strid"', 'did you mean "stride"?'),
        ("type: relu", "type: relu, slope: 1", "7:18 unknown-key", 'a relu layer has no key "slope"', "type, name"),
        ("bias: [0]", "stride: two", "6:57 not-a-number", '"two" is not a number', "such as"),
        ("bias: [0]", "stride: 0", "6:57 value", "stride is 0; it must be at least 1", "change"),
        ("bias: [0]", "bias: [1, 2]", "6:55 shape", "bias does not fit: this layer needs 1", "0 for all"),
        ("bias: [0]", "bias: [[1]]", "6:55 shape", "bias is a list nested 2 deep", "write bias: 0.5"),
        ("weights: [[1], [2]], ", "", "10:5 missing-key", "this dense layer has no weights", "outputs: 10"),
        (", size: 3", "", "8:5 missing-key", "this max_pool layer has no size", "add it: size: 2"),
        ("size: 3", "size: [3, 3, 3]", "8:28 shape", "size is a list of length 3", "write size: 2"),
        ("{type: relu}", "{type: leaky_relu, slope: -1}", "7:31 value", "slope is -1; it must be at least 0", "change"),
        ("size: 3", "size: x", "8:28 not-a-number", '"x" is not a number', "such as"),
        ("size: 3", "size: 3, padding: 2", "8:40 value", "padding 2 is more than half", "at most 1"),
        ("[[1], [2]]", "[[1], [x]]", "10:35 not-a-number", '"x" is not a number', "such as"),
        ("[[1], [2]]", "[[1], [2, 3]]", "10:34 ragged", "the second row of weights has 2 numbers", "write"),
        ("[[1], [2]]", "[1, 2]", "10:28 shape", "it must be a list of rows, one for each output", "[[…], […]]"),
        ("[[1], [2]]", "[[[1]]]", "10:28 shape", "weights is a list nested 3 deep", "[[…], […]]"),
        ("[[1], [2]]", "'1 2'", "10:28 not-a-number", '"1 2" is several numbers', "[1, 2]"),
        ("[[1], [2]]", "{init: he, outputs: 2}", "10:35 unknown-initialiser", 'no initialiser called "he"', "he_n"),
        ("[[1], [2]]", "{init: zeros, output: 2}", "10:42 unknown-key", 'no key "output"', 'mean "outputs"?'),
        ("[[1], [2]]", "{init: zeros}", "10:28 missing-key", "weights has no outputs here", "add it"),
        ("[[1], [2]]", "{outputs: 2}", "10:28 missing-key", "weights has no init here", "add it"),
        ("[[1], [2]]", "{init: zeros, outputs: 0}", "10:51 value", "outputs is 0", "change"),
        ("[[1], [2]]", "{init: zeros, outputs: 2, seed: 1.5}", "10:60 value", "a whole number", "write seed: 1"),
        ("[[1], [2]]", "{key: a}", "10:28 missing-key", "weights has no file here", "{file: …}"),
        ("type: relu", "type: *a", "7:12 alias", "*a is an alias", "write the value out"),
        ("name: out", "name: [a]", "10:55 type", "name is one list; it must be a name", "write name:"),
        ("name: out", "name: conv1", "10:55 value", 'two layers are called "conv1"', "its own name"),
        ("name: out", "name: a.b", "10:55 value", 'can\'t be called "a.b"', "letters"),
        ("{class: 1}", "{class: 2}", "2:17 value", "there is no class 2: the network gives one row of 2", "0 to 1"),
        ("{class: 1}", "{clas: 1}", "2:10 unknown-key", 'there is no key "clas"', 'did you mean "class"?'),
        ("{class: 1}", "{class: one}", "2:17 not-a-number", '"one" is not a number', "such as"),
        ("{class: 1}", "{}", "2:9 missing-key", "target has no class here", "{class: …}"),
        ("{class: 1}", "[0, 1, 0]", "2:9 shape", "target is 3, but the network gives one row of 2", "{class: 0}"),
        ("{class: 1}", "[[0, 1], [1, 0]]", "2:9 shape", "target is 2×2, but the network gives one row", "2 numbers"),
        ("{class: 1}", "5", "2:9 shape", "target is 5; it must be a list of numbers, maps, or a class", "{class: 0}"),
        ("{class: 1}", "[0, 2]", "2:9 value", "cross_entropy needs targets from 0 to 1", "change"),
        ("loss: cross_entropy", "loss: crossentropy", "3:7 unknown-loss", "no loss called", '"cross_entropy"?'),
        ("loss: cross_entropy", "loss: binary_cross_entropy", "3:7 value", "as the last layer", "{type: sigmoid}"),
        ("learning_rate: 0.1", "learning_rate: 0.1\nfilter: [[1]]", "5:1 conflict", "layers replaces filter", "leave"),
        ("learning_rate: 0.1", "learning_rate: 0.1\nstride: 2", "5:1 conflict", "layers replaces stride", "leave"),
        ("learning_rate: 0.1\n", "", "1:1 missing-key", "learning_rate is missing", "add it"),
    ],
)  # fmt: skip
def test_a_fault_of_a_layer_is_told_at_its_place(old: str, new: str, told: str, what: str, hint: str) -> None:
    text = with_line(old, new)
    assert [told] == said(text)
    assert what in only(text).what
    assert hint in only(text).hint


@pytest.mark.parametrize(
    ("old", "new", "told", "what", "hint"),
    [
        (f"{FLATTEN}\n", "", "9:5 shape", "out: a dense layer takes one row of numbers", "{type: flatten}"),
        ("[[1], [2]]", "[[1, 0], [2, 0]]", "10:28 shape", "but the layer's input has 1", "2 rows"),
        ("size: 3", "size: 4", "8:28 shape", "max_pool1: the 4×4 window and the 3×3 maps don't fit", "smaller"),
        ("size: 3", "size: 2", "8:5 shape", "max_pool1: the 2×2 window and the 3×3 maps leave 1", "padding that fits"),
        ("[[[[1, 0], [0, 1]]]]", "[[[[1]], [[1]]]]", "6:5 shape", "conv1: the filter has 2 channels", "each"),
        ("{type: relu}", "{type: conv, weights: [[[[1]], [[2]]]]}", "7:5 shape", "conv2: the filter has", "each"),
        ("{type: softmax}", "{type: conv, weights: [[[[1]]]]}", "11:5 shape", "one row of 2 numbers", "before flatten"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_which_layer_which_sizes_and_what_would_fit(
    old: str, new: str, told: str, what: str, hint: str
) -> None:
    faults = faults_of(with_line(old, new).replace("cross_entropy", "squared_error"))
    (fault,) = [fault for fault in faults if fault.code == "shape"]
    assert (told, True, True) == (f"{fault.line}:{fault.column} shape", what in fault.what, hint in fault.hint)


def test_all_faults_are_told_at_once_in_the_order_of_the_file_and_none_that_follows_from_another() -> None:
    text = (
        NETWORK.replace("[2, 0, 1, 0]", "[2, 0, 1]").replace("conv,", "conv, strid: 1,").replace("size: 3", "sise: 3")
    )
    text = text.replace("[[1], [2]]", "[[1, 2], [3]]").replace("softmax", "sofmax").replace("0.1", "-1")
    assert said(text) == [
        "1:37 ragged",
        "4:16 value",
        "6:18 unknown-key",
        "8:22 unknown-key",
        "10:37 ragged",
        "11:12 unknown-layer",
    ]


def test_a_layer_with_a_fault_still_has_its_size_where_its_type_alone_says_it() -> None:
    text = with_line("type: relu", "type: relu, slope: 1").replace("[[1], [2]]", "[[1, 2]]")
    assert said(text) == ["7:18 unknown-key", "10:28 shape"]


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("layers: 3", ["3:9 type"]),
        ("layers: {type: relu}", ["3:9 type"]),
        ("layers: []", ["3:9 value"]),
        ("layers:", ["3:1 missing-key"]),
        ("layers: [1, *x]", ["3:10 type", "3:13 alias"]),
    ],
)
def test_layers_are_a_list_with_something_in_it(layers: str, told: list[str]) -> None:
    assert told == said(f"input: [[1]]\ntarget: [[1, 2]]\n{layers}\nlearning_rate: 1\n")


def test_a_file_with_everything_of_both_forms_is_told_each_key_that_is_too_much() -> None:
    text = FIRST + "bias: 0\nlayers: [{type: relu}]\n"
    assert [fault.what for fault in faults_of(text) if fault.code == "conflict"] == [
        "layers replaces filter, and both are given",
        "layers replaces activation, and both are given",
        "layers replaces bias, and both are given",
    ]


@pytest.mark.parametrize("suffix", ["npy", "csv", "npz"])
def test_weights_may_stand_in_a_file(tmp_path: Path, suffix: str) -> None:
    rows = np.array([[4.0], [8.0]])
    if suffix == "csv":
        np.savetxt(tmp_path / "w.csv", rows)
    elif suffix == "npy":
        np.save(tmp_path / "w.npy", rows)
    else:
        save(tmp_path / "w.npz", {"a": rows * 2, "out.weights": rows})
    key = ", key: out.weights" if suffix == "npz" else ""
    text = with_line("[[1], [2]]", f"{{file: w.{suffix}, divide_by: 4{key}}}")
    assert_array_equal(weights(read_scenario_text(text, folder=tmp_path), "out.weights"), [[1], [2]])


def test_a_bias_may_stand_in_a_file_as_one_line_or_one_column(tmp_path: Path) -> None:
    for content in ("1,2\n", "1\n2\n"):
        (tmp_path / "b.csv").write_text(content, encoding="utf-8")
        scenario = read_scenario_text(with_line("bias: 0,", "bias: {file: b.csv},"), folder=tmp_path)
        assert_array_equal(weights(scenario, "out.bias"), [1, 2])


@pytest.mark.parametrize(
    ("file", "told", "what"),
    [
        ("{file: w.npz}", "10:35 unknown-array", "holds several arrays"),
        ("{file: w.npz, key: conv1.wights}", "10:47 unknown-array", 'no array called "conv1.wights"'),
        ("{file: w.npz, key: conv1.weights}", "10:28 shape", "nested 4 deep"),
        ("{file: w.npz, key: text}", "10:35 not-a-number", "and not numbers"),
        ("{file: no.npz, key: a}", "10:35 not-found", "there is no file"),
        ("{file: broken.npz, key: a}", "10:35 not-a-matrix", "can't be read"),
        ("{file: w.npz, key: conv1.weights, divide_by: 0}", "10:73 value", "divide_by is 0"),
        ("{file: x.csv, key: a}", "10:35 file-kind", "key goes with an .npz file"),
    ],
)
def test_a_file_of_weights_that_can_not_be_used_is_told_where_it_is_named(
    tmp_path: Path, file: str, told: str, what: str
) -> None:
    save(tmp_path / "w.npz", {"conv1.weights": np.ones((1, 1, 2, 2)), "text": np.array(["a"])})
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04")
    text = with_line("[[1], [2]]", file)
    assert [told] == said(text, tmp_path)
    (fault,) = faults_of(text, tmp_path)
    assert what in fault.what


def test_the_schema_has_every_type_of_layer_with_its_keys_and_every_name() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    layers = [definitions[one["$ref"].rpartition("/")[2]] for one in schema["properties"]["layers"]["items"]["oneOf"]]
    keys = {one["properties"]["type"]["const"]: {*one["properties"]} - {"type", "name"} for one in layers}
    assert {name: {key.name for key in kind.keys} for name, kind in LAYERS.items()} == keys
    assert all(one["additionalProperties"] is False for one in layers)
    assert list(LOSSES) == schema["properties"]["loss"]["enum"]
    assert list(INITIALISERS) == definitions["DrawnFilters"]["properties"]["init"]["enum"]


def test_the_schema_lets_layers_stand_without_what_they_replace_and_one_filter_without_test() -> None:
    schema = json_schema()
    assert schema["if"] == {"required": ["layers"]}
    assert {"required": ["filter"]} in schema["then"]["not"]["anyOf"]
    assert schema["else"]["required"] == ["filter", "activation"]
    assert schema["else"]["not"] == {"required": ["test"]}
