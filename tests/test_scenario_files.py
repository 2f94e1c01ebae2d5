"""The shipped scenarios' files: in order, with nothing beside them, and their digits those that were published."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnstep.engine.quantity import Array
from cnnstep.surface.loading import load
from tests.extras import needs
from tests.scenario_files import FOLDER, NAMES, SOBEL


@pytest.mark.parametrize("name", NAMES)
def test_every_file_says_what_it_teaches_and_what_must_happen(name: str) -> None:
    comment, _, keys = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").partition("\n\n")
    modeline, *lines = comment.splitlines()
    assert modeline == "# yaml-language-server: $schema=./schema.json"
    assert all(line.startswith("# ") for line in lines)
    said = re.fullmatch(r"Teaches: (.+) What must happen: (.+)", " ".join(line[2:] for line in lines))
    assert said
    assert all(len(words) > 40 and words.endswith((".", ")")) for words in said.groups())
    assert keys.startswith("title: ")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_has_a_kebab_case_name_a_short_title_and_a_run_of_a_sensible_length(name: str) -> None:
    scenario = load(name).scenario
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert 3 < len(scenario.title) <= 70
    assert 1 <= scenario.iterations <= 1000


def test_titles_tell_the_scenarios_apart() -> None:
    assert len({load(name).scenario.title for name in NAMES}) == len(NAMES)


def test_no_stray_file_lies_about() -> None:
    used = {
        match
        for name in NAMES
        for match in re.findall(r"data/([\w-]+\.(?:csv|npy))", (FOLDER / f"{name}.yaml").read_text())
    }
    assert {path.name for path in (FOLDER / "data").iterdir()} == used | {"README.md", "LICENSE-digits"}
    there = {path.name for path in FOLDER.iterdir()} - {"schema.json"}
    assert there == {f"{name}.yaml" for name in NAMES} | {"data", "courses"}
    assert {path.suffix for path in (FOLDER / "courses").iterdir()} == {".yaml"}


def digits() -> Any:
    from sklearn.datasets import load_digits

    return load_digits()


@needs("digits")
def test_the_digits_of_the_network_are_all_that_were_published_in_their_order() -> None:
    published = digits()
    images = [np.load(FOLDER / "data" / f"digits-{part}.npy") for part in ("train", "test")]
    classes = [np.loadtxt(FOLDER / "data" / f"digits-{part}-classes.csv") for part in ("train", "test")]
    assert_array_equal(np.concatenate(images), published.images)
    assert_array_equal(np.concatenate(classes), published.target)


def numbers_of(file: str) -> Array:
    return np.loadtxt(FOLDER / "data" / file, delimiter=",")


@pytest.mark.parametrize("digit", [0, 3, 4, 7])
def test_the_edges_are_the_filters_answer_to_the_digits(digit: int) -> None:
    image, edges = numbers_of(f"digit-{digit}-0.csv"), numbers_of(f"digit-{digit}-0-edges.csv")
    assert image.shape == (8, 8)
    assert ((image >= 0) & (image <= 16) & (image == image.round())).all()
    for i, j in np.ndindex(6, 6):
        assert edges[i, j] == sum(SOBEL[u][v] * image[i + u, j + v] for u in range(3) for v in range(3))


@needs("digits")
@pytest.mark.parametrize("digit", [0, 3, 4, 7])
def test_the_digits_are_the_published_ones(digit: int) -> None:
    published = digits()
    first = published.images[np.flatnonzero(published.target == digit)[0]]
    assert_array_equal(numbers_of(f"digit-{digit}-0.csv"), first)
