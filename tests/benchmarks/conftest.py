"""Benchmarks run on request only: `pytest tests/benchmarks --benchmark-enable`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the request they are left out: a time means nothing while other tests run."""
    if config.getoption("benchmark_enable"):
        return
    ours = [item for item in items if HERE in item.path.parents]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]
