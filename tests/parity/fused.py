"""Costs, normalisation, attention and dropout against torch.nn.functional."""
import math

import torch
import torch.nn.functional as F
from inputs import positive, real


def labels(logits):
    axis = 0 if logits.dim() == 1 else 1
    shape = [n for i, n in enumerate(logits.shape) if i != axis]
    n = torch.Size(shape).numel()
    return ((3 * torch.arange(n) + 1) % logits.shape[axis]).reshape(shape)


def quarters(n):
    return (torch.arange(n) + 1.0) / 4


def weights(logits):
    return quarters(logits.shape[0 if logits.dim() == 1 else 1])


def costs(**options):
    weighted = options.pop("weighted", False)
    return lambda x: F.cross_entropy(x, labels(x), weight=weights(x) if weighted else None, **options)


def soft(**options):
    weighted = options.pop("weighted", False)
    return lambda x, t: F.cross_entropy(x, t, weight=weights(x) if weighted else None, **options)


def nll(**options):
    weighted = options.pop("weighted", False)
    return lambda x: F.nll_loss(x, labels(x), weight=weights(x) if weighted else None, **options).square()


def binary(x, t, w, p):
    # PyTorch 1.13 has no gradients of the weights: its own formula.
    softplus = -F.logsigmoid(x)
    return (w * ((1 - t) * x + (1 + (p - 1) * t) * softplus)).sum()


def rms_norm(x, w=1.0, eps=1e-5):
    axes = [-1] if isinstance(w, float) else list(range(-w.dim(), 0))
    return x / torch.sqrt(x.square().mean(axes, keepdim=True) + eps) * w


def bent(y):
    return y + y.square()


def running(x, w, b):
    mean = quarters(x.shape[1])
    return F.batch_norm(x, mean, mean + 1, w, b, False)


def boolean_mask(q, k):
    n, s = q.shape[-2], k.shape[-2]
    i = torch.arange(n * s)
    return ((i % 3 != 1) & (i // s != 1)).reshape(n, s)


def attention(q, k, v, look=None, added=None, scale=None):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if added is not None:
        scores = scores + added
    if look is None:
        return torch.softmax(scores, -1) @ v
    # A query that may look nowhere gets zeros.
    scores = scores.masked_fill(~look, -1e300)
    return (torch.softmax(scores, -1) * look) @ v


def causal(q, k):
    return torch.ones(q.shape[-2], k.shape[-2]).tril().bool()


def added(q, k, v):
    look = boolean_mask(q, k)
    return attention(q, k, v, look, torch.where(look, quarters(look.numel()).reshape(look.shape), 0.0))


heads = [real(2, 3, 4), real(2, 4, 4, seed=2), real(2, 4, 3, seed=3)]
logits = [real(4, 3)]
image = [real(2, 3, 2, 2)]
pair = [real(4, 3), positive(4, 3)]

rows = {
    "cross_entropy": (costs(), logits),
    "cross_entropy sum": (costs(reduction="sum"), image),
    "cross_entropy none": (costs(reduction="none"), image),
    "cross_entropy weight": (costs(weighted=True), logits),
    "cross_entropy weight ignore": (costs(weighted=True, ignore_index=1), [real(6, 4)]),
    "cross_entropy weight ignore none": (costs(weighted=True, ignore_index=0, reduction="none"), [real(6, 4)]),
    "cross_entropy smoothing": (costs(label_smoothing=0.25), image),
    "cross_entropy smoothing weight ignore": (
        costs(label_smoothing=0.25, weighted=True, ignore_index=1),
        [real(6, 4)],
    ),
    "cross_entropy smoothing none": (costs(label_smoothing=0.5, reduction="none"), logits),
    "cross_entropy probabilities": (soft(), pair),
    "cross_entropy probabilities sum": (soft(reduction="sum"), pair),
    "cross_entropy probabilities smoothing weight none": (
        soft(label_smoothing=0.25, weighted=True, reduction="none"),
        [real(2, 3, 2), positive(2, 3, 2)],
    ),
    "nll_loss": (nll(), image),
    "nll_loss weight ignore": (nll(weighted=True, ignore_index=1), [real(6, 4)]),
    "nll_loss sum": (nll(reduction="sum"), logits),
    "nll_loss none": (nll(reduction="none"), logits),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, pair),
    "binary_cross_entropy_with_logits weights": (binary, pair + [positive(3, seed=7), positive(4, 1, seed=8)]),
    "binary_cross_entropy_with_logits none": (
        lambda x, t, w: w * F.binary_cross_entropy_with_logits(x, t, reduction="none"),
        pair + [positive(4, 3, seed=7)],
    ),
    "layer_norm": (lambda x: bent(F.layer_norm(x, x.shape[-1:])), [real(3, 4)]),
    "layer_norm weight": (lambda x, w: F.layer_norm(x, w.shape, w), [real(2, 2, 3), real(2, 3, seed=2)]),
    "layer_norm weight bias": (
        lambda x, w, b: F.layer_norm(x, w.shape, w, b, 0.1),
        [real(2, 2, 3), real(2, 3, seed=2), real(2, 3, seed=3)],
    ),
    # PyTorch 1.13 has no second order of a bias without a weight.
    "layer_norm bias": (lambda x, b: (F.layer_norm(x, b.shape) + b).square(), [real(3, 4), real(4, seed=2)]),
    "rms_norm": (lambda x: bent(rms_norm(x)), [real(3, 4)]),
    "rms_norm weight": (lambda x, w: rms_norm(x, w, 0.1), [real(2, 2, 3), real(2, 3, seed=2)]),
    "group_norm": (lambda x: bent(F.group_norm(x, 2)), [real(2, 4, 2)]),
    "group_norm weight bias": (
        lambda x, w, b: bent(F.group_norm(x, 2, w, b, 0.1)),
        [real(2, 4, 2), real(4, seed=2), real(4, seed=3)],
    ),
    "instance_norm": (lambda x: bent(F.instance_norm(x)), [real(2, 2, 3)]),
    "instance_norm weight bias": (
        lambda x, w, b: bent(F.instance_norm(x, weight=w, bias=b)),
        [real(2, 2, 3), real(2, seed=2), real(2, seed=3)],
    ),
    "batch_norm": (lambda x: bent(F.batch_norm(x, None, None, None, None, True)), [real(2, 3, 2)]),
    "batch_norm weight": (
        lambda x, w: bent(F.batch_norm(x, None, None, w, None, True)),
        [real(2, 2, 8), real(2, seed=2)],
    ),
    "batch_norm weight bias": (
        lambda x, w, b: bent(F.batch_norm(x, None, None, w, b, True)),
        [real(5, 3), real(3, seed=2), real(3, seed=3)],
    ),
    "batch_norm bias": (
        lambda x, b: (F.batch_norm(x, None, None, None, None, True) + b.reshape(-1, 1, 1)).square(),
        [real(2, 2, 3, 3), real(2, seed=2)],
    ),
    "batch_norm running": (running, [real(2, 3, 2), real(3, seed=2), real(3, seed=3)]),
    "scaled_dot_product_attention": (attention, heads),
    "scaled_dot_product_attention causal": (
        lambda q, k, v: attention(q, k, v, causal(q, k), scale=0.75),
        heads,
    ),
    "scaled_dot_product_attention mask": (lambda q, k, v: attention(q, k, v, boolean_mask(q, k)), heads),
    "scaled_dot_product_attention mask causal": (
        lambda q, k, v: attention(q, k, v, boolean_mask(q, k) & causal(q, k)),
        heads,
    ),
    "scaled_dot_product_attention added": (added, heads),
    "scaled_dot_product_attention learned": (
        lambda q, k, v, m: attention(q, k, v, added=m),
        heads + [real(3, 4, seed=4)],
    ),
}

values_only = {
    "batch_norm mean": (lambda x: x.mean([0, 2]), [real(3, 2, 2)]),
    "batch_norm var": (lambda x: x.var([0, 2], unbiased=False), [real(3, 2, 2)]),
}
