"""The adaptive softmax as a function of its input, target and parameters: its output and loss as one vector."""
import torch
from inputs import real
from nn_layers import call, parameters_of
from torch import nn


def with_loss(module, x, target):
    def f(x, target, *parameters):
        output, loss = call(module, (x, target), *parameters)
        return torch.cat([output.flatten(), loss.flatten()])

    return f, [x, torch.tensor(target), *parameters_of(module)]


class LogProb(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.of = module

    def forward(self, x):
        return self.of.log_prob(x)


def log_prob(module, x):
    module = LogProb(module)
    return lambda x, *p: call(module, (x,), *p), [x, *parameters_of(module)]


layer = nn.AdaptiveLogSoftmaxWithLoss
rows = {
    "AdaptiveLogSoftmaxWithLoss": with_loss(layer(8, 7, [2, 4], div_value=2.0), real(5, 8), [0, 3, 6, 1, 4]),
    "AdaptiveLogSoftmaxWithLoss head bias": with_loss(
        layer(4, 5, [3], div_value=1.5, head_bias=True), real(3, 4), [2, 0, 4]
    ),
    "AdaptiveLogSoftmaxWithLoss of one": with_loss(layer(4, 5, [2], div_value=1.25), real(4), 4),
    "AdaptiveLogSoftmaxWithLoss log_prob": log_prob(layer(8, 7, [2, 4], div_value=2.0), real(3, 8)),
}
values_only = {}
