"""Costs, by PyTorch where it has them, with second derivatives, else by the formula of their source."""
import torch
import torch.nn.functional as F
from inputs import positive, real, unit

a, b, c = real(4, 3), real(4, 3, seed=7), real(4, 3, seed=8)
w = positive(4, 3, seed=9)
p, q = (unit(4, 3) + 1) / 2, (unit(4, 3, seed=10) + 1) / 2
signs = (torch.arange(12).reshape(4, 3) * 7 % 5 % 2) * 2 - 1
bits = (signs + 1) // 2
labels = torch.tensor([2, 0, 1, 0])
masks = (torch.arange(12).reshape(2, 3, 2) * 7 % 5 % 2)
mask_p = (unit(2, 3, 2, seed=11) + 1) / 2


def weighted_mean(losses, weight):
    return (losses * weight).sum() / weight.sum()


def log_cosh(y, t):
    return torch.log(torch.cosh(y - t))


def pinball(y, t, q):
    return torch.maximum(q * (t - y), (q - 1) * (t - y))


def focal(x, t, alpha, gamma):
    p = torch.sigmoid(x)
    entropy = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    loss = entropy * (1 - p * t - (1 - p) * (1 - t)) ** gamma
    return loss if alpha < 0 else (alpha * t + (1 - alpha) * (1 - t)) * loss


def dice(p, t, smooth):
    p, t = p.flatten(1), t.flatten(1)
    return 1 - (2 * (p * t).sum(1) + smooth) / (p.sum(1) + t.sum(1) + smooth)


def tversky(p, t, alpha, beta, smooth):
    p, t = p.flatten(1), t.flatten(1)
    tp, fp, fn = (p * t).sum(1), (p * (1 - t)).sum(1), ((1 - p) * t).sum(1)
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


# Those whose second derivative PyTorch lacks are written out, and held against it.
def multi_margin(x, k, p=1, margin=1.0, weight=None, reduction="mean"):
    rows, at = x.reshape(-1, x.shape[-1]), k.reshape(-1, 1)
    missing = (margin - rows.gather(1, at) + rows).clamp(min=0) ** p
    losses = (missing * (1 - F.one_hot(at[:, 0], rows.shape[1]))).sum(1) / rows.shape[1]
    if weight is not None:
        losses = losses * weight[at[:, 0]]
    losses = losses.mean() if reduction == "mean" else losses.reshape(k.shape)
    constant = None if weight is None else weight.detach()
    assert torch.allclose(losses, F.multi_margin_loss(x, k, p=p, margin=margin, weight=constant, reduction=reduction))
    return losses


def multilabel_margin(x, k, reduction="mean"):
    losses = []
    for row, ks in zip(x.reshape(-1, x.shape[-1]), k.reshape(-1, x.shape[-1]).tolist()):
        ks = ks[: next((i for i, v in enumerate(ks) if v < 0), len(ks))]
        rest = [i for i in range(len(row)) if i not in ks]
        pairs = [(1 - row[j] + row[i]).clamp(min=0) for j in ks for i in rest]
        losses.append(sum(pairs, 0 * row.sum()) / len(row))
    losses = torch.stack(losses).reshape(x.shape[:-1])
    losses = losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()
    assert torch.allclose(losses, F.multilabel_margin_loss(x, k, reduction=reduction))
    return losses


def info_nce(q, k, temperature, reduction="mean"):
    logits = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).T / temperature
    return F.cross_entropy(logits, torch.arange(len(q)), reduction=reduction)


def info_nce_of(q, k, n, temperature):
    q, k, n = (F.normalize(v, dim=-1) for v in (q, k, n))
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ n.T], 1) / temperature
    return -F.log_softmax(logits, 1)[:, 0].mean()


# torch.abs, whose second derivative is a tensor without storage, which make.py cannot write.
def size(d):
    return d * d.sign().detach()


def manhattan(a, b):
    return size(a - b).sum(-1)


def l1(y, t, reduction="mean"):
    losses = {"none": size(y - t), "mean": size(y - t).mean(), "sum": size(y - t).sum()}[reduction]
    assert torch.equal(losses, F.l1_loss(y, t, reduction=reduction))
    return losses


def triplet(a, p, n):
    losses = (2 + manhattan(a + 0.125, p) - manhattan(a + 0.125, n)).clamp(min=0).sum()
    assert torch.allclose(losses, F.triplet_margin_loss(a, p, n, margin=2, p=1, eps=0.125, reduction="sum"))
    return losses


rows = {
    "l1_loss": (l1, [a, b]),
    "l1_loss sum": (lambda y, t: l1(y, t, "sum"), [a, b]),
    "l1_loss none": (lambda y, t: l1(y, t, "none"), [a, b]),
    "l1_loss weight": (lambda y, t, w: weighted_mean(size(y - t), w), [a, b, w]),
    "mse_loss": (F.mse_loss, [a, b]),
    "mse_loss none": (lambda y, t: F.mse_loss(y, t, reduction="none"), [a, b]),
    "mse_loss integers": (lambda y, t: F.mse_loss(y, t.double(), reduction="sum"), [a, signs]),
    "mse_loss weight": (lambda y, t, w: weighted_mean((y - t) ** 2, w), [a, b, w]),
    "mse_loss weight none": (lambda y, t, w: (y - t) ** 2 * w, [a, b, w]),
    "quadratic_cost": (lambda y, t: ((y - t) ** 2).sum() / 8, [a, b]),
    "quadratic_cost images": (lambda y, t: ((y - t) ** 2).sum() / 4, [real(2, 3, 2), real(2, 3, 2, seed=7)]),
    "huber_loss": (F.huber_loss, [a, b]),
    "huber_loss delta": (lambda y, t: F.huber_loss(y, t, reduction="sum", delta=0.5), [a, b]),
    "huber_loss weight": (
        lambda y, t, w: weighted_mean(F.huber_loss(y, t, reduction="none", delta=1.5), w), [a, b, w]),
    "smooth_l1_loss": (F.smooth_l1_loss, [a, b]),
    "smooth_l1_loss beta": (lambda y, t: F.smooth_l1_loss(y, t, reduction="none", beta=0.5), [a, b]),
    "smooth_l1_loss zero": (lambda y, t: F.smooth_l1_loss(y, t, reduction="sum", beta=0.0), [a, b]),
    "log_cosh_loss": (lambda y, t: log_cosh(y, t).mean(), [a, b]),
    "log_cosh_loss wide": (lambda y, t: log_cosh(y, t), [16 * a, b]),
    "log_cosh_loss weight": (lambda y, t, w: (w * log_cosh(y, t)).sum(), [a, b, w]),
    "quantile_loss": (lambda y, t: pinball(y, t, 0.5).mean(), [a, b]),
    "quantile_loss none": (lambda y, t: pinball(y, t, 0.9), [a, b]),
    "quantile_loss weight": (lambda y, t, w: weighted_mean(pinball(y, t, 0.25), w), [a, b, w]),
    "poisson_nll_loss": (F.poisson_nll_loss, [a, w]),
    "poisson_nll_loss full": (lambda y, t: F.poisson_nll_loss(y, t, full=True, reduction="none"), [a, w]),
    "poisson_nll_loss rate": (
        lambda y, t: F.poisson_nll_loss(y, t, log_input=False, full=True, eps=0.125, reduction="sum"), [q, w]),
    "gaussian_nll_loss": (F.gaussian_nll_loss, [a, b, w]),
    "gaussian_nll_loss full": (
        lambda y, t, v: F.gaussian_nll_loss(y, t, v, full=True, eps=0.01, reduction="sum"), [a, b, w]),
    "gaussian_nll_loss rows": (
        lambda y, t, v: F.gaussian_nll_loss(y, t, v, reduction="none"), [a, b, positive(4, 1, seed=9)]),
    "cross_entropy": (F.cross_entropy, [a, labels]),
    "cross_entropy options": (
        lambda x, k: F.cross_entropy(
            x, k, weight=torch.tensor([1.0, 2.0, 0.5]), ignore_index=1, label_smoothing=0.25, reduction="sum"),
        [a, labels]),
    "cross_entropy probabilities": (F.cross_entropy, [a, q]),
    "nll_loss": (F.nll_loss, [a, labels]),
    "nll_loss none": (lambda x, k: F.nll_loss(x, k, reduction="none"), [real(4, 3, 2), torch.stack([labels] * 2, 1)]),
    "binary_cross_entropy": (F.binary_cross_entropy, [p, q]),
    "binary_cross_entropy none": (
        lambda p, t: F.binary_cross_entropy(p, t.double(), reduction="none"), [p, bits]),
    "binary_cross_entropy weight": (lambda p, t, w: (w * F.binary_cross_entropy(p, t, reduction="none")).mean(),
                                    [p, q, w]),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, [a, q]),
    "binary_cross_entropy_with_logits weights": (
        lambda x, t, w, v: (
            -w * (v * t * F.logsigmoid(x) + (1 - t) * F.logsigmoid(-x))).sum(), [a, q, w, positive(3, seed=12)]),
    "kl_div": (F.kl_div, [a, q]),
    "kl_div sum": (lambda x, t: F.kl_div(x, t, reduction="sum"), [a, q]),
    "kl_div logarithm": (lambda x, t: F.kl_div(x, t, reduction="none", log_target=True), [a, b]),
    "focal_loss": (lambda x, t: focal(x, t, 0.25, 2.0).mean(), [a, q]),
    "focal_loss labels": (lambda x, t: focal(x, t.double(), 0.75, 1.5), [a, bits]),
    "focal_loss without balance": (lambda x, t: focal(x, t, -1, 3.0).sum(), [a, q]),
    "dice_loss": (lambda p, t: dice(p, t, 1).mean(), [p, q]),
    "dice_loss masks": (lambda p, t: dice(p, t.double(), 0.25), [mask_p, masks]),
    "tversky_loss": (lambda p, t: tversky(p, t, 0.5, 0.5, 1).mean(), [p, q]),
    "tversky_loss masks": (lambda p, t: tversky(p, t.double(), 0.3, 0.7, 0.5).sum(), [mask_p, masks]),
    "hinge_embedding_loss": (lambda x, t: F.hinge_embedding_loss(x, t.double()), [a, signs]),
    "hinge_embedding_loss margin": (
        lambda x, t: F.hinge_embedding_loss(x, t.double(), margin=0.3, reduction="none"), [a, signs]),
    "margin_ranking_loss": (lambda a, b, t: F.margin_ranking_loss(a, b, t.double()), [a, b, signs]),
    "margin_ranking_loss margin": (
        lambda a, b, t: F.margin_ranking_loss(a, b, t.double(), margin=0.7, reduction="sum"), [a, b, signs]),
    "soft_margin_loss": (lambda x, t: F.soft_margin_loss(x, t.double()), [a, signs]),
    "soft_margin_loss none": (lambda x, t: F.soft_margin_loss(x, t.double(), reduction="none"), [a, signs]),
    "multi_margin_loss": (multi_margin, [a, labels]),
    "multi_margin_loss square": (lambda x, k: multi_margin(x, k, 2, 0.7, reduction="none"), [a, labels]),
    "multi_margin_loss weight": (lambda x, k, w: multi_margin(x, k, 2, weight=w), [a, labels, positive(3)]),
    "multi_margin_loss vector": (multi_margin, [real(5), torch.tensor(3)]),
    "multilabel_margin_loss": (
        multilabel_margin, [a, torch.tensor([[2, 0, -1], [1, -1, 0], [-1, 1, 2], [0, 2, 1]])]),
    "multilabel_margin_loss none": (
        lambda x, k: multilabel_margin(x, k, "none"), [real(2, 5), torch.tensor([[4, 1, -1, 0, 0], [3, 3, 0, -1, 2]])]),
    "multilabel_margin_loss vector": (multilabel_margin, [real(4), torch.tensor([3, 0, -1, 1])]),
    "multilabel_soft_margin_loss": (F.multilabel_soft_margin_loss, [a, q]),
    "multilabel_soft_margin_loss weight": (
        lambda x, t, w: F.multilabel_soft_margin_loss(x, t.double(), weight=w, reduction="none"),
        [a, bits, positive(3)]),
    "cosine_embedding_loss": (F.cosine_embedding_loss, [a, b, torch.tensor([1, -1, 1, -1])]),
    "cosine_embedding_loss margin": (
        lambda a, b, t: F.cosine_embedding_loss(a, b, t, margin=-0.5, reduction="none"),
        [a, b, torch.tensor([1, -1, -1, -1])]),
    "cosine_embedding_loss vectors": (F.cosine_embedding_loss, [real(5), real(5, seed=7), torch.tensor(1)]),
    "triplet_margin_loss": (F.triplet_margin_loss, [a, b, c]),
    "triplet_margin_loss swap": (
        lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=3, p=3, swap=True, reduction="none"), [a, b, c]),
    "triplet_margin_loss manhattan": (triplet, [a, b, c]),
    "triplet_margin_with_distance_loss": (
        lambda a, p, n: F.triplet_margin_with_distance_loss(a, p, n, distance_function=manhattan), [a, b, c]),
    "triplet_margin_with_distance_loss swap": (
        lambda a, p, n: F.triplet_margin_with_distance_loss(
            a, p, n, distance_function=manhattan, margin=4, swap=True, reduction="none"), [a, b, c]),
    "info_nce": (lambda q, k: info_nce(q, k, 0.1), [a, b]),
    "info_nce none": (lambda q, k: info_nce(q, k, 0.5, "none"), [a, b]),
    "info_nce negatives": (lambda q, k, n: info_nce_of(q, k, n, 0.25), [a, b, real(5, 3, seed=13)]),
}
values_only = {}
