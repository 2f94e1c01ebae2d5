"""The patch matrix P: a convolution written as z = P·w, a row for each output cell, a column for each weight.

Rows: every output cell of every sample, in row order. Columns: one filter's weights in row order
(channel, row, column), and a column of ones where a bias is trained. Every filter has the same P.
"""

from __future__ import annotations

import numpy as np

from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario


def patch_matrix(scenario: Scenario) -> Array:
    """P [N·oh·ow, C·kh·kw], with one more column for a bias."""
    conv = scenario.conv
    windows = np.moveaxis(patches(scenario.inputs, conv.window, conv.geometry), 1, 3)
    rows = windows.reshape(int(np.prod(windows.shape[:3])), -1)
    return rows if conv.bias is None else np.hstack([rows, np.ones((len(rows), 1))])


def by_filter(maps: Array) -> Array:
    """[N, F, oh, ow] → [N·oh·ow, F]: the cells in the order of P's rows, a column for each filter."""
    return np.moveaxis(maps, 1, 3).reshape(-1, maps.shape[1])


def as_maps(columns: Array, like: Array) -> Array:
    """The inverse of `by_filter`: [N·oh·ow, F] → the shape of `like`, [N, F, oh, ow]."""
    samples, filters, rows, width = like.shape
    return np.moveaxis(columns.reshape(samples, rows, width, filters), 3, 1)


def with_columns(scenario: Scenario, columns: Array) -> Scenario:
    """The scenario with these weights (and bias) [columns of P, F] in the place of its own."""
    conv = scenario.conv
    if conv.bias is None:
        return scenario.with_weights(columns.T.reshape(conv.weights.shape))
    return scenario.with_weights(columns[:-1].T.reshape(conv.weights.shape), columns[-1])
