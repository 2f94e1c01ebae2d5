"""Files to fill in, one for each signature."""

from __future__ import annotations

CS231N = '''"""Fill in the two functions, then: cnnstep grade my_conv.py"""

import numpy as np


def conv_forward(x, w, b, conv_param):
    """x (N, C, H, W), w (F, C, HH, WW), b (F,); conv_param has "stride" and "pad". Gives out and a cache."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    out = None
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward(dout, cache):
    """dout has the shape of out. Gives the gradients dx, dw, db, in the shapes of x, w and b."""
    x, w, b, conv_param = cache
    dx, dw, db = None, None, None
    return dx, dw, db
'''


STEPS = '''"""Fill in as many of these as you like, then: cnnstep grade my_steps.py

Arrays may be matrices, or have axes for samples, filters and channels too: (N, C, H, W) and (F, C, HH, WW).
Add stride=1, padding=0, dilation=1 or b=0 to a function that can do with it.
"""

import numpy as np


def forward(X, W):
    """z, the filter W as it is laid on every patch of X."""


def activation(z):
    """a, the ReLU of z."""


def delta(e, z):
    """δ, the error e where the ReLU lets it through."""


def gradient(X, delta):
    """∂L/∂W, in the shape of W."""


def bias_gradient(delta):
    """∂L/∂b, one number for each filter."""


def input_gradient(delta, W):
    """∂L/∂X, in the shape of X."""


def update(W, gradient, eta):
    """The new W, by gradient descent."""
'''

TORCH = '''"""Fill in the two methods, then: cnnstep grade my_torch.py"""

import torch


class Conv2d(torch.autograd.Function):
    """A convolution; b, stride, padding and dilation may be left out of forward."""

    @staticmethod
    def forward(ctx, x, w, b, stride=1, padding=0):
        """x (N, C, H, W), w (F, C, HH, WW), b (F,). Gives out."""
        ctx.save_for_backward(x, w, b)
        ctx.stride, ctx.padding = stride, padding
        raise NotImplementedError

    @staticmethod
    def backward(ctx, dout):
        """Gives the gradients of x, w and b, and None for stride and padding."""
        x, w, b = ctx.saved_tensors
        raise NotImplementedError
'''

DEEPLEARNING = '''"""Fill in the two functions, then: cnnstep grade my_conv.py"""

import numpy as np


def conv_forward(A_prev, W, b, hparameters):
    """A_prev (m, n_H, n_W, n_C_prev), W (f, f, n_C_prev, n_C), b (1, 1, 1, n_C). Gives Z and a cache."""
    stride, pad = hparameters["stride"], hparameters["pad"]
    Z = None
    cache = (A_prev, W, b, hparameters)
    return Z, cache


def conv_backward(dZ, cache):
    """dZ has the shape of Z. Gives the gradients dA_prev, dW, db, in the shapes of A_prev, W and b."""
    A_prev, W, b, hparameters = cache
    dA_prev, dW, db = None, None, None
    return dA_prev, dW, db
'''
