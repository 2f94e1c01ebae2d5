"""What is wrong with a scenario, all of it at once, each thing at its place."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cnnstep.surface.loading import read_scenario_text
from cnnstep.surface.scenario_file.writer import dump
from tests.surface.scenario_texts import FIRST, faults_of, first_with, only, said


def test_the_first_lesson_reads_as_it_is_written() -> None:
    scenario = read_scenario_text(FIRST)
    assert scenario.data()["input"] == [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
    assert (
        scenario.activation.name,
        scenario.learning_rate,
        scenario.iterations,
        scenario.optimizer.name,
    ) == ("relu", 0.5, 1, "sgd")


def test_every_optional_key_reaches_the_engine() -> None:
    text = first_with("[[1, 0], [0, 1]]", "[[1]]") + (
        "title: no\nbias: -.5\nstride: 2\npadding: 0\ndilation: 2\nloss: squared_error\nerror: target_minus_output\n"
        "relu_slope_at_zero: 1\noptimizer: {name: momentum, momentum: 0.5}\niterations: 1e1\n"
    )
    expected = {
        "title": "no",
        "bias": -0.5,
        "stride": 2,
        "dilation": 2,
        "loss": "squared_error",
        "error": "target_minus_output",
        "relu_slope_at_zero": 1,
        "optimizer": {"name": "momentum", "momentum": 0.5},
        "iterations": 10,
    }
    data = read_scenario_text(text).data()
    assert expected == {key: data[key] for key in expected}


@pytest.mark.parametrize(
    ("title", "read"), [("no", "no"), ("1e3", "1e3"), ("'a'", "a"), ("|\n  a\n  b\n", "a b"), ("", "")]
)
def test_a_title_is_text_whatever_it_looks_like(title: str, read: str) -> None:
    assert read_scenario_text(f"{FIRST}title: {title}\n").title == read


@pytest.mark.parametrize(
    ("word", "what", "hint"),
    [
        ("true", "means yes or no", "write 1"),
        ("no", "means yes or no", "write 0"),
        (".nan", "can't be calculated with", "write an ordinary number"),
        ("-.inf", "can't be calculated with", "write an ordinary number"),
        ("1e400", "too large", "smaller"),
        ("1:30", "is not a number", "such as"),
        ("2024-01-01", "is not a number", "such as"),
        ("0x1F", "is not a number", "such as"),
        ("\u22121", "long minus sign", "write -1"),
        ("1_000", "underscore", "write 1000"),
        ("1/4", "fraction", "write 0.25"),
        ("'3'", "is in quotes", "remove the quotes: 3"),
        ("1 0 1", "several numbers", "write a row as [1, 0, 1]"),
        ("null", "a number is missing here", "write a number"),
        ("{a: 1}", "where input has a number", "write one number"),
    ],
)
def test_what_is_no_number_is_explained_in_its_cell(word: str, what: str, hint: str) -> None:
    fault = only(first_with("[0, 1, 0]", f"[0, {word}, 0]"))
    assert (fault.code, fault.line, fault.column, fault.path) == ("not-a-number", 1, 26, ("input", 1, 1))
    assert what in fault.what
    assert hint in fault.hint


def test_a_decimal_comma_is_explained_alone_and_in_a_row() -> None:
    alone = only(first_with("0.5", "0,5"))
    assert (alone.line, alone.column, alone.hint) == (5, 16, "write 0.5")
    in_a_row = only(first_with("[0, 1, 0]", "[0, 1,5, 0]"))
    assert (in_a_row.line, in_a_row.column) == (1, 22)
    assert "if 1,5 is meant as one number, write 1.5" in in_a_row.hint
    in_all_rows = only(first_with("[[1, 0], [0, 1]]", "[[0,5, 0], [0,5, 1]]"))
    assert (in_all_rows.line, in_all_rows.column, in_all_rows.code) == (3, 9, "shape")
    assert "write 0.5" in in_all_rows.hint
    for consistent in ("[0,1,5,0]", "[0, 1,-5, 0]"):
        assert "comma" not in only(first_with("[0, 1, 0]", consistent)).hint


def test_a_ragged_row_is_named_with_its_length_and_that_of_the_others() -> None:
    fault = only(first_with("[0, 1, 0]", "[0, 1]"))
    assert (fault.code, fault.line, fault.column, fault.path) == ("ragged", 1, 22, ("input", 1))
    assert fault.what == "the second row of input has 2 numbers, the others have 3"
    assert fault.source == "input:  [[1, -1, 0], [0, 1], [0, -1, 1]]"


@pytest.mark.parametrize(
    ("matrix", "what"),
    [
        ("[[1, 2], [3]]", "the second row of filter has 1 number, the first has 2"),
        ("[[1, 2], [3, 4], [5]]", "the third row of filter has 1 number, the others have 2"),
        ("[[1, 2], [3, 4], [5, 6], [7], [8]]", "the fourth row of filter has 1 number, most have 2"),
        ("[[[1], [2]], [[3], [4]], [[5]]]", "the third matrix of filter has 1 row, the others have 2"),
        ("[[[1, 2]], [[3]]]", "the first row of the second matrix of filter has 1 number, the first has 2"),
        ("[[[[1]]], [[[2]]], [[[3]], [[4]]]]", "the third filter of filter has 2 matrices, the others have 1"),
        (str([[1, 2]] * 10 + [[1]] + [[3, 4]]), "the 11th row of filter has 1 number, the others have 2"),
        (str([[1, 2]] * 21 + [[1]]), "the 22nd row of filter has 1 number, the others have 2"),
        ("[[1, 2], 3]", "the second row of filter is 3, the others are lists"),
        ("[[1, 2], []]", "the second row of filter has 0 numbers, the first has 2"),
    ],
)
def test_ragged_lists_are_named_on_every_level(matrix: str, what: str) -> None:
    fault = faults_of(first_with("[[1, -1], [1, 1]]", matrix))[0]
    assert (fault.code, fault.line, fault.what) == ("ragged", 2, what)


@pytest.mark.parametrize(
    ("matrix", "place", "what"),
    [
        ("[1, 0]", "3:9 shape", "target is one list; it must be a list of rows"),
        ("5", "3:9 shape", "target is 5; it must be a list of rows"),
        ("[[[[1]]]]", "3:9 shape", "target is a list nested 4 deep; it must be a list of rows"),
        ("[]", "3:9 shape", "target is a list nested 1 deep; it must be a list of rows"),
        ("[[]]", "3:9 shape", "target is empty"),
        ("1 0 1", "3:9 not-a-number", '"1 0 1" is several numbers, not one'),
        ("\n  - 1 0\n  - 0 1", "4:5 not-a-number", '"1 0" is several numbers, not one'),
        ("", "3:1 missing-key", "nothing stands after target:"),
        ("[[1, 0], x]", "3:18 not-a-number", '"x" is not a number'),
        ("{fil: a.csv}", "3:10 unknown-key", 'there is no key "fil" here'),
        ("{file: [1]}", "3:16 type", "file is one list; it must be a name"),
        ("{}", "3:9 missing-key", "target has no file here"),
    ],
)
def test_a_matrix_of_another_kind_is_told_what_it_is(matrix: str, place: str, what: str) -> None:
    text = first_with("[[1, 0], [0, 1]]", matrix)
    assert [place] == said(text)
    assert only(text).what == what


def test_an_unknown_key_is_told_the_one_that_was_meant_and_that_one_is_not_called_missing() -> None:
    fault = only(first_with("input: ", "imput: "))
    assert (fault.code, fault.line, fault.column, fault.hint) == ("unknown-key", 1, 1, 'did you mean "input"?')


def test_every_missing_key_is_named() -> None:
    assert [fault.what for fault in faults_of("input: [[1]]\n")] == [
        "filter is missing",
        "target is missing",
        "activation is missing",
        "learning_rate is missing",
    ]


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ("stride: 0", "6:9 value", "stride is 0; it must be at least 1"),
        ("stride: 1.5", "6:9 value", "stride is 1.5; it must be a whole number"),
        ("stride: two", "6:9 not-a-number", '"two" is not a number'),
        ("stride: [1]", "6:9 shape", "stride is a list of length 1; it must be one number, or two: [down, across]"),
        ("padding: -1", "6:10 value", "padding is -1; it must be at least 0"),
        ("padding: 1000000000", "6:10 value", "padding is 1e+09; it must be at most 1000"),
        ("iterations: 0", "6:13 value", "iterations is 0; it must be at least 1"),
        ("relu_slope_at_zero: 2", "6:21 value", "relu_slope_at_zero is 2; it must be at most 1"),
        ("bias: [1]", "6:7 shape", "bias does not fit: this scenario needs one number"),
        ("bias: x", "6:7 not-a-number", '"x" is not a number'),
        ("bias: [[1]]", "6:7 shape", "bias is a list nested 2 deep; it must be one number, or a list of them"),
        ("loss: sqared_error", "6:7 unknown-loss", 'there is no loss called "sqared_error"'),
        ("loss: binary_cross_entropy", "6:7 value", "binary_cross_entropy goes with sigmoid"),
        ("error: output", "6:8 value", 'error can\'t be "output"'),
        ("optimizer: {name: momentum, momentum: 1}", "6:39 value", "momentum is 1; it must be less than 1"),
        ("optimizer: {name: momentun}", "6:19 unknown-optimizer", 'there is no optimizer called "momentun"'),
        ("optimizer: {name: adam, beta: 1}", "6:25 unknown-key", 'adam has no "beta"'),
        ("optimizer: {momentum: 0.9}", "6:12 missing-key", "optimizer has no name here"),
        ("optimizer: [sgd]", "6:12 type", "optimizer is one list; it must be a name"),
        ("optimizer: 3", "6:12 type", "optimizer is 3; it must be a name"),
        ("test: [{input: [[1]], target: [[1]]}]", "6:1 conflict", "test goes with layers, and there are none"),
        ("title: [a]", "6:8 type", "title is one list; it must be a name"),
    ],
)
def test_each_key_is_told_what_it_takes(line: str, place: str, what: str) -> None:
    text = f"{FIRST}{line}\n"
    assert [place] == said(text)
    assert only(text).what.startswith(what)


@pytest.mark.parametrize(
    ("activation", "place", "hint"),
    [
        ("rleu", "4:13 unknown-activation", 'did you mean "relu"?'),
        ("{name: leky_relu}", "4:20 unknown-activation", 'did you mean "leaky_relu"?'),
        ("{name: leaky_relu, slop: 1}", "4:32 unknown-key", 'did you mean "slope"?'),
        ("{name: leaky_relu, slope: −1}", "4:39 not-a-number", "write -1"),
        ("{name: [relu]}", "4:20 type", "write name: and a word"),
        ("[[relu]]", "4:13 type", "write activation: and its name"),
    ],
)
def test_an_activation_is_told_which_there_are(activation: str, place: str, hint: str) -> None:
    text = first_with("relu", activation)
    assert [place] == said(text)
    assert only(text).hint == hint


def test_numbers_of_an_activation_are_all_reported_at_once() -> None:
    assert said(first_with("relu", "{name: leaky_relu, slop: 1, slope: x, }")) == [
        "4:32 unknown-key",
        "4:48 not-a-number",
    ]


@pytest.mark.parametrize("rate", ["0", "-1", "-1e-3"])
def test_a_learning_rate_goes_downhill(rate: str) -> None:
    fault = only(first_with("0.5", rate))
    assert (fault.line, fault.column) == (5, 16)
    assert fault.what == f"learning_rate is {float(rate):g}; it must be greater than 0"


def test_a_target_of_the_wrong_shape_is_told_the_right_one() -> None:
    fault = only(first_with("[[1, 0], [0, 1]]", "[[1, 0, 0], [0, 1, 0]]"))
    assert (fault.line, fault.column, fault.path) == (3, 9, ("target",))
    assert fault.what == "target is 2×3, but a 3×3 input and a 2×2 filter give a 2×2 output"


def test_a_stride_that_leaves_cells_over_is_told_at_the_stride() -> None:
    text = first_with("[[1, -1, 0], [0, 1, 0], [0, -1, 1]]", "[[1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1]]")
    assert said(f"{text}stride: 3\n") == ["6:9 shape"]


@pytest.mark.parametrize(
    ("keys", "target", "told"),
    [
        ("stride: [2, 1]", "[[0, 0]]", {"stride": [2, 1], "leftover": "drop"}),
        ("stride: [2, 2]", "[[0]]", {"stride": 2, "leftover": "drop"}),
        ("padding: [1, 0]", "[[0, 0], [0, 0], [0, 0], [0, 0]]", {"padding": [1, 0], "leftover": "drop"}),
        ("padding: same", "[[0, 0, 0], [0, 0, 0], [0, 0, 0]]", {"padding": "same", "leftover": "drop"}),
        ("dilation: [1, 2]", "[[0], [0]]", {"dilation": [1, 2], "leftover": "drop"}),
    ],
)
def test_a_filter_moves_along_each_axis_as_its_keys_say_and_is_written_so(
    keys: str, target: str, told: dict[str, Any]
) -> None:
    text = f"{first_with('[[1, 0], [0, 1]]', target)}{keys}\nleftover: drop\n"
    scenario = read_scenario_text(text)
    data = scenario.data()
    usual = {"stride": 1, "padding": 0, "dilation": 1}
    assert usual | told == {key: data[key] for key in (*usual, "leftover")}
    written = dump(scenario)
    assert [line for line in written.splitlines() if line.split(":")[0] in told] == [
        f"{key}: {value}" for key, value in told.items()
    ]
    assert read_scenario_text(written).data() == data


def test_what_no_key_says_is_not_written() -> None:
    assert "leftover" not in read_scenario_text(FIRST).data()
    assert "leftover" not in dump(read_scenario_text(f"{FIRST}leftover: refuse\nstride: [1, 1]\npadding: [0, 0]\n"))
    assert "stride" not in dump(read_scenario_text(f"{FIRST}stride: [1, 1]\n"))


@pytest.mark.parametrize(
    ("keys", "place", "what"),
    [
        ("stride: [2, 0]", "6:13 value", "stride is 0; it must be at least 1"),
        ("stride: [1, 2]", "6:9 shape", "stride 2 leaves 1 column of the 3×3 input over"),
        ("stride: same", "6:9 not-a-number", '"same" is not a number'),
        ("padding: [0, -1]", "6:14 value", "padding is -1; it must be at least 0"),
        ("padding: [0, two]", "6:14 not-a-number", '"two" is not a number'),
        (
            "padding: [1, 0, 1]",
            "6:10 shape",
            "padding is a list of length 3; it must be one number, two: [",
        ),
        ("padding: sane", "6:10 value", 'padding can\'t be "sane"'),
        ("padding: same\nstride: 2", "6:10 value", "padding: same goes with stride 1, and here it is 2"),
        ("dilation: [1.5, 1]", "6:12 value", "dilation is 1.5; it must be a whole number"),
        ("leftover: dorp", "6:11 value", 'leftover can\'t be "dorp"'),
        ("leftover: 3", "6:11 type", "leftover is 3; it must be a name"),
        ("leftovr: drop", "6:1 unknown-key", 'there is no key "leftovr"'),
    ],
)
def test_how_a_filter_moves_is_told_at_the_number_that_is_at_fault(keys: str, place: str, what: str) -> None:
    fault = only(f"{FIRST}{keys}\n")
    assert f"{fault.line}:{fault.column} {fault.code}" == place
    assert what in fault.what


def test_a_filter_larger_than_its_input_is_told_at_the_filter() -> None:
    assert said(first_with("[[1, -1], [1, 1]]", "[[1, 0, 0, 0], [1, 0, 0, 0]]")) == ["2:9 shape"]


def test_all_faults_of_a_file_come_at_once_in_its_order_and_each_once() -> None:
    text = FIRST.replace("[0, 1, 0]", "[0, x]").replace("relu", "rleu").replace("0.5", "-1")
    text += "stride: 0\nstirde: 2\nactivation: relu\n"
    assert said(text) == [
        "1:22 ragged",
        "1:26 not-a-number",
        "4:13 unknown-activation",
        "5:16 value",
        "6:9 value",
        "7:1 unknown-key",
        "8:1 duplicate-key",
    ]


def test_a_broken_geometry_brings_no_guess_about_the_shape() -> None:
    assert said(first_with("[[1, 0], [0, 1]]", "[[1]]")) == ["3:9 shape"]
    assert said(first_with("[[1, 0], [0, 1]]", "[[1]]") + "padding: -1\n") == ["6:10 value"]


def test_a_screen_full_of_faults_ends_with_how_many_more_there_are() -> None:
    faults = faults_of("input:\n" + "  - [1, x]\n" * 40)
    assert len(faults) == 21
    assert (faults[-1].code, faults[-1].what) == ("more-faults", "and 24 more like these")


def test_a_small_scenario_is_read_in_a_few_milliseconds() -> None:
    def seconds() -> float:
        begin = time.perf_counter()
        read_scenario_text(FIRST)
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(20)) < 0.01
