"""Pooling layers as functions of their inputs; MaxPool and AvgPool without options are in nn_layers.py."""
import torch
from inputs import distinct, nonzero, positive, real
from nn_layers import layer
from torch import nn

def unpool(module, x, *size):
    """By a scatter, which has derivatives of any order, where the values are PyTorch's."""
    axes = int(type(module).__name__[-2])
    n = x[(0,) * (x.dim() - axes)].numel()
    at = torch.arange(n).flip(0).reshape(x.shape[-axes:]).expand(x.shape).contiguous()
    at = at * 2  # the places are distinct and inside
    full = module(x, at, *size)
    shape = full.shape

    def f(x, at):
        flat = torch.zeros(*shape[:-axes], full.flatten(-axes).shape[-1])
        y = flat.scatter(-1, at.flatten(-axes), x.flatten(-axes)).reshape(shape)
        assert torch.equal(y, module(x, at, *size))
        return y

    return f, [x, at]


def fractional(module, x):
    def f(x):
        axes = x.dim() - 2
        module._random_samples = torch.full((*x.shape[:2], axes), 0.375)
        module.return_indices = True
        y, at = module(x)
        picked = x.flatten(2).gather(2, at.flatten(2)).reshape(at.shape)
        assert torch.equal(picked, y)
        return picked

    return f, [x]


rows = {
    "LPPool2d without batch": layer(nn.LPPool2d(2, 2, stride=1), nonzero(2, 3, 4)),
    "MaxUnpool1d": unpool(nn.MaxUnpool1d(2), real(2, 2, 3)),
    "MaxUnpool1d options": unpool(nn.MaxUnpool1d(3, 2, 1), real(1, 2, 4)),
    "MaxUnpool2d": unpool(nn.MaxUnpool2d((2, 3)), real(1, 2, 2, 3)),
    "MaxUnpool2d without batch": unpool(nn.MaxUnpool2d(2, 2), real(2, 2, 3)),
    "MaxUnpool2d size": unpool(nn.MaxUnpool2d(2), real(1, 2, 2, 2), (5, 5)),
    "MaxUnpool3d": unpool(nn.MaxUnpool3d(2), real(1, 2, 1, 2, 2)),
    "FractionalMaxPool2d": fractional(nn.FractionalMaxPool2d(2, output_size=(3, 2)), distinct(1, 2, 6, 5)),
    "FractionalMaxPool2d ratio": fractional(nn.FractionalMaxPool2d((2, 3), output_ratio=0.5), distinct(1, 2, 6, 7)),
    "FractionalMaxPool3d": fractional(nn.FractionalMaxPool3d(2, output_size=2), distinct(1, 2, 4, 5, 4)),
    "FractionalMaxPool3d ratio": fractional(
        nn.FractionalMaxPool3d(2, output_ratio=(0.5, 0.6, 0.7)), distinct(1, 1, 5, 5, 6)
    ),
    "MaxPool1d options": layer(nn.MaxPool1d(3, stride=2, padding=1), distinct(2, 2, 6)),
    "MaxPool2d options": layer(nn.MaxPool2d((2, 3), stride=1, dilation=(1, 2)), distinct(1, 2, 3, 6)),
    "MaxPool3d options": layer(nn.MaxPool3d(2, ceil_mode=True), distinct(1, 1, 2, 3, 3)),
    "AvgPool1d options": layer(nn.AvgPool1d(3, stride=2, padding=1, count_include_pad=False), real(2, 2, 6)),
    "AvgPool2d options": layer(nn.AvgPool2d((2, 3), stride=(1, 2), divisor_override=5), real(1, 2, 3, 5)),
    "AvgPool3d options": layer(nn.AvgPool3d(2, padding=1), real(1, 1, 2, 3, 2)),
    "AdaptiveAvgPool1d": layer(nn.AdaptiveAvgPool1d(3), real(2, 2, 7)),
    "AdaptiveAvgPool1d longer": layer(nn.AdaptiveAvgPool1d(5), real(1, 2, 3)),
    "AdaptiveAvgPool2d": layer(nn.AdaptiveAvgPool2d((2, 3)), real(1, 2, 5, 4)),
    "AdaptiveAvgPool2d one": layer(nn.AdaptiveAvgPool2d(1), real(2, 2, 3, 2)),
    "AdaptiveAvgPool3d": layer(nn.AdaptiveAvgPool3d((1, 2, 3)), real(1, 2, 2, 3, 4)),
    "AdaptiveAvgPool3d two": layer(nn.AdaptiveAvgPool3d(2), real(1, 1, 3, 3, 3)),
    "AdaptiveMaxPool1d": layer(nn.AdaptiveMaxPool1d(3), distinct(2, 2, 7)),
    "AdaptiveMaxPool1d longer": layer(nn.AdaptiveMaxPool1d(5), distinct(1, 2, 3)),
    "AdaptiveMaxPool2d": layer(nn.AdaptiveMaxPool2d((2, 3)), distinct(1, 2, 5, 4)),
    "AdaptiveMaxPool2d one": layer(nn.AdaptiveMaxPool2d(1), distinct(2, 2, 3, 2)),
    "AdaptiveMaxPool3d": layer(nn.AdaptiveMaxPool3d((1, 2, 3)), distinct(1, 2, 2, 3, 4)),
    "AdaptiveMaxPool3d two": layer(nn.AdaptiveMaxPool3d(2), distinct(1, 1, 3, 3, 3)),
    "LPPool1d": layer(nn.LPPool1d(2, 3), nonzero(2, 2, 7)),
    "LPPool1d power": layer(nn.LPPool1d(1.5, 2, stride=1), positive(1, 2, 4)),
    "LPPool2d": layer(nn.LPPool2d(2, 2), nonzero(1, 2, 4, 5)),
    "LPPool2d options": layer(nn.LPPool2d(3, (2, 3), stride=(1, 2)), positive(1, 2, 3, 5)),
    "GlobalAvgPool": (lambda x: x.mean((2, 3)), [real(2, 3, 2, 4)]),
    "GlobalAvgPool volumes": (lambda x: x.mean((2, 3, 4)), [real(2, 2, 2, 1, 3)]),
}
values_only = {}
