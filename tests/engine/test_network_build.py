"""A network that fits together, what is said where one does not, and what its layers and steps are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import network
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from cnnstep.errors import Fault, InputError, Path
from tests.engine.network_strategies import network_keys, networks
from tests.examples import examples

CONV = {"type": "conv", "weights": np.ones((2, 1, 2, 2)).tolist()}
DENSE = {"type": "dense", "weights": [[1] * 8] * 3}
SMALL = [CONV, {"type": "relu"}, {"type": "flatten"}, DENSE, {"type": "softmax"}]
X = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
USUAL: dict[str, Any] = {
    "input": X,
    "layers": SMALL,
    "target": {"class": 1},
    "loss": "cross_entropy",
    "learning_rate": 1,
}


def faults(**changes: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        network(**(USUAL | changes))
    return list(caught.value.faults)


def of(number: int, kind: str, **settings: Any) -> dict[str, Any]:
    """`SMALL` with another layer at this place."""
    return {"layers": [*SMALL[:number], {"type": kind, **settings}, *SMALL[number + 1 :]]}


CHANNELS = {"weights": np.ones((1, 2, 2, 2)).tolist()}
SHAPES: list[tuple[dict[str, Any], int, list[str]]] = [
    (of(0, "conv", **CHANNELS), 0, ["conv1", "2 channels", "has 1"]),
    (of(0, "conv", weights=np.ones((2, 1, 4, 4)).tolist()), 0, ["conv1", "4×4", "3×3", "too many"]),
    (of(0, "conv", weights=CONV["weights"], stride=2), 0, ["conv1", "stride 2", "stride of 1"]),
    (of(1, "max_pool", size=3), 1, ["max_pool1", "3×3", "2×2", "smaller"]),
    (of(1, "average_pool", size=2, padding=1, stride=3), 1, ["average_pool1", "2×2", "over", "stride 3"]),
    (of(2, "relu"), 3, ["dense1", "one row", "2×2×2", "flatten"]),
    (of(3, "dense", weights=[[1] * 7] * 3), 3, ["dense1", "7", "8", "3 rows of 8"]),
    (of(3, "conv", weights=[[[[1]]]]), 3, ["conv2", "row", "8", "before flatten"]),
    (of(3, "max_pool", size=2), 3, ["max_pool1", "row", "before flatten"]),
]


@pytest.mark.parametrize(("changes", "place", "words"), SHAPES)
def test_a_layer_that_does_not_fit_is_named_with_the_sizes_and_what_would_fit(
    changes: dict[str, Any], place: int, words: list[str]
) -> None:
    (fault,) = faults(**changes)
    assert fault.code == "shape"
    assert fault.path[:2] == ("layers", place)
    said = f"{fault.what}; {fault.hint}"
    assert [word for word in words if word not in said] == [], said


def test_softmax_on_maps_asks_for_flatten() -> None:
    (fault,) = faults(layers=[CONV, {"type": "softmax"}])
    assert (fault.path[:2], fault.hint) == (("layers", 1), "put {type: flatten} before it")


@pytest.mark.parametrize(("size", "padding", "most"), [(2, 2, 1), ([3, 1], 1, 0)])
def test_a_pooling_windows_rim_is_at_most_half_as_wide_as_the_window(size: Any, padding: int, most: int) -> None:
    (fault,) = faults(layers=[{"type": "max_pool", "size": size, "stride": 1, "padding": padding}, *SMALL[2:3]])[:1]
    assert fault.path == ("layers", 0, "padding")
    assert fault.hint == f"at most {most}"


def test_a_rim_is_measured_by_the_window_along_its_own_axis() -> None:
    layer = {"type": "max_pool", "size": [1, 3], "stride": 1, "padding": [0, 1]}
    assert network(**(USUAL | {"layers": [layer, *SMALL[2:3]], "target": [0] * 9, "loss": "squared_error"})).names
    (fault,) = faults(layers=[layer | {"padding": [1, 0]}, *SMALL[2:3]])[:1]
    assert (fault.path, fault.hint) == (("layers", 0, "padding"), "at most [0, 1]")


@pytest.mark.parametrize(
    ("changes", "path", "what", "hint"),
    [
        ({"layers": ["relu"]}, ("layers", 0), "this layer is 'relu'", "write {type: relu}"),
        ({"layers": [None]}, ("layers", 0), "this layer is None", "write {type: relu}"),
        (
            {"layers": "softmax"},
            ("layers",),
            "layers is 'softmax'; it must be a list",
            "write layers: [{type: conv, …}",
        ),
        ({"layers": {"type": "relu"}}, ("layers",), "it must be a list", "write layers: [{type: conv, …}"),
        ({"layers": []}, ("layers",), "layers is empty", "give at least one {type: conv, …}"),
        ({"layers": [{"typ": "relu"}]}, ("layers", 0, "typ"), 'a layer has no "typ"', 'did you mean "type"?'),
        ({"layers": [{"size": 2}]}, ("layers", 0), "this layer has no type", "available: conv, max_pool"),
        ({"samples": [1], "input": None, "target": None}, ("samples", 0), "this sample is 1", "write {input: …"),
        ({"test": ["ab"]}, ("test", 0), "this sample is 'ab'", "write {input: …, target: …}"),
        ({"test": 3}, ("test",), "test is 3; it must be a list", "write test: [{input: …, target: …}, …]"),
        ({"samples": [{"input": X, "target": {"class": 1}}], "input": None}, ("target",), "samples replaces", "leave"),
        ({"target": {"clas": 1}}, ("target", "clas"), 'a target has no "clas"', 'did you mean "class"?'),
        ({"target": {"class": 1, "off": 2}}, ("target", "off"), 'a target has no "off"', "available: class"),
        ({"input": np.array(X) * 1j}, ("input",), "complex numbers can't be used", "x.real"),
        ({"target": [1j, 0, 0]}, ("target",), "complex numbers can't be used, and they stand in target", "x.real"),
        ({"input": [[]]}, ("input",), "input is empty", "write at least one number"),
        ({"input": [["1"] * 3] * 3}, ("input",), "input is not made of numbers", "write numbers in [ ]"),
    ],
)
def test_what_is_no_list_of_layers_or_samples_is_one_fault_at_its_place(
    changes: dict[str, Any], path: Path, what: str, hint: str
) -> None:
    (fault,) = faults(**changes)
    assert fault.path == path
    assert what in fault.what
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("changes", "path", "what", "hint"),
    [
        ({"sed": 1}, ("weights", "sed"), 'the draw of a conv layer\'s weights has no "sed"', 'did you mean "seed"?'),
        ({"outputs": 1}, ("weights", "outputs"), 'weights has no "outputs"', "available: init, seed, filters, size"),
        ({"init": None}, ("weights", "init"), 'there is no initialiser called "None"', "available: he_normal"),
        ({"size": [2, 0]}, ("weights", "size", 1), "size must be a whole number, 1 or more, not 0", "write size: 1"),
    ],
)
def test_what_is_wrong_with_a_draw_of_weights_is_one_fault_at_its_place(
    changes: dict[str, Any], path: Path, what: str, hint: str
) -> None:
    drawn = {"init": "he_normal", "filters": 2, "size": 2} | changes
    (fault,) = faults(layers=[{"type": "conv", "weights": drawn}, *SMALL[1:]])
    assert fault.path == ("layers", 0, *path)
    assert what in fault.what
    assert hint in fault.hint


def test_a_draw_without_its_initialiser_says_which_there_are() -> None:
    (fault,) = faults(layers=[{"type": "conv", "weights": {"filters": 2, "size": 2}}, *SMALL[1:]])
    assert (fault.path, fault.code) == (("layers", 0, "weights"), "missing-key")
    assert "he_normal" in fault.hint


@pytest.mark.parametrize("key", ["weights", "bias"])
def test_complex_weights_are_refused(key: str) -> None:
    (fault,) = faults(layers=[CONV | {key: (np.asarray(CONV.get(key, [0, 0])) * 1j).tolist()}, *SMALL[1:]])
    assert (fault.path, fault.hint) == (("layers", 0, key), "give real ones: x.real, or abs(x)")


def test_faults_of_several_layers_come_at_once() -> None:
    paths = [
        fault.path for fault in faults(layers=[{"type": "convv"}, {"type": "max_pool"}, {"type": "relu", "slope": 1}])
    ]
    assert {path[:2] for path in paths} - {("loss",)} == {("layers", 0), ("layers", 1), ("layers", 2)}


def test_layers_are_called_by_their_type_and_a_count_unless_they_have_a_name() -> None:
    layers = [CONV, {"type": "relu"}, {"type": "conv", "name": "edges", "weights": np.ones((1, 2, 1, 1)).tolist()}]
    layers += [{"type": "relu"}, {"type": "flatten"}, {"type": "softmax"}]
    assert network(**(USUAL | {"layers": layers})).names == ("conv1", "relu1", "edges", "relu2", "flatten1", "softmax1")


@pytest.mark.parametrize("name", ["conv1", "a.b", "a b", "[red]"])
def test_a_name_that_is_taken_or_would_not_be_read_back_is_refused(name: str) -> None:
    (fault,) = faults(layers=[CONV, {"type": "relu", "name": name}, *SMALL[2:]])
    assert fault.path == ("layers", 1, "name")
    assert name in fault.what


def lesson(**changes: Any) -> Lesson:
    return lesson_of(network(**(USUAL | changes)))


def test_the_steps_go_forward_layer_by_layer_and_back_in_reverse() -> None:
    forward = tuple(f"{name}.forward" for name in ("conv1", "relu1", "flatten1", "dense1", "softmax1"))
    backward = ["softmax1.input_gradient", "dense1.gradient", "dense1.input_gradient", "flatten1.input_gradient"]
    backward += ["relu1.input_gradient", "conv1.gradient"]
    assert lesson().names == (*forward, "error", *backward, "conv1.update", "dense1.update")


def test_a_bare_name_finds_the_only_step_that_it_can_mean() -> None:
    one_conv = lesson(layers=[CONV, {"type": "flatten"}], target=[0] * 8, loss="half_squared_error")
    for bare, full in {"gradient": "conv1.gradient", "update": "conv1.update", "flatten": "flatten1.forward"}.items():
        assert one_conv.step(bare).name == full
    assert one_conv.step("conv1.gradient").name == "conv1.gradient"


def test_a_bare_name_that_several_steps_have_lists_them() -> None:
    with pytest.raises(InputError) as caught:
        lesson().step("update")
    (fault,) = caught.value.faults
    assert (fault.code, fault.hint) == ("ambiguous-step", "say which: conv1.update, dense1.update")


def test_a_name_with_a_slip_gets_the_nearest_step() -> None:
    with pytest.raises(InputError) as caught:
        lesson().step("conv1.gradeint")
    assert caught.value.faults[0].hint == 'did you mean "conv1.gradient"?'


@given(networks())
@examples(60)
def test_every_step_and_leaf_is_found_by_its_own_name(scenario: Scenario) -> None:
    steps = lesson_of(scenario, input_gradient=True)
    assert len(set(steps.names)) == len(steps.names)
    for step in steps.steps:
        assert steps.step(step.name) is step
        assert steps.quantity(step.name) == step.quantity
    for leaf in steps.leaves:
        assert steps.quantity(leaf.name) == leaf


@given(network_keys())
@examples(80)
def test_a_network_written_as_data_and_built_again_is_the_same_question(keys: dict[str, Any]) -> None:
    scenario = network(**keys)
    data = scenario.data()
    again = network(**data)
    assert data == again.data()
    for one, other in zip(trace(scenario, 2), trace(again, 2), strict=True):
        assert one.loss == other.loss
        for name, array in one.values.items():
            np.testing.assert_array_equal(array, other.values[name])
            np.testing.assert_array_equal(one.lesson.quantity(name).layout.show(array), other.matrix(name))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_class_is_the_target_that_is_1_there_and_0_elsewhere(number: int) -> None:
    one, other = (network(**(USUAL | {"target": target})) for target in ({"class": number}, np.eye(3)[number].tolist()))
    np.testing.assert_array_equal(one.targets, other.targets)
    assert one.data() == other.data()


@pytest.mark.parametrize("number", [-1, 3, 1.5, True, "dog", None])
def test_a_class_that_is_not_there_is_refused_with_those_that_are(number: object) -> None:
    (fault,) = faults(target={"class": number})
    assert fault.path == ("target", "class")
    assert fault.hint == "classes are counted from 0 to 2"


def test_what_was_written_as_one_matrix_is_shown_as_one_matrix() -> None:
    (iteration,) = trace(lesson(), 1)
    assert iteration.matrix("input").shape == (3, 3)
    assert iteration.matrix("conv1.forward").shape == (2, 2, 2)
    assert iteration.matrix("softmax1.forward").shape == (3,)
    samples = [{"input": [X], "target": {"class": 0}}]
    (batch,) = trace(lesson(samples=samples, input=None, target=None), 1)
    assert batch.matrix("input").shape == (1, 1, 3, 3)
    assert batch.matrix("softmax1.forward").shape == (1, 3)


def test_drawn_weights_are_the_same_for_the_same_seed_and_spread_as_their_name_says() -> None:
    def weights(**draw: Any) -> Any:
        layers = [{"type": "conv", "weights": {"filters": 400, "size": [2, 3], **draw}}]
        keys = {"input": np.ones((3, 2, 3)), "layers": layers, "target": np.zeros((400, 1, 1)), "learning_rate": 1}
        return lesson_of(network(**keys)).start["conv1.weights"]  # type: ignore[arg-type]

    assert weights(init="normal", seed=1).shape == (400, 3, 2, 3)
    np.testing.assert_array_equal(weights(init="he_normal", seed=1), weights(init="he_normal", seed=1))
    assert (weights(init="he_normal", seed=1) != weights(init="he_normal", seed=2)).all()
    fan_in, fan_out = 3 * 2 * 3, 400 * 2 * 3
    for name in ("he_normal", "he_uniform"):
        assert weights(init=name, seed=1).var() == pytest.approx(2 / fan_in, rel=0.1)
    for name in ("glorot_normal", "glorot_uniform"):
        assert weights(init=name, seed=1).var() == pytest.approx(2 / (fan_in + fan_out), rel=0.1)
    assert weights(init="normal", seed=1).var() == pytest.approx(1, rel=0.1)
    assert not weights(init="zeros").any()
