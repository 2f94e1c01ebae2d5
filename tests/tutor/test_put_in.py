"""`why` puts the numbers in: every formula that it prints, worked out as it is printed, gives the number it says."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.build import one_filter
from cnnstep.engine.layers.activation import put_slope, put_value
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.step import Factor, Put, Term, Working
from cnnstep.engine.trace import Iteration, first_iteration, trace
from cnnstep.surface.loading import scenario
from cnnstep.tutor.document import Block, Formula, Paragraph, Sum
from cnnstep.tutor.numbers import AS_USUAL, Numbers, enough
from cnnstep.tutor.why import put_in, why

NAMES = {
    "e": math.e,
    "pi": math.pi,
    "sqrt": math.sqrt,
    "ln": math.log,
    "max": max,
    "Phi": lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)),
}
SPELT = {"·": "*", "−": "-", "^": "**", "²": "**2", "√": "sqrt", "Φ": "Phi", "2π": "2*pi"}


def worked_out(formula: str) -> float:
    """What a printed formula of numbers comes to, read as one reads it on paper."""
    for sign, spelt in SPELT.items():
        formula = formula.replace(sign, spelt)
    formula = re.sub(r"(?<=\d)\(", "*(", formula)  # 0.5(1 − 0.5) is a product
    return float(eval(formula, {"__builtins__": {}}, NAMES))  # of our own printing


def last_place(number: str) -> float:
    """What one more in the last digit of a printed number is worth: 0.01 for 3.14, 1e-15 for 9.3e-14."""
    mantissa, _, exponent = number.partition("e")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def line_of(put: Put, value: float, style: Numbers = AS_USUAL) -> Formula:
    (line,) = put_in(Working((Term((Factor("it", value, put=put),)),)), style)
    return line


def said(blocks: tuple[Block, ...]) -> list[tuple[str, str]]:
    return [(block.text, block.words) for block in blocks if isinstance(block, Formula)]


def asked(iteration: Iteration, step: str, *cell: int) -> tuple[Block, ...]:
    return why(iteration, iteration.lesson.step(step), cell, AS_USUAL)


def with_activation(activation: object, z: float = -2.0) -> Iteration:
    """One cell: z = z · 1."""
    return first_iteration(
        lesson_of(
            one_filter(input=[[z]], filter=[[1]], target=[[1]], activation=activation, learning_rate=0.1)  # type: ignore[arg-type]  # a name, or a name with its numbers
        )
    )


ALL = [make() for make in ACTIVATIONS.values()] + [ACTIVATIONS["relu"](0.5), ACTIVATIONS["leaky_relu"](0.1)]
# between 0 and 0.001 the reader's own e^z − 1 would be rounding
zs = (
    st.floats(0.001, 30)
    | st.floats(-30, -0.001)
    | st.integers(-9, 9).map(float)
    | st.floats(-3, 3).map(lambda z: round(z, 2))
)


@given(st.sampled_from(ALL), zs, st.integers(0, 8))
def test_each_value_and_each_slope_follows_from_the_numbers_that_are_printed(
    phi: Activation, z: float, digits: int
) -> None:
    style = Numbers(digits)
    for put, value in ((put_value(phi, z, "z"), phi.value_at(z)), (put_slope(phi, z, "z"), phi.slope_at(z))):
        *parts, result = line_of(put, value, style).text.split(" = ")
        assert result == style.text(value)
        if len(parts) > 2:  # the name, the name of a number, the formula
            assert worked_out(parts[2]) == pytest.approx(float(result), abs=0.51 * last_place(result))


@given(st.sampled_from(ALL), zs)
def test_what_a_letter_stands_for_is_its_number(phi: Activation, z: float) -> None:
    words = line_of(put_slope(phi, z, "z"), phi.slope_at(z)).words
    if words.startswith("a = "):
        number, result = re.fullmatch(rf"a = {phi.name}\((\S+)\) = (\S+)", words).groups()  # type: ignore[union-attr]
        assert phi.value_at(float(number)) == pytest.approx(float(result), rel=1e-3, abs=1e-4)
    if words.startswith("s = "):
        _, formula, result = words.split(" = ")
        assert worked_out(formula) == pytest.approx(float(result), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(
    ("activation", "value", "slope"),
    [
        ("linear", ("linear(z[0,0]) = linear(-2) = -2", ""), ("linear′(z[0,0]) = linear′(-2) = 1", "")),
        (
            "relu",
            ("relu(z[0,0]) = relu(-2) = max(0, -2) = 0", ""),
            ("relu′(z[0,0]) = relu′(-2) = 0", "z[0,0] = -2, not above 0"),
        ),
        (
            {"name": "leaky_relu", "slope": 0.1},
            ("leaky_relu(z[0,0]) = leaky_relu(-2) = 0.1·(-2) = -0.2", "z[0,0] = -2, not above 0"),
            ("leaky_relu′(z[0,0]) = leaky_relu′(-2) = 0.1", "z[0,0] = -2, not above 0"),
        ),
        (
            "elu",  # e⁻² = 0.1353
            ("elu(z[0,0]) = elu(-2) = 1·(e^(-2) − 1) = -0.8647", "z[0,0] = -2, not above 0"),
            ("elu′(z[0,0]) = elu′(-2) = 1·e^(-2) = 0.1353", "z[0,0] = -2, not above 0"),
        ),
        (
            "softplus",
            ("softplus(z[0,0]) = softplus(-2) = ln(1 + e^(-2)) = 0.1269", ""),
            ("softplus′(z[0,0]) = softplus′(-2) = 1 / (1 + e^(−(-2))) = 0.1192", ""),
        ),
        (
            "sigmoid",
            ("sigmoid(z[0,0]) = sigmoid(-2) = 1 / (1 + e^(−(-2))) = 0.1192", ""),
            ("sigmoid′(z[0,0]) = sigmoid′(-2) = 0.1192·(1 − 0.1192) = 0.105", "a = sigmoid(-2) = 0.1192"),
        ),
        (
            "tanh",
            ("tanh(z[0,0]) = tanh(-2) = -0.964", ""),
            ("tanh′(z[0,0]) = tanh′(-2) = 1 − (-0.964)² = 0.0707", "a = tanh(-2) = -0.964"),
        ),
        (
            "gelu",
            ("gelu(z[0,0]) = gelu(-2) = (-2)·Φ(-2) = -0.0455", "Φ(z) = ½(1 + erf(z/√2))"),
            ("gelu′(z[0,0]) = gelu′(-2) = Φ(-2) + (-2)·e^(−(-2)²/2)/√(2π) = -0.0852", "Φ(z) = ½(1 + erf(z/√2))"),
        ),
        (
            "silu",
            ("silu(z[0,0]) = silu(-2) = (-2) / (1 + e^(−(-2))) = -0.2384", ""),
            (
                "silu′(z[0,0]) = silu′(-2) = 0.1192·(1 + (-2)·(1 − 0.1192)) = -0.0908",
                "s = 1 / (1 + e^(−(-2))) = 0.1192",
            ),
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_every_activation_is_shown_with_z_in_it(
    activation: object, value: tuple[str, str], slope: tuple[str, str]
) -> None:
    iteration = with_activation(activation)
    assert said(asked(iteration, "activation", 0, 0)) == [value]
    assert said(asked(iteration, "delta", 0, 0)) == [slope]


def test_every_activation_is_among_them() -> None:
    (cases,) = (mark.args[1] for mark in test_every_activation_is_shown_with_z_in_it.pytestmark)  # type: ignore[attr-defined]
    assert {case[0] if isinstance(case[0], str) else case[0]["name"] for case in cases} == {*ACTIVATIONS}


@pytest.mark.parametrize(
    ("z", "because"), [(3, "z[0,0] = 3, above 0"), (0, "z[0,0] = 0, not above 0"), (-2, "z[0,0] = -2, not above 0")]
)
def test_which_side_of_0_z_lies_on_is_said(z: float, because: str) -> None:
    ((_, words),) = said(asked(with_activation("relu", z), "delta", 0, 0))
    assert words == because


def test_a_slope_at_exactly_0_that_was_chosen_says_so() -> None:
    chosen = ACTIVATIONS["relu"](0.5)
    line = line_of(put_slope(chosen, 0.0, "z[0,0]"), 0.5)
    assert (line.text, line.words) == ("it = relu′(0) = 0.5", "z[0,0] = 0, exactly 0")
    assert line_of(put_slope(chosen, -1.0, "z"), 0.0).words == "z = -1, below 0"


def test_minus_0_is_never_printed() -> None:
    assert said(asked(with_activation("sigmoid", 0), "activation", 0, 0))[0][0].endswith("1 / (1 + e^(0)) = 0.5")


def test_digits_are_added_until_the_line_is_true() -> None:
    # a = 0.99505, and 1 − 0.9951² = 0.0098, where 1 − a² is 0.0099
    assert "1 − 0.99505² = 0.0099" in said(asked(with_activation("tanh", 3), "delta", 0, 0))[0][0]


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("mean_squared_error", ("(2/n) = 2/1 = 2", "n counts all target cells: 1")),
        ("half_mean_squared_error", ("(1/n) = 1/1 = 1", "n counts all target cells: 1")),
    ],
)
def test_a_loss_that_is_a_mean_shows_its_n(loss: str, line: tuple[str, str]) -> None:
    taught = lesson_of(
        one_filter(input=[[2]], filter=[[1]], target=[[1]], activation="relu", learning_rate=1, loss=loss)
    )
    assert line in said(asked(first_iteration(taught), "delta", 0, 0))


def test_n_counts_every_cell() -> None:
    two = one_filter(
        input=[[1, 2]], filter=[[1]], target=[[1, 1]], activation="relu", learning_rate=1, loss="mean_squared_error"
    )
    assert said(asked(first_iteration(lesson_of(two)), "delta", 0, 1))[0][0] == "(2/n) = 2/2 = 1"


def test_binary_cross_entropy_shows_the_output_in_its_weight() -> None:
    # z = 0: a = 0.5
    given_ = one_filter(
        input=[[0]], filter=[[1]], target=[[1]], activation="sigmoid", learning_rate=1, loss="binary_cross_entropy"
    )
    assert said(asked(first_iteration(lesson_of(given_)), "delta", 0, 0))[0][0] == "1/(a(1 − a)) = 1/(0.5(1 − 0.5)) = 4"


def test_an_error_is_one_number_less_another() -> None:
    first = first_iteration(lesson_of(scenario("first-filter")))
    assert said(asked(first, "error", 0, 0)) == [("e[0,0] = a[0,0] − t[0,0] = 3 − 1 = 2", "")]
    turned = first_iteration(lesson_of(scenario("target-minus-output")))
    assert said(asked(turned, "error", 0, 0)) == [("e[0,0] = t[0,0] − a[0,0] = 1 − 3 = -2", "")]


def test_softmax_shows_the_powers() -> None:
    network = first_iteration(lesson_of(scenario("smallest-network")))
    # z = (2, 2): e² = 7.3891
    assert said(asked(network, "softmax1.forward", 0)) == [
        ("e^z5[0] = e^2 = 7.3891", ""),
        ("1/Σe^z5 = 1/(e^2 + e^2) = 0.0677", ""),
    ]


def test_cross_entropy_shows_the_probability() -> None:
    network = first_iteration(lesson_of(scenario("smallest-network")))
    assert said(asked(network, "error", 0)) == [("1/p6[0] = 1/0.5 = 2", "")]


def test_adam_shows_its_corrections() -> None:
    *_, fourth = trace(lesson_of(scenario("adam")), 4)
    first, second = said(asked(fourth, "update", 0, 0))
    assert first == ("1/0.3439 = 1/(1 − 0.9^4) = 2.9078", "k + 1 is 4")  # 1 − 0.9⁴ = 0.3439
    assert second[0].startswith("1/(√(s[0,0]/0.003994) + ε) = 1/(√(19.4313/(1 − 0.999^4)) + 1e-08) = ")
    for text, _ in (first, second):
        *_, formula, result = text.split(" = ")
        assert AS_USUAL.text(worked_out(formula)) == result


class TestPooling:
    network = first_iteration(lesson_of(scenario("pooling"), input_gradient=True))

    def test_the_largest_of_a_window_is_named(self) -> None:
        assert said(asked(self.network, "max_pool1.forward", 0, 0, 0)) == [
            ("p3[0,0,0] = max(0, 1, 0, 0) = 1", "a2[0,0,1] won")
        ]

    def test_of_equal_numbers_the_first_wins_and_that_is_said(self) -> None:
        assert said(asked(self.network, "max_pool1.forward", 0, 0, 1)) == [
            ("p3[0,0,1] = max(0, 1, 0, 1) = 1", "a2[0,0,3] won: the first in reading order of 2 equal numbers")
        ]

    def test_a_number_that_did_not_win_says_who_did(self) -> None:
        blocks = asked(self.network, "max_pool1.input_gradient", 0, 1, 0)
        assert "No window took this number" in " ".join(b.text for b in blocks if isinstance(b, Paragraph))
        assert said(blocks) == [("p3[0,0,0] = max(0, 1, 0, 0) = 1", "a2[0,0,1] won")]

    def test_a_working_tells_an_equal_number_from_a_smaller_one(self) -> None:
        step = self.network.lesson.step("max_pool1.forward")
        working = step.working(self.network.values, (0, 0, 0, 1))
        assert [term.note for term in working.terms] == ["smaller", "won", "smaller", "as large, but later"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=3), st.integers(0, 8))
def test_the_product_of_the_numbers_that_are_printed_is_the_one_that_is_printed(
    values: list[float], digits: int
) -> None:
    style = Numbers(digits)
    written = enough(style, values, math.prod)
    assert style.text(math.prod(map(float, written))) == style.text(math.prod(values))


def test_numbers_that_lead_there_already_get_no_more_digits() -> None:
    assert enough(AS_USUAL, (1 / 3, 3.0), math.prod) == ("0.33333", "3")  # 0.3333 · 3 = 0.9999, 0.33333 · 3 = 1
    assert enough(AS_USUAL, (1 / 3, 2.0), math.prod) == ("0.33333", "2")  # 0.6666; 0.66666 is 0.6667
    assert enough(AS_USUAL, (0.5, 3.0), math.prod) == ("0.5", "3")
    assert enough(Numbers(4, fractions=True), (1 / 3, 3.0), math.prod) == ("1/3", "3")


def test_every_number_of_a_sum_is_shown_with_enough_digits() -> None:
    # δ = 8105.0841 · (−0.9999) · 0.0001 would be −0.81
    (total,) = (
        block
        for block in asked(first_iteration(lesson_of(scenario("sigmoid-cross-entropy"))), "delta", 0, 0)
        if isinstance(block, Sum)
    )
    (line,) = total.lines
    assert "0.00012338" in enough(AS_USUAL, line.numbers, math.prod)
