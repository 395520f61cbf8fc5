"""Writes tests/parity/SUBJECT.json: values, gradients and second-order gradients from an independent implementation.

    /usr/bin/python3 tests/parity/make.py SUBJECT...

A subject is a file beside this one with two tables: `rows`, as

    rows = {
        "log": (torch.log, [positive(3, 4)]),
        "gather": (lambda x: torch.gather(x, 1, index), [real(3, 4)]),
    }

whose keys are names of rows in tests/grad_SUBJECT.cpp and whose functions compute the same, and `values_only`, of the
same form, for functions without a gradient. A function that PyTorch lacks is written in operations that
it has, or as a torch.autograd.Function over SciPy. Inputs are float64 unless they hold integers or booleans.
"""
import importlib
import json
import pathlib
import sys

import numpy
import scipy
import torch

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
torch.set_default_dtype(torch.float64)


def packed(tensor):
    tensor = tensor.detach()
    kind = {torch.float64: "float64", torch.int64: "int64", torch.bool: "boolean"}[tensor.dtype]
    flat = tensor.flatten().tolist()
    # JSON has no infinities and no NaN.
    numbers = [v if not isinstance(v, float) or abs(v) < float("inf") else str(v) for v in flat]
    return {"dtype": kind, "shape": list(tensor.shape), "values": numbers}


def weights(shape, shift):
    """Multiples of 1/8 in [-6/8, 6/8] without a pattern that a sum could hide; the tests build the same."""
    n = torch.Size(shape).numel()
    return (((7 * torch.arange(n) + 3 + shift) % 13 - 6).reshape(shape) / 8).double()


def entry(f, inputs, differentiable):
    leaves = [x.clone().requires_grad_(differentiable and x.is_floating_point()) for x in inputs]
    y = f(*leaves)
    out = {"inputs": [packed(x) for x in inputs], "value": packed(y)}
    targets = [x for x in leaves if x.requires_grad]
    if not targets:
        return out
    gradients = torch.autograd.grad((y * weights(y.shape, 0)).sum(), targets, create_graph=True)
    out["gradients"] = [packed(g) for g in gradients]
    total = sum((g * weights(g.shape, 5 + i)).sum() for i, g in enumerate(gradients))
    second = torch.autograd.grad(total, targets, allow_unused=True) if total.requires_grad else [None] * len(targets)
    out["second"] = [packed(torch.zeros_like(x) if g is None else g) for g, x in zip(second, targets)]
    return out


def make(subject):
    module = importlib.import_module(subject)
    versions = {"torch": torch.__version__, "numpy": numpy.__version__, "scipy": scipy.__version__}
    table = {name: entry(f, inputs, True) for name, (f, inputs) in module.rows.items()}
    table_values = {name: entry(f, inputs, False) for name, (f, inputs) in module.values_only.items()}
    lines = [f'"versions": {json.dumps(versions)}']
    for key, part in (("rows", table), ("values_only", table_values)):
        body = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in part.items())
        lines.append(f'"{key}": {{\n{body}\n}}')
    (here / f"{subject}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{subject}: {len(table)} rows, {len(table_values)} of values only")


if __name__ == "__main__":
    for subject in sys.argv[1:]:
        make(subject)
