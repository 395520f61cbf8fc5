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
