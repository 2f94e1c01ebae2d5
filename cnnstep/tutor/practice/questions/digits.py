"""How many digits an answer needs: three decimals, or the number itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.tutor.check import sheet
from cnnstep.tutor.typed import EXACT

DECIMALS = 3
UNIT = 10.0**-DECIMALS


def are_long(answer: str) -> bool:
    """Whether an answer, as it would be typed, has more decimals than are asked for."""
    return any(len(number.partition(".")[2]) > DECIMALS for number in answer.replace(";", " ").split())


def tolerance_for(answer: str, typed: Any) -> Any:
    """How far typed numbers may be off: by what they were rounded; a long answer by one in its third decimal.

    For who works with the rounded numbers on the screen has no more digits than that, whatever is typed.
    """
    return np.maximum(typed, UNIT) if are_long(answer) else typed


def refuse_coarse(values: Any, tolerances: Any, right: Any) -> None:
    """`InputError` where numbers fit only because they were rounded far: `0.0` would fit 0.0476.

    A number that is right to three decimals is none of these: `0.09` is 0.0900 without its zeros.
    """
    enough = np.abs(np.asarray(values) - np.round(right, DECIMALS)) <= EXACT
    sheet.refuse_coarse(values, np.where(enough, 0.0, tolerances), right, unit=UNIT)
