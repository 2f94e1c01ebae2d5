"""What learners really get wrong: one entry a misconception, under the code that users see and type.

`check` finds them in a learner's numbers, `run --mistake` shows where they lead, `explain` tells of them.
"""

from cnnstep.tutor.mistakes import (
    channels,
    delta,
    error,
    forward,
    gradient,
    network,
    nudging,
    update,
)
from cnnstep.tutor.mistakes.mistake import (
    MISTAKES,
    Mistake,
    MistakeWords,
    StepContext,
    carry_out,
    mistaken,
    remembering,
    together,
)

__all__ = [
    "MISTAKES",
    "Mistake",
    "MistakeWords",
    "StepContext",
    "carry_out",
    "channels",
    "delta",
    "error",
    "forward",
    "gradient",
    "mistaken",
    "network",
    "nudging",
    "remembering",
    "together",
    "update",
]
