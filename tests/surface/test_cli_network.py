"""Networks at the command line: whole pages as they are printed, one sample, one layer, JSON, plain faults."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Golden, Program

DIGIT = ("step", "digits-cnn", "--sample", "7")
PAGES = {
    "run-smallest-network": ("run", "smallest-network"),
    "step-digits-cnn": ("step", "digits-cnn", "--sample", "7", "--precision", "2"),
    "step-digits-cnn-part": (
        "step",
        "digits-cnn",
        "--sample",
        "7",
        "--only",
        "conv1.forward[3],dense1",
        "--precision",
        "2",
    ),
}


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("page", PAGES)
def test_a_networks_page_is_printed_as_it_was(cnnstep: Program, golden: Golden, page: str, width: int) -> None:
    ran = cnnstep(*PAGES[page], width=width)
    assert (ran.code, ran.err) == (0, "")
    golden(f"golden/{page}-{width}.txt", ran.out)


def test_in_ascii_a_page_with_pictures_stays_ascii(cnnstep: Program) -> None:
    assert cnnstep("step", "digits-cnn", env={"LANG": "C", "LC_ALL": "C"}, encoding="ascii").out.isascii()


def test_a_training_run_in_json_has_accuracy_and_its_first_and_last_iteration(cnnstep: Program) -> None:
    ran = cnnstep("run", "digits-cnn", "-n", "3", "--json")
    data = json.loads(ran.out)
    assert [iteration["iteration"] for iteration in data["iterations"]] == [0, 2]
    assert set(data["outcome"]) == {"status", "loss", "weights", "accuracy", "test_accuracy"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "smallest-network", "--sample", "0"), "one sample only"),
        (("step", "two-conv-layers", "--sample", "4"), "the batch has 4 samples"),
        (("step", "two-conv-layers", "--only", "conv3"), 'no step or layer called "conv3"'),
        (("run", "two-conv-layers", "--only", "conv1.gradient[2]"), "conv1.gradient has no filter 2"),
        (("step", "two-conv-layers", "--interactive", "--sample", "1"), "don't go together"),
    ],
)
def test_what_is_not_there_is_said_plainly(cnnstep: Program, arguments: tuple[str, ...], words: str) -> None:
    ran = cnnstep(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in " ".join(ran.err.split())


def test_a_topic_about_networks_can_be_looked_up_in_a_session_with_one_filter(cnnstep: Program) -> None:
    ran = cnnstep("step", "first-filter", "--interactive", stdin="explain softmax\nquit\n")
    assert ran.code == 0
    assert "your scenario is one filter. Here is smallest-network in its place." in " ".join(ran.out.split())


def test_a_topic_can_be_looked_up_in_a_networks_session(cnnstep: Program) -> None:
    ran = cnnstep("step", "smallest-network", "--interactive", stdin="explain relu\nquit\n")
    assert ran.code == 0
    assert "See also: dead-relu" in ran.out
