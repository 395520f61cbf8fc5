"""Writes tests/reactions/rates.json: what learning rates become of sequences of values.

    /usr/bin/python3 tests/reactions/make.py

PyTorch 1.13's ReduceLROnPlateau on an optimiser whose rate is 0.5, and dlib's test of flat losses, computed from its
definition: for each number of last losses, the least-squares line through them, with numpy.polyfit. dlib has the same
line by recursive least squares. The names are those of rows in tests/reactions.cpp.
"""
import json
import math
import pathlib

import numpy as np
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

here = pathlib.Path(__file__).parent
random = np.random.default_rng(17)


def rounded(values):
    """Multiples of 1/1024: short in the file, and the same in every program."""
    return (np.round(np.asarray(values) * 1024) / 1024).tolist()


t = np.arange(100)
values = {
    "noise": rounded(1 + random.random(100)),
    "falling": rounded(2 * 0.93**t + 0.2 * random.random(100)),
    "rising": rounded(1 - 0.9**t + 0.1 * random.random(100)),
    "both signs": rounded(random.normal(size=100)),
}


def plateau(name, **options):
    opt = torch.optim.SGD([torch.zeros(1)], 0.5)
    scheduler = ReduceLROnPlateau(opt, **options)
    rates = []
    for v in values[name]:
        scheduler.step(v)
        rates.append(opt.param_groups[0]["lr"])
    return {"values": name, "lr": rates}


plateaus = {
    "default": plateau("noise"),
    "patience": plateau("falling", patience=2, factor=0.7),
    "impatient": plateau("falling", patience=0, factor=0.9, threshold=0.05),
    "cooldown": plateau("noise", patience=1, factor=0.8, cooldown=4),
    "min_lr": plateau("noise", patience=3, factor=0.3, min_lr=0.02),
    "eps": plateau("noise", patience=1, factor=0.5, eps=0.01),
    "max": plateau("rising", mode="max", patience=2, factor=0.6),
    "max abs": plateau("both signs", mode="max", patience=4, threshold_mode="abs", threshold=0.3, factor=0.5),
    "abs": plateau("both signs", patience=3, threshold_mode="abs", threshold=0.01, factor=0.5, cooldown=2),
}


def probability_of_descent(y):
    """Of the slope of y = a + b i, normal around its least-squares estimate."""
    n = len(y)
    i = np.arange(n)
    line = np.polyfit(i, y, 1)
    residuals = np.sum((y - np.polyval(line, i)) ** 2)
    error = math.sqrt(residuals / (n - 2) / np.sum((i - i.mean()) ** 2))
    return 0.5 * math.erfc(line[0] / error / math.sqrt(2))


def without_largest(y, last=None):
    """The last values of y, without those above the 90 % quantile of all."""
    limit = sorted(y)[math.floor((len(y) - 1) * 0.9 + 0.5)]
    return [v for v in y[-(last or len(y)):] if v <= limit]


def steps_without_decrease(y, robust):
    count = 0
    for last in range(1, len(y) + 1):
        seen = without_largest(y, last) if robust else y[-last:]
        if len(seen) > 2 and probability_of_descent(np.array(seen)) < 0.51:
            count = last
    return count


def shrinks(losses, n):
    """After which losses dlib's trainer shrinks the rate. It forgets 400 + n/10 of 2000 losses: 3/10."""
    window, budget, at = [], 0, []
    for step, loss in enumerate(losses):
        window = [*window, loss][-n:]
        budget += 200
        if budget <= n:
            continue
        budget = 0
        if len(window) == n and all(steps_without_decrease(window, robust) >= n for robust in (False, True)):
            at.append(step)
            window = window[n * 3 // 10:]
    return at


i = np.arange(500)
losses = {
    "noise": rounded(1 + random.random(500)),
    "stairs": rounded(1.5 - 0.5 * np.floor(i / 170) + 0.3 * random.random(500)),
    "slow": rounded(2 - i / 400 + 0.8 * random.random(500)),
    "spikes": rounded(2 - i / 1000 + 0.3 * random.random(500) + 40 * (i % 97 == 96)),
}
flat = [{"losses": name, "steps": n, "shrinks": shrinks(losses[name], n)}
        for name, n in [("noise", 40), ("noise", 210), ("stairs", 60), ("slow", 30), ("spikes", 50)]]  # fmt: skip
probabilities = [{"losses": name, "from": begin, "to": end,
                  "probability": probability_of_descent(np.array(losses[name][begin:end])),
                  "robust": probability_of_descent(np.array(without_largest(losses[name][begin:end])))}
                 for name, begin, end in [("noise", 0, 500), ("noise", 7, 17), ("noise", 3, 6), ("stairs", 200, 300),
                                          ("slow", 0, 20), ("slow", 0, 500), ("spikes", 50, 150)]]  # fmt: skip


def lines(entries):
    return ",\n".join(entries)


def table(rows):
    return "{\n" + lines(f'"{name}": {json.dumps(row)}' for name, row in rows.items()) + "\n}"


def listing(rows):
    return "[\n" + lines(json.dumps(row) for row in rows) + "\n]"


(here / "rates.json").write_text(
    "{\n" + lines([f'"versions": {json.dumps({"torch": torch.__version__, "numpy": np.__version__})}',
                   f'"values": {table(values)}', f'"plateaus": {table(plateaus)}', f'"losses": {table(losses)}',
                   f'"flat": {listing(flat)}', f'"probabilities": {listing(probabilities)}']) + "\n}\n")  # fmt: skip
for name, row in plateaus.items():
    print(f"{name:10} {len(set(row['lr']))} rates, the last {row['lr'][-1]:g}")
for row in [*flat, *probabilities]:
    print(row)
