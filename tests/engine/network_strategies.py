"""Random networks: every kind of layer in any order that fits, with every loss, optimizer and sign of the error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build_network import network
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import NETWORK_LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from tests.engine.strategies import SEEDS, named

DEEPEST = 6
LARGEST = 6
"""Rows and columns of the largest input."""


def outputs(length: int, reach: int, stride: int, padding: int) -> int | None:
    """The window's positions along one axis; None where it does not fit or leaves cells over."""
    room = length + 2 * padding - reach
    return room // stride + 1 if room >= 0 and room % stride == 0 else None


def convolutions(size: Size) -> Iterator[tuple[dict[str, Any], tuple[int, ...]]]:
    """Every way for a filter to move over these maps: its keys and window, and the size of its outputs."""
    windows = product(range(1, 4), range(1, 4))
    for (kh, kw), stride, padding, dilation in product(windows, (1, 2), (0, 1, 2), (1, 2)):
        reach = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1
        fits = [outputs(n, r, stride, padding) for n, r in zip(size[1:], reach, strict=True)]
        if None not in fits and max(f or 0 for f in fits) <= LARGEST:
            yield {"stride": stride, "padding": padding, "dilation": dilation}, (kh, kw)


def poolings(size: Size) -> Iterator[dict[str, Any]]:
    """Every way for a pooling window to move over these maps, overlaps and gaps included."""
    windows, strides = product(range(1, 4), range(1, 4)), list(product(range(1, 4), range(1, 4)))
    for window, stride, padding in product(windows, strides, (0, 1)):
        rows, columns = (outputs(n, w, s, padding) for n, w, s in zip(size[1:], window, stride, strict=True))
        if rows and columns and 2 * padding <= min(window):
            yield {"size": list(window), "stride": list(stride), "padding": padding}


def drawn(random: np.random.Generator, shape: tuple[int, ...], smooth: bool) -> Array:
    """Quarters, which tie and hit kinks; or, where that must not be, any numbers, small enough for many layers."""
    if smooth:
        return random.uniform(-1.0, 1.0, shape)
    quarters: Array = random.integers(-4, 5, shape) / 4
    return quarters


def of_maps(draw: st.DrawFn, size: Size, random: np.random.Generator, smooth: bool) -> dict[str, Any]:
    """A layer that takes these maps."""
    pools = list(poolings(size))
    kind = draw(st.sampled_from(("conv", "max_pool", "average_pool", "activation", "flatten")))
    if kind in ("max_pool", "average_pool"):
        return {"type": kind, **draw(st.sampled_from(pools))}
    if kind == "conv":
        moves, window = draw(st.sampled_from(list(convolutions(size))))
        return {**weighted(draw, kind, (draw(st.integers(1, 3)), size[0], *window), random, smooth), **moves}
    return activation(draw) if kind == "activation" else {"type": kind}


def of_row(draw: st.DrawFn, size: Size, random: np.random.Generator, smooth: bool) -> dict[str, Any]:
    """A layer that takes this row of numbers."""
    kind = draw(st.sampled_from(("dense", "activation", "softmax")))
    if kind == "dense":
        return weighted(draw, kind, (draw(st.integers(1, 4)), size[0]), random, smooth)
    return activation(draw) if kind == "activation" else {"type": kind}


def weighted(
    draw: st.DrawFn, kind: str, shape: tuple[int, ...], random: np.random.Generator, smooth: bool
) -> dict[str, Any]:
    """A layer with weights of this shape, and with or without a bias."""
    bias = drawn(random, shape[:1], smooth) if draw(st.booleans()) else None
    return {"type": kind, "weights": drawn(random, shape, smooth), "bias": bias}


def activation(draw: st.DrawFn) -> dict[str, Any]:
    """Any activation, with its numbers."""
    given = draw(named(draw(st.sampled_from(sorted(ACTIVATIONS)))))
    return {("type" if key == "name" else key): value for key, value in given.items()}


def grown(
    draw: st.DrawFn, size: Size, depth: int, random: np.random.Generator, smooth: bool
) -> tuple[list[dict[str, Any]], Size]:
    """So many layers, each of which fits what the one before gives."""
    layers: list[dict[str, Any]] = []
    for _ in range(depth):
        layers.append((of_maps if len(size) == 3 else of_row)(draw, size, random, smooth))
        size = size_after(layers[-1], size)
    return layers, size


def size_after(layer: Mapping[str, Any], size: Size) -> Size:
    """The size of the layer's output, worked out here and not by the engine."""
    if layer["type"] == "flatten":
        return (int(np.prod(size)),)
    if layer["type"] == "dense":
        return (len(layer["weights"]),)
    if layer["type"] == "conv":
        filters, _, *window = np.shape(layer["weights"])
        reach = [(k - 1) * layer["dilation"] + 1 for k in window]
        sides = [outputs(n, r, layer["stride"], layer["padding"]) for n, r in zip(size[1:], reach, strict=True)]
        return (filters, *(side or 0 for side in sides))
    if "size" in layer:
        moves = zip(size[1:], layer["size"], layer["stride"], strict=True)
        return (size[0], *(outputs(n, w, s, layer["padding"]) or 0 for n, w, s in moves))
    return size


@st.composite
def network_keys(
    draw: st.DrawFn, optimizers: tuple[str, ...] = tuple(OPTIMIZERS), *, smooth: bool = False
) -> dict[str, Any]:
    """The keys of a network's scenario file: up to six layers, the last of which is one that the loss goes with."""
    random = np.random.default_rng(draw(SEEDS))
    channels, rows, columns = draw(st.integers(1, 2)), draw(st.integers(1, LARGEST)), draw(st.integers(1, LARGEST))
    loss = NETWORK_LOSSES[draw(st.sampled_from(sorted(NETWORK_LOSSES)))]
    ending = 0 if loss.only_with is None else 1 if loss.only_with == "sigmoid" else 2
    depth = draw(st.integers(1 - min(ending, 1), DEEPEST - ending))
    layers, size = grown(draw, (channels, rows, columns), depth, random, smooth)
    if loss.only_with == "softmax" and len(size) == 3:
        layers.append({"type": "flatten"})
        size = (int(np.prod(size)),)
    if loss.only_with:
        layers.append({"type": loss.only_with})

    def target() -> Any:
        if loss.only_with == "softmax":
            one = {"class": int(random.integers(size[0]))}
            shares = random.multinomial(4, np.ones(size[0]) / size[0]) / 4
            return draw(st.sampled_from((one, shares, random.integers(0, 5, size) / 4)))  # the last add up to anything
        return random.integers(0, 5, size) / 4 if loss.only_with else drawn(random, size, smooth)

    samples = [
        {"input": drawn(random, (channels, rows, columns), smooth), "target": target()}
        for _ in range(draw(st.integers(1, 3)))
    ]
    return {
        **({"samples": samples} if len(samples) > 1 or draw(st.booleans()) else samples[0]),
        "layers": layers,
        "learning_rate": draw(st.sampled_from((0.001, 0.01, 0.05))),
        "loss": loss.name,
        "error": draw(st.sampled_from(ERROR_SIGNS)),
        "relu_slope_at_zero": draw(st.sampled_from((0, 0.5, 1))),
        "optimizer": draw(named(draw(st.sampled_from(optimizers)))),
    }


def networks(*optimizers: str, smooth: bool = False) -> st.SearchStrategy[Scenario]:
    """Random networks; with names, only with these optimizers; `smooth`: off the kinks, but for what layers bring."""
    return network_keys(optimizers or tuple(OPTIMIZERS), smooth=smooth).map(lambda keys: network(**keys))
