"""A diagnosis as the contract's JSON."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.quantity import number
from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.check.marks import Slip, StepMark


def check_data(diagnosis: Diagnosis) -> dict[str, Any]:
    """The verdict, every step's mark, the mistakes, and the conventions that the numbers follow."""
    named = [one for one in diagnosis.conventions if not one.negate]
    data: dict[str, Any] = {
        "schema": 1,
        "verdict": diagnosis.verdict,
        "steps": [_step(mark) for mark in diagnosis.marks],
        "mistakes": list(diagnosis.mistakes),
        "conventions": {one.key: _plain(one.value) for one in named},
    }
    also = {one.key: [_plain(other) for other in one.also] for one in named if one.also}
    return data | ({"also": also} if also else {})


def _plain(value: str | float) -> Any:
    return value if isinstance(value, str) else number(value)


def _step(mark: StepMark) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": mark.step.name,
        "verdict": mark.verdict,
        "mistakes": list(mark.mistakes),
        "slips": [
            {
                "cell": list(slip.cell),
                "yours": number(slip.yours),
                "expected": number(_due(mark, slip)),
                "reason": slip.reason,
            }
            for slip in mark.slips
        ],
        "alternatives": [list(codes) for codes in mark.alternatives],
    }
    data |= {"same_as": mark.same_as} if mark.same_as else {}
    return data | ({"too_coarse": True} if mark.too_coarse else {})


def _due(mark: StepMark, slip: Slip) -> float:
    """What belongs into the cell when the step is carried out rightly, whatever mistake was made beside the slip."""
    if not mark.mistakes or mark.expected is None or mark.expected.ndim != len(slip.cell):
        return slip.expected
    return float(mark.expected[slip.cell])
