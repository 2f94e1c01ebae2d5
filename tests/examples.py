"""How many random examples a property is tried on: all of them, or a share where another Python has had them all."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T", bound=Callable[..., object])

SHARE = int(os.environ.get("EXAMPLES_SHARE", "1"))
"""One example in so many; the further Pythons look for what is different there, not for rare numbers."""
FEWEST = 5


def examples(count: int) -> Callable[[T], T]:
    """The decorator that tries so many examples, or the share of them, without a deadline."""
    return settings(max_examples=some(count), deadline=None)


def some(count: int) -> int:
    """So many, or the share of them."""
    return max(FEWEST, count // SHARE)
