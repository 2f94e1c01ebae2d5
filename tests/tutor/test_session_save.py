"""`save` writes what there is now: the changes that were made, and the weights that were learned so far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnstep.engine.trace import trace
from cnnstep.surface.loading import load, scenario
from cnnstep.surface.scenario_file.writer import dump
from cnnstep.tutor.document import Note
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.state import Reply, Saving, begin
from tests.conftest import Program


def answered(*lines: str, name: str = "first-filter") -> Reply:
    session, reply = begin(name, scenario(name))
    for line in lines:
        session, reply = advance(session, line)
    return reply


def saved(*lines: str, name: str = "first-filter") -> Saving:
    saving = answered(*lines, "save x.yaml", name=name).save
    assert saving is not None
    assert saving.path == "x.yaml"
    return saving


@pytest.mark.parametrize(
    ("walk", "updates"),
    [
        ([], 0),
        (["goto gradient"], 0),
        (["goto update"], 1),  # it was shown, so it was made
        (["goto update", ""], 1),
        (["run 10"], 10),
        (["goto 3 delta"], 3),
        (["goto 3 update"], 4),
        (["run 10", "back"], 0),
    ],
)
def test_the_filter_is_the_one_after_the_last_update_that_was_shown(walk: list[str], updates: int) -> None:
    # W after k updates is what the k-th iteration, counted from 0, begins with
    *_, begun = trace(scenario("first-filter"), updates + 1)
    saving = saved(*walk)
    assert saving.scenario.data()["filter"] == begun.matrix("filter").tolist()
    assert (f"after {updates} update" in saving.words) is bool(updates)


def test_the_title_says_after_how_many_updates() -> None:
    assert saved().scenario.title == "The first filter"
    assert saved("run 10").scenario.title == "The first filter, after 10 updates"
    assert saved("goto update").scenario.title == "The first filter, after 1 update"


def test_a_bias_and_what_was_set_are_saved_too() -> None:
    saving = saved("set learning_rate 0.25", "run 2", name="bias")
    *_, third = trace(scenario("bias"), 1)
    data = saving.scenario.data()
    assert data["learning_rate"] == 0.25
    assert data["bias"] != third.matrix("bias").item()


def test_of_a_network_all_weights_are_saved() -> None:
    saving = saved("run 2", name="smallest-network")
    *_, third = trace(scenario("smallest-network"), 3)
    layers = {layer["name"]: layer for layer in saving.scenario.data()["layers"]}
    for name in ("conv1", "dense1"):
        assert np.array_equal(layers[name]["weights"], third.matrix(f"{name}.weights"))
    assert saving.words == "Its weights are those after 2 updates."


def test_that_a_memory_begins_anew_is_said() -> None:
    assert saved("run 2", name="momentum").words == (
        "Its filter is the one after 2 updates. The memory of momentum is not in it: that begins with 0 again."
    )


def test_what_is_saved_goes_on_where_the_session_stands(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(dump(saved("run 10").scenario), encoding="utf-8")
    (again,) = trace(load(str(tmp_path / "x.yaml")).scenario, 1)
    *_, eleventh = trace(scenario("first-filter"), 11)
    assert all(np.array_equal(again.matrix(name), eleventh.matrix(name)) for name in eleventh.lesson.names)


def test_weights_that_are_not_finite_are_not_saved() -> None:
    reply = answered("set learning_rate 1e200", "goto 2", "save x.yaml")
    assert reply.save is None
    assert [block.code for block in reply.blocks if isinstance(block, Note)] == ["save"]


def test_a_run_that_ends_early_says_so_and_stands_where_it_ended(cnnstep: Program) -> None:
    ran = cnnstep("step", "-i", stdin="set learning_rate 1e200\nrun 5\n")
    assert "1 iteration on: the loss went from 2 to inf. The numbers are no longer finite" in " ".join(ran.out.split())
    assert "iteration 1 · 1/6 forward" in ran.err


def test_the_terminal_says_what_it_wrote_and_writes_over_nothing(cnnstep: Program, tmp_path: Path) -> None:
    ran = cnnstep("step", "-i", stdin="run 10\nsave x.yaml\nrun 10\nsave x.yaml\n")
    assert "Saved as x.yaml. Its filter is the one after 10 updates." in ran.err
    assert 'x.yaml: "x.yaml" exists already.\n  Choose another name.' in ran.err
    assert "after 10 updates" in (tmp_path / "x.yaml").read_text(encoding="utf-8")
