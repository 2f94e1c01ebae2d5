"""What learners really get wrong: one entry a misconception, under the code that users see and type.

`check` finds them in a learner's numbers, `run --mistake` shows where they lead, `explain` tells of them.
"""

from cnnstep.tutor.mistakes import (
    batch,
    channels,
    delta,
    error,
    forward,
    gradient,
    input_gradient,
    network,
    nudging,
    optimizers,
    update,
)
from cnnstep.tutor.mistakes.context import StepContext
from cnnstep.tutor.mistakes.mistake import MISTAKES, Mistake, Words, carry_out, together
from cnnstep.tutor.mistakes.mistaken import mistaken

__all__ = [
    "MISTAKES",
    "Mistake",
    "StepContext",
    "Words",
    "batch",
    "carry_out",
    "channels",
    "delta",
    "error",
    "forward",
    "gradient",
    "input_gradient",
    "mistaken",
    "network",
    "nudging",
    "optimizers",
    "together",
    "update",
]
