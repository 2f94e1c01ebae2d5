"""The skills of one step of backpropagation, in the order in which a learner meets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnstep.registry import Registry


@dataclass(frozen=True)
class Skill:
    """One thing to be able to do. `needs` are the skills to have before, `topic` is the page that explains it.

    `mistakes` are the misconceptions that belong here: its exercises are made so that they can be told apart.
    """

    name: str
    title: str
    topic: str
    needs: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()


SKILLS: Registry[Skill] = Registry("skill")


def _skill(name: str, title: str, topic: str, needs: tuple[str, ...] = (), mistakes: tuple[str, ...] = ()) -> None:
    SKILLS.add(name)(Skill(name, title, topic, needs, mistakes))


_skill(
    "forward",
    "Forward pass",
    "forward",
    mistakes=("flipped-filter", "transposed-filter", "bias-forgotten", "bias-per-product"),
)
_skill(
    "activation",
    "Activation",
    "activation",
    ("forward",),
    ("activation-skipped", "absolute-activation"),
)
_skill(
    "error",
    "Error and its sign",
    "error",
    ("activation",),
    ("error-from-pre-activation", "squared-error", "absolute-error"),
)
_skill(
    "delta",
    "Delta and the mask",
    "delta",
    ("error",),
    (
        *("slope-forgotten", "mask-not-strict", "mask-inverted", "mask-on-error", "mask-alone"),
        *("slope-at-output", "slope-twice"),
    ),
)
_skill(
    "gradient",
    "Filter gradient",
    "gradient",
    ("delta",),
    (
        *("delta-flipped", "gradient-rotated", "gradient-transposed", "delta-transposed", "delta-as-gradient"),
        *("one-number-for-all", "filter-scaled", "first-patch-only", "last-patch-only", "output-for-input"),
    ),
)
_skill(
    "bias-gradient",
    "Bias gradient",
    "bias_gradient",
    ("delta",),
    ("bias-gradient-averaged", "bias-gradient-not-summed"),
)
_skill(
    "update",
    "Update",
    "update",
    ("gradient",),
    ("uphill-update", "rate-forgotten", "rate-twice", "old-filter-forgotten", "rounded-to-integers"),
)
_skill(
    "input-gradient",
    "Input gradient",
    "input_gradient",
    ("gradient",),
    ("filter-not-rotated", "valid-not-full", "overwritten-not-added"),
)
_skill(
    "stride-padding",
    "Stride and padding",
    "stride",
    ("gradient",),
    ("stride-ignored", "padding-ignored"),
)
_skill("channels", "Channels", "channels", ("gradient",), ("channels-summed-first",))
_skill(
    "pooling",
    "Pooling",
    "max_pool",
    ("forward",),
    ("pool-tie-copied", "pool-spread", "pool-average-not-divided"),
)
_skill("learning-rate", "Learning rate and stability", "learning-rate", ("update",))
_skill("spotting", "Spotting a mistake", "chain-rule", ("update",))

HOMES: Mapping[str, str] = MappingProxyType({code: skill.name for skill in SKILLS.values() for code in skill.mistakes})
"""The skill that a mistake belongs to."""
