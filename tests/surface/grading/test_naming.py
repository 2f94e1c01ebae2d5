"""Wrong code is told by the mistake that was made in it, or honestly by none; right code is right, however written."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstep.surface.grading.grading import Wish, grade_in_place
from cnnstep.tutor.grade.report import verdict_words
from cnnstep.tutor.grade.verdict import ResultMark
from tests.examples import share
from tests.extras import needs
from tests.surface.grading.code import (
    LAYERS,
    LOOPS,
    STEPS,
    WHERE_WON,
    WINDOW,
    WRONG,
    WRONG_LAST,
    WRONG_STEPS,
    WRONG_TORCH,
    Wrong,
    executed,
)
from tests.surface.grading.right import BACKWARD, LOOPS_FORWARD, RIGHT, TORCH_BACKWARD


def told(mark: ResultMark) -> str | None:
    """The mistake's code, "" where none is known, "faulted"; None where it is right."""
    if mark.verdict in ("right", "faulted"):
        return None if mark.verdict == "right" else "faulted"
    return " or ".join(map(str, mark.explanations))


@pytest.mark.parametrize("wrong", [wrong for (wrong,) in share(WRONG)], ids=lambda wrong: wrong.name)
def test_each_wrong_one_is_told_by_its_mistake_and_what_is_right_is_right(wrong: Wrong) -> None:
    graded = grade_in_place(wrong.functions())
    assert wrong.told == {mark.result.name: code for mark in graded.marks if (code := told(mark)) is not None}


def test_the_loops_are_right() -> None:
    assert grade_in_place(executed(LOOPS)).verdict == "right"


@pytest.mark.parametrize("name", [name for (name,) in share(RIGHT)])
def test_right_ones_are_right_however_they_are_written(name: str) -> None:
    graded = grade_in_place(executed(RIGHT[name]))
    assert {mark.result.name: told(mark) for mark in graded.marks} == dict.fromkeys(
        [mark.result.name for mark in graded.marks]
    )
    assert graded.marks


@needs("torch")
def test_torch_is_right() -> None:
    graded = grade_in_place(executed(LOOPS_FORWARD + BACKWARD + TORCH_BACKWARD))
    assert [mark.verdict for mark in graded.marks] == ["right"] * 4


def test_there_are_many_of_each() -> None:
    assert len(RIGHT) >= 20
    assert len(WRONG) >= 30


MEANS_ARE_RIGHT = {
    "filter as it is on the way back": ("dx", "filter-not-rotated"),
    "gradient rotated": ("dw", "gradient-rotated"),
    "gradient transposed": ("dw", "gradient-transposed"),
}


@pytest.mark.parametrize("name", MEANS_ARE_RIGHT)
def test_a_test_of_means_passes_on_three_wrong_ones_and_each_is_named(name: str) -> None:
    """As a well-known course tests it: the means of dX, dW and db of drawn arrays."""
    result, code = MEANS_ARE_RIGHT[name]
    right, wrong = executed(LOOPS), next(one for one in WRONG if one.name == name).functions()
    draw = np.random.default_rng(1)
    x, w, b = draw.normal(size=(10, 3, 4, 4)), draw.normal(size=(8, 3, 2, 2)), draw.normal(size=8)
    means = []
    for code_of in (right, wrong):
        out, cache = code_of["conv_forward"](x, w, b, {"stride": 1, "pad": 0})
        means.append([float(np.mean(one)) for one in code_of["conv_backward"](out, cache)])
    assert means[0] == pytest.approx(means[1], rel=1e-9)
    graded = grade_in_place(wrong)
    assert {mark.result.name: told(mark) for mark in graded.marks if told(mark)} == {result: code}
    assert next(mark for mark in graded.marks if mark.result.name == result).same_mean > 0


def test_32_bits_are_told_as_precision_and_are_no_mistake() -> None:
    graded = grade_in_place(executed(RIGHT["forward: 32 bits"]))
    assert graded.verdict == "right"
    assert verdict_words(graded.marks[0]) == "right in 19 of 19 cases (to 32 bits)"


@pytest.mark.parametrize("wrong", [wrong for (wrong,) in share(WRONG_STEPS)], ids=lambda wrong: wrong.name)
def test_steps_and_other_layers_are_told_by_their_mistakes_too(wrong: Wrong) -> None:
    """A step that others are made of spoils them too, so only the result that is in question is looked at."""
    (result, code), *others = wrong.told.items()
    graded = grade_in_place(wrong.functions(), Wish(only=result))
    found = [told(mark) for mark in graded.marks if told(mark) is not None]
    assert found == [code] * len(found)
    assert found
    for result, code in others:
        marks = grade_in_place(wrong.functions()).marks
        assert [told(mark) for mark in marks if mark.result.name == result and told(mark)] == [code]


@pytest.mark.parametrize("source", [STEPS, LAYERS], ids=["steps", "layers"])
def test_right_steps_and_layers_are_right(source: str) -> None:
    graded = grade_in_place(executed(source))
    assert [(mark.function.name, told(mark)) for mark in graded.marks if told(mark) is not None] == []
    assert len(graded.marks) == 7 if source is STEPS else 12


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("patch.argmax()", "patch.size - 1 - patch.ravel()[::-1].argmax()", "the last of equal maxima"),
        (
            WHERE_WON,
            WINDOW + "(patch == patch.max()) / np.sum(patch == patch.max()) * dout[n, c, i, j]",
            "equal maxima sharing",
        ),
    ],
    ids=["last", "shared"],
)
def test_whoever_gives_the_gradient_of_equal_maxima_to_others_is_right(old: str, new: str, words: str) -> None:
    graded = grade_in_place(executed(LAYERS.replace(old, new)))
    assert graded.verdict == "right"
    assert any(words in verdict_words(mark) for mark in graded.marks)


def test_arrays_may_have_two_or_four_axes() -> None:
    many = """
import numpy as np
def forward(X, W, b):
    v = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], axis=(2, 3))
    return np.einsum("ncijuv,fcuv->nfij", v, W) + b[:, None, None]
def gradient(X, delta):
    v = np.lib.stride_tricks.sliding_window_view(X, delta.shape[2:], axis=(2, 3))
    return np.einsum("ncuvij,nfij->fcuv", v, delta)
"""
    graded = grade_in_place(executed(many))
    assert [(mark.verdict, len(mark.answers)) for mark in graded.marks] == [("right", 12), ("right", 12)]
    assert {answer.form.name for mark in graded.marks for answer in mark.answers} == {"every axis"}
    assert {a.form.name for a in grade_in_place(executed(STEPS)).marks[0].answers} == {"matrices"}


@needs("torch")
@pytest.mark.parametrize("wrong", [wrong for (wrong,) in share(WRONG_TORCH)], ids=lambda wrong: wrong.name)
def test_classes_of_pytorch(wrong: Wrong) -> None:
    graded = grade_in_place(wrong.functions())
    assert {mark.result.name: code for mark in graded.marks if (code := told(mark)) is not None} == wrong.told
    assert [mark.result.name for mark in graded.marks] == ["out", "dx", "dw", "db"]


@needs("torch")
def test_a_function_without_bias_and_stride_is_asked_what_it_knows() -> None:
    plain = """
import torch
class Plain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, image, kernel):
        ctx.save_for_backward(image, kernel)
        return torch.nn.functional.conv2d(image, kernel)
    @staticmethod
    def backward(ctx, dout):
        x, w = ctx.saved_tensors
        return torch.nn.grad.conv2d_input(x.shape, w, dout), torch.nn.grad.conv2d_weight(x, w.shape, dout)
"""
    graded = grade_in_place(executed(plain))
    assert [(mark.result.name, mark.verdict) for mark in graded.marks] == [
        ("out", "right"),
        ("dx", "right"),
        ("dw", "right"),
    ]


def test_a_constant_factor_is_said() -> None:
    twice, turned = (next(one for one in WRONG if one.name == name) for name in ("twice dw", "the sign of dx"))
    for wrong, result, factor in ((twice, "dw", 2.0), (turned, "dx", -1.0)):
        marks = grade_in_place(wrong.functions()).marks
        assert [mark.factor for mark in marks if mark.result.name == result] == [factor]


def test_a_view_of_an_argument_is_told_and_no_mistake() -> None:
    graded = grade_in_place(
        executed("def relu_forward(x): return x[...], x\ndef relu_backward(d, c): return d * (c > 0)")
    )
    assert graded.remarks == ("out of relu_forward is a view of x: whoever changes one changes the other.",)


@pytest.mark.parametrize("wrong", WRONG_LAST, ids=lambda wrong: wrong.name)
def test_channels_may_come_last(wrong: Wrong) -> None:
    graded = grade_in_place(wrong.functions())
    assert graded.signature.name == "deeplearning"
    assert {mark.result.name: code for mark in graded.marks if (code := told(mark)) is not None} == wrong.told
    assert [mark.result.name for mark in graded.marks] == ["Z", "dA_prev", "dW", "db", "A"]
