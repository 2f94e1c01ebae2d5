"""How often the diagnosis is right, over random questions; the sizes here are small, the benchmarks' are whole.

`CHECK_SCALE` multiplies the number of sheets: 1 in the suite, 25 for the README's figures, which `-s` shows.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import combinations
from time import process_time

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.mistakes import MISTAKES
from tests.examples import some
from tests.tutor.occasions import go_together, occasion
from tests.tutor.sheets import random_scenario, rounded_on_the_way, steps_of, wrong_sheet

SCALE = int(os.environ.get("CHECK_SCALE", "1"))
SIZES_DIFFER = {"stride-ignored", "padding-ignored", "valid-not-full", "bias-gradient-not-summed", "output-for-input"}
LOSSES = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
ONE_LAYER = [
    code for code in MISTAKES if MISTAKES[code].shown_on not in ("pooling", "two-conv-layers", "smallest-network")
]
"""What one filter gives occasion for."""
PAIRS = [
    (one, other)
    for one, other in combinations(ONE_LAYER, 2)
    if not set(MISTAKES[one].roles) & set(MISTAKES[other].roles)
    and not {one, other} & SIZES_DIFFER
    and not MISTAKES[one].remembers | MISTAKES[other].remembers
    and go_together(one, other)
]


def named(diagnosis: Diagnosis) -> set[str]:
    """Every code that the diagnosis says, as its answer or as an equal."""
    equals = {code for mark in diagnosis.marks for codes in mark.alternatives for code in codes}
    return set(diagnosis.mistakes) | equals


def causes(diagnosis: Diagnosis) -> int:
    return len(diagnosis.mistakes) + sum(len(mark.slips) for mark in diagnosis.marks)


@pytest.mark.parametrize("code", MISTAKES)
def test_every_mistake_is_found_alone_or_among_equals(code: str) -> None:
    random, found, sheets = np.random.default_rng(1), 0, 0
    wanted = some(8) * SCALE
    for _ in range(60 * wanted):
        sheet = wrong_sheet(occasion(random, code), MISTAKES[code], iteration=int(MISTAKES[code].remembers))
        if sheet is not None:
            sheets += 1
            found += code in named(diagnose(sheet))
        if sheets == wanted:
            break
    print(f"\n{code}: found on {found} of {sheets} sheets")
    assert sheets == wanted
    assert found >= 0.99 * sheets


def test_pairs_of_mistakes_in_different_steps_are_found_unless_fewer_causes_give_the_numbers() -> None:
    random = np.random.default_rng(2)
    found = sheets = with_fewer = 0
    longest = 0.0
    for index in random.permutation(len(PAIRS))[: some(80) * SCALE]:
        one, other = PAIRS[index]
        for _ in range(60):
            sheet = wrong_sheet(occasion(random, one, other), MISTAKES[one], MISTAKES[other])
            if sheet is not None:
                began = process_time()
                diagnosis = diagnose(sheet)
                longest = max(longest, process_time() - began)
                both = {one, other} <= named(diagnosis)
                fewer = not both and diagnosis.verdict == "mistaken" and causes(diagnosis) < 2
                found, with_fewer, sheets = found + both, with_fewer + fewer, sheets + 1
                break
    print(f"\ntwo mistakes: found on {found} of {sheets} sheets, {with_fewer} have fewer; {1e3 * longest:.0f} ms")
    assert sheets >= 0.9 * min(some(80) * SCALE, len(PAIRS))
    assert found + with_fewer >= 0.95 * sheets


def test_right_work_under_any_convention_and_rounding_is_never_called_wrong() -> None:
    random = np.random.default_rng(3)
    for _ in range(some(80) * SCALE):
        scenario = random_scenario(random)
        conventions = {
            "loss": str(random.choice(LOSSES)),
            "error": str(random.choice(["output_minus_target", "target_minus_output"])),
            "relu_slope_at_zero": float(random.choice([0, 0.5, 1])) if scenario.activation.name == "relu" else 0.0,
        }
        iteration = first_iteration(lesson_of(one_filter(**scenario.data() | conventions)))
        part = tuple(name for name in iteration.lesson.names if random.integers(2))
        names = (iteration.lesson.names, part or iteration.lesson.names[-1:])[int(random.integers(2))]
        digits = int(random.choice([2, 3, 4]))
        write = (steps_of, rounded_on_the_way)[int(random.integers(2))]
        diagnosis = diagnose(Sheet(scenario, write(iteration, names, digits)))
        assert diagnosis.verdict == "correct", (scenario.data(), conventions, names, digits, write.__name__)


def test_noise_is_not_given_a_confident_name() -> None:
    random = np.random.default_rng(4)
    confident = sheets = 0
    for _ in range(some(120) * SCALE):
        iteration = first_iteration(lesson_of(random_scenario(random)))
        names = iteration.lesson.names
        step = str(random.choice(names))
        right = iteration.matrix(step)
        whole = bool(random.integers(2))
        noise = random.integers(-4, 5, right.shape) if whole else np.round(random.normal(0, 1, right.shape), 2)
        if not noise.any():
            continue
        work = steps_of(iteration, names if random.integers(2) else (step,), 12)
        work[step] = Written.rounded(right + noise, 12 if whole else 2)
        sheets += 1
        confident += bool(diagnose(Sheet(iteration.lesson.scenario, work)).mistakes)
    print(f"\nnoise: given a name on {confident} of {sheets} sheets")
    assert confident <= 0.01 * sheets


def test_a_sheet_with_one_number_plainly_wrong_is_never_called_right() -> None:
    random = np.random.default_rng(5)
    for _ in range(some(80) * SCALE):
        iteration = first_iteration(lesson_of(random_scenario(random)))
        names = iteration.lesson.names
        step = str(random.choice(names))
        digits = int(random.choice([1, 2]))
        work = steps_of(iteration, names if random.integers(2) else (step,), digits)
        values = np.array(work[step].values)
        values.flat[int(random.integers(values.size))] += float(random.choice([-1, 1])) * 10 ** (2 - digits)
        work[step] = Written(values, work[step].tolerance)
        with suppress(InputError):  # one decimal is too coarse where all numbers are smaller
            diagnosis = diagnose(Sheet(iteration.lesson.scenario, work))
            assert diagnosis.verdict != "correct" or diagnosis.conventions, (
                iteration.lesson.scenario.data(),
                step,
                digits,
            )
