"""The skills of one step of backpropagation, in the order in which a learner meets them.

Which mistakes belong to a skill is not listed here: a mistake belongs where its steps are practised, or where it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnnstep.registry import Registry
from cnnstep.tutor.numbers import listed

if TYPE_CHECKING:
    from cnnstep.tutor.mistakes import Mistake


@dataclass(frozen=True)
class Skill:
    """One thing to be able to do. `needs` are the skills to have before, `topic` is the page that explains it.

    `variants` are the kinds of exercises, in the order in which they are met; `levels` says how many there are.
    `steps` are the words of the steps that it is about. `in_turns` are the kinds by their seeds, seed 0 first, as they
    were when a history did not keep them. `extra`: it goes beyond one plain step, and is practised by who asks for it.
    """

    name: str
    title: str
    topic: str
    variants: tuple[str, ...]
    needs: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    levels: int = 3
    in_turns: tuple[str, ...] = ()
    extra: bool = False

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The misconceptions that belong here: its exercises are made so that they can be told apart."""
        return tuple(code for code, skills in _skills_by_mistake().items() if self.name in skills)


SKILLS: Registry[Skill] = Registry("skill")


def _skill(skill: Skill) -> None:
    SKILLS.add(skill.name)(skill)


_skill(
    Skill(
        *("forward", "Forward pass", "forward"),
        ("one-output", "all-outputs", "with-a-bias"),
        steps=("forward",),
        in_turns=("one-output", "with-a-bias", "all-outputs"),
    )
)
_skill(
    Skill(
        *("activation", "Activation", "activation"),
        ("relu", "leaky_relu"),
        needs=("forward",),
        steps=("activation",),
        levels=2,
        in_turns=("relu", "leaky_relu"),
    )
)
_skill(
    Skill(
        *("error", "Error and its sign", "error"),
        ("error",),
        needs=("activation",),
        steps=("error",),
        levels=2,
        in_turns=("error",),
    )
)
_skill(
    Skill(
        *("delta", "Delta and the mask", "delta"),
        ("relu", "leaky_relu", "sigmoid"),
        needs=("error",),
        steps=("delta",),
        in_turns=("relu", "leaky_relu", "sigmoid"),
    )
)
_skill(
    Skill(
        *("gradient", "Filter gradient", "gradient"),
        ("square-filter", "oblong-filter", "square-input", "batch", "second-iteration"),
        needs=("delta",),
        steps=("gradient",),
        in_turns=("square-filter", "oblong-filter", "square-input"),
    )
)
_skill(
    Skill(
        *("bias-gradient", "Bias gradient", "bias_gradient"),
        ("one-filter",),
        needs=("delta",),
        steps=("bias_gradient",),
        levels=2,
        in_turns=("one-filter",),
    )
)
_skill(
    Skill(
        *("update", "Update", "update"),
        ("any-rate", "decimals"),
        needs=("gradient",),
        steps=("update",),
        in_turns=("any-rate", "decimals"),
    )
)
_skill(
    Skill(
        *("input-gradient", "Input gradient", "input_gradient"),
        ("one-filter", "padding", "two-filters"),
        needs=("gradient",),
        steps=("input_gradient",),
        in_turns=("one-filter",),
    )
)
_skill(
    Skill(
        *("stride-padding", "Stride and padding", "stride"),
        ("stride", "padding", "gradient-with-stride"),
        needs=("gradient",),
        in_turns=("stride", "padding", "gradient-with-stride"),
    )
)
_skill(
    Skill(
        *("channels", "Channels", "channels"),
        ("forward", "gradient", "two-filters"),
        needs=("gradient",),
        in_turns=("forward", "gradient"),
    )
)
_skill(
    Skill(
        *("pooling", "Pooling", "max_pool"),
        ("max-pooling", "average-pooling", "back-through-max-pooling", "back-through-average-pooling"),
        needs=("delta",),
        steps=("pool", "pool_gradient"),
        in_turns=("back-through-max-pooling", "back-through-average-pooling", "back-through-average-pooling"),
    )
)
_skill(
    Skill(
        *("dense", "Dense layer", "dense"),
        ("forward", "gradient", "input-gradient"),
        needs=("gradient",),
        steps=("dense", "dense_gradient", "dense_bias_gradient", "dense_input_gradient"),
    )
)
_skill(
    Skill(
        *("softmax", "Softmax and cross-entropy", "softmax"),
        ("probabilities", "gradient"),
        needs=("dense",),
        steps=("softmax", "softmax_gradient"),
        levels=2,
    )
)
_skill(
    Skill(
        *("learning-rate", "Learning rate and stability", "learning-rate"),
        ("what-the-error-does", "stable-rate", "after-an-update"),
        needs=("update",),
        in_turns=("stable-rate", "what-the-error-does", "after-an-update"),
    )
)
_skill(
    Skill(
        *("spotting", "Spotting a mistake", "chain-rule"),
        ("sheet",),
        needs=("update",),
        in_turns=("sheet",),
    )
)
_skill(
    Skill(
        *("momentum", "Momentum", "momentum"),
        ("velocity", "update", "nesterov"),
        needs=("update",),
        steps=("velocity",),
        extra=True,
    )
)
_skill(
    Skill(
        *("adam", "Adam", "adam"),
        ("first-moment", "second-moment", "first-update", "second-update"),
        needs=("momentum",),
        steps=("first_moment", "second_moment"),
        extra=True,
    )
)
_skill(
    Skill(
        *("gradient-check", "Gradient check by nudging", "gradient-check"),
        ("from-losses", "worked-out", "which-weight"),
        needs=("gradient",),
        levels=2,
        extra=True,
    )
)

CORE = tuple(skill.name for skill in SKILLS.values() if not skill.extra)
"""The skills that practice goes through by itself."""


def beyond() -> str:
    """Which skills there are besides, and how they are asked for."""
    names = [skill.name for skill in SKILLS.values() if skill.extra]
    return f"For more: cnnstep practice --skill {listed(names, 'or')}."


@cache
def _skills_by_mistake() -> Mapping[str, tuple[str, ...]]:
    """For each mistake the skill that it names, else those whose steps it can be made in, that of its first step first.

    One that names a skill which is not among these is about something that no exercise asks for.
    """
    from cnnstep.tutor.mistakes import MISTAKES  # NumPy with it, which a page of progress has no use for

    def skills_of(mistake: Mistake) -> tuple[str, ...]:
        if mistake.skill:
            return (mistake.skill,) if mistake.skill in SKILLS else ()
        return tuple(skill.name for step in mistake.steps for skill in SKILLS.values() if step in skill.steps)

    return MappingProxyType({code: skills_of(mistake) for code, mistake in MISTAKES.items()})


@cache
def homes() -> Mapping[str, str]:
    """The skill that a mistake belongs to, where there is one: by the first of its steps."""
    return MappingProxyType({code: skills[0] for code, skills in _skills_by_mistake().items() if skills})
