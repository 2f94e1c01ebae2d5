"""Convolutions as learners write them: right ones in several ways, and a right one with a line of it gone wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LOOPS = """
import numpy as np

def conv_forward(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho, Wo = 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    patch = xp[n, :, i * s : i * s + HH, j * s : j * s + WW]
                    out[n, f, i, j] = np.sum(patch * w[f]) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    d = dout[n, f, i, j]
                    patch = xp[n, :, i * s : i * s + HH, j * s : j * s + WW]
                    dw[f] += d * patch
                    dxp[n, :, i * s : i * s + HH, j * s : j * s + WW] += d * w[f]
    dx = dxp[:, :, p : p + H, p : p + W]
    return dx, dw, db
"""


@dataclass(frozen=True)
class Wrong:
    """Lines of the right code and what stands in their place; the mistakes that each wrong result is to be told by.

    "" stands for numbers that no mistake is known for, "faulted" for none at all.
    """

    name: str
    lines: dict[str, str]
    told: dict[str, str] = field(default_factory=dict)
    source: str = LOOPS

    def functions(self) -> dict[str, Any]:
        """What the code defines."""
        return executed(self.text())

    def text(self) -> str:
        """The code."""
        source = self.source
        for old, new in self.lines.items():
            assert source.count(old) >= 1, old
            source = source.replace(old, new)
        return source


def executed(source: str) -> dict[str, Any]:
    """The names that a source defines."""
    namespace: dict[str, Any] = {"__name__": "learner"}
    exec(compile(source, "<learner>", "exec"), namespace)
    return namespace


ADD_DX = "dxp[n, :, i * s : i * s + HH, j * s : j * s + WW] += d * w[f]"
ADD_DW = "dw[f] += d * patch"
SUM = "out[n, f, i, j] = np.sum(patch * w[f]) + b[f]"
BACK = "    return dx, dw, db"
NEW_OUT = "    out = np.zeros((N, F, Ho, Wo))"
SAME_OUT = """    size = N, F, Ho, Wo
    out = store.setdefault(size, np.zeros(size))
    out[...] = 0"""
NEW_DW = "    dw = np.zeros_like(w)"
SHIFTED = """    dw = np.zeros_like(w)
    q = np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))"""
CUT = "dx = dxp[:, :, p : p + H, p : p + W]"
PATCH = "patch = xp[n, :, i * s : i * s + HH, j * s : j * s + WW]"
ROWS, COLUMNS = "range(dout.shape[2])", "range(dout.shape[3])"

WRONG = [
    Wrong("filter as it is on the way back", {ADD_DX: ADD_DX + "[:, ::-1, ::-1]"}, {"dx": "filter-not-rotated"}),
    Wrong("gradient rotated", {BACK: "    return dx, dw[:, :, ::-1, ::-1], db"}, {"dw": "gradient-rotated"}),
    Wrong(
        "gradient transposed",
        {BACK: "    return dx, dw.transpose(0, 1, 3, 2), db"},
        {"dw": "gradient-transposed"},
    ),
    Wrong(
        "true convolution forward",
        {"np.sum(patch * w[f])": "np.sum(patch * w[f, :, ::-1, ::-1])"},
        {"out": "flipped-filter"},
    ),
    Wrong(
        "true convolution all through",
        {
            "np.sum(patch * w[f])": "np.sum(patch * w[f, :, ::-1, ::-1])",
            ADD_DX: ADD_DX + "[:, ::-1, ::-1]",
            BACK: "    return dx, dw[:, :, ::-1, ::-1], db",
        },
        {"out": "flipped-filter", "dx": "flipped-filter", "dw": "flipped-filter"},
    ),
    Wrong(
        "delta rotated", {"d = dout[n, f, i, j]": "d = dout[n, f, -1 - i, -1 - j]"}, {"dx": "", "dw": "delta-flipped"}
    ),
    Wrong("bias forgotten", {SUM: "out[n, f, i, j] = np.sum(patch * w[f])"}, {"out": "bias-forgotten"}),
    Wrong("bias in the sum", {SUM: "out[n, f, i, j] = np.sum(patch * w[f] + b[f])"}, {"out": "bias-per-product"}),
    Wrong(
        "bias in each channel",
        {SUM: "out[n, f, i, j] = sum(np.sum(patch[c] * w[f, c]) + b[f] for c in range(C))"},
        {"out": "bias-per-channel"},
    ),
    Wrong("first channel only", {"np.sum(patch * w[f])": "np.sum(patch[0] * w[f, 0])"}, {"out": "first-channel-only"}),
    Wrong("no stride on the way back", {ADD_DX: ADD_DX.replace(" * s", "")}, {"dx": "stride-ignored"}),
    Wrong(
        "no stride in the gradient", {ADD_DW: "dw[f] += d * xp[n, :, i : i + HH, j : j + WW]"}, {"dw": "stride-ignored"}
    ),
    Wrong("overwritten", {ADD_DX: ADD_DX.replace("+=", "=")}, {"dx": "overwritten-not-added"}),
    Wrong("last patch", {ADD_DW: "dw[f] = d * patch"}, {"dw": "last-patch-only"}),
    Wrong(
        "a mean for the bias",
        {"np.sum(dout, axis=(0, 2, 3))": "np.mean(dout, axis=(0, 2, 3))"},
        {"db": "bias-gradient-averaged"},
    ),
    Wrong(
        "averaged over the batch",
        {BACK: "    return dx, dw / N, db / N"},
        {"dw": "averaged-over-batch", "db": "averaged-over-batch"},
    ),
    Wrong("averaged twice", {BACK: "    return dx, dw / N**2, db"}, {"dw": "averaged-twice"}),
    Wrong("padding left on", {CUT: "dx = dxp"}, {"dx": "padding-kept"}),
    Wrong("padding cut at one end", {CUT: "dx = dxp[:, :, :H, :W]"}, {"dx": "padding-kept"}),
    Wrong("cut from zero to zero", {CUT: "dx = dxp[:, :, p:-p, p:-p]"}, {"dx": "cut-from-zero-to-zero"}),
    Wrong("rows one short", {"for i in range(Ho)": "for i in range(Ho - 1)"}, {"out": "loop-one-short"}),
    Wrong(
        "rows one short on the way back",
        {ROWS: "range(dout.shape[2] - 1)"},
        {"dx": "loop-one-short", "dw": "loop-one-short"},
    ),
    Wrong("columns from 1", {COLUMNS: "range(1, dout.shape[3])"}, {"dx": "loop-one-short", "dw": "loop-one-short"}),
    Wrong(
        "samples one short",
        {"for n in range(N)": "for n in range(N - 1)"},
        dict.fromkeys(("out", "dx", "dw"), "loop-one-short"),
    ),
    Wrong(
        "filters one short",
        {"for f in range(F)": "for f in range(F - 1)"},
        dict.fromkeys(("out", "dx", "dw"), "loop-one-short"),
    ),
    Wrong(
        "size one short",
        {
            "1 + (H + 2 * p - HH) // s": "(H + 2 * p - HH) // s",
            "1 + (W + 2 * p - WW) // s": "(W + 2 * p - WW) // s",
        },
        {"out": "size-one-short"},
    ),
    Wrong(
        "whole numbers forward",
        {"np.zeros((N, F, Ho, Wo))": "np.zeros((N, F, Ho, Wo), dtype=int)"},
        {"out": "integer-array"},
    ),
    Wrong(
        "whole numbers in dw",
        {"np.zeros_like(w)": "np.zeros(w.shape, dtype=int)", ADD_DW: "dw[f] = dw[f] + d * patch"},
        {"dw": "integer-array"},
    ),
    Wrong(
        "whole numbers in dx",
        {
            "np.zeros_like(xp)": "np.zeros(xp.shape, dtype=int)",
            ADD_DX: "here = np.s_[n, :, i * s : i * s + HH, j * s : j * s + WW]; dxp[here] = dxp[here] + d * w[f]",
        },
        {"dx": "integer-array"},
    ),
    Wrong("channels last", {"return out, cache": "return out.transpose(0, 2, 3, 1), cache"}, {"out": "axes-exchanged"}),
    Wrong(
        "filters before samples",
        {"return out, cache": "return out.transpose(1, 0, 2, 3), cache"},
        {"out": "axes-exchanged"},
    ),
    Wrong(
        "results pile up",
        {
            "    dw = np.zeros_like(w)": "    dw = store.setdefault(w.tobytes() + dout.tobytes(), np.zeros_like(w))",
            BACK: "    return dx, dw.copy(), db",
            "import numpy as np": "import numpy as np\nstore = {}",
        },
        {"dw": "results-pile-up"},
    ),
    Wrong(
        "a result of chance",
        {BACK: "    return dx + np.random.default_rng().normal(size=dx.shape), dw, db"},
        {"dx": "non-deterministic"},
    ),
    Wrong(
        "an argument changed",
        {BACK: "    dout *= 0\n    return dx, dw, db"},
        dict.fromkeys(("dx", "dw", "db"), "argument-changed"),
    ),
    Wrong(
        "the cached input changed",
        {BACK: "    x += 1\n    return dx, dw, db"},
        dict.fromkeys(("dx", "dw", "db"), "argument-changed"),
    ),
    Wrong(
        "one array for all calls",
        {
            NEW_OUT: SAME_OUT,
            "import numpy as np": "import numpy as np\nstore = {}",
        },
        {"out": "result-overwritten"},
    ),
    Wrong("the sign of dx", {BACK: "    return -dx, dw, db"}, {"dx": ""}),
    Wrong("twice dw", {BACK: "    return dx, 2 * dw, db"}, {"dw": ""}),
    Wrong("nothing returned", {BACK: ""}, dict.fromkeys(("dx", "dw", "db"), "faulted")),
    Wrong("one result too few", {BACK: "    return dx, dw"}, dict.fromkeys(("dx", "dw", "db"), "faulted")),
    Wrong("dx not returned", {BACK: "    return None, dw, db"}, {"dx": "faulted"}),
    Wrong(
        "an error with padding",
        {CUT: "dx = dxp[:, :, p : p + H, p : p + W] if p == 0 else dxp[None][7]"},
        dict.fromkeys(("dx", "dw", "db"), "faulted"),
    ),
    Wrong("not a number", {BACK: "    return np.full_like(dx, np.nan), dw, db"}, {"dx": "faulted"}),
    Wrong(
        "filters and channels exchanged",
        {"np.zeros_like(w)": "np.zeros_like(w)", BACK: "    return dx, dw.transpose(1, 0, 2, 3), db"},
        {"dw": "axes-exchanged"},
    ),
    Wrong("the filter's own bias", {BACK: "    return dx, dw, b"}, {"db": "bias-value-as-gradient"}),
    Wrong("the filter for its gradient", {BACK: "    return dx, w.copy(), db"}, {"dw": "filter-as-gradient"}),
    Wrong("first patch", {ADD_DW: "dw[f] += d * patch if (n, i, j) == (0, 0, 0) else 0"}, {"dw": "first-patch-only"}),
    Wrong("one sample", {"dw[f] += d * patch": "dw[f] += d * patch if n == 0 else 0"}, {"dw": "one-sample-only"}),
    Wrong(
        "padding at one end in the gradient",
        {
            NEW_DW: SHIFTED,
            ADD_DW: "dw[f] += d * q[n, :, i * s : i * s + HH, j * s : j * s + WW]",
        },
        {"dw": ""},
    ),
    Wrong(
        "no stride and no padding",
        {'conv_param["stride"], conv_param["pad"]': "1, 0"},
        {"out": "stride-and-padding-ignored", **dict.fromkeys(("dx", "dw", "db"), "faulted")},
    ),
    Wrong(
        "overwritten and cut",
        {ADD_DX: ADD_DX.replace("+=", "="), CUT: "dx = dxp[:, :, p:-p, p:-p]"},
        {"dx": "overwritten-not-added + cut-from-zero-to-zero"},
    ),
    Wrong(
        "turned and too small",
        {
            "np.sum(patch * w[f])": "np.sum(patch * w[f, :, ::-1, ::-1])",
            "return out, cache": "return out[:, :, :-1, :-1], cache",
        },
        {"out": "flipped-filter + size-one-short"},
    ),
    Wrong(
        "turned twice over",
        {"d = dout[n, f, i, j]": "d = dout[n, f, -1 - i, -1 - j]", BACK: "    return dx, dw / N, db"},
        {"dx": "", "dw": "averaged-over-batch + delta-flipped"},
    ),
    Wrong(
        "three at once",
        {"d = dout[n, f, i, j]": "d = 3 * dout[n, f, -1 - i, -1 - j]", BACK: "    return dx, dw[:, :, ::-1] / N, db"},
        {"dx": "", "dw": ""},
    ),
    Wrong("two at once", {ADD_DX: ADD_DX + "[:, ::-1, ::-1]", BACK: "    return dx / N, dw, db"}, {"dx": ""}),
]

STEPS = """
import numpy as np

def forward(X, W, stride=1, padding=0):
    X = np.pad(X, padding)
    h, w = W.shape
    rows, columns = (X.shape[0] - h) // stride + 1, (X.shape[1] - w) // stride + 1
    z = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            z[i, j] = np.sum(X[i * stride : i * stride + h, j * stride : j * stride + w] * W)
    return z

def activation(z):
    return np.maximum(z, 0)

def delta(z, e):
    return e * (z > 0)

def gradient(delta, X):
    return forward(X, delta)

def bias_gradient(delta):
    return float(delta.sum())

def input_gradient(delta, W):
    h, w = W.shape
    around = np.pad(delta, ((h - 1, h - 1), (w - 1, w - 1)))
    return forward(around, W[::-1, ::-1])

def update(W, G, eta):
    return W - eta * G
"""

LAYERS = """
import numpy as np

def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    return dout * (cache > 0)

def max_pool_forward_naive(x, pool_param):
    h, s = pool_param["pool_height"], pool_param["stride"]
    v = np.lib.stride_tricks.sliding_window_view(x, (h, h), axis=(2, 3))[:, :, ::s, ::s]
    return v.max(axis=(4, 5)), (x, pool_param)

def max_pool_backward_naive(dout, cache):
    x, p = cache
    h, s = p["pool_height"], p["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        patch = x[n, c, i * s : i * s + h, j * s : j * s + h]
        won = np.unravel_index(patch.argmax(), patch.shape)
        dx[n, c, i * s + won[0], j * s + won[1]] += dout[n, c, i, j]
    return dx

def avg_pool_forward(x, pool_param):
    h, s = pool_param["pool_height"], pool_param["stride"]
    v = np.lib.stride_tricks.sliding_window_view(x, (h, h), axis=(2, 3))[:, :, ::s, ::s]
    return v.mean(axis=(4, 5)), (x, pool_param)

def avg_pool_backward(dout, cache):
    x, p = cache
    h, s = p["pool_height"], p["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        dx[n, c, i * s : i * s + h, j * s : j * s + h] += dout[n, c, i, j] / h**2
    return dx

def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    N = len(x)
    loss = -np.log(p[np.arange(N), y]).mean()
    p[np.arange(N), y] -= 1
    return loss, p / N
"""

WHERE_WON = "dx[n, c, i * s + won[0], j * s + won[1]] += dout[n, c, i, j]"
WINDOW = "dx[n, c, i * s : i * s + h, j * s : j * s + h] += "


def _step(name: str, old: str, new: str, code: str, result: str) -> Wrong:
    return Wrong(f"steps: {name}", {old: new}, {result: code}, STEPS)


def _layer(name: str, old: str, new: str, told: dict[str, str]) -> Wrong:
    return Wrong(f"layers: {name}", {old: new}, told, LAYERS)


NOT_ROTATED = WRONG[0].text()

WRONG_STEPS = [
    _step("true convolution", "* W)", "* W[::-1, ::-1])", "flipped-filter", "z"),
    _step("not rotated", "W[::-1, ::-1])", "W)", "filter-not-rotated", "dX"),
    _step(
        "rotated gradient", "return forward(X, delta)", "return forward(X, delta)[::-1, ::-1]", "gradient-rotated", "dW"
    ),
    _step("delta rotated", "return forward(X, delta)", "return forward(X, delta[::-1, ::-1])", "delta-flipped", "dW"),
    _step("transposed", "return forward(X, delta)", "return forward(X, delta).T", "gradient-transposed", "dW"),
    _step("no padding", "    around = np.pad(delta, ((h - 1, h - 1), (w - 1, w - 1)))", "    around = delta", "", "dX"),
    _step("absolute", "np.maximum(z, 0)", "np.abs(z)", "absolute-activation", "a"),
    _step("skipped", "np.maximum(z, 0)", "z.copy()", "activation-skipped", "a"),
    _step("mask of the error", "e * (z > 0)", "e * (e > 0)", "mask-on-error", "delta"),
    _step("mask inverted", "e * (z > 0)", "e * (z <= 0)", "mask-inverted", "delta"),
    _step("mask alone", "e * (z > 0)", "(z > 0) * 1.0", "mask-alone", "delta"),
    _step("no slope", "e * (z > 0)", "e.copy()", "slope-forgotten or mask-not-strict", "delta"),
    _step("mean", "delta.sum()", "delta.mean()", "bias-gradient-averaged", "db"),
    _step("uphill", "W - eta * G", "W + eta * G", "uphill-update", "W new"),
    _step("no rate", "W - eta * G", "W - G", "rate-forgotten", "W new"),
    _step("old filter", "W - eta * G", "-eta * G", "old-filter-forgotten", "W new"),
    _step("whole numbers", "np.zeros((rows, columns))", "np.zeros((rows, columns), dtype=int)", "integer-array", "z"),
    _layer("copied ties", WHERE_WON, WINDOW + "(patch == patch.max()) * dout[n, c, i, j]", {"dx": "pool-tie-copied"}),
    _layer("overwritten", WHERE_WON, WHERE_WON.replace("+=", "="), {"dx": "overwritten-not-added"}),
    _layer("spread", WHERE_WON, WINDOW + "dout[n, c, i, j] / h**2", {"dx": "pool-spread"}),
    _layer(
        "upstream forgotten", WHERE_WON, WHERE_WON.replace("dout[n, c, i, j]", "1"), {"dx": "pool-upstream-forgotten"}
    ),
    _layer("not divided", "v.mean(axis=(4, 5))", "v.sum(axis=(4, 5))", {"out": "pool-average-not-divided"}),
    _layer("not divided back", "dout[n, c, i, j] / h**2", "dout[n, c, i, j]", {"dx": "pool-average-not-divided"}),
    _layer("mask of the error", "dout * (cache > 0)", "dout * (dout > 0)", {"dx": "mask-on-error"}),
    _layer("mean", "dout.sum(axis=0)", "dout.mean(axis=0)", {"db": "bias-gradient-averaged"}),
    _layer(
        "dense transposed",
        "x.reshape(len(x), -1).T @ dout",
        "dout.T @ x.reshape(len(x), -1)",
        {"dw": "gradient-transposed"},
    ),
    _layer(
        "all averaged",
        "x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)",
        "x.reshape(len(x), -1).T @ dout / len(x), dout.mean(axis=0)",
        {"dw": "averaged-over-batch", "db": "averaged-over-batch"},
    ),
    _layer("not averaged", "return loss, p / N", "return loss, p", {"dx": "not-averaged"}),
    _layer("loss not averaged", "y]).mean()", "y]).sum()", {"loss": "not-averaged"}),
    _layer(
        "softmax twice",
        "    return loss, p / N",
        "    q = p.copy(); q[np.arange(N), y] += 1\n    return loss, p * q * (1 - q) / N",
        {"dx": "softmax-slope-twice"},
    ),
]


TORCH = """
import torch
import torch.nn.functional as F

class MyConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride=1, padding=0, dilation=1):
        ctx.save_for_backward(x, w)
        ctx.moves = {"stride": stride, "padding": padding, "dilation": dilation}
        return F.conv2d(x, w, b, **ctx.moves)

    @staticmethod
    def backward(ctx, dout):
        x, w = ctx.saved_tensors
        dx = torch.nn.grad.conv2d_input(x.shape, w, dout, **ctx.moves)
        dw = torch.nn.grad.conv2d_weight(x, w.shape, dout, **ctx.moves)
        return dx, dw, dout.sum((0, 2, 3)), None, None, None
"""

MODULE = """
import torch

class Conv(torch.nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        k = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
        self.weight = torch.nn.Parameter(torch.randn(out_channels, in_channels, *k))
        self.bias = torch.nn.Parameter(torch.zeros(out_channels))
        self.moves = {"stride": stride, "padding": padding}

    def forward(self, x):
        return torch.nn.functional.conv2d(x, self.weight, self.bias, **self.moves)
"""

WRONG_TORCH = [
    Wrong("right", {}, {}, TORCH),
    Wrong("not rotated", {"(x.shape, w, dout": "(x.shape, w.flip(2, 3), dout"}, {"dx": "filter-not-rotated"}, TORCH),
    Wrong("averaged", {"dout.sum((0, 2, 3))": "dout.mean((0, 2, 3))"}, {"db": "bias-gradient-averaged"}, TORCH),
    Wrong("no gradient", {"return dx, dw,": "return dx, None,"}, {"dw": "faulted"}, TORCH),
    Wrong("a right module", {}, {}, MODULE),
    Wrong(
        "a true convolution",
        {"self.weight, self.bias,": "self.weight.flip(2, 3), self.bias,"},
        {"out": "flipped-filter", "dx": "flipped-filter", "dw": "flipped-filter"},
        MODULE,
    ),
    Wrong(
        "no stride",
        {'"stride": stride': '"stride": 1'},
        {"out": "stride-ignored", **dict.fromkeys(("dx", "dw", "db"), "faulted")},
        MODULE,
    ),
]


CHANNELS_LAST = """
import numpy as np

def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))

def conv_forward(A_prev, W, b, hparameters):
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    f, f, n_C_prev, n_C = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    n_H, n_W = (n_H_prev - f + 2 * pad) // stride + 1, (n_W_prev - f + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    padded = zero_pad(A_prev, pad)
    for i, h, w, c in np.ndindex(Z.shape):
        piece = padded[i, h * stride : h * stride + f, w * stride : w * stride + f, :]
        Z[i, h, w, c] = np.sum(piece * W[:, :, :, c]) + float(b[0, 0, 0, c])
    return Z, (A_prev, W, b, hparameters)

def conv_backward(dZ, cache):
    A_prev, W, b, hparameters = cache
    f, f, n_C_prev, n_C = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    padded = zero_pad(A_prev, pad)
    d_padded, dW, db = np.zeros_like(padded), np.zeros_like(W), np.zeros_like(b)
    for i, h, w, c in np.ndindex(dZ.shape):
        here = np.s_[i, h * stride : h * stride + f, w * stride : w * stride + f, :]
        d_padded[here] += W[:, :, :, c] * dZ[i, h, w, c]
        dW[:, :, :, c] += padded[here] * dZ[i, h, w, c]
        db[:, :, :, c] += dZ[i, h, w, c]
    dA_prev = d_padded[:, pad : pad + A_prev.shape[1], pad : pad + A_prev.shape[2], :]
    return dA_prev, dW, db

def pool_forward(A_prev, hparameters, mode="max"):
    f, stride = hparameters["f"], hparameters["stride"]
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    A = np.zeros((m, (n_H_prev - f) // stride + 1, (n_W_prev - f) // stride + 1, n_C))
    for i, h, w, c in np.ndindex(A.shape):
        A[i, h, w, c] = A_prev[i, h * stride : h * stride + f, w * stride : w * stride + f, c].max()
    return A, (A_prev, hparameters)
"""

BACK_LAST = "    return dA_prev, dW, db"
WRONG_LAST = [
    Wrong("right", {}, {}, CHANNELS_LAST),
    Wrong(
        "not rotated", {"+= W[:, :, :, c]": "+= W[::-1, ::-1, :, c]"}, {"dA_prev": "filter-not-rotated"}, CHANNELS_LAST
    ),
    Wrong("rotated", {BACK_LAST: "    return dA_prev, dW[::-1, ::-1], db"}, {"dW": "gradient-rotated"}, CHANNELS_LAST),
    Wrong(
        "transposed",
        {BACK_LAST: "    return dA_prev, dW.transpose(1, 0, 2, 3), db"},
        {"dW": "gradient-transposed"},
        CHANNELS_LAST,
    ),
    Wrong(
        "averaged",
        {BACK_LAST: "    return dA_prev, dW / len(dZ), db / len(dZ)"},
        {"dW": "averaged-over-batch", "db": "averaged-over-batch"},
        CHANNELS_LAST,
    ),
]
