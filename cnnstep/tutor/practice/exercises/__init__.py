"""The exercises of every skill: one function each, which draws a question."""

from cnnstep.tutor.practice.exercises import rates, spotting, steps
from cnnstep.tutor.practice.exercises.variant import VARIANTS

__all__ = ["VARIANTS", "rates", "spotting", "steps"]
