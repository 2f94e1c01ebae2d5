"""The skills of one step of backpropagation, in the order in which a learner meets them.

Which mistakes belong to a skill is not listed here: a mistake belongs where its steps are practised, or where it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnstep.registry import Registry
from cnnstep.tutor.mistakes import MISTAKES, Mistake


@dataclass(frozen=True)
class Skill:
    """One thing to be able to do. `needs` are the skills to have before, `topic` is the page that explains it.

    `roles` are the roles of the steps that it is about.
    """

    name: str
    title: str
    topic: str
    needs: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The misconceptions that belong here: its exercises are made so that they can be told apart."""
        return tuple(code for code, one in MISTAKES.items() if self.name in _skills_of(one))


SKILLS: Registry[Skill] = Registry("skill")


def _skill(name: str, title: str, topic: str, needs: tuple[str, ...] = (), roles: tuple[str, ...] = ()) -> None:
    SKILLS.add(name)(Skill(name, title, topic, needs, roles))


_skill("forward", "Forward pass", "forward", roles=("forward",))
_skill("activation", "Activation", "activation", ("forward",), ("activation",))
_skill("error", "Error and its sign", "error", ("activation",), ("error",))
_skill("delta", "Delta and the mask", "delta", ("error",), ("delta",))
_skill("gradient", "Filter gradient", "gradient", ("delta",), ("gradient",))
_skill("bias-gradient", "Bias gradient", "bias_gradient", ("delta",), ("bias_gradient",))
_skill("update", "Update", "update", ("gradient",), ("update",))
_skill("input-gradient", "Input gradient", "input_gradient", ("gradient",), ("input_gradient",))
_skill("stride-padding", "Stride and padding", "stride", ("gradient",))
_skill("channels", "Channels", "channels", ("gradient",))
_skill("pooling", "Pooling", "max_pool", ("forward",), ("pool", "pool_gradient"))
_skill("learning-rate", "Learning rate and stability", "learning-rate", ("update",))
_skill("spotting", "Spotting a mistake", "chain-rule", ("update",))


def _skills_of(mistake: Mistake) -> tuple[str, ...]:
    """The skill that the mistake names, else those whose steps it can be made in, that of its first step first."""
    if mistake.skill:
        return (mistake.skill,)
    return tuple(skill.name for role in mistake.roles for skill in SKILLS.values() if role in skill.roles)


def _homes() -> Mapping[str, str]:
    found = {code: _skills_of(mistake) for code, mistake in MISTAKES.items()}
    return MappingProxyType({code: skills[0] for code, skills in found.items() if skills})


HOMES: Mapping[str, str] = _homes()
"""The skill that a mistake belongs to, where there is one: by the first of its steps."""
