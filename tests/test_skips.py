"""A skip says why: one that does not has failed, and so has each where everything is installed."""

from __future__ import annotations

import pytest

from tests import conftest
from tests.conftest import seen


def skipped(reason: str) -> pytest.TestReport:
    return pytest.TestReport("a::b", ("a", 0, "b"), {}, "skipped", ("a", 1, f"Skipped: {reason}"), "call")


@pytest.mark.parametrize("reason", ["", "Skipped", "unconditional skip", "could not import 'x': No module named 'x'"])
def test_a_skip_without_a_reason_of_ours_has_failed(reason: str) -> None:
    assert seen(skipped(reason)).outcome == "failed"


def test_a_stated_reason_will_do_unless_everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "ALL_THERE", False)
    assert seen(skipped("numba is not installed (fast)")).outcome == "skipped"
    monkeypatch.setattr(conftest, "ALL_THERE", True)
    assert seen(skipped("numba is not installed (fast)")).outcome == "failed"
