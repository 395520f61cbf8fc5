"""Fully connected layers as functions of their inputs and parameters."""
from inputs import real
from nn_layers import layer
from torch import nn

rows = {
    "Linear": layer(nn.Linear(3, 2), real(2, 4, 3)),
    "Linear without bias": layer(nn.Linear(3, 2, bias=False), real(4, 3)),
    "Linear of a vector": layer(nn.Linear(3, 1), real(3)),
    "Bilinear": layer(nn.Bilinear(3, 2, 4), real(5, 3), real(5, 2, seed=2)),
    "Bilinear without bias": layer(nn.Bilinear(2, 3, 2, bias=False), real(2, 3, 2), real(2, 3, 3, seed=2)),
}
values_only = {}
