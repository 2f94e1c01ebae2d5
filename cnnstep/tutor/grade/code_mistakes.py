"""Mistakes that only code makes: a loop that stops short, an array of whole numbers, axes in another order, …

Those that give wrong numbers say which, from the step as the case has it; those that are seen by what a function does
(a second call that gives something else) have no numbers of their own. By hand nobody makes them, so `check` knows
nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade import code_loops
from cnnstep.tutor.grade.code_mistake import CODE_MISTAKES, CodeMistake, Variants, afterwards, code_mistake
from cnnstep.tutor.mistakes.mistake import StepContext

__all__ = ["CODE_MISTAKES", "MORE_WAYS", "CodeMistake", "code_loops"]


def _whole(context: StepContext) -> dict[str, Array]:
    """The right numbers cut off where they are written down."""
    return {"written": np.trunc(context.right)}


def _whole_on_the_way(context: StepContext) -> dict[str, Array]:
    """Cut off at the end, or each time that a window is added, in reading order."""
    delta, weights, geometry = context.input(0), context.input(-1), context.conv.geometry
    frame = np.zeros((len(delta), weights.shape[1], *geometry.frame(context.image_size)))
    for f, i, j in np.ndindex(delta.shape[1:]):
        here = geometry.window((i, j), context.conv.window)
        frame[here] = np.trunc(frame[here] + delta[:, f, i, j, None, None, None] * weights[f])
    return {**_whole(context), "added": frame[geometry.image(context.image_size)]}


def _whole_gradient(context: StepContext) -> dict[str, Array]:
    delta, windows = context.input(1), context.windows(context.input(0))
    total = np.zeros_like(context.right)
    for n, i, j in np.ndindex(delta.shape[0], *delta.shape[2:]):
        total = np.trunc(total + delta[n, :, i, j, None, None, None] * windows[n, :, i, j])
    return {**_whole(context), "added": total}


code_mistake(
    "integer-array",
    "your array holds whole numbers only",
    "You write the results into an array of whole numbers, which cuts off what is behind the point.",
    "No error says so. Tests with whole numbers pass, and training then moves in steps of 1, or not at all.",
    "Make the array with floats: `np.zeros(shape)`, without `dtype=int`.",
    forward=_whole,
    gradient=_whole_gradient,
    bias_gradient=_whole,
    input_gradient=_whole_on_the_way,
    pool=_whole,
    pool_gradient=_whole,
    softmax_gradient=_whole,
)

TURNED = (0, 1, 3, 2)
ORDERS = {
    "with the channels last": (0, 2, 3, 1),
    "with its first two axes exchanged": (1, 0, 2, 3),
    "with rows and columns exchanged": TURNED,
}


def _reordered(context: StepContext, right: Array) -> dict[str, Array]:
    if right.ndim != len(TURNED):
        return {}
    weights = context.step.word == "gradient"  # whose rows and columns are exchanged by hand too
    return {words: right.transpose(order) for words, order in ORDERS.items() if not (weights and order == TURNED)}


afterwards(
    "axes-exchanged",
    "the axes stand in another order",
    "Your numbers are right, but the array comes {way}.",
    "Whoever goes on with it reads other numbers than you meant; where the sizes agree, no error says so.",
    "Give it the axes in the order in which they came: `transpose` puts them right.",
    forward=_reordered,
    gradient=_reordered,
    input_gradient=_reordered,
    pool=_reordered,
    pool_gradient=_reordered,
)


def _of_all(context: StepContext) -> dict[str, Array]:
    """What a sum over the samples gives, where a mean is wanted."""
    return {"": context.right * context.samples}


def _all_losses(context: StepContext) -> dict[str, Array]:
    return {"": np.array(context.lesson.loss(context.values)) * context.samples}


code_mistake(
    "not-averaged",
    "you did not divide by the number of samples",
    "You left out the 1/N: your numbers belong to a loss that is a sum over the samples.",
    "This loss is a mean over the samples, so each of them counts 1/N, in the loss and in its gradient.",
    "Divide by the number of samples, once, in both.",
    softmax_gradient=_of_all,
    loss=_all_losses,
)


def _last_of_equals(context: StepContext) -> dict[str, Array]:
    """Each ∂L/∂y to the last of its window's largest numbers: the first of all, when everything is turned."""
    pool = context.step.part
    if not isinstance(pool, MaxPool):
        return {}
    signal, window = context.input(0), pool.window
    views = window.views(context.input(-1), -np.inf)
    found = np.zeros_like(context.right)
    for n, c, i, j in np.ndindex(signal.shape):
        flat = views[n, c, i, j].ravel()[::-1]
        row, column = divmod(flat.size - 1 - int(flat.argmax()), window.size[1])
        found[n, c, i * window.geometry.stride[0] + row, j * window.geometry.stride[1] + column] += signal[n, c, i, j]
    return {"": found}


code_mistake(
    "pool-tie-last",
    "the last of equal maxima gets the gradient",
    "Where several numbers of a window were equally large, you gave ∂L/∂y to the last of them.",
    "In PyTorch the first in reading order gets it. Either is a convention.",
    "Keep it, or compare with > in place of >=.",
    pool_gradient=_last_of_equals,
)


def _rim_cut(context: StepContext, right: Array) -> dict[str, Array]:
    """`dx[:, :, pad:-pad, pad:-pad]`, which is empty where pad is 0."""
    rims = context.conv.geometry.rows.before, context.conv.geometry.columns.before
    return {"": right if any(rims) else right[:, :, :0, :0]}


afterwards(
    "cut-from-zero-to-zero",
    "without padding your cut leaves nothing",
    "You cut the border off with `[pad:-pad]`. Where pad is 0 that is `[0:0]`, which is empty.",
    "−0 is 0: it counts from the front, not from the end.",
    "Write `[pad:pad + H]`, with H the size of the input; or cut only where there is padding.",
    input_gradient=_rim_cut,
)


def _bias_in_each_channel(context: StepContext) -> dict[str, Array]:
    if context.conv.bias is None:
        return {}
    channels = context.input(0).shape[1]
    bias = context.input(2) * channels
    return {"": correlate(context.input(0), context.input(1), bias, context.conv.geometry)}


code_mistake(
    "bias-per-channel",
    "you added the bias once a channel",
    "You added b within the loop over the channels, so it counts once for each.",
    "With one channel nobody sees it. An output has one b, however many channels it looks at.",
    "Add b after the loop over the channels.",
    forward=_bias_in_each_channel,
)


def _overwritten(context: StepContext) -> dict[str, Array]:
    """Windows written over each other, filter after filter: the filters' loop outside, or inside."""
    delta, weights, geometry = context.input(0), context.input(-1), context.conv.geometry
    found = {}
    rows, columns = delta.shape[2:]
    orders = {
        "filter by filter": [(f, i, j) for f in range(len(weights)) for i in range(rows) for j in range(columns)],
        "window by window": [(f, i, j) for i in range(rows) for j in range(columns) for f in range(len(weights))],
    }
    for words, order in orders.items():
        frame = np.zeros((len(delta), weights.shape[1], *geometry.frame(context.image_size)))
        for f, i, j in order:
            here = geometry.window((i, j), context.conv.window)
            frame[here] = delta[:, f, i, j, None, None, None] * weights[f]
        found[words] = frame[geometry.image(context.image_size)]
    return found


MORE_WAYS: Mapping[str, Mapping[str, Variants]] = {"overwritten-not-added": {"input_gradient": _overwritten}}
"""Ways in which code makes a mistake that is made by hand too."""

code_mistake(
    "results-pile-up",
    "results pile up from call to call",
    "A second call with the same arguments gave what the first gave and its own results on top.",
    "The array that you add to outlives the call: it is global, an attribute, or a default argument, and is not set "
    "to 0.",
    "Make the array inside the function: `dx = np.zeros_like(x)`.",
)
code_mistake(
    "non-deterministic",
    "a second call gives other numbers",
    "The same arguments gave other numbers when your function was called again.",
    "It depends on something besides its arguments: random numbers, a global, or an array made with `np.empty`, which "
    "holds what was left there.",
    "Make the array with `np.zeros`, and let the result depend on the arguments alone.",
)
code_mistake(
    "argument-changed",
    "an argument is changed in place",
    "Your function wrote into {way}, which its caller still needs.",
    "Whoever called it goes on with other numbers than before. In code: `x *= mask`, `x[...] = 0` or `x += 1` on an "
    "argument.",
    "Work on a copy: `x = x.copy()`.",
)
code_mistake(
    "result-overwritten",
    "a later call changes an earlier result",
    "The array that you returned was written to by the next call.",
    "All calls give out the same array, so only the last result is there in the end.",
    "Make a new array in each call.",
)
