"""Padding layers as functions of their inputs."""
from inputs import real
from nn_layers import layer
from torch import nn
from torch.nn import functional as F


def circular(pads, x):
    return lambda x: F.pad(x, pads, mode="circular"), [x]


one, two, three = real(2, 2, 4), real(1, 2, 3, 4), real(1, 1, 2, 3, 2)
rows = {
    "ZeroPad2d": layer(nn.ZeroPad2d(1), two),
    "ZeroPad2d sides": layer(nn.ZeroPad2d((1, -1, 0, 2)), two),
    "ConstantPad1d": layer(nn.ConstantPad1d(2, 0.5), one),
    "ConstantPad1d sides": layer(nn.ConstantPad1d((0, 3), -1.0), one),
    "ConstantPad2d": layer(nn.ConstantPad2d(1, 2.0), two),
    "ConstantPad2d sides": layer(nn.ConstantPad2d((1, 0, -1, 2), 2.0), two),
    "ConstantPad3d": layer(nn.ConstantPad3d(1, 0.5), three),
    "ConstantPad3d sides": layer(nn.ConstantPad3d((1, 0, 0, 2, 1, 1), 0.5), three),
    "ReflectionPad1d": layer(nn.ReflectionPad1d(3), one),
    "ReflectionPad1d sides": layer(nn.ReflectionPad1d((0, 2)), one),
    "ReflectionPad2d": layer(nn.ReflectionPad2d(2), two),
    "ReflectionPad2d sides": layer(nn.ReflectionPad2d((1, 3, 0, 2)), two),
    "ReflectionPad3d": layer(nn.ReflectionPad3d(1), three),
    "ReflectionPad3d sides": layer(nn.ReflectionPad3d((1, 0, 2, 1, 0, 1)), three),
    "ReplicationPad1d": layer(nn.ReplicationPad1d(3), one),
    "ReplicationPad1d sides": layer(nn.ReplicationPad1d((0, 2)), one),
    "ReplicationPad2d": layer(nn.ReplicationPad2d(2), two),
    "ReplicationPad2d sides": layer(nn.ReplicationPad2d((1, 3, 0, 2)), two),
    "ReplicationPad3d": layer(nn.ReplicationPad3d(1), three),
    "ReplicationPad3d sides": layer(nn.ReplicationPad3d((1, 0, 2, 1, 0, 1)), three),
    "CircularPad1d": circular((3, 3), one),
    "CircularPad1d sides": circular((0, 2), one),
    "CircularPad2d": circular((2, 2, 2, 2), two),
    "CircularPad2d sides": circular((1, 3, 0, 2), two),
    "CircularPad3d": circular((1, 1, 1, 1, 1, 1), three),
    "CircularPad3d sides": circular((1, 0, 2, 1, 0, 1), three),
}
values_only = {}
