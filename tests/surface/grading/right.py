"""Right convolutions, written in as many ways as learners and libraries write them."""

from __future__ import annotations

from tests.surface.grading.code import LOOPS

_BACK = LOOPS.index("def conv_backward")
LOOPS_FORWARD, LOOPS_BACKWARD = LOOPS[:_BACK], LOOPS[_BACK:]

HEAD = """
import numpy as np

def pad(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))

def windows(x, w, param):
    s = param["stride"]
    found = np.lib.stride_tricks.sliding_window_view(pad(x, param["pad"]), w.shape[2:], axis=(2, 3))
    return found[:, :, ::s, ::s]
"""
FORWARD = HEAD + "\ndef conv_forward(x, w, b, conv_param):\n"
BACKWARD = (
    HEAD
    + "\ndef conv_backward(dout, cache):\n"
    + "    x, w, b, conv_param = cache\n    s, p = conv_param['stride'], conv_param['pad']\n"
)
CACHE = "    return out, (x, w, b, conv_param)\n"

FORWARDS = {
    "einsum": "    out = np.einsum('ncijuv,fcuv->nfij', windows(x, w, conv_param), w) + b[:, None, None]\n" + CACHE,
    "tensordot": (
        "    out = np.tensordot(windows(x, w, conv_param), w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)\n"
        "    out = out + b.reshape(1, -1, 1, 1)\n" + CACHE
    ),
    "a matrix of columns": (
        "    v = windows(x, w, conv_param)\n"
        "    N, C, H, W = v.shape[:4]\n"
        "    columns = v.transpose(1, 4, 5, 0, 2, 3).reshape(-1, N * H * W)\n"
        "    out = (w.reshape(len(w), -1) @ columns + b[:, None]).reshape(-1, N, H, W).transpose(1, 0, 2, 3)\n" + CACHE
    ),
    "a loop over the taps": (
        "    s, q = conv_param['stride'], pad(x, conv_param['pad'])\n"
        "    H, W = windows(x, w, conv_param).shape[2:4]\n"
        "    out = np.zeros((len(x), len(w), H, W))\n"
        "    for u in range(w.shape[2]):\n"
        "        for v in range(w.shape[3]):\n"
        "            out += np.einsum('ncij,fc->nfij', q[:, :, u : u + s * H : s, v : v + s * W : s], w[:, :, u, v])\n"
        "    out += b[None, :, None, None]\n" + CACHE
    ),
    "strides of memory": (
        "    s, q = conv_param['stride'], pad(x, conv_param['pad'])\n"
        "    N, C, H, W = q.shape\n"
        "    shape = (N, C, (H - w.shape[2]) // s + 1, (W - w.shape[3]) // s + 1, *w.shape[2:])\n"
        "    a, c, d, e = q.strides\n"
        "    v = np.lib.stride_tricks.as_strided(q, shape, (a, c, d * s, e * s, d, e))\n"
        "    out = np.einsum('ncijuv,fcuv->nfij', v, w) + b[:, None, None]\n" + CACHE
    ),
    "Fourier": (
        "    s, q = conv_param['stride'], pad(x, conv_param['pad'])\n"
        "    size = q.shape[2] + w.shape[2] - 1, q.shape[3] + w.shape[3] - 1\n"
        "    a, c = np.fft.fft2(q, size), np.fft.fft2(w[:, :, ::-1, ::-1], size)\n"
        "    full = np.fft.ifft2(np.einsum('ncij,fcij->nfij', a, c))\n"
        "    out = full[:, :, w.shape[2] - 1 : q.shape[2] : s, w.shape[3] - 1 : q.shape[3] : s] + b[:, None, None]\n"
        + CACHE
    ),
    "32 bits": (
        "    x, w, b = (one.astype(np.float32) for one in (x, w, b))\n"
        "    out = np.einsum('ncijuv,fcuv->nfij', windows(x, w, conv_param), w) + b[:, None, None]\n" + CACHE
    ),
    "32 bits on the way": (
        "    v = windows(x, w, conv_param).astype(np.float32)\n"
        "    out = (np.einsum('ncijuv,fcuv->nfij', v, w.astype('f4')) + b[:, None, None].astype('f4')).astype(float)\n"
        + CACHE
    ),
    "16 bits": (
        "    v = windows(x, w, conv_param)\n"
        "    out = (np.einsum('ncijuv,fcuv->nfij', v, w) + b[:, None, None]).astype(np.float16)\n" + CACHE
    ),
    "lists": (
        "    out = (np.einsum('ncijuv,fcuv->nfij', windows(x, w, conv_param), w) + b[:, None, None]).tolist()\n" + CACHE
    ),
    "Fortran's order, a list for the pair": (
        "    out = np.asfortranarray(np.einsum('ncijuv,fcuv->nfij', windows(x, w, conv_param), w) + b[:, None, None])\n"
        "    return [out, (x, w, b, conv_param)]\n"
    ),
    "decimal digits": (
        "    from fractions import Fraction as Q\n"
        "    v = windows(x, w, conv_param)\n"
        "    exact = np.vectorize(lambda n: Q(n).limit_denominator(1000), otypes=[object])\n"
        "    out = np.einsum('ncijuv,fcuv->nfij', exact(v), exact(w)) + exact(b)[:, None, None]\n" + CACHE
    ),
}

BACKWARDS = {
    "einsum and scatter": (
        "    dw = np.einsum('ncijuv,nfij->fcuv', windows(x, w, conv_param), dout)\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    for i, j in np.ndindex(dout.shape[2:]):\n"
        "        here = np.s_[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]\n"
        "        q[here] += np.einsum('nf,fcuv->ncuv', dout[:, :, i, j], w)\n"
        "    dx = q[:, :, p : q.shape[2] - p, p : q.shape[3] - p]\n"
        "    return dx, dw, dout.sum((0, 2, 3))\n"
    ),
    "the full correlation": (
        "    H, W = x.shape[2] + 2 * p, x.shape[3] + 2 * p\n"
        "    h, k = w.shape[2:]\n"
        "    spread = np.zeros((*dout.shape[:2], H - h + 1, W - k + 1))\n"
        "    spread[:, :, ::s, ::s] = dout\n"
        "    around = np.pad(spread, ((0, 0), (0, 0), (h - 1, h - 1), (k - 1, k - 1)))\n"
        "    v = np.lib.stride_tricks.sliding_window_view(around, (h, k), axis=(2, 3))\n"
        "    q = np.einsum('nfijuv,fcuv->ncij', v, w[:, :, ::-1, ::-1])\n"
        "    dw = np.einsum('ncuvij,nfij->fcuv', np.lib.stride_tricks.sliding_window_view(\n"
        "        pad(x, p), spread.shape[2:], axis=(2, 3)), spread)\n"
        "    return q[:, :, p : H - p, p : W - p], dw, dout.sum(axis=(0, 2, 3))\n"
    ),
    "columns and add.at": (
        "    v = windows(x, w, conv_param)\n"
        "    dw = np.tensordot(dout, v, axes=((0, 2, 3), (0, 2, 3)))\n"
        "    parts = np.tensordot(dout, w, axes=((1,), (0,)))\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    i = np.arange(dout.shape[2])[:, None, None, None] * s + np.arange(w.shape[2])[None, None, :, None]\n"
        "    j = np.arange(dout.shape[3])[None, :, None, None] * s + np.arange(w.shape[3])[None, None, None, :]\n"
        "    np.add.at(q.transpose(2, 3, 0, 1), (i, j), parts.transpose(1, 2, 4, 5, 0, 3))\n"
        "    return q[:, :, p : q.shape[2] - p, p : q.shape[3] - p], dw, dout.sum(axis=(0, 2, 3))\n"
    ),
    "small steps": (
        "    def loss(x, w):\n"
        "        return np.sum(np.einsum('ncijuv,fcuv->nfij', windows(x, w, conv_param), w) * dout)\n"
        "    def slope(of, at):\n"
        "        found = np.zeros_like(at)\n"
        "        for cell in np.ndindex(at.shape):\n"
        "            there = at.copy(); there[cell] += 0.5\n"
        "            back = at.copy(); back[cell] -= 0.5\n"
        "            found[cell] = of(there) - of(back)\n"
        "        return found\n"
        "    dx, dw = slope(lambda at: loss(at, w), x), slope(lambda at: loss(x, at), w)\n"
        "    return dx, dw, dout.sum(axis=(0, 2, 3))\n"
    ),
    "a matrix for the whole": (
        "    columns = [np.einsum('ncijuv,fcuv->nfij', windows(e.reshape(1, *x.shape[1:]), w, conv_param), w).ravel()\n"
        "               for e in np.eye(x[0].size)]\n"
        "    dx = dout.reshape(len(x), -1) @ np.array(columns).T\n"
        "    dw = np.einsum('ncijuv,nfij->fcuv', windows(x, w, conv_param), dout)\n"
        "    return dx.reshape(x.shape), dw, dout.sum(axis=(0, 2, 3))\n"
    ),
    "sample by sample": (
        "    dw = sum(np.einsum('cijuv,fij->fcuv', v, d) for v, d in zip(windows(x, w, conv_param), dout))\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    for n, f, i, j in np.ndindex(dout.shape):\n"
        "        q[n, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]] += w[f] * dout[n, f, i, j]\n"
        "    return q[:, :, p:, p:][:, :, : x.shape[2], : x.shape[3]], dw, sum(d.sum((1, 2)) for d in dout)\n"
    ),
    "tap by tap": (
        "    q, dw = np.zeros_like(pad(x, p)), np.zeros_like(w)\n"
        "    H, W = dout.shape[2:]\n"
        "    for u, v in np.ndindex(w.shape[2:]):\n"
        "        here = np.s_[:, :, u : u + s * H : s, v : v + s * W : s]\n"
        "        q[here] += np.einsum('nfij,fc->ncij', dout, w[:, :, u, v])\n"
        "        dw[:, :, u, v] = np.einsum('ncij,nfij->fc', pad(x, p)[here], dout)\n"
        "    return q[:, :, p : p + x.shape[2], p : p + x.shape[3]], dw, np.einsum('nfij->f', dout)\n"
    ),
    "a column for the bias": (
        "    dw = np.einsum('ncijuv,nfij->fcuv', windows(x, w, conv_param), dout)\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    for i, j in np.ndindex(dout.shape[2:]):\n"
        "        here = np.s_[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]\n"
        "        q[here] += np.tensordot(dout[:, :, i, j], w, 1)\n"
        "    return q[:, :, p : q.shape[2] - p, p : q.shape[3] - p], dw, dout.sum(axis=(0, 2, 3)).reshape(-1, 1)\n"
    ),
    "32 bits": (
        "    x, w, dout = (one.astype(np.float32) for one in (x, w, dout))\n"
        "    dw = np.einsum('ncijuv,nfij->fcuv', windows(x, w, conv_param), dout)\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    for n, f, i, j in np.ndindex(dout.shape):\n"
        "        q[n, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]] += w[f] * dout[n, f, i, j]\n"
        "    return q[:, :, p : p + x.shape[2], p : p + x.shape[3]], dw, dout.sum(axis=(0, 2, 3))\n"
    ),
    "lists all through": (
        "    dw = np.einsum('ncijuv,nfij->fcuv', windows(x, w, conv_param), dout).tolist()\n"
        "    q = np.zeros_like(pad(x, p))\n"
        "    for n, f, i, j in np.ndindex(dout.shape):\n"
        "        q[n, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]] += w[f] * dout[n, f, i, j]\n"
        "    dx = q[:, :, p : p + x.shape[2], p : p + x.shape[3]].tolist()\n"
        "    return [dx, dw, [float(sum(map(np.sum, dout[:, f]))) for f in range(len(w))]]\n"
    ),
}

TORCH_BACKWARD = (
    "    import torch\n"
    "    x, w, b = (torch.tensor(one, requires_grad=True) for one in (x, w, b))\n"
    "    torch.nn.functional.conv2d(x, w, b, stride=s, padding=p).backward(torch.tensor(dout))\n"
    "    return x.grad, w.grad, b.grad\n"
)

RIGHT = {
    **{f"forward: {name}": FORWARD + body + LOOPS_BACKWARD for name, body in FORWARDS.items()},
    **{f"backward: {name}": LOOPS_FORWARD + BACKWARD + body for name, body in BACKWARDS.items()},
    "naive names": LOOPS.replace("_forward", "_forward_naive").replace("_backward", "_backward_naive"),
    "only the way back": BACKWARD + BACKWARDS["einsum and scatter"],
}
