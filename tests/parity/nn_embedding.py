"""Layers that look up rows, as functions of their inputs, then of their weight."""
import torch
from inputs import real
from nn_layers import layer
from torch import nn

table = torch.tensor([[1, 4, 2], [0, 2, 4]])
flat, offsets = torch.tensor([1, 4, 2, 0, 2, 4]), torch.tensor([0, 2, 2, 5])  # the second bag is empty


def bag(mode, indices, offsets=None, weighted=False, padding_idx=None):
    """nn.EmbeddingBag lacks second derivatives, so each bag is computed by itself; the values are those of that."""

    def f(*inputs):
        weight, factors = inputs[-1], inputs[-2] if weighted else None
        known = nn.EmbeddingBag(5, 3, mode=mode, padding_idx=padding_idx, _weight=weight.detach())
        bounds = [0, *([] if offsets is None else offsets[1:].tolist()), len(indices)]
        bags = [range(a, b) for a, b in zip(bounds, bounds[1:])]
        lines = [indices[list(b)] for b in bags] if offsets is not None else list(indices)
        scales = [None] * len(lines)
        if weighted:
            scales = [factors[list(b)] for b in bags] if offsets is not None else list(factors)
        results = []
        for line, scale in zip(lines, scales):
            there = torch.ones_like(line).bool() if padding_idx is None else line != padding_idx
            rows = weight[line[there]] * (1 if scale is None else scale[there][:, None])
            if len(rows) == 0:
                results.append(torch.zeros(3))
            else:
                results.append({"sum": rows.sum(0), "mean": rows.mean(0), "max": rows.amax(0)}[mode])
        y = torch.stack(results)
        torch.testing.assert_close(y.detach(), known(indices, offsets, factors.detach() if weighted else None).detach())
        return y

    inputs = [indices] if offsets is None else [indices, offsets]
    if weighted:
        inputs.append(real(*indices.shape, seed=6))
    return f, [*inputs, real(5, 3, seed=20)]


rows = {
    "Embedding padding": layer(nn.Embedding(5, 3, padding_idx=2), table),
    "Embedding padding from the end": layer(nn.Embedding(5, 3, padding_idx=-1), table),
    "EmbeddingBag": bag("mean", table),
    "EmbeddingBag offsets": bag("mean", flat, offsets),
    "EmbeddingBag padding": bag("mean", flat, offsets, padding_idx=4),
    "EmbeddingBag sum": bag("sum", table, padding_idx=4),
    "EmbeddingBag sum weights": bag("sum", table, weighted=True),
    "EmbeddingBag sum offsets weights": bag("sum", flat, offsets, weighted=True, padding_idx=4),
    "EmbeddingBag max": bag("max", table),
    "EmbeddingBag max offsets": bag("max", flat, offsets),
    "EmbeddingBag max padding": bag("max", flat, offsets, padding_idx=4),
}
values_only = {}
