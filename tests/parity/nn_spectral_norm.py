"""Layers with spectral normalisation as functions of their inputs, then of bias and weight_orig."""
import torch
from inputs import real
from nn_layers import call, layer, parameters_of
from torch import nn
from torch.nn.utils import spectral_norm


def start(module):
    """The singular vectors as tests/nn_spectral_norm.cpp has them."""
    with torch.no_grad():
        for b in (module.weight_u, module.weight_v):
            b.copy_((torch.arange(len(b)) % 3 + 1) / 4)
    return module


def training(module, *inputs):
    def f(x0, x1, *parameters):
        y = [call(module, x, *parameters) for x in (x0, x1)]
        return torch.cat([t.flatten() for t in (*y, module.weight_u, module.weight_v)])

    return f, [*inputs, *parameters_of(module)]


rows = {
    "SpectralNorm": layer(start(spectral_norm(nn.Linear(3, 2))).eval(), real(2, 3)),
    "SpectralNorm of a convolution": layer(
        start(spectral_norm(nn.Conv2d(2, 3, 2, padding=1, bias=False))).eval(), real(1, 2, 2, 3)
    ),
    "SpectralNorm of a transposed convolution": layer(
        start(spectral_norm(nn.ConvTranspose1d(2, 3, 2, stride=2))).eval(), real(2, 2, 3)
    ),
    "SpectralNorm training": training(start(spectral_norm(nn.Linear(3, 2))), real(2, 3), real(2, 3, seed=2)),
    "SpectralNorm training of a convolution": training(
        start(spectral_norm(nn.Conv1d(2, 3, 2), n_power_iterations=3, eps=0.1)), real(1, 2, 3), real(1, 2, 3, seed=2)
    ),
}
values_only = {}
