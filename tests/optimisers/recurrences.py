"""Optimisers that PyTorch 1.13 lacks, as their papers and authors' programs define them, written for one NumPy array.

Each is step(p, g, s, t, …) -> new p, where s is a dict for its state and t counts from 1. Those that look at all
parameters at once take lists.
"""
import numpy as np


def lion(p, g, s, t, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = s.get("m", np.zeros_like(p))
    p = p * (1 - lr * weight_decay) - lr * np.sign(betas[0] * m + (1 - betas[0]) * g)
    s["m"] = betas[1] * m + (1 - betas[1]) * g
    return p


def regularized_sgd(p, g, s, t, lr, lmbda=0.0, n=1, l1=False):
    if p.ndim < 2:
        return p - lr * g
    return p - lr * lmbda / n * np.sign(p) - lr * g if l1 else (1 - lr * lmbda / n) * p - lr * g


def adamw_cautious(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    u = s["m"] / (1 - betas[0] ** t) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)
    return p - lr * u - lr * weight_decay * p * (u * p >= 0)


def decoupled(step):
    """The step without a penalty, after p has shrunk."""
    def f(p, g, s, t, lr, weight_decay, **options):
        return step(p, g, s, t, lr, **options) - lr * weight_decay * p
    return f


@decoupled
def nadamw(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    mu, after = (betas[0] * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1))
    s["product"] = s.get("product", 1.0) * mu
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    mean = (1 - mu) * g / (1 - s["product"]) + after * s["m"] / (1 - s["product"] * after)
    return p - lr * mean / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)


@decoupled
def radamw(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8):
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    mean, c = s["m"] / (1 - betas[0] ** t), 1 - betas[1] ** t
    full = 2 / (1 - betas[1]) - 1
    rho = full - 2 * t * betas[1] ** t / c
    if rho <= 5:
        return p - lr * mean
    r = np.sqrt((rho - 4) * (rho - 2) * full / ((full - 4) * (full - 2) * rho))
    return p - lr * r * mean * np.sqrt(c) / (np.sqrt(s["v"]) + eps)


def lamb(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01):
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    r = s["m"] / (1 - betas[0] ** t) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps) + weight_decay * p
    of_p, of_r = np.sqrt((p * p).sum()), np.sqrt((r * r).sum())
    return p - lr * (of_p / of_r if of_p > 0 and of_r > 0 else 1.0) * r


def adafactor(p, g, s, t, lr, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0):
    """torch.optim.Adafactor of PyTorch 2.5."""
    share, eps1 = t**beta2_decay, np.finfo(p.dtype).eps if eps[0] is None else eps[0]

    def mean(name, x):
        s[name] = s.get(name, 0) + share * (x - s.get(name, 0))
        return s[name]

    alpha = max(eps[1], np.sqrt((p * p).mean())) * min(lr, 1 / np.sqrt(t))
    if p.ndim > 1:
        rows, columns = mean("r", (g * g).mean(-1, keepdims=True)), mean("c", (g * g).mean(-2, keepdims=True))
        v = rows @ columns / np.maximum(rows.mean(-2, keepdims=True), eps1)
    else:
        v = mean("v", g * g)
    u = g / np.sqrt(np.maximum(v, eps1 * eps1))
    return p * (1 - lr * weight_decay) - alpha / max(1.0, np.sqrt((u * u).mean()) / d) * u


def newton_schulz(x, steps):
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = x if x.shape[0] <= x.shape[1] else x.T
    y = wide / (np.linalg.norm(wide) + 1e-7)
    for _ in range(steps):
        square = y @ y.T
        y = a * y + (b * square + c * square @ square) @ y
    return y if wide is x else y.T


def muon(p, g, s, t, lr, momentum=0.95, nesterov=True, steps=5, weight_decay=0.0, match_rms_adamw=False):
    s["m"] = momentum * s.get("m", 0) + (1 - momentum) * g
    x = ((1 - momentum) * g + momentum * s["m"] if nesterov else s["m"]).reshape(len(p), -1)
    scale = 0.2 * np.sqrt(max(x.shape)) if match_rms_adamw else np.sqrt(max(1, x.shape[0] / x.shape[1]))
    return (1 - lr * weight_decay) * p - lr * scale * newton_schulz(x, steps).reshape(p.shape)


def adamw(p, g, s, t, lr, betas, eps, weight_decay=0.0):
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    u = s["m"] / (1 - betas[0] ** t) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)
    return (1 - lr * weight_decay) * p - lr * u


def soap(p, g, s, t, lr, betas=(0.95, 0.95), shampoo_beta=None, eps=1e-8, weight_decay=0.01, frequency=10,
         max_dim=10000, normalize=False, correct_bias=True):
    axes = [k for k in range(p.ndim) if p.shape[k] <= max_dim and p.ndim > 1]
    beta = betas[1] if shampoo_beta is None else shampoo_beta

    def rotated(x, back=False):
        for k in axes:
            x = np.moveaxis(np.tensordot(s["Q", k] if back else s["Q", k].T, x, (1, k)), 0, k)
        return x

    if t > 1:
        n, projected = t - 1, rotated(g)
        s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
        s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * projected**2
        step = lr * (np.sqrt(1 - betas[1] ** n) / (1 - betas[0] ** n) if correct_bias else 1)
        u = rotated(rotated(s["m"]) / (np.sqrt(s["v"]) + eps), back=True)
        if normalize:
            u = u / (1e-30 + np.sqrt((u * u).mean()))
        p = p - step * u
        p = p - lr * weight_decay * p
    for k in axes:
        flat = np.moveaxis(g, k, 0).reshape(p.shape[k], -1)
        s["G", k] = beta * s.get(("G", k), 0) + (1 - beta) * flat @ flat.T
        if t == 1:
            s["Q", k] = np.linalg.eigh(s["G", k])[1][:, ::-1]
        elif (t - 1) % frequency == 0:
            q = s["Q", k]
            order = np.argsort(-np.diag(q.T @ s["G", k] @ q), kind="stable")
            s["v"] = np.take(s["v"], order, k)
            s["Q", k] = np.linalg.qr(s["G", k] @ q[:, order])[0]
    return p


class ScheduleFree:
    """step(values y, gradients at y, t) -> new y; x is what `averaged` gives."""

    def __init__(self, lr, beta, beta2=None, eps=1e-8, weight_decay=0.0, warmup_steps=0, r=0.0, weight_lr_power=2.0):
        self.__dict__.update(locals())
        self.sum, self.largest, self.x, self.z, self.v = 0.0, 0.0, None, None, None

    def __call__(self, y, g, t):
        if self.z is None:
            self.x, self.z, self.v = [p.copy() for p in y], [p.copy() for p in y], [0 * p for p in y]
        lr = self.lr * (min(1.0, t / self.warmup_steps) if self.warmup_steps else 1.0)
        if self.beta2 is not None:
            lr *= np.sqrt(1 - self.beta2**t)
            self.v = [self.beta2 * v + (1 - self.beta2) * d * d for v, d in zip(self.v, g)]
            g = [d / (np.sqrt(v) + self.eps) for v, d in zip(self.v, g)]
        g = [d + self.weight_decay * p for d, p in zip(g, y)]
        self.largest = max(self.largest, lr)
        weight = t**self.r * self.largest**self.weight_lr_power
        self.sum += weight
        c = weight / self.sum
        self.z = [z - lr * d for z, d in zip(self.z, g)]
        self.x = [(1 - c) * x + c * z for x, z in zip(self.x, self.z)]
        return [(1 - self.beta) * z + self.beta * x for z, x in zip(self.z, self.x)]


class Prodigy:
    """step(values, gradients, t) -> new values."""

    def __init__(self, lr=1.0, betas=(0.9, 0.999), beta3=None, eps=1e-8, weight_decay=0.0, decouple=True,
                 bias_correction=False, safeguard_warmup=False, d0=1e-6, d_coef=1.0, growth_rate=np.inf):
        self.__dict__.update(locals())
        self.beta3 = np.sqrt(betas[1]) if beta3 is None else beta3
        self.d = self.d_max = d0
        self.numerator, self.p0 = 0.0, None

    def __call__(self, values, gradients, t):
        if self.p0 is None:
            self.p0 = [p.copy() for p in values]
            self.m, self.v, self.s = ([0 * p for p in values] for _ in range(3))
        (b1, b2), d = self.betas, self.d
        rate = d * self.lr * (np.sqrt(1 - b2**t) / (1 - b1**t) if self.bias_correction else 1)
        if not self.decouple:
            gradients = [g + self.weight_decay * p for g, p in zip(gradients, values)]
        self.numerator *= self.beta3
        for i, (p, g) in enumerate(zip(values, gradients)):
            self.numerator += d / self.d0 * rate * np.dot(g.ravel(), (self.p0[i] - p).ravel())
            self.m[i] = b1 * self.m[i] + d * (1 - b1) * g
            self.v[i] = b2 * self.v[i] + d * d * (1 - b2) * g * g
            self.s[i] = self.beta3 * self.s[i] + d / self.d0 * (d if self.safeguard_warmup else rate) * g
        estimate = self.d_coef * self.numerator / sum(np.abs(s).sum() for s in self.s)
        if d == self.d0:
            self.d = max(d, estimate)
        self.d_max = max(self.d_max, estimate)
        self.d = min(self.d_max, self.d * self.growth_rate)
        shrink = 1 - rate * self.weight_decay if self.decouple else 1
        return [shrink * p - rate * m / (np.sqrt(v) + self.d * self.eps) for p, m, v in zip(values, self.m, self.v)]
