"""How many cases a property is tried on: all of them, or a share where another run of the tests has them all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from itertools import product
from random import Random
from typing import Any, TypeVar

from hypothesis import settings

T = TypeVar("T", bound=Callable[..., object])

SHARE = int(os.environ.get("EXAMPLES_SHARE", "1"))
"""One case in so many, where `.ci/run` has several Pythons, which look for what is different there."""
SCALE = int(os.environ.get("EXAMPLES_SCALE", "1"))
"""So many times as many random examples, on request."""
FEWEST = 5


def examples(count: int) -> Callable[[T], T]:
    """The decorator that tries so many random examples, or the share of them, without a deadline."""
    return settings(max_examples=some(count), deadline=None)


def some(count: int) -> int:
    """So many, or the share of them; on request many times as many."""
    return max(FEWEST, count * SCALE // SHARE)


def share(*lists: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Everything in one list with everything in the others, or a share from all over: each Python has its own."""
    every = list(product(*lists))
    return every if SHARE == 1 else Random(sys.version_info.minor).sample(every, min(len(every), some(len(every))))
