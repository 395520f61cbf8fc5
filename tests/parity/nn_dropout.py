"""Dropout layers by their formulas, as functions of their inputs. `kept` is what xtape's generator keeps from seed 1,
and so the same for every layer of one p."""
import torch
from inputs import real

kept = {0.4: torch.tensor([1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0]), 0.5: torch.tensor([1, 0, 1, 0, 1, 1])}
kept[0.3] = kept[0.4]


def channels(p, *shape):
    """Every channel of every example 0 or scaled."""
    n = shape[0] * shape[1]
    mask = kept[p][:n].reshape(*shape[:2], *(1 for _ in shape[2:]))
    return lambda x: x * mask / (1 - p), [real(*shape)]


def alpha(p, *shape, whole=False):
    c = -1.7580993408473766
    mask = kept[p].reshape((*shape[:2], *(1 for _ in shape[2:])) if whole else shape)
    a = ((1 - p) * (1 + p * c * c)) ** -0.5
    return lambda x: a * (x * mask + c * (1 - mask)) - a * p * c, [real(*shape)]


def unchanged(*shape):
    return lambda x: x * 1, [real(*shape)]


rows = {
    "Dropout": channels(0.4, 3, 4),
    "Dropout eval": unchanged(3, 4),
    "Dropout1d": channels(0.3, 2, 4, 3),
    "Dropout1d eval": unchanged(2, 4, 3),
    "Dropout2d": channels(0.5, 2, 3, 2, 2),
    "Dropout2d eval": unchanged(2, 3, 2, 2),
    "Dropout3d": channels(0.5, 1, 4, 1, 2, 2),
    "Dropout3d eval": unchanged(1, 4, 1, 2, 2),
    "AlphaDropout": alpha(0.4, 3, 4),
    "AlphaDropout eval": unchanged(3, 4),
    "FeatureAlphaDropout": alpha(0.5, 2, 3, 2, whole=True),
    "FeatureAlphaDropout eval": unchanged(2, 3, 2),
}
values_only = {}
