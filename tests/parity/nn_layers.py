"""Layers as functions of their inputs, then of their parameters in the order of named_parameters(); tests/nn_layers.cpp
gives its modules the same."""
import copy

import torch
from inputs import distinct, real
from torch import nn
from torch.nn.utils.stateless import functional_call


def parameters_of(module):
    return [real(*p.shape, seed=20 + i) for i, p in enumerate(module.parameters())]


def call(module, inputs, *parameters):
    names = [name for name, _ in module.named_parameters()]
    return functional_call(module, dict(zip(names, parameters)), inputs)


def layer(module, *inputs):
    n = len(inputs)
    return lambda *x: call(module, x[:n], *x[n:]), [*inputs, *parameters_of(module)]


def batch_norm(module, *shape):
    """Two steps of training and one out of it; the results and the running statistics."""

    def f(x0, x1, x2, *parameters):
        bn = copy.deepcopy(module)
        steps = [call(bn, x0, *parameters), call(bn, x1, *parameters)]
        bn.eval()
        steps.append(call(bn, x2, *parameters))
        return torch.cat([t.flatten() for t in (*steps, bn.running_mean, bn.running_var)])

    return f, [*(real(*shape, seed=10 + i) for i in range(3)), *parameters_of(module)]


def rms_norm(axes, eps):
    return lambda x, w: x * torch.rsqrt((x * x).mean(axes, keepdim=True) + eps) * w


network = nn.Sequential(
    nn.Conv2d(1, 3, 3, padding=1),
    nn.BatchNorm2d(3),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.5),
    nn.Linear(12, 2),
).eval()

class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


rows = {
    "Lambda": (lambda x: 2 * torch.sin(x), [real(2, 3)]),
    "Lambda of an activation": (lambda x: torch.softmax(x, 0), [real(2, 3)]),
    "Residual": layer(Residual(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))), real(2, 3)),
    "Residual with a shortcut": layer(Residual(nn.Conv1d(2, 3, 2), nn.Conv1d(2, 3, 2, dilation=1)), real(2, 2, 4)),
    "Conv1d": layer(nn.Conv1d(2, 3, 3, stride=2, padding=1), real(2, 2, 6)),
    "Conv2d": layer(nn.Conv2d(2, 3, (2, 3)), real(2, 2, 3, 4)),
    "Conv2d options": layer(
        nn.Conv2d(4, 6, 2, stride=(2, 1), padding=(0, 1), dilation=(1, 2), groups=2), real(1, 4, 5, 4)
    ),
    "Conv2d same without bias": layer(nn.Conv2d(2, 2, 3, padding="same", bias=False), real(1, 2, 4, 3)),
    "Conv3d": layer(nn.Conv3d(1, 2, (1, 2, 2), padding=(1, 0, 0)), real(1, 1, 2, 3, 3)),
    "MaxPool1d": layer(nn.MaxPool1d(2), distinct(2, 2, 6)),
    "MaxPool2d": layer(nn.MaxPool2d((2, 3), stride=(1, 2), padding=(1, 0)), distinct(1, 2, 4, 5)),
    "MaxPool3d": layer(nn.MaxPool3d(2, stride=1), distinct(1, 1, 3, 3, 2)),
    "AvgPool1d": layer(nn.AvgPool1d(3, stride=2, padding=1, count_include_pad=False), real(2, 2, 6)),
    "AvgPool2d": layer(nn.AvgPool2d(2), real(1, 2, 4, 5)),
    "AvgPool3d": layer(nn.AvgPool3d(2, stride=1), real(1, 1, 3, 3, 2)),
    "Flatten": layer(nn.Flatten(), real(2, 3, 2, 2)),
    "Flatten some": layer(nn.Flatten(2, 3), real(1, 2, 3, 2, 2)),
    "BatchNorm1d": layer(nn.BatchNorm1d(3), real(5, 3)),
    "BatchNorm1d statistics": batch_norm(nn.BatchNorm1d(3), 5, 3),
    "BatchNorm1d sequences": layer(nn.BatchNorm1d(2, eps=0.01, momentum=0.3), real(2, 2, 3)),
    "BatchNorm1d sequences statistics": batch_norm(nn.BatchNorm1d(2, eps=0.01, momentum=0.3), 2, 2, 3),
    "BatchNorm2d": layer(nn.BatchNorm2d(2, momentum=1.0), real(2, 2, 3, 2)),
    "BatchNorm2d statistics": batch_norm(nn.BatchNorm2d(2, momentum=1.0), 2, 2, 3, 2),
    "BatchNorm3d": layer(nn.BatchNorm3d(2, eps=0.1), real(1, 2, 2, 2, 3)),
    "BatchNorm3d statistics": batch_norm(nn.BatchNorm3d(2, eps=0.1), 1, 2, 2, 2, 3),
    "LayerNorm": layer(nn.LayerNorm(4), real(2, 3, 4)),
    "LayerNorm of two axes": layer(nn.LayerNorm((3, 4), eps=0.1), real(2, 3, 4)),
    "GroupNorm": layer(nn.GroupNorm(2, 4), real(2, 4, 3)),
    "GroupNorm one group": layer(nn.GroupNorm(1, 3, eps=0.1), real(2, 3, 2, 2)),
    "RMSNorm": (rms_norm((-1,), torch.finfo(torch.float64).eps), [real(2, 3, 4), real(4, seed=20)]),
    "RMSNorm of two axes": (rms_norm((-2, -1), 0.1), [real(2, 3, 4), real(3, 4, seed=20)]),
    "Embedding": layer(nn.Embedding(5, 3), torch.tensor([[1, 4, 1], [0, 2, 4]])),
    "Sequential": layer(network, real(2, 1, 4, 4)),
}
values_only = {}
