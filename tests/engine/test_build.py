"""What does not fit is said with its sizes, all of it at once, each with the key that it belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError, Path

X = [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
W = [[1, -1], [1, 1]]
T = [[1, 0], [0, 1]]


def build(**changes: Any) -> Scenario:
    keys: dict[str, Any] = {"input": X, "filter": W, "target": T, "activation": "relu", "learning_rate": 0.5}
    return one_filter(**(keys | changes))


def faults(**changes: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        build(**changes)
    return list(caught.value.faults)


CHANNELS = {"input": [X, X], "filter": [W, W, W]}
SAMPLES = {"input": None, "target": None}
CASES: list[tuple[dict[str, Any], Path, str, str]] = [
    (
        {"target": [[1, 0, 0], [0, 1, 0]]},
        ("target",),
        "target is 2×3, but a 3×3 input and a 2×2 filter give a 2×2 output",
        "write a 2×2 target",
    ),
    (
        {"target": T, "padding": 1},
        ("target",),
        "target is 2×2, but a 3×3 input and a 2×2 filter with padding 1 give a 4×4 output",
        "write a 4×4 target",
    ),
    (
        {"filter": [[W], [W]]},
        ("target",),
        "target is 2×2, but a 3×3 input and a 2×1×2×2 filter give a 2×2×2 output",
        "write a 2×2×2 target",
    ),
    (
        {"filter": [[1] * 4] * 4},
        ("filter",),
        "the 4×4 filter does not fit into the 3×3 input: it has too many rows",
        "make the filter smaller, the input larger, or add padding",
    ),
    (
        {"dilation": 3},
        ("filter",),
        "the 2×2 filter (with dilation 3 it spans 4) does not fit into the 3×3 input: it has too many rows",
        "make the filter smaller, the input larger, or add padding",
    ),
    (
        {"filter": [[1] * 6] * 2, "padding": 1},
        ("filter",),
        "the 2×6 filter does not fit into the 3×3 input with padding 1: it has too many columns",
        "make the filter smaller, the input larger, or add padding",
    ),
    (
        {"input": [[1] * 6] * 6, "stride": 3},
        ("stride",),
        "stride 3 leaves 1 row of the 6×6 input over: the 2×2 filter has 4 rows to move over",
        "a stride of 1 or 2 or 4 fits; or change the padding",
    ),
    (
        {"input": [[1] * 5] * 3, "stride": 2, "filter": [[1, 1]]},
        ("stride",),
        "stride 2 leaves 1 column of the 3×5 input over: the 1×2 filter has 3 columns to move over",
        "a stride of 1 fits; or change the padding",
    ),
    (
        CHANNELS,
        ("filter",),
        "the filter has 3 channels, but the input has 2",
        "give the filter one matrix for each channel of the input",
    ),
    (
        {"input": [X, X]},
        ("filter",),
        "the filter has 1 channel, but the input has 2",
        "give the filter one matrix for each channel of the input",
    ),
    ({"input": None}, (), "input is missing", "add it: input: [[…], […]]"),
    ({"input": [1, 2]}, ("input",), "input is nested 1 deep", "write one matrix [[…], […]] or a list of matrices"),
    ({"filter": 3}, ("filter",), "filter is nested 0 deep", "a list of filters, each a list of matrices"),
    ({"input": []}, ("input",), "input is empty", "write one matrix"),
    ({"input": [[1, 2], [3]]}, ("input",), "input is not a matrix of numbers", "all equally long"),
    ({"input": [["a"]]}, ("input",), "input is not a matrix of numbers", "all equally long"),
    ({"input": [[10**400]]}, ("input",), "input is not a matrix of numbers", "all equally long"),
    (
        {"input": [[1, 2], [float("nan"), 3]]},
        ("input", 1, 0),
        "input has a number that is not finite",
        "use ordinary numbers",
    ),
    ({"bias": [1]}, ("bias",), "bias does not fit: this scenario needs one number", "write one number"),
    ({"bias": "big"}, ("bias",), "bias does not fit: this scenario needs one number", "write one number"),
    (
        {"filter": [[W], [W]], "target": [T, T], "bias": 1},
        ("bias",),
        "bias does not fit: this scenario needs a list of 2 numbers, one for each filter",
        "write a list of 2 numbers",
    ),
    ({**SAMPLES, "samples": []}, ("samples",), "samples is empty", "give at least one {input: …, target: …}"),
    ({**SAMPLES, "samples": [{"input": X}]}, ("samples", 0), "target is missing", "add it: target: [[…], […]]"),
    (
        {**SAMPLES, "samples": [{"input": X, "target": T}, {"input": [[1, 2]], "target": T}]},
        ("samples", 1, "input"),
        "this input is 1×2, the first one is 3×3",
        "all samples have the same size",
    ),
    (
        {**SAMPLES, "samples": [{"input": X, "target": T}, {"input": X, "target": [[1]]}]},
        ("samples", 1, "target"),
        "target is 1×1, but a 3×3 input and a 2×2 filter give a 2×2 output",
        "write a 2×2 target",
    ),
    ({**SAMPLES, "samples": [1]}, ("samples", 0), "this sample is 1", "write {input: …, target: …}"),
    ({**SAMPLES, "samples": 3}, ("samples",), "samples is 3; it must be a list", "write samples: [{input: …"),
    ({**SAMPLES, "samples": {"input": X}}, ("samples",), "it must be a list", "write samples: [{input: …"),
    (
        {**SAMPLES, "samples": [{"input": X, "target": T, "titel": 1}]},
        ("samples", 0, "titel"),
        'a sample has no "titel"',
        "available: input, target",
    ),
    ({"samples": [{"input": X, "target": T}], "target": None}, ("input",), "samples replaces input", "leave input out"),
    ({"input": [[1j, 0]]}, ("input",), "complex numbers can't be used, and they stand in input", "x.real"),
    ({"filter": np.ones((2, 2)) * 1j}, ("filter",), "and they stand in filter", "x.real"),
    ({"bias": 1j}, ("bias",), "complex numbers can't be used, and they stand in bias", "x.real"),
    ({"input": [["1", "0"]]}, ("input",), "input is not a matrix of numbers", "all equally long"),
    ({"stride": [2, 0]}, ("stride", 1), "stride must be a whole number, 1 or more, not 0", "write stride: 1"),
    ({"stride": [1, 1, 1]}, ("stride",), "stride is a list of length 3; it must be one number, or two", "stride: 1"),
    ({"dilation": [1.5, 1]}, ("dilation", 0), "dilation must be a whole number, 1 or more, not 1.5", "dilation: 1"),
    ({"padding": [0, -1]}, ("padding", 1), "padding must be a whole number, 0 or more, not -1", "write padding: 1"),
    ({"padding": "sane"}, ("padding",), 'padding can\'t be "sane"', 'did you mean "same"?'),
    ({"padding": "valid"}, ("padding",), 'padding can\'t be "valid"', "write padding: 1, [1, 0] or same"),
    (
        {"padding": "same", "stride": [1, 2]},
        ("padding",),
        "padding: same goes with stride 1, and here it is [1, 2]",
        "write the padding as a number, or stride: 1",
    ),
    ({"leftover": "dorp"}, ("leftover",), 'leftover can\'t be "dorp"', 'did you mean "drop"?'),
    (
        {"stride": [1, 3], "input": [[0] * 4] * 3},
        ("stride",),
        "stride 3 leaves 2 columns of the 3×4 input over: the 2×2 filter has 2 columns to move over",
        "a stride of 1 fits; or change the padding, or write leftover: drop",
    ),
    (
        {"stride": [1, 2], "padding": [0, 1], "leftover": "drop", "target": [[1]]},
        ("target",),
        "a 2×2 filter with stride [1, 2], padding [0, 1] and leftover drop give a 2×2 output",
        "write a 2×2 target",
    ),
    ({"learning_rate": 0}, ("learning_rate",), "learning_rate is 0; it must be greater than 0", "change the number"),
    ({"learning_rate": -1}, ("learning_rate",), "learning_rate is -1; it must be greater than 0", "change the number"),
    ({"learning_rate": True}, ("learning_rate",), "learning_rate must be a number, not True", "write a number"),
    ({"learning_rate": float("inf")}, ("learning_rate",), "learning_rate must be a number, not inf", "write a number"),
    ({"learning_rate": 10**400}, ("learning_rate",), "learning_rate must be a number", "write a number"),
    ({"relu_slope_at_zero": 2}, ("relu_slope_at_zero",), "it must be at most 1", "change the number"),
    ({"relu_slope_at_zero": -1}, ("relu_slope_at_zero",), "it must be at least 0", "change the number"),
    ({"stride": 0}, ("stride",), "stride must be a whole number, 1 or more, not 0", "write stride: 1"),
    ({"stride": 1.0}, ("stride",), "stride must be a whole number, 1 or more, not 1.0", "write stride: 1"),
    ({"padding": -1}, ("padding",), "padding must be a whole number, 0 or more, not -1", "write padding: 1"),
    ({"dilation": True}, ("dilation",), "dilation must be a whole number, 1 or more, not True", "write dilation: 1"),
    ({"iterations": 0}, ("iterations",), "iterations must be a whole number, 1 or more, not 0", "write iterations: 1"),
    ({"activation": "rely"}, ("activation",), 'there is no activation called "rely"', 'did you mean "relu"?'),
    ({"activation": {"slope": 1}}, ("activation",), "activation has no name", "write activation: {name: …}"),
    (
        {"activation": {"name": "leaky_relu", "slop": 1}},
        ("activation", "slop"),
        'leaky_relu has no "slop"',
        'did you mean "slope"?',
    ),
    (
        {"activation": {"name": "relu", "slope_at_zero": 1}},
        ("activation", "slope_at_zero"),
        'relu has no "slope_at_zero"',
        "relu has no numbers to set",
    ),
    (
        {"activation": {"name": "elu", "alpha": -1}},
        ("activation", "alpha"),
        "it must be at least 0",
        "change the number",
    ),
    ({"optimizer": "adams"}, ("optimizer",), 'there is no optimizer called "adams"', 'did you mean "adam"?'),
    (
        {"optimizer": {"name": "momentum", "momentum": 1}},
        ("optimizer", "momentum"),
        "momentum is 1; it must be less than 1",
        "change the number",
    ),
    ({"loss": "squared_eror"}, ("loss",), 'there is no loss called "squared_eror"', 'did you mean "squared_error"?'),
    ({"loss": "binary_cross_entropy"}, ("loss",), "binary_cross_entropy goes with sigmoid", "activation: sigmoid"),
    (
        {"loss": "binary_cross_entropy", "activation": "sigmoid", "target": [[2, 0], [0, 1]]},
        ("target",),
        "binary_cross_entropy needs targets from 0 to 1",
        "change the target, or choose another loss",
    ),
    ({"error": "target-minus-output"}, ("error",), 'error can\'t be "target-minus-output"', "target_minus_output"),
]


@pytest.mark.parametrize(("changes", "path", "what", "hint"), CASES, ids=[case[2][:50] for case in CASES])
def test_one_thing_that_does_not_fit_is_one_fault_with_its_place_and_a_way_out(
    changes: dict[str, Any], path: Path, what: str, hint: str
) -> None:
    (fault,) = faults(**changes)
    assert path == fault.path
    assert what in fault.what
    assert hint in fault.hint


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = faults(
        input=[[1, 2], [3]], activation="rely", learning_rate=0, stride=0, error="no", optimizer="x", loss="y"
    )
    expected: list[Path] = [
        ("learning_rate",),
        ("error",),
        ("optimizer",),
        ("input",),
        ("stride",),
        ("activation",),
        ("loss",),
    ]
    assert expected == [fault.path for fault in found]


@pytest.mark.parametrize("geometry", ["stride", "padding", "dilation", "leftover"])
def test_where_the_geometry_is_not_known_nothing_is_guessed_about_the_targets_size(geometry: str) -> None:
    (fault,) = faults(**{geometry: -3})
    assert (geometry,) == fault.path


def test_a_slope_at_zero_reaches_relu_and_no_other_activation() -> None:
    assert build(relu_slope_at_zero=0.5).activation.slope_at(0.0) == 0.5
    assert build(relu_slope_at_zero=0.5, activation="leaky_relu").activation.slope_at(0.0) == 0.01


def test_the_scenarios_arrays_are_copies_that_nobody_can_write_to() -> None:
    image = np.array(X, dtype=float)
    scenario = build(input=image, bias=2)
    image[0, 0] = 99
    assert scenario.inputs[0, 0, 0, 0] == 1
    for array in (scenario.inputs, scenario.targets, scenario.conv.weights, scenario.conv.bias):
        assert array is not None
        assert not array.flags.writeable


def test_with_weights_asks_the_same_question_of_another_filter() -> None:
    scenario = build(bias=2)
    other = scenario.with_weights(scenario.conv.weights + 1)
    assert other.data()["filter"] == [[2, 0], [2, 2]]
    assert other.data()["bias"] == 2
    assert scenario.data() | {"filter": [[2, 0], [2, 2]]} == other.data()
