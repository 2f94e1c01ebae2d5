"""Patches: the windows of an image that a filter looks at, as a view of it, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnstep.engine.quantity import Array


@dataclass(frozen=True)
class Geometry:
    """How a window moves: output row i and window row u meet input row i·stride + u·dilation − padding."""

    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def reach(self, window: int) -> int:
        """How many input cells a window of so many taps spans: (window − 1)·dilation + 1."""
        return (window - 1) * self.dilation + 1

    def room(self, size: int, window: int) -> int:
        """The input cells left for the window to move over; negative where it does not fit at all."""
        return size + 2 * self.padding - self.reach(window)

    def outputs(self, size: int, window: int) -> int:
        """How many positions the window takes along one axis; less than 1 where it does not fit."""
        return self.room(size, window) // self.stride + 1

    def left_over(self, size: int, window: int) -> int:
        """The cells at the end of the axis that no window ever reaches."""
        return self.room(size, window) % self.stride

    def met(self, output: int, tap: int) -> int:
        """The input index that this tap meets at this output; outside the image it is padding."""
        return output * self.stride + tap * self.dilation - self.padding

    @property
    def plain(self) -> bool:
        """Whether stride, padding and dilation are all at their defaults."""
        return (self.stride, self.padding, self.dilation) == (1, 0, 1)


PLAIN = Geometry()
"""Stride 1, no padding, dilation 1."""


def pad(image: Array, padding: int) -> Array:
    """The image [N, C, H, W] with a rim of zeros; itself where there is no padding."""
    if not padding:
        return image
    return np.pad(image, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def patches(image: Array, window: tuple[int, int], geometry: Geometry) -> Array:
    """P[n, c, i, j, u, v] = image[n, c, i·stride + u·dilation − padding, …]: [N, C, oh, ow, kh, kw].

    A read-only view that copies nothing beyond the padding.
    """
    samples, channels, height, width = image.shape
    rows, columns = geometry.outputs(height, window[0]), geometry.outputs(width, window[1])
    padded = pad(image, geometry.padding)
    per_sample, per_channel, per_row, per_column = padded.strides
    return as_strided(
        padded,
        (samples, channels, rows, columns, *window),
        (
            per_sample,
            per_channel,
            per_row * geometry.stride,
            per_column * geometry.stride,
            per_row * geometry.dilation,
            per_column * geometry.dilation,
        ),
        writeable=False,
    )


def patch_matrix(image: Array, window: tuple[int, int], geometry: Geometry) -> Array:
    """P[(n,i,j), (c,u,v)], a row an output cell: the forward pass is P·w, the filter gradient Pᵀ·δ."""
    windows = patches(image, window, geometry).transpose(0, 2, 3, 1, 4, 5)
    return np.ascontiguousarray(windows).reshape(math.prod(windows.shape[:3]), -1)


BATCH = 16
"""From so many samples on, copies and sums are fastest where the samples lie side by side in memory."""


def blank(shape: tuple[int, ...], number: float | None = 0.0) -> Array:
    """An array [N, …] of one number, or of none yet, its samples side by side in memory."""
    samples, *rest = shape
    array = np.empty((*rest, samples))
    if number is not None:
        array.fill(number)
    return array.transpose(-1, *range(len(rest)))


def framed(image: Array, padding: int, number: float = 0.0) -> Array:
    """The image [N, C, H, W] with a rim of `number`, its samples side by side in memory."""
    samples, channels, height, width = image.shape
    frame = blank((samples, channels, height + 2 * padding, width + 2 * padding), number)
    frame[:, :, padding : padding + height, padding : padding + width] = image
    return frame


def patch_columns(image: Array, window: tuple[int, int], geometry: Geometry) -> Array:
    """P[(c,u,v), (i,j,n)], a column an output cell: the patch matrix of a batch, turned, samples innermost.

    A last row of ones lets the bias join in as one more weight: that spares a pass over all outputs.
    """
    frame = framed(image, geometry.padding)
    windows = patches(frame, window, replace(geometry, padding=0)).transpose(1, 4, 5, 2, 3, 0)
    taps, cells = math.prod(windows.shape[:3]), math.prod(windows.shape[3:])
    columns = np.empty((taps + 1, cells))
    columns[:-1].reshape(windows.shape)[...] = windows
    columns[-1] = 1.0
    return columns


class PatchMemory:
    """The patches of the image that was asked for last: a run asks for those of its input again and again.

    Only a read-only image is known again, and only a matrix of up to `LARGEST` numbers is kept.
    """

    LARGEST = 2**20

    def __init__(self, window: tuple[int, int], geometry: Geometry) -> None:
        self._window, self._geometry = window, geometry
        self._last: tuple[Array, Array] | None = None

    def matrix(self, image: Array) -> Array:
        """`patch_matrix` of a few images, `patch_columns` of a batch."""
        last = self._last
        if last is not None and last[0] is image:
            return last[1]
        lay_out = patch_matrix if len(image) < BATCH else patch_columns
        matrix = lay_out(image, self._window, self._geometry)
        if not image.flags.writeable and matrix.size <= self.LARGEST:
            self._last = image, matrix
        return matrix


def scatter(blocks: Array, image_size: tuple[int, int], geometry: Geometry) -> Array:
    """The way back: Σ of P-shaped blocks [N, C, oh, ow, kh, kw] into an image [N, C, H, W], overlaps added."""
    samples, channels, rows, columns, *window = blocks.shape
    rim, step = geometry.padding, geometry.stride
    padded = blank((samples, channels, image_size[0] + 2 * rim, image_size[1] + 2 * rim))
    for u in range(window[0]):
        for v in range(window[1]):
            top, left = u * geometry.dilation, v * geometry.dilation
            padded[:, :, top : top + rows * step : step, left : left + columns * step : step] += blocks[..., u, v]
    return padded[:, :, rim : rim + image_size[0], rim : rim + image_size[1]]
