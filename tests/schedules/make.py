"""Writes tests/schedules/trajectories.json: the learning rates, and momenta where they move, of 50 steps.

    /usr/bin/python3 tests/schedules/make.py

PyTorch 1.13's schedulers on an optimiser whose rate is 0.3 and whose momentum is 0.9. The names are those of rows in
tests/schedules.cpp.
"""
import json
import math
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler as s

warnings.simplefilter("ignore")  # PyTorch 1.13's of its own SequentialLR
here = pathlib.Path(__file__).parent


def sgd():
    return torch.optim.SGD([torch.zeros(1)], 0.3, momentum=0.9)


def adam():
    return torch.optim.Adam([torch.zeros(1)], 0.3)


def row(make, steps=50, optimiser=sgd):
    opt = optimiser()
    scheduler = make(opt)
    lr, momentum = [], []
    for _ in range(steps):
        group = opt.param_groups[0]
        lr.append(group["lr"])
        momentum.append(group["momentum"] if "momentum" in group else group["betas"][0])
        opt.step()
        if len(lr) < steps:
            scheduler.step()
    return {"lr": lr, "momentum": momentum} if len(set(momentum)) > 1 else {"lr": lr}


def sequential(milestones, *makes):
    return lambda o: s.SequentialLR(o, [make(o) for make in makes], milestones)


def chained(*makes):
    return lambda o: s.ChainedScheduler([make(o) for make in makes])


def warm_up(steps, then=None):
    """Rises by lr_0 / steps in each step, from lr_0 / steps."""
    up = lambda o: s.LinearLR(o, 1 / steps, 1, max(steps - 1, 1))
    return sequential([steps], up, then) if then else up


def joined(*rows):
    """PyTorch's SequentialLR takes what OneCycleLR and CyclicLR begin with for the others' first rate."""
    return {"lr": sum((r["lr"] for r in rows), []), "momentum": sum((r["momentum"] for r in rows), [])}


def constant_row(steps):
    return {"lr": steps * [0.3], "momentum": steps * [0.9]}


rows = {
    "Constant": row(lambda o: s.ConstantLR(o, 1, 5)),
    "Constant factor": row(lambda o: s.ConstantLR(o, 0.25, 1000)),
    "Constant short": row(lambda o: s.ConstantLR(o)),
    "Constant half": row(lambda o: s.ConstantLR(o, 0.5, 20)),
    "Step": row(lambda o: s.StepLR(o, 10)),
    "Step gamma": row(lambda o: s.StepLR(o, 3, 0.8)),
    "Step up": row(lambda o: s.StepLR(o, 1, 1.01)),
    "MultiStep": row(lambda o: s.MultiStepLR(o, [10, 30])),
    "MultiStep gamma": row(lambda o: s.MultiStepLR(o, [1, 2, 49, 80], 0.5)),
    "Exponential": row(lambda o: s.ExponentialLR(o, 0.9)),
    "Exponential up": row(lambda o: s.ExponentialLR(o, 1.02)),
    "Polynomial": row(lambda o: s.PolynomialLR(o, 50)),
    "Polynomial square": row(lambda o: s.PolynomialLR(o, 50, 2)),
    "Polynomial root": row(lambda o: s.PolynomialLR(o, 80, 0.5)),
    "Polynomial short": row(lambda o: s.PolynomialLR(o, 20, 0.9), 20),
    "Linear": row(lambda o: s.LinearLR(o, total_iters=50)),
    "Linear short": row(lambda o: s.LinearLR(o)),
    "Linear down": row(lambda o: s.LinearLR(o, 1, 0.1, 30)),
    "Linear long": row(lambda o: s.LinearLR(o, 0.9, 0, 51)),
    "Lambda": row(lambda o: s.LambdaLR(o, lambda t: 1 / (1 + t))),
    "Lambda power": row(lambda o: s.LambdaLR(o, lambda t: 0.95**t)),
    "Cosine": row(lambda o: s.CosineAnnealingLR(o, 50)),
    "Cosine eta_min": row(lambda o: s.CosineAnnealingLR(o, 50, 0.01)),
    "Cosine long": row(lambda o: s.CosineAnnealingLR(o, 80)),
    "Cosine short": row(lambda o: s.CosineAnnealingLR(o, 20, 0.4), 20),
    "CosineWarmRestarts": row(lambda o: s.CosineAnnealingWarmRestarts(o, 10)),
    "CosineWarmRestarts longer": row(lambda o: s.CosineAnnealingWarmRestarts(o, 7, 2, 0.02)),
    "CosineWarmRestarts thrice": row(lambda o: s.CosineAnnealingWarmRestarts(o, 1, 3, 0.01)),
    "OneCycle": row(lambda o: s.OneCycleLR(o, 0.5, 50)),
    "OneCycle Adam": row(lambda o: s.OneCycleLR(o, 0.5, 50), optimiser=adam),
    "OneCycle linear": row(lambda o: s.OneCycleLR(o, 0.5, 60, pct_start=0.25, anneal_strategy="linear")),
    "OneCycle three": row(lambda o: s.OneCycleLR(o, 0.1, 50, three_phase=True, div_factor=10, final_div_factor=100)),
    "OneCycle three linear": row(lambda o: s.OneCycleLR(o, 0.1, 50, pct_start=0.5, three_phase=True,
                                                        anneal_strategy="linear", base_momentum=0.5)),
    "OneCycle rate": row(lambda o: s.OneCycleLR(o, 0.5, 50, cycle_momentum=False)),
    "OneCycle down": row(lambda o: s.OneCycleLR(o, 0.5, 50, pct_start=0.0, max_momentum=0.9)),
    "OneCycle up": row(lambda o: s.OneCycleLR(o, 0.5, 50, pct_start=1.0)),
    "OneCycle short": row(lambda o: s.OneCycleLR(o, 0.5, 2), 2),
    "Cyclic": row(lambda o: s.CyclicLR(o, 0.01, 0.1, 8)),
    "Cyclic long": row(lambda o: s.CyclicLR(o, 0.01, 0.1)),
    "Cyclic triangular2": row(lambda o: s.CyclicLR(o, 0.01, 0.1, 5, 9, "triangular2", base_momentum=0.6)),
    "Cyclic exp_range": row(lambda o: s.CyclicLR(o, 0.01, 0.1, 6, 3, "exp_range", 0.97, max_momentum=0.95)),
    "Cyclic rate": row(lambda o: s.CyclicLR(o, 0, 0.1, 1, 1, cycle_momentum=False)),
    "WarmUp": row(warm_up(5)),
    "WarmUp cosine": row(warm_up(10, lambda o: s.CosineAnnealingLR(o, 40, 0.01))),
    "WarmUp step": row(warm_up(8, lambda o: s.StepLR(o, 12, 0.5))),
    "WarmUp cycle": joined(
        {"lr": [0.5 / 25 * (t + 1) / 6 for t in range(6)], "momentum": 6 * [0.95]},
        row(lambda o: s.OneCycleLR(o, 0.5, 44), 44)),
    "Sequential": row(sequential([10], lambda o: s.ConstantLR(o, 0.1, 2), lambda o: s.ExponentialLR(o, 0.9))),
    "Sequential three": row(sequential([5, 30], lambda o: s.LinearLR(o, 0.2, 1, 5), lambda o: s.StepLR(o, 7, 0.8),
                                       lambda o: s.CosineAnnealingLR(o, 20, 0.02))),
    "Sequential cycle": joined(constant_row(12), row(lambda o: s.OneCycleLR(o, 0.5, 38), 38)),
    "Chained": row(chained(lambda o: s.ConstantLR(o, 0.5, 10), lambda o: s.ExponentialLR(o, 0.95))),
    "Chained three": row(chained(lambda o: s.StepLR(o, 7, 0.8), lambda o: s.LinearLR(o, 0.3, 1, 20),
                                 lambda o: s.CosineAnnealingLR(o, 50))),
    # Not PyTorch's, whose cosine goes to eta_min from wherever the rate is: here it goes from the first's rate.
    "Chained eta_min": {"lr": [0.05 + (0.3 * 0.9**t - 0.05) * (1 + math.cos(math.pi * t / 50)) / 2
                               for t in range(50)]},
}  # fmt: skip

body = ",\n".join(f'"{name}": {json.dumps(values)}' for name, values in rows.items())
(here / "trajectories.json").write_text(
    f'{{\n"versions": {json.dumps({"torch": torch.__version__})},\n"rows": {{\n{body}\n}}\n}}\n')
print(f"{len(rows)} rows")
