"""Layers with weight normalisation as functions of their inputs, then of bias, weight_g and weight_v."""
import copy

import torch
from inputs import real
from nn_layers import layer
from torch import nn
from torch.nn.utils import weight_norm
from torch.nn.utils.stateless import functional_call


def normed(plain, x, axis=0):
    """By the formula, because PyTorch 1.13 has wrong second derivatives of its own; the values are those of that."""
    known, inputs = layer(weight_norm(copy.deepcopy(plain), dim=axis), x)

    def f(x, *parameters):
        *bias, g, v = parameters
        weight = g * v / (v * v).sum([i for i in range(v.dim()) if i != axis], keepdim=True).sqrt()
        y = functional_call(plain, {"weight": weight, **dict(zip(["bias"], bias))}, x)
        torch.testing.assert_close(y, known(x, *parameters))
        return y

    return f, inputs


rows = {
    "WeightNorm": normed(nn.Linear(3, 2), real(2, 3)),
    "WeightNorm of a convolution": normed(nn.Conv2d(2, 3, 2, padding=1, bias=False), real(1, 2, 2, 3)),
    "WeightNorm of another axis": normed(nn.ConvTranspose1d(2, 3, 2, stride=2), real(2, 2, 3), axis=1),
}
values_only = {}
