"""Normalisation layers with options as functions of their inputs and parameters; other rows are in nn_layers.py."""
import copy

import torch
from inputs import real
from nn_layers import batch_norm, call, layer, rms_norm
from torch import nn


def both_modes(module, x):
    """One step of training and one out of it."""

    def f(x, *parameters):
        norm = copy.deepcopy(module)
        y = call(norm, x, *parameters)
        return torch.cat([y.flatten(), call(norm.eval(), x, *parameters).flatten()])

    return f, [x, *layer(module)[1]]


rows = {
    "BatchNorm1d without affine": layer(nn.BatchNorm1d(3, affine=False), real(5, 3)),
    "BatchNorm1d cumulative": batch_norm(nn.BatchNorm1d(2, momentum=None), 2, 2, 3),
    "BatchNorm2d without statistics": both_modes(nn.BatchNorm2d(2, track_running_stats=False), real(2, 2, 3, 2)),
    "InstanceNorm1d": layer(nn.InstanceNorm1d(3), real(2, 3, 4)),
    "InstanceNorm1d statistics": batch_norm(nn.InstanceNorm1d(2, affine=True, track_running_stats=True), 2, 2, 3),
    "InstanceNorm2d": layer(nn.InstanceNorm2d(2, eps=0.1), real(2, 2, 2, 3)),
    "InstanceNorm2d affine": both_modes(nn.InstanceNorm2d(2, affine=True), real(1, 2, 3, 2)),
    "InstanceNorm2d statistics": batch_norm(
        nn.InstanceNorm2d(2, momentum=0.3, eps=0.01, track_running_stats=True), 3, 2, 2, 2
    ),
    "InstanceNorm2d eval": layer(nn.InstanceNorm2d(2, affine=True, track_running_stats=True).eval(), real(1, 2, 2, 2)),
    "InstanceNorm3d": layer(nn.InstanceNorm3d(2), real(1, 2, 2, 2, 2)),
    "InstanceNorm3d affine": layer(nn.InstanceNorm3d(1, affine=True), real(2, 1, 2, 1, 3)),
    "LayerNorm without bias": (lambda x, w: nn.functional.layer_norm(x, (3,), w), [real(2, 2, 3), real(3, seed=20)]),
    "LayerNorm without affine": layer(nn.LayerNorm((2, 3), elementwise_affine=False), real(2, 2, 3)),
    "GroupNorm without affine": layer(nn.GroupNorm(2, 4, eps=0.01, affine=False), real(2, 4, 3)),
    "RMSNorm without affine": (lambda x: rms_norm((-1,), 0.1)(x, 1), [real(2, 3, 4)]),
    "LocalResponseNorm": layer(nn.LocalResponseNorm(3), real(2, 4, 3)),
    "LocalResponseNorm of even size": layer(nn.LocalResponseNorm(2, alpha=0.5, beta=1.5, k=2), real(1, 3, 2, 2)),
    "LocalResponseNorm of more channels than there are": layer(nn.LocalResponseNorm(5, alpha=1), real(1, 3, 1, 2, 2)),
}
values_only = {}
