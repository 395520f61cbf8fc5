"""Writes tests/reference.hpp: what PyTorch computes from the inputs that `grid` makes.

Run with a Python that has PyTorch (Debian: python3-torch):  python3 tests/reference.py > tests/reference.hpp
"""
import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def grid(*shape, shift=0):
    """Multiples of 1/8 in [-3/4, 3/4], which float32 holds exactly; the tests build the same."""
    n = torch.Size(shape).numel()
    return ((7 * torch.arange(n) + 3 + shift) % 13 - 6).reshape(shape) / 8


def values(name, tensor):
    numbers = ", ".join(repr(v) for v in tensor.detach().flatten().tolist())
    print(f'    {{"{name}", {{{numbers}}}}},')


def with_gradient(name, f, *inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    values(name, y)
    for i, g in enumerate(torch.autograd.grad((y * grid(*y.shape, shift=5)).sum() if y.dim() else y, leaves)):
        values(f"{name}_gradient{i}", g)


print(f"// Written by tests/reference.py with PyTorch {torch.__version__}.")
print("#pragma once\n#include <map>\n#include <string>\n#include <vector>\n\n// clang-format off\nnamespace reference {\n")
print("// Results, and gradients of their sum weighted by grid(shape of the result, 5), or of the result if it is a scalar.")
print("inline const std::map<std::string, std::vector<double>> values = {")
labels = torch.tensor([2, 0, 3, 2, 1])
with_gradient("linear", F.linear, grid(5, 3), grid(4, 3, shift=1), grid(4, shift=2))
with_gradient("mse", F.mse_loss, grid(5, 4), grid(5, 4, shift=4))
with_gradient("quadratic", lambda y, t: ((y - t) ** 2).sum() / (2 * len(y)), grid(5, 4), grid(5, 4, shift=4))
with_gradient("cross_entropy", lambda x: F.cross_entropy(x, labels), 8 * grid(5, 4))
for axis in range(3):
    with_gradient(f"softmax{axis}", lambda x: torch.softmax(x, axis), 4 * grid(2, 3, 4))
    with_gradient(f"log_softmax{axis}", lambda x: torch.log_softmax(x, axis), 4 * grid(2, 3, 4))
    with_gradient(f"logsumexp{axis}", lambda x: torch.logsumexp(x, axis), 4 * grid(2, 3, 4))

print("};\n\n}  // namespace reference\n// clang-format on")
