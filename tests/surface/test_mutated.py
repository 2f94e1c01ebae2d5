"""Whatever is wrong with a scenario, a work file or a line at the prompt: the program ends as its contract says.

A file is taken that works; one thing after another in it becomes something that does not belong there.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import cnnstep
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import numbers
from cnnstep.surface.cli.app import run_app
from tests.examples import examples

SMALL = (
    *("first-filter", "bias", "two-channels", "two-filters", "padding", "stride", "adam", "sigmoid-cross-entropy"),
    *("smallest-network", "pooling", "small-batch", "two-conv-layers"),
)
ODD: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        3,
        1e308,
        -1e308,
        5e-324,
        2**63,
        10**25,
        float("nan"),
        0.5,
        "",
        " ",
        "relu",
        "x",
        "1,5",
        "0,5",
    ),
    *("9" * 400, "1" * 5000, "1e400", "−1", "\x1b[31m", "\u200b", "\u202eabc", "a" * 3000, "[[1, 2], [3]]", "~", "*a"),
    *([], {}, [[]], [[1]], [[[[[[1]]]]]], [[1, 2], [3]], [[1, -2], [[0.5], [1]]], [1000, [1, 0]], {"a": 1}, [{}]),
    *({"file": "no.csv"}, {"file": "/etc/passwd"}, {"name": "adam", "beta1": 2}, {"type": "conv"}, {"class": 99}),
    *({"init": "he_normal", "filters": 10**9, "seed": -1}, [[0.0] * 30] * 30, "same", "drop", ["same", 1], [1, 2, 3]),
]


@cache
def good(name: str) -> Any:
    return cnnstep.scenario(name).data()


@cache
def right_sheet(name: str) -> dict[str, Any]:
    """All steps of the first iteration, right, as a work file has them."""
    lesson = lesson_of(cnnstep.scenario(name))
    values = lesson.carry_out(lesson.start)
    work = {step.name: numbers(step.quantity.layout.show(values[step.name])) for step in lesson.steps}
    return {"scenario": name, "work": work}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with each of its keys or indices."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield value, key
        yield from places(item)


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """The value with one to three things in it replaced, taken away, doubled, wrapped or called otherwise."""
    value = deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(value))
        if not found:
            return value
        owner, key = found[draw(st.integers(0, len(found) - 1))]
        how = draw(st.sampled_from(["odd", "odd", "odd", "gone", "wrapped", "inside", "called"]))
        if how == "odd":
            owner[key] = deepcopy(draw(st.sampled_from(ODD)))
        elif how == "gone":
            del owner[key]
        elif how == "wrapped":
            owner[key] = [owner[key]]
        elif how == "inside" and isinstance(owner[key], list) and owner[key]:
            owner[key] = owner[key][0]
        elif isinstance(owner, dict):
            owner[draw(st.sampled_from(["type", "Name", f"{key}s", str(key)[:-1], "", "class", "0"]))] = owner.pop(key)
        else:
            owner.insert(0, deepcopy(owner[key]))
    return value


@contextmanager
def streams(stdin: str) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    kept = sys.stdin, sys.stdout, sys.stderr
    out, err = io.StringIO(), io.StringIO()
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(stdin), out, err
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept


def ends_well(*arguments: str, stdin: str = "") -> None:
    """The contract's exit code; a fault is told in words, and nothing that a terminal would obey comes out."""
    with streams(stdin) as (out, err):
        code = run_app(arguments)
    assert code in (0, 1, 2), err.getvalue()
    assert code != 2 or err.getvalue().strip()
    assert not {"\x1b", "\u200b", "\u202e"} & {*out.getvalue(), *err.getvalue()}


@given(st.sampled_from(SMALL).flatmap(lambda name: mutated(good(name))), st.sampled_from(["run", "step", "analyze"]))
@examples(300)
def test_a_mutated_scenario(data: Any, command: str) -> None:
    more = ("-n", "2") if command == "run" else ()
    ends_well(command, "-", *more, stdin=json.dumps(data, ensure_ascii=False))


@given(st.sampled_from(SMALL).flatmap(lambda name: mutated(right_sheet(name))))
@examples(150)
def test_a_mutated_work_file(data: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "work.yaml"
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
        ends_well("check", str(path))


WORDS = (
    *("", "guess", "why", "explain", "set", "goto", "save", "what if", "reset", "back", "next", "help", "run", "show"),
    *(
        "z[0,0]",
        "W[0,1]",
        "e[9,9]",
        "[0,0]",
        "δ",
        "lr",
        "learning_rate",
        "filter[0,0]",
        "relu",
        "dead",
        "1",
        "-1",
        "0.5",
    ),
    *(
        "9" * 400,
        "1e999",
        "nan",
        "[[1,2],[3,4]]",
        "[[1,2],[3",
        "1,5",
        ".",
        "~nobody/x",
        "\x1b[31m",
        "\u200b",
        "==",
        "max_pool1.size",
    ),
    *("conv1", "conv1.gradient[0]", "stride", "2", "padding", "same", "activation", "sigmoid", "-n", "--help", "?"),
)


@given(
    st.sampled_from(["first-filter", "pooling", "two-filters"]),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=8),
)
@examples(100)
def test_any_lines_at_the_prompt(name: str, lines: list[str]) -> None:
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            ends_well("step", "--interactive", name, stdin="\n".join(lines))
        finally:
            os.chdir(before)


@given(
    st.sampled_from(["first-filter", "smallest-network"]),
    st.lists(
        st.one_of(st.sampled_from([*WORDS, "1 2", "3 4", "skip", "back", "done"]), st.text(max_size=20)), max_size=12
    ),
)
@examples(60)
def test_any_lines_of_a_typed_sheet(name: str, lines: list[str]) -> None:
    ends_well("check", "--interactive", name, stdin="\n".join(lines))
