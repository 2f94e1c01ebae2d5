"""A sweep over a real Dask cluster of two processes on this machine; only where the extra `dask` is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cnnstep
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario
from cnnstep.surface.sweeping.executors import cluster
from cnnstep.tutor.sweep.plan import Plan
from tests.conftest import Program
from tests.extras import marks

distributed: Any = pytest.importorskip("distributed", reason="the extra dask is not installed")
pytestmark = [*marks("dask"), pytest.mark.filterwarnings("default")]  # its own affairs

FIRST = scenario("first-filter")
PLAN = Plan(starts=20000, iterations=60)
"""Five blocks."""


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


def test_two_processes_of_a_cluster_give_the_very_same_bits(local: Any) -> None:
    alone = cnnstep.sweep(FIRST, PLAN)
    with cluster(local.scheduler_address) as executor:
        asked = [executor.submit(_process) for _ in range(50)]
        assert len({future.result() for future in asked}) == 2
        spread = cnnstep.sweep(FIRST, PLAN, executor=executor)
    for name in ("statuses", "iterations", "losses", "weights", "done"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(spread, name))


def _process() -> int:
    import os
    import time

    time.sleep(0.02)
    return os.getpid()


def test_a_clients_own_executor_will_do(local: Any) -> None:
    with distributed.Client(local.scheduler_address, set_as_default=False) as client:
        assert cnnstep.sweep(FIRST, Plan(starts=100), executor=client.get_executor()).finished


def test_the_command_line_takes_the_schedulers_address(cnnstep: Program, local: Any) -> None:
    arguments = ("sweep", "first-filter", "--starts", "20000", "-n", "60", "--json")
    ran = cnnstep(*arguments, "--scheduler", local.scheduler_address)
    assert ran.code == 0
    assert ran.out == cnnstep(*arguments).out


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x"])
def test_an_address_without_a_scheduler_is_told_in_words(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnstep.surface.sweeping.executors.PATIENCE", 0.5)
    with pytest.raises(InputError) as caught, cluster(address):
        pytest.fail("it connected")
    assert caught.value.faults[0].what == f"there is no Dask scheduler at {address}"


def test_a_scheduler_without_workers_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnstep.surface.sweeping.executors.PATIENCE", 0.5)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None, protocol="tcp") as empty:
        with pytest.raises(InputError) as caught, cluster(empty.scheduler_address):
            pytest.fail("it began")
        assert caught.value.faults[0].what == f"the scheduler at {empty.scheduler_address} has no workers"
