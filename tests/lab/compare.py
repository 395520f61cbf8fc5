"""Writes tests/lab/compare.json: statistics of comparisons, by SciPy and NumPy.

    /usr/bin/python3 tests/lab/compare.py
"""
import json
import pathlib

import numpy as np
from scipy import optimize, stats

generator = np.random.default_rng(1)


def drawn(n, shift):
    """Multiples of 1/1024."""
    return [round(1024 * v) / 1024 for v in generator.normal(shift, 1, n)]


def quantile(p, df):
    """Where the chance of a larger |t| is p: stats.t.isf knows nine digits of it."""
    return optimize.brentq(lambda t: 2 * stats.t.sf(t, df) / p - 1, 0, 1e9, xtol=1e-12, rtol=1e-14, maxiter=500)


def paired(n, shift):
    a, b = drawn(n, shift), drawn(n, 0)
    test = stats.ttest_rel(a, b)
    margin = quantile(0.05, n - 1) * stats.sem(a)
    return {"a": a, "b": b, "p": test.pvalue, "mean": np.mean(a), "stddev": np.std(a, ddof=1), "margin": margin,
            "effect": (np.mean(a) - np.mean(b)) / np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)}  # fmt: skip


def holm(p):
    """By its definition: the smallest level at which the procedure rejects, among all where its answer changes."""
    def rejected(level):
        out = np.zeros(len(p), bool)
        for rank, i in enumerate(np.argsort(p, kind="stable")):
            if p[i] > level / (len(p) - rank):
                break
            out[i] = True
        return out

    levels = sorted({min(1.0, k * v) for v in p for k in range(1, len(p) + 1)} | {1.0})
    return [next((l for l in levels if rejected(l * (1 + 1e-12))[i]), 1.0) for i in range(len(p))]


p_values = [0.01, 0.04, 0.03, 0.005, 0.6, 0.04, 0.9]
result = {
    "paired": [paired(n, shift) for n, shift in ((2, 0), (3, 1), (5, 3), (10, 0.5), (10, 8), (30, 0), (100, 1))],
    "t": [[p, df, quantile(p, df)] for p in (0.9, 0.05, 0.001, 1e-8) for df in (1, 2, 4, 9, 29, 1000)],
    "holm": {"p": p_values, "adjusted": holm(p_values)},
}
text = json.dumps(result, default=float).replace("}, {", "},\n  {").replace('"t":', '\n "t":').replace('"h', '\n "h')
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
