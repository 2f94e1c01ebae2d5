"""All of them: importing this file enters those of every step."""

from __future__ import annotations

from tests.oracle.misconceptions import delta, forward, gradient, network, sent_back, update
from tests.oracle.misconceptions.entry import MISCONCEPTIONS, InNetwork, Misconception

__all__ = ["MISCONCEPTIONS", "InNetwork", "Misconception", "every_step"]

every_step = (delta, forward, gradient, network, sent_back, update)
