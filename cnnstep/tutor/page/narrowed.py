"""A lesson's program as one sample of a batch sees it: its own part of every array, and of every sum over samples."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.lesson import Lesson
from cnnstep.tutor.present import SAMPLE

Data = dict[str, Any]
WAYS = ("sums", "short")
"""Where a step's products stand."""


def narrowed(program: Data, lesson: Lesson, sample: int) -> Data:
    """The program with a single sample. Of what is added up over a batch, it gives this sample's products alone."""
    batched = {name for name in program["quantities"] if _axes(lesson, name)[:1] == (SAMPLE,)}
    every = program["quantities"].items()
    quantities = {name: _of_sample(one, sample) if name in batched else one for name, one in every}
    steps = []
    for step in program["steps"]:
        rank = len(quantities[step["name"]]["shape"])
        ways = {key: [_alone(products, rank, batched) for products in step[key]] for key in WAYS if key in step}
        steps.append(step | ways)
    return program | {"quantities": quantities, "steps": steps, "loss": []}


def _axes(lesson: Lesson, name: str) -> tuple[str, ...]:
    return () if name == "learning_rate" else lesson.quantity(name).layout.axes


def _of_sample(quantity: Data, sample: int) -> Data:
    count, *rest = quantity["shape"]
    found = quantity | {"shape": [1, *rest], "hidden": sorted({0, *quantity.get("hidden", ())})}
    if "start" in quantity:
        size = len(quantity["start"]) // count
        found["start"] = quantity["start"][sample * size : (sample + 1) * size]
    return found


def _alone(products: Data, rank: int, batched: set[str]) -> Data:
    """The sum without its run over the samples."""
    over = list(products.get("over", ()))
    for name, *indices in _reads(products["factors"]):
        index = indices[0] if indices else None
        if name in batched and isinstance(index, int) and rank <= index < rank + len(over):
            over[index - rank] = 1
    return products | ({"over": over} if over else {})


def _reads(value: Any) -> list[list[Any]]:
    """Every read in a factor, however deep."""
    if isinstance(value, dict):
        return [read for inside in value.values() for read in _reads(inside)]
    if isinstance(value, list):
        if value and isinstance(value[0], str):
            return [value]
        return [read for inside in value for read in _reads(inside)]
    return []
