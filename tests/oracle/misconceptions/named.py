"""All of them: importing this file enters those of every step."""

from __future__ import annotations

from tests.oracle.misconceptions import delta, forward, gradient, sent_back, update
from tests.oracle.misconceptions.entry import MISCONCEPTIONS, Misconception

__all__ = ["MISCONCEPTIONS", "Misconception", "delta", "forward", "gradient", "sent_back", "update"]
