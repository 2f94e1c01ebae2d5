"""`set`: one thing of a scenario changed, and everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.what_if import changed


def first(**more: Any) -> Scenario:
    given: dict[str, Any] = {
        "input": [[1, -1, 0], [0, 1, 0], [0, -1, 1]],
        "filter": [[1, -1], [1, 1]],
        "target": [[1, 0], [0, 1]],
        "activation": "relu",
        "learning_rate": 0.5,
        "title": "The first filter",
    }
    return one_filter(**(given | more))


def refused(change: str, of: Scenario | None = None) -> Fault:
    with pytest.raises(InputError) as caught:
        changed(of or first(), change)
    return caught.value.faults[0]


@pytest.mark.parametrize(
    ("change", "key", "value", "words"),
    [
        ("learning_rate 0.1", "learning_rate", 0.1, "learning_rate were 0.1"),
        ("learning_rate=1/4", "learning_rate", 0.25, "learning_rate were 1/4"),
        ("relu_slope_at_zero 1", "relu_slope_at_zero", 1, "relu_slope_at_zero were 1"),
        ("iterations 5", "iterations", 5, "iterations were 5"),
        ("filter 0 1 -2", "filter", [[1, -2], [1, 1]], "filter[0,1] were -2"),
        ("filter[0, 1] = −2", "filter", [[1, -2], [1, 1]], "filter[0,1] were −2"),
        ("filter [[1, 2], [3, 4]]", "filter", [[1, 2], [3, 4]], "filter were [[1, 2], [3, 4]]"),
        ("filter 1 2; 3 4", "filter", [[1, 2], [3, 4]], "filter were 1 2; 3 4"),
        ("target 1 1 1/2", "target", [[1, 0], [0, 0.5]], "target[1,1] were 1/2"),
        ("bias 2", "bias", 2, "bias were 2"),
        ("activation sigmoid", "activation", "sigmoid", "activation were sigmoid"),
        (
            "activation leaky_relu slope 0.2",
            "activation",
            {"name": "leaky_relu", "slope": 0.2},
            "activation were leaky_relu slope 0.2",
        ),
        (
            "optimizer {name: momentum, momentum: 0.5}",
            "optimizer",
            {"name": "momentum", "momentum": 0.5},
            "optimizer were {name: momentum, momentum: 0.5}",
        ),
        ("lr 1", "learning_rate", 1, "learning_rate were 1"),
        ("learning rate 0.1", "learning_rate", 0.1, "learning_rate were 0.1"),
        ("Learning-Rate to 0.1", "learning_rate", 0.1, "learning_rate were 0.1"),
        ("η = 0.1", "learning_rate", 0.1, "learning_rate were 0.1"),
        ("filter[0,1] 2", "filter", [[1, 2], [1, 1]], "filter[0,1] were 2"),
        ("w 0 1 2", "filter", [[1, 2], [1, 1]], "filter[0,1] were 2"),
        ("W[0][1] = 2", "filter", [[1, 2], [1, 1]], "filter[0,1] were 2"),
        ("kernel[0,1] to 2", "filter", [[1, 2], [1, 1]], "filter[0,1] were 2"),
        ("t[0,0]: 5", "target", [[5, 0], [0, 1]], "target[0,0] were 5"),
        ("b 2", "bias", 2, "bias were 2"),
        ("stride 1 1", "stride", 1, "stride were 1 1"),
        ("loss squared_error", "loss", "squared_error", "loss were squared_error"),
        ("error target_minus_output", "error", "target_minus_output", "error were target_minus_output"),
    ],
)
def test_one_thing_is_changed_and_the_rest_stays(change: str, key: str, value: Any, words: str) -> None:
    before = first()
    after, said = changed(before, change)
    assert said == words
    assert after.data() == before.data() | {key: value}
    assert before.data() == first().data()


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("stride 1 1", "stride", 1),
        ("dilation 1 2", "dilation", [1, 2]),
        ("dilation [2, 1]", "dilation", [2, 1]),
        ("padding same", "padding", "same"),
        ("leftover drop", "leftover", "drop"),
    ],
)
def test_how_a_window_moves_is_set_for_both_axes_for_each_or_by_a_word(change: str, key: str, value: Any) -> None:
    one_by_one = first(filter=[[1]], target=[[0] * 3] * 3)  # whose output is 3×3, whatever of these is set
    assert changed(one_by_one, change)[0].data()[key] == value


def test_what_a_target_would_have_to_be_is_said() -> None:
    # stride 2 over 3 rows, 1 over 3 columns, under a filter of 1×1
    fault = refused("stride 2 1", first(filter=[[1]], target=[[0] * 3] * 3))
    assert "a 2×3 output" in fault.what
    assert fault.path == ("target",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("W1[0,0,0,1] = 3", "conv1.weights[0,0,0,1] were 3"),
        ("lr 1", "learning_rate were 1"),
        ("max_pool1.stride 2 2", "max_pool1.stride were 2 2"),
        ("conv1.leftover drop", "conv1's cells left over were dropped"),
        ("conv1.bias 2", "conv1.bias were 2"),
    ],
)
def test_in_a_network_a_layer_is_named_or_the_symbol_says_it(change: str, words: str) -> None:
    assert changed(scenario("pooling"), change)[1] == words


def test_a_name_that_several_layers_have_says_which_there_are() -> None:
    assert refused("weights 0 0 1", scenario("pooling")).hint == "say which: conv1.weights, dense1.weights"


def test_what_is_left_over_can_be_refused_again() -> None:
    dropping = first(stride=[1, 2], leftover="drop", target=[[0], [0]])
    assert refused("leftover refuse", dropping).path == ("stride",)


@pytest.mark.parametrize("setting", ["stride 2 1", "padding 0 1", "padding same", "leftover drop", "size 1 2"])
def test_a_layers_window_can_move_in_another_way(setting: str) -> None:
    key, _, value = setting.partition(" ")
    pool: dict[str, Any] = {"type": "max_pool", "size": [2, 2], "stride": 1}
    rest: list[dict[str, Any]] = [{"type": "flatten"}, {"type": "dense", "weights": [[1]]}]
    before = network(input=[[1, 2], [3, 4]], layers=[pool, *rest], target=[1], learning_rate=1)
    made = {"1 2": [1, 2], "2 1": [2, 1], "0 1": [0, 1]}.get(value, value)
    wanted = [pool | {key: made}, *rest]
    try:
        expected = network(input=[[1, 2], [3, 4]], layers=wanted, target=[1], learning_rate=1)
    except InputError:  # another size, which the dense layer can't take
        assert "dense1" in refused(f"max_pool1.{setting}", before).what
    else:
        assert changed(before, f"max_pool1.{setting}")[0].data() == expected.data()


def test_a_transposed_convolution_moves_in_another_way_and_has_nothing_left_over() -> None:
    of = scenario("transposed-conv")
    assert "but the network gives one map of 1×1" in refused("transposed_conv1.padding 1", of).what
    assert changed(of, "transposed_conv1.bias 2")[0].data()["layers"][0]["bias"] == [2]
    assert "leftover" in refused("transposed_conv1.leftover drop", of).what


def test_only_a_convolution_could_be_written_as_one_filter() -> None:
    for name, hint in (
        ("smallest-network", "write its one layer as filter and activation, or run it: cnnstep run"),
        ("transposed-conv", "run it: cnnstep run"),
    ):
        with pytest.raises(InputError) as caught:
            scenario(name).check_one_filter("a sweep takes")
        assert caught.value.faults[0].hint == hint


def test_a_bias_can_be_taken_away() -> None:
    after, said = changed(first(bias=3), "bias none")
    assert after.data()["bias"] is None
    assert said == "there were no bias"


def test_several_filters_have_a_bias_each() -> None:
    two = scenario("two-filters")
    with_bias, _ = changed(two, "bias 1 2")
    assert with_bias.data()["bias"] == [1, 2]
    assert changed(with_bias, "bias[1] 5")[0].data()["bias"] == [1, 5]


def test_one_weight_of_several_filters_is_changed() -> None:
    after, said = changed(scenario("two-filters"), "filter 1 0 0 1 7")
    assert after.data()["filter"][1] == [[[0, 7], [-1, 2]]]
    assert said == "filter[1,0,0,1] were 7"


@pytest.mark.parametrize(
    ("change", "what", "hint"),
    [
        ("", "say what to change", "set learning_rate 0.1"),
        ("[1]", "say what to change", "set learning_rate 0.1"),
        ("learnig_rate 1", '"learnig_rate" can\'t be set', 'did you mean "learning_rate"?'),
        ("z[0,0] 3", "forward is worked out, so it can't be set", "change what it is made of"),
        ("e 1", "error is worked out, so it can't be set", "change what it is made of"),
        ("gradient 0 0 1", "gradient is worked out, so it can't be set", "change what it is made of"),
        ("title x", '"title" can\'t be set', "available: input, target"),
        ("learning_rate", "needs a value", "it is 0.5 now"),
        ("bias", "needs a value", "there is none now"),
        ("learning_rate fast", '"fast" is no number for learning_rate', "set learning_rate 0.5"),
        ("learning_rate 1/0", '"1/0" is no number', "set learning_rate 0.5"),
        ("learning_rate 1e999", '"1e999" is no number', "set learning_rate 0.5"),
        ("learning_rate 0", "must be greater than 0", ""),
        ("stride 1.5", '"1.5" is not one or two whole numbers for stride', "set stride 2 3"),
        ("stride 1 2 3", '"1 2 3" is not one or two whole numbers for stride', "set stride 2 3"),
        ("stride " + "9" * 5000, "stride is 1000000000; it must be at most 1000", "change the number"),
        ("padding 99999", "padding is 99999; it must be at most 1000", "change the number"),
        ("stride 0", "stride must be a whole number, 1 or more, not 0", "stride: 1"),
        ("stride 2", "stride 2 leaves 1 row of the 3×3 input over", "a stride of 1 fits"),
        ("padding sane", 'padding can\'t be "sane"', 'did you mean "same"?'),
        ("leftover dorp", 'leftover can\'t be "dorp"', 'did you mean "drop"?'),
        ("leftover", "leftover needs a value", "it is refuse now"),
        ("iterations 1.5", '"1.5" is no whole number for iterations', "set iterations 1"),
        ("filter 9 9 1", "there is no filter[9,9]", "counted from 0"),
        ("filter -1 0 1", "there is no filter[-1,0]", "counted from 0"),
        ("filter a b 1", "there is no filter[a,b]", "counted from 0"),
        ("filter 0 1 x", '"x" is no number for filter[0,1]', "set filter 0 1 1"),
        ("filter 1 2; 3", "row 1 has 1 number", "equally many"),
        ("bias 1 2", "bias", ""),
        ("bias 1; 2", "bias is one row of numbers at most", "set bias 1"),
        ("activation relo", 'no activation called "relo"', 'did you mean "relu"?'),
        ("activation leaky_relu slope", "is no activation with its numbers", "leaky_relu slope 0.1"),
        ("activation leaky_relu slope x", "is no activation with its numbers", "leaky_relu slope 0.1"),
        ("loss squared_error by 2", "loss is a name alone", "set loss squared_error"),
        ("error sideways", "sideways", "output_minus_target"),
    ],
)
def test_what_can_not_be_set_is_told(change: str, what: str, hint: str) -> None:
    fault = refused(change)
    assert what in fault.what
    assert hint in fault.hint


def test_what_is_set_now_is_told_as_it_would_be_typed() -> None:
    leaky = first(activation={"name": "leaky_relu", "slope": 0.2})
    assert "it is leaky_relu slope 0.2 now" in refused("activation", leaky).hint


def test_the_samples_of_a_batch_are_changed_in_the_file() -> None:
    assert "one of several samples" in refused("input 0 0 1", scenario("digits-edge-batch")).what


def test_several_matrices_are_changed_cell_by_cell() -> None:
    assert refused("filter 1 2; 3 4", scenario("two-filters")).hint == "set one cell: set filter 0 0 0 0 1"


KEYS = "learning_rate relu_slope_at_zero iterations stride padding dilation leftover activation loss error optimizer"


@pytest.mark.parametrize("key", [*KEYS.split(), "input", "filter", "target", "bias"])
@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_every_key_of_every_shipped_scenario_can_be_asked_for(name: str, key: str) -> None:
    fault = refused(key, scenario(name))
    assert "needs a value" in fault.what or "one of several samples" in fault.what
