"""Random networks: every kind of layer in any order that fits, with every loss, optimizer and sign of the error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import network
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from tests.engine.strategies import SEEDS, named, one_or_two

DEEPEST = 6
LARGEST = 6
"""Rows and columns of the largest input."""


def outputs(length: int, reach: int, stride: int, zeros: int, drops: bool) -> int | None:
    """The window's positions along one axis; None where it does not fit or leaves cells over that nothing drops."""
    room = length + zeros - reach
    return room // stride + 1 if room >= 0 and (drops or room % stride == 0) else None


Move = tuple[int, int, int, int]
"""Along one axis: taps, stride, padding (at either end), dilation."""


def moves(length: int, kind: str, same: bool, drops: bool) -> Iterator[Move]:
    """Every way for a filter, or a pooling window, to move along an axis of this length, overlaps and gaps included."""
    strides = (1,) if same else (1, 2) if kind == "conv" else (1, 2, 3)
    paddings = (0,) if same else (0, 1, 2)
    for taps, stride, padding, dilation in product((1, 2, 3), strides, paddings, (1, 2) if kind == "conv" else (1,)):
        reach = (taps - 1) * dilation + 1
        fits = outputs(length, reach, stride, reach - 1 if same else 2 * padding, drops)
        if fits and fits <= LARGEST and (kind == "conv" or 2 * padding <= taps):
            yield taps, stride, padding, dilation


def moving(draw: st.DrawFn, size: Size, kind: str) -> tuple[dict[str, Any], tuple[int, int]]:
    """How a filter, or a pooling window, moves over these maps: its keys, and its size."""
    same, drops = draw(st.sampled_from((False, False, True))), draw(st.booleans())
    rows, columns = (draw(st.sampled_from(list(moves(length, kind, same, drops)))) for length in size[1:])
    taps, stride, padding, dilation = ((one, other) for one, other in zip(rows, columns, strict=True))
    keys = {
        "stride": one_or_two(draw, stride),
        "padding": "same" if same else one_or_two(draw, padding),
        "leftover": "drop" if drops else "refuse",
    }
    return keys | ({"dilation": one_or_two(draw, dilation)} if kind == "conv" else {}), taps


def spreading(draw: st.DrawFn, size: Size) -> tuple[dict[str, Any], tuple[int, int]]:
    """How a transposed convolution's filter moves, so that its maps stay small: its keys, and its size."""

    def axis(length: int) -> Move:
        every = product((1, 2, 3), (1, 2), (0, 1), (1, 2))
        return draw(st.sampled_from([move for move in every if 1 <= spread(length, *move) <= LARGEST]))

    taps, stride, padding, dilation = zip(axis(size[1]), axis(size[2]), strict=True)
    moves = {"stride": stride, "padding": padding, "dilation": dilation}
    return {key: one_or_two(draw, (pair[0], pair[1])) for key, pair in moves.items()}, (taps[0], taps[1])


def spread(length: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """How long a transposed convolution makes an axis."""
    return (length - 1) * stride + (taps - 1) * dilation + 1 - 2 * padding


def drawn(random: np.random.Generator, shape: tuple[int, ...], smooth: bool) -> Array:
    """Quarters, which tie and hit kinks; or, where that must not be, any numbers, small enough for many layers."""
    if smooth:
        return random.uniform(-1.0, 1.0, shape)
    quarters: Array = random.integers(-4, 5, shape) / 4
    return quarters


def of_maps(draw: st.DrawFn, size: Size, random: np.random.Generator, smooth: bool) -> dict[str, Any]:
    """A layer that takes these maps."""
    kind = draw(st.sampled_from(("conv", "transposed_conv", "max_pool", "average_pool", "activation", "flatten")))
    if kind == "transposed_conv":
        keys, window = spreading(draw, size)
        return {**weighted(draw, kind, (size[0], draw(st.integers(1, 2)), *window), random, smooth, 1), **keys}
    if kind in ("max_pool", "average_pool"):
        keys, window = moving(draw, size, kind)
        return {"type": kind, "size": list(window), **keys}
    if kind == "conv":
        keys, window = moving(draw, size, kind)
        return {**weighted(draw, kind, (draw(st.integers(1, 3)), size[0], *window), random, smooth), **keys}
    return activation(draw) if kind == "activation" else {"type": kind}


def of_row(draw: st.DrawFn, size: Size, random: np.random.Generator, smooth: bool) -> dict[str, Any]:
    """A layer that takes this row of numbers."""
    kind = draw(st.sampled_from(("dense", "activation", "softmax")))
    if kind == "dense":
        return weighted(draw, kind, (draw(st.integers(1, 4)), size[0]), random, smooth)
    return activation(draw) if kind == "activation" else {"type": kind}


def weighted(
    draw: st.DrawFn, kind: str, shape: tuple[int, ...], random: np.random.Generator, smooth: bool, outputs_axis: int = 0
) -> dict[str, Any]:
    """A layer with weights of this shape, and with or without a bias."""
    bias = drawn(random, (shape[outputs_axis],), smooth) if draw(st.booleans()) else None
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
    if layer["type"] == "transposed_conv":
        moves = (np.broadcast_to(layer[key], 2) for key in ("stride", "padding", "dilation"))
        axes = zip(size[1:], layer["weights"].shape[2:], *moves, strict=True)
        return (layer["weights"].shape[1], *(int(spread(*axis)) for axis in axes))
    if layer["type"] != "conv" and "size" not in layer:
        return size
    shape = np.shape(layer["weights"]) if layer["type"] == "conv" else (size[0], size[0], *layer["size"])
    maps, window = shape[0], shape[2:]
    if layer["padding"] == "same":
        return (maps, *size[1:])
    stride, padding, dilation = (np.broadcast_to(layer.get(key, 1), 2) for key in ("stride", "padding", "dilation"))
    reach = (np.asarray(window) - 1) * dilation + 1
    sides = (np.asarray(size[1:]) + 2 * padding - reach) // stride + 1
    return (maps, *map(int, sides))


@st.composite
def network_keys(
    draw: st.DrawFn, optimizers: tuple[str, ...] = tuple(OPTIMIZERS), *, smooth: bool = False
) -> dict[str, Any]:
    """The keys of a network's scenario file: up to six layers, the last of which is one that the loss goes with."""
    random = np.random.default_rng(draw(SEEDS))
    channels, rows, columns = draw(st.integers(1, 2)), draw(st.integers(1, LARGEST)), draw(st.integers(1, LARGEST))
    loss = LOSSES[draw(st.sampled_from(sorted(LOSSES)))]
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
