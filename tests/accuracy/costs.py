"""The costs of which tests/accuracy_reductions.cpp measures the errors, as reductions.py has the reductions."""
import torch
import torch.nn.functional as F
from jets import exp, jet, larger, log, log1p, log_cosh, logistic, root, size, softplus, square, total
from mpmath import mpf
from reductions import (cases, counted, drawn, few, log_softmax, log_sum, logit, logits, many, norm, pairs, positive,
                        row, scalar, second, terms)

sign = terms(0, 1, 1, seed=5, constant=True, bits=0)
share = terms(-12, 12, 0)
other_share = terms(-6, 6, 0, seed=2)


def cost(name, f, *arguments, each=(), library=None, more=()):
    """The mean of f over pairs of elements."""
    row(name, scalar(lambda c: c.total([f(*v) for v in zip(*c.x)]) * (1 / mpf(c.n))),
        many(*arguments) + cases(more, *arguments), library, (f, [arguments, *each]))


apart = (terms(-12, 16), terms(-12, 16, seed=2))
close = (terms(3, 1, 0), terms(3, 1, 0, seed=2))
cost("l1_loss", lambda y, t: size(y - t), drawn, second, each=[apart, close], library=F.l1_loss)
cost("mse_loss", lambda y, t: square((y - t).settled()), drawn, second, each=[apart, close], library=F.mse_loss,
     more=[10000000])
row("quadratic_cost", scalar(lambda c: c.total([square((y - t).settled()) for y, t in zip(*c.x)]) * (1 / mpf(2 * c.n))),
    many(drawn, second))


def huber(d):
    return square(d) * (1 / mpf(2)) if abs(d.v.v) <= 1 else size(d) - mpf(1) / 2


def smooth_l1(d):
    return square(d) if abs(d.v.v) < 0.5 else size(d) - mpf(1) / 4


def above(q, d):
    return d * q if d.v.v > 0 else d * (q - 1)


cost("huber_loss", lambda y, t: huber((y - t).settled()), drawn, second, each=[apart], library=F.huber_loss)
cost("smooth_l1_loss", lambda y, t: smooth_l1((y - t).settled()), drawn, second, each=[apart],
     library=lambda y, t, **k: F.smooth_l1_loss(y, t, beta=0.5, **k))
cost("log_cosh_loss", lambda y, t: log_cosh(y - t), drawn, second, each=[apart])
cost("quantile_loss", lambda y, t: above(mpf("0.25"), t - y), drawn, second, each=[apart])
cost("poisson_nll_loss", lambda y, t: exp(y) - t * y, terms(-6, 9), terms(-2, 6, 0, seed=2),
     each=[(terms(-12, 18), second)], library=F.poisson_nll_loss)
cost("poisson_nll_loss of rates", lambda y, t: y - t * log(y + mpf(2) ** -20), terms(-4, 8, 0), terms(-2, 6, 0, seed=2),
     library=lambda y, t, **k: F.poisson_nll_loss(y, t, log_input=False, eps=2.0**-20, **k))
cost("gaussian_nll_loss", lambda y, t, v: (log(v) + square((y - t).settled()) / v) * (1 / mpf(2)), drawn, second,
     terms(-4, 8, 0, seed=3), library=F.gaussian_nll_loss)


def entropy(p, t):
    return -(t * log(p) + (1 - t) * log1p(-p))


def logit_entropy(x, t):
    return t * softplus(-x) + (1 - t) * softplus(x)


def focal(x, t):
    missed = t * logistic(-x) + (1 - t) * logistic(x)
    return (t * mpf("0.25") + (1 - t) * mpf("0.75")) * square(missed) * logit_entropy(x, t)


cost("binary_cross_entropy", entropy, share, other_share, library=F.binary_cross_entropy)
cost("binary_cross_entropy_with_logits", logit_entropy, logit, other_share, each=[(terms(-20, 28), other_share)],
     library=F.binary_cross_entropy_with_logits)
cost("kl_div", lambda x, t: t * (log(t) - x), terms(-4, 7, 2), other_share, library=F.kl_div)
cost("kl_div of logarithms", lambda x, t: exp(t) * (t - x), terms(-4, 7, 2), terms(-4, 7, 2, seed=2),
     library=lambda x, t, **k: F.kl_div(x, t, log_target=True, **k))
cost("focal_loss", focal, logit, other_share)


def overlap(alpha, beta, smooth):
    def f(c):
        p, t = c.x
        both = c.total([a * b for a, b in zip(p, t)])
        rest = c.total([a * (1 - b) * alpha + b * (1 - a) * beta for a, b in zip(p, t)])
        return rest / (both + rest + smooth)

    return scalar(f)


row("dice_loss", overlap(mpf("0.5"), mpf("0.5"), mpf("0.5")), many(share, other_share))
row("tversky_loss", overlap(mpf("0.25"), mpf("0.5"), mpf(1)), many(share, other_share))
cost("hinge_embedding_loss", lambda x, t: x if t.v.v == 1 else larger(1 - x, 0), positive, sign,
     library=F.hinge_embedding_loss)
cost("margin_ranking_loss", lambda a, b, t: larger(mpf("0.5") - t * (a - b), 0), drawn, second, sign,
     library=lambda a, b, t, **k: F.margin_ranking_loss(a, b, t, 0.5, **k))
cost("soft_margin_loss", lambda x, t: softplus(-t * x), logit, sign, each=[(terms(-20, 26), sign)],
     library=F.soft_margin_loss)
cost("multilabel_soft_margin_loss", logit_entropy, logit, other_share,
     library=lambda x, t, reduction="mean": F.multilabel_soft_margin_loss(
         *((x.reshape(1, -1), t.reshape(1, -1)) if reduction == "mean" else (x.reshape(-1, 1), t.reshape(-1, 1))),
         reduction=reduction))


def multi_margin(p):
    def f(c):
        label = c.at(c.x[0], c.n // 2)
        parts = [larger(mpf("0.5") - label + x, 0) for x in c.x[0]]
        parts = [jet(0) if k[2] == c.n // 2 else square(v.settled()) if p == 2 else v for v, k in zip(parts, c.classes)]
        return c.total(parts) * (1 / mpf(c.n))

    return scalar(f)


classes = cases([1, 2, 10, 1000, 100000], drawn)
label = lambda x: torch.tensor(len(x) // 2)
for p in (1, 2):
    row(f"multi_margin_loss of {p}", multi_margin(p), classes, lambda x, p=p: F.multi_margin_loss(x, label(x), p, 0.5))


def multilabel_margin(c):
    labels = {c.n // 2, c.n // 3}
    parts = [larger(1 - c.x[0][k] + x, 0) for k in labels for i, x in enumerate(c.x[0]) if i not in labels]
    return (total(parts) if parts else jet(0)) * (1 / mpf(c.n))


def labels_of(x):
    labels = torch.full((len(x),), -1)
    labels[0] = len(x) // 2
    if len(x) // 3 != len(x) // 2:
        labels[1] = len(x) // 3
    return labels


row("multilabel_margin_loss", scalar(multilabel_margin), few, lambda x: F.multilabel_margin_loss(x, labels_of(x)))


def length(c, x):
    return root(c.total([square(v) for v in x]))


def cosine(c, a, b, eps=0):
    """Of lengths that are added to, or of lengths alone."""
    longer = (lambda x: root(square(length(c, x)) + eps)) if eps else lambda x: length(c, x)
    return c.total([u * v for u, v in zip(a, b)]) / (longer(a) * longer(b))


row("cosine_embedding_loss", scalar(lambda c: 1 - cosine(c, *c.x, mpf(10) ** -12)), pairs,
    lambda a, b: F.cosine_embedding_loss(a, b, torch.tensor(1.0)))
row("CosineSimilarity", scalar(lambda c: cosine(c, *c.x)), pairs, lambda a, b: F.cosine_similarity(a, b, 0))
small = mpf(2) ** -20
row("PairwiseDistance", norm(2, lambda c: [a - b + small for a, b in zip(*c.x)]), pairs,
    lambda a, b: F.pairwise_distance(a, b, eps=2.0**-20))
triples = many(drawn, second, terms(-4, 8, seed=3))
for p in (2, 1):
    def triplet(c, p=p):
        a, near, far = c.x
        apart = lambda x, y: [(u - v).settled() + (small if p == 2 else 0) for u, v in zip(x, y)]
        d = lambda x, y: c.total([size(v) for v in apart(x, y)]) if p == 1 else length(c, apart(x, y))
        return larger(100000000 + d(a, near) - d(a, far), 0)

    row("triplet_margin_loss" if p == 2 else "triplet_margin_with_distance_loss", scalar(triplet), triples,
        (lambda a, b, c: F.triplet_margin_loss(a, b, c, 1e8, eps=2.0**-20)) if p == 2 else None)




def cross_entropy(smoothing):
    def f(c):
        whole = log_sum(c)
        own = c.at(c.x[0], c.n // 2)
        y = (1 - smoothing) * relative(c, own)
        if smoothing:
            y = y + (whole - c.total(c.x[0]) * (1 / mpf(c.n))) * smoothing
        return y

    return scalar(f)


def relative(c, own):
    """log sum e^(x - own), with all digits where own is much the largest."""
    middle = max(c.x[0], key=lambda x: x.v.v).fixed()
    if middle.v.v == own.v.v:
        others = c.total([jet(0) if k[2] == c.n // 2 else exp(x - own) for x, k in zip(c.x[0], c.classes)])
        return log1p(others)
    return (log_sum(c) - own).settled()


row("cross_entropy", cross_entropy(0), logits[:-1], lambda x: F.cross_entropy(x, label(x)))
row("cross_entropy with smoothing", cross_entropy(mpf("0.25")), logits[:-1],
    lambda x: F.cross_entropy(x, label(x), label_smoothing=0.25))
row("cross_entropy of probabilities", scalar(lambda c: c.total([p * (y * -1) for p, y in zip(c.x[1], log_softmax(c))])),
    many(logit, other_share), F.cross_entropy)
row("nll_loss", scalar(lambda c: -c.at(c.x[0], c.n // 2)), classes, lambda x: F.nll_loss(x, label(x)))


def alignments(c):
    """Five frames of four classes, of which 0 is the blank, and the target 2 1."""
    p = [[exp(c.x[0][4 * t + k]) for k in range(4)] for t in range(5)]
    target = [0, 2, 0, 1, 0]
    a = [p[0][0], p[0][2]] + [None] * 3
    for t in range(1, 5):
        def into(s):
            from_ = [a[s]] + ([a[s - 1]] if s > 0 else []) + ([a[s - 2]] if s > 1 and target[s] else [])
            known = [v for v in from_ if v is not None]
            return total(known) * p[t][target[s]] if known else None

        a = [into(s) for s in range(5)]
    return counted(-log(a[3] + a[4]) * (1 / mpf(2)), 20)


row("ctc_loss", scalar(alignments), cases([20], terms(-3, 5, 2)) + cases([20], terms(-3, 5, 2, seed=4)),
    lambda x: F.ctc_loss(x.reshape(5, 1, 4), torch.tensor([[2, 1]]), torch.tensor([5]), torch.tensor([2])))
