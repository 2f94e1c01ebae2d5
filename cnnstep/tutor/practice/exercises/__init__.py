"""The exercises of every skill: one function each, which draws a question."""

from cnnstep.tutor.practice.exercises import layers, nudging, optimizers, rates, spotting, steps
from cnnstep.tutor.practice.exercises.drawing import VARIANTS

__all__ = ["VARIANTS", "layers", "nudging", "optimizers", "rates", "spotting", "steps"]
