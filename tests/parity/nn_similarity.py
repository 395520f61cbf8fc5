"""Layers that compare two tensors, as functions of both."""
import torch
from inputs import nonzero, real
from nn_layers import layer
from torch import nn


def size(x):
    return torch.where(x < 0, -x, x)


rows = {
    "CosineSimilarity": layer(nn.CosineSimilarity(), real(2, 3, 2), real(2, 3, 2, seed=2)),
    "CosineSimilarity of one with several": layer(
        nn.CosineSimilarity(dim=-1, eps=0.01), real(3, 4), real(1, 4, seed=2)
    ),
    "PairwiseDistance": layer(nn.PairwiseDistance(), real(3, 4), real(3, 4, seed=2)),
    "PairwiseDistance of order 3": layer(nn.PairwiseDistance(3, eps=0.01), nonzero(2, 2, 3), real(2, 2, 3, seed=2)),
    # PyTorch has no numbers for the second derivative of its own, which is 0.
    "PairwiseDistance of order 1": (
        lambda a, b: size(a - b + 1e-6).sum(-1, keepdim=True), [real(3, 4), real(3, 4, seed=2)]
    ),
    "PairwiseDistance of vectors": layer(nn.PairwiseDistance(), real(4), real(4, seed=2)),
}
values_only = {}
