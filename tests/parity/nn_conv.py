"""Transposed convolutions and margins other than zeros as functions of inputs and parameters; other rows of Conv1d,
Conv2d and Conv3d are in nn_layers.py."""
from inputs import real
from nn_layers import layer
from torch import nn

rows = {
    "Conv1d circular": layer(nn.Conv1d(2, 3, 3, padding=2, padding_mode="circular"), real(2, 2, 5)),
    "Conv1d reflect": layer(
        nn.Conv1d(1, 2, 2, stride=2, padding=1, padding_mode="reflect", bias=False), real(2, 1, 4)
    ),
    "Conv2d reflect": layer(
        nn.Conv2d(1, 2, (2, 3), stride=(2, 1), padding=(1, 2), padding_mode="reflect"), real(1, 1, 4, 3)
    ),
    "Conv2d replicate same": layer(
        nn.Conv2d(1, 2, (2, 3), padding="same", dilation=(1, 2), padding_mode="replicate"), real(1, 1, 3, 4)
    ),
    "Conv3d replicate": layer(
        nn.Conv3d(1, 1, (1, 2, 2), padding=(2, 1, 0), padding_mode="replicate"), real(1, 1, 2, 2, 3)
    ),
    "Conv3d circular": layer(
        nn.Conv3d(2, 2, 2, padding=1, groups=2, padding_mode="circular", bias=False), real(1, 2, 1, 2, 2)
    ),
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
