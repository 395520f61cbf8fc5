"""Transposed convolutions as functions of their inputs and parameters; Conv1d, Conv2d and Conv3d are in nn_layers.py."""
from inputs import real
from nn_layers import layer
from torch import nn

rows = {
    "ConvTranspose1d": layer(nn.ConvTranspose1d(2, 3, 3), real(2, 2, 4)),
    "ConvTranspose1d options": layer(
        nn.ConvTranspose1d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2, bias=False),
        real(1, 4, 3),
    ),
    "ConvTranspose2d": layer(nn.ConvTranspose2d(2, 3, (2, 3)), real(2, 2, 2, 3)),
    "ConvTranspose2d options": layer(
        nn.ConvTranspose2d(4, 6, 2, stride=(2, 1), padding=(0, 1), output_padding=(1, 0), groups=2, dilation=(1, 2)),
        real(1, 4, 3, 3),
    ),
    "ConvTranspose3d": layer(nn.ConvTranspose3d(1, 2, (1, 2, 2)), real(1, 1, 2, 2, 2)),
    "ConvTranspose3d options": layer(
        nn.ConvTranspose3d(2, 2, 2, stride=(1, 2, 2), padding=(1, 0, 0), groups=2, bias=False), real(1, 2, 2, 2, 1)
    ),
}
values_only = {}
