"""Writes tests/samplers/samplers.json: how many samples, of which classes, go where, and how often.

    /usr/bin/python3 tests/samplers/make.py

PyTorch 1.13's random_split and DistributedSampler, scikit-learn's StratifiedKFold, and what
NumPy makes of shares and weights.
"""
import itertools
import json
import pathlib

import numpy as np
import scipy.stats
import torch
from sklearn.model_selection import StratifiedKFold
from torch.utils.data import DistributedSampler, TensorDataset, random_split

classes = np.random.default_rng(1).permutation(np.repeat([0, 1, 4, 7], [60, 25, 13, 5]))
zeros = np.zeros(len(classes))
names = [0, 1, 4, 7]


def counts(indices):
    return [int((classes[indices] == c).sum()) for c in names]


def data(n):
    return TensorDataset(torch.zeros(n))


def folds(k):
    of_folds = [counts(test) for _, test in StratifiedKFold(k).split(zeros, classes)]
    return {"folds": k, "counts": np.sort(of_folds, 0).tolist()}  # class by class, from the fewest


def shares(n):
    """Of each class the share of n samples, rounded down and up."""
    exact = np.array(counts(np.arange(len(classes)))) * n / len(classes)
    return {"samples": n, "fewest": np.floor(exact).astype(int).tolist(), "most": np.ceil(exact).astype(int).tolist()}


weights = np.array([1, 2, 0, 3.5, 0.5])
p = weights / weights.sum()
without = np.zeros(5)  # of being one of two that are drawn without replacement
for i, j in itertools.permutations(range(5), 2):
    if p[i] > 0:
        without[[i, j]] += p[i] * p[j] / (1 - p[i])

result = {
    "classes": classes.tolist(),
    "folds": [folds(k) for k in (2, 5)],
    "shares": [shares(n) for n in (83, 20, 51, 101, 2, 10)],
    "lengths": [
        {"samples": n, "shares": list(parts), "lengths": [len(s) for s in random_split(data(n), parts)]}
        for n, parts in [(10, (0.8, 0.2)), (101, (0.5, 0.3, 0.2)), (11, (1 / 3, 1 / 3, 1 / 3)), (100, (0.29, 0.71))]
    ],
    "ranks": [
        {"samples": n, "ranks": r, "each": len(list(DistributedSampler(data(n), r, 0, shuffle=False)))}
        for n, r in [(103, 1), (103, 2), (103, 4), (96, 4), (103, 7), (9, 7)]
    ],
    "weights": weights.tolist(),
    "probabilities": p.tolist(),
    "without_replacement": without.tolist(),
    "chi_square_3": scipy.stats.chi2.isf(1e-6, 3),  # exceeded once in a million
}
path = pathlib.Path(__file__).with_name("samplers.json")
path.write_text(json.dumps(result).replace("], \"", "],\n\"").replace(", {", ",\n{") + "\n")
