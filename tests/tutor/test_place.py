"""A name and a cell mean the same however they are written, wherever they can be typed."""

from __future__ import annotations

import pytest

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Quantity
from cnnstep.engine.step import Step
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.typed import Place, find, is_cell, read_place


def lesson(name: str = "first-filter") -> Lesson:
    return lesson_of(scenario(name), input_gradient=True)


@pytest.mark.parametrize(
    "written",
    ["gradient 0 1", "gradient[0,1]", "gradient [0, 1]", "gradient[0][1]", "gradient(0,1)", " gradient 0,1 "],
)
def test_a_cell_can_be_written_in_every_usual_way(written: str) -> None:
    assert read_place(written) == Place("gradient", (0, 1))


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("[0,1]", Place("", (0, 1))),
        ("0 1", Place("", (0, 1))),
        ("gradient", Place("gradient")),
        ("", Place("")),
        ("W[0,1] new", Place("W new", (0, 1))),
        ("W new[0,1]", Place("W new", (0, 1))),
        ("(−∂L/∂W)[0,1]", Place("−∂L/∂W", (0, 1))),
        ("filter gradient 0 1", Place("filter gradient", (0, 1))),
        ("conv1.weights 0 0 2 1", Place("conv1.weights", (0, 0, 2, 1))),
        ("z " + "9" * 400, Place("z", (10**9,))),
    ],
)
def test_a_name_may_be_left_out_and_may_have_several_words(written: str, place: Place) -> None:
    assert read_place(written) == place


@pytest.mark.parametrize(("written", "word"), [("z 0 x", "x"), ("z -1 0", "-1"), ("0 −1", "−1"), ("z 0.5 1", "0.5")])
def test_what_is_no_index_is_quoted(written: str, word: str) -> None:
    with pytest.raises(InputError, match=f'"{word}" is no row or column'):
        read_place(written)


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_every_step_and_leaf_is_found_by_its_name_and_by_its_symbol_where_no_other_has_it(name: str) -> None:
    taught = lesson(name)
    known: list[Step | Quantity] = [*taught.steps, *(leaf for leaf in taught.leaves if leaf.name != "iteration")]
    symbols = [one.symbol for one in known]
    for one in known:
        assert find(taught, one.name).name == one.name
        if symbols.count(one.symbol) == 1:
            assert find(taught, one.symbol).name == one.name
            assert find(taught, one.symbol.replace("∂", "d").replace("−", "-")).name == one.name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("W", "filter"),
        ("w", "filter"),
        ("kernel", "filter"),
        ("weights", "filter"),
        ("W new", "update"),
        ("t", "target"),
        ("Filter gradient", "gradient"),
        ("dW", "gradient"),
        ("dL/dW", "gradient"),
        ("forward pass", "forward"),
        ("input-gradient", "input_gradient"),
        ("∂L/∂X", "input_gradient"),
        ("output", "activation"),
        ("delta", "delta"),
        ("δ", "delta"),
    ],
)
def test_symbols_titles_and_everyday_words_are_names_too(typed: str, name: str) -> None:
    assert find(lesson(), typed).name == name


def test_the_sign_before_a_symbol_may_be_left_out() -> None:
    turned = lesson("target-minus-output")
    assert turned.step("gradient").symbol == "−∂L/∂W"
    assert find(turned, "∂L/∂W").name == "gradient"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("W1", "conv1.weights"),
        ("p3", "max_pool1.forward"),
        ("delta", "relu1.input_gradient"),
        ("softmax", "softmax1.forward"),
    ],
)
def test_in_a_network_a_symbol_carries_its_layer_and_a_bare_word_works_where_it_means_one(
    typed: str, name: str
) -> None:
    assert find(lesson("smallest-network"), typed).name == name


def test_the_output_of_a_network_is_its_last_layers() -> None:
    assert find(lesson("smallest-network"), "output").name == "softmax1.forward"


@pytest.mark.parametrize(
    ("typed", "hint"), [("weights", "conv1.weights, dense1.weights"), ("gradient", "dense1.gradient")]
)
def test_a_name_that_can_mean_several_says_which_there_are(typed: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        find(lesson("smallest-network"), typed)
    assert hint in caught.value.faults[0].hint


def test_a_memory_is_found_by_its_symbol() -> None:
    found = find(lesson("momentum"), "v before")
    assert not isinstance(found, Step)
    assert found.name == "velocity_before"


@pytest.mark.parametrize("line", ["[0,1]", "z[0,1]", "e [0,1]", "z[0][1]", "W[0,1] new", "W new[0,1]", " δ[0, 1] "])
def test_a_cell_alone_is_a_question(line: str) -> None:
    assert is_cell(line, {"e", "z"})


@pytest.mark.parametrize(
    "line", ["why [0,1]", "why e[0,1]", "show gradient[0]", "set filter[0,1] 2", "z", "e = [0, 1]", ""]
)
def test_a_command_with_a_cell_is_no_cell_alone(line: str) -> None:
    assert not is_cell(line, {"e", "z"})
