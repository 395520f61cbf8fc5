"""Writes tests/optimisers/trajectories.json: 50 steps of every optimiser on a small network.

    /usr/bin/python3 tests/optimisers/make.py

PyTorch's optimisers where 1.13 has them; the others are in recurrences.py. The network has a kernel of a convolution,
matrices, an embedding and vectors, and its four batches take turns. A row has the loss before each step, and all
parameters, joined, after steps 2 and 50. The names are those of rows in tests/optimisers_table.cpp.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from torch.nn import functional as F
from torch.optim.lbfgs import _strong_wolfe

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
import recurrences as r

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)


def drawn(*shape):
    """Multiples of 1/1024 in [-1, 1]."""
    return ((2 * torch.rand(shape, generator=generator) - 1) * 1024).round() / 1024


parameters = {
    "conv.weight": drawn(3, 2, 2, 2), "conv.bias": drawn(3), "embed.weight": drawn(4, 3),
    "hidden.weight": drawn(4, 3), "hidden.bias": drawn(4), "output.weight": drawn(3, 4), "output.bias": drawn(3),
}  # fmt: skip
images, targets = drawn(4, 4, 2, 4, 3), drawn(4, 4, 3)
words = torch.tensor([[0, 2, 1, 2], [3, 0, 1, 1], [2, 2, 0, 3], [1, 0, 2, 0]])
steps = 50


def output(p, batch):
    conv, conv_bias, embed, hidden, hidden_bias, last, last_bias = p
    y = torch.tanh(F.conv2d(images[batch], conv, conv_bias)).mean((2, 3)) + embed[words[batch]]
    y = torch.tanh(F.linear(y, hidden, hidden_bias))
    return F.linear(y, last, last_bias)


def loss(p, batch):
    return F.mse_loss(output(p, batch), targets[batch])


def row(step):
    """step(leaves, t, batch) -> the loss before, which changes the leaves."""
    leaves = [p.clone().requires_grad_() for p in parameters.values()]
    out = {"losses": []}
    for t in range(1, steps + 1):
        out["losses"].append(step(leaves, t, (t - 1) % 4))
        if t in (2, steps):
            out[f"after {t}"] = torch.cat([p.detach().flatten() for p in leaves]).tolist()
    return out


def of_torch(make):
    held = []

    def step(leaves, t, batch):
        if not held:
            held.append(make(leaves))
        held[0].zero_grad()
        y = loss(leaves, batch)
        y.backward()
        held[0].step()
        return y.item()

    return row(step)


def of_lists(f):
    """f(values, gradients, t) -> new values, all of them lists of arrays."""
    def step(leaves, t, batch):
        y = loss(leaves, batch)
        gradients = [g.numpy() for g in torch.autograd.grad(y, leaves)]
        with torch.no_grad():
            for p, value in zip(leaves, f([p.detach().numpy().copy() for p in leaves], gradients, t)):
                p.copy_(torch.from_numpy(np.asarray(value)))
        return y.item()

    return row(step)


def of_arrays(f, **options):
    states = [{} for _ in parameters]
    return of_lists(lambda p, g, t: [f(p, g, s, t, **options) for p, g, s in zip(p, g, states)])


def of_kinds(adamw_for=("embed.weight", "output.weight"), adamw_lr=3e-4, adamw_betas=(0.9, 0.95), adamw_eps=1e-10,
             **options):  # fmt: skip
    """Muon, and AdamW for vectors and these."""
    states = [{} for _ in parameters]

    def f(values, gradients, t):
        out = []
        for name, p, g, s in zip(parameters, values, gradients, states):
            if p.ndim < 2 or name in adamw_for:
                decay = options.get("weight_decay", 0.0)
                out.append(r.adamw(p, g, s, t, adamw_lr, adamw_betas, adamw_eps, decay))
            else:
                out.append(r.muon(p, g, s, t, **options))
        return out

    return of_lists(f)


def of_closure(make):
    """An optimiser of PyTorch that calls the loss of the first batch itself."""
    held = []

    def step(leaves, t, _):
        if not held:
            held.append(make(leaves))

        def closure():
            held[0].zero_grad()
            y = loss(leaves, 0)
            y.backward()
            return y

        return held[0].step(closure).item()

    return row(step)


def newton_cg(lr=1.0, max_cg=200, weight_decay=0.0):
    """Nocedal and Wright's algorithm 7.1 with PyTorch's line search, on all parameters as one vector."""
    def step(leaves, t, _):
        sizes = [p.numel() for p in leaves]

        def cost(x):
            parts = [part.view_as(p) for part, p in zip(x.split(sizes), leaves)]
            return loss(parts, 0) + weight_decay / 2 * x @ x, loss(parts, 0).item()

        def evaluate(x, t, d):
            at = (x + t * d).requires_grad_()
            y = cost(at)[0]
            return y.item(), torch.autograd.grad(y, at)[0]

        x = torch.cat([p.detach().flatten() for p in leaves]).requires_grad_()
        y, shown = cost(x)
        recorded = torch.autograd.grad(y, x, create_graph=True)[0]
        g = recorded.detach()
        d, r, c, enough = torch.zeros_like(g), g, -g, min(0.5, g.norm().sqrt()) * g.norm()
        for i in range(max_cg):
            if r.norm() < enough:
                break
            hc = torch.autograd.grad(recorded @ c, x, retain_graph=True)[0]
            if c @ hc <= 0:
                d = -g if i == 0 else d
                break
            a = r @ r / (c @ hc)
            d, after = d + a * c, r + a * hc
            r, c = after, -after + after @ after / (r @ r) * c
        x = x.detach()
        _, _, length, _ = _strong_wolfe(evaluate, x, lr, d, y.item(), g, g @ d)
        with torch.no_grad():
            for p, part in zip(leaves, (x + length * d).split(sizes)):
                p.copy_(part.view_as(p))
        return shown

    return row(step)


def levenberg_marquardt(lr=1.0, damping=1e-3, geodesic=True, weight_decay=0.0):
    """Its damped equations as one least-squares problem, solved by singular values."""
    mu, scale = damping, 0.0

    def step(leaves, t, _):
        nonlocal mu, scale
        shapes = [p.shape for p in leaves]

        def residuals(x):
            parts = x.split([s.numel() for s in shapes])
            y = (output([p.view(s) for p, s in zip(parts, shapes)], 0) - targets[0]).flatten()
            return torch.cat([y, np.sqrt(weight_decay) * x]) if weight_decay else y

        x = torch.cat([p.detach().flatten() for p in leaves])
        r, jacobian = residuals(x).numpy(), torch.autograd.functional.jacobian(residuals, x).numpy()
        x = x.numpy()
        scale = np.maximum(np.linalg.norm(jacobian, axis=0), 0.7 * scale)
        d, damped, nu = np.where(scale == 0, 1, scale), mu, 2.0
        seen = np.cbrt(np.finfo(float).eps) * np.linalg.norm(jacobian @ x)

        def solved(right):
            system = np.vstack([jacobian, np.diag(np.sqrt(damped) * d)])
            return np.linalg.lstsq(system, np.concatenate([right, 0 * d]), rcond=None)[0]

        def at(y):
            return residuals(torch.from_numpy(y)).numpy()

        for _ in range(50):
            v = lr * solved(-r)
            along, a = jacobian @ v, 0 * v
            if not along.any():
                break
            if geodesic:
                h = min(1, max(0.1, seen / np.linalg.norm(along)))
                a = solved(-2 / h * ((at(x + h * v) - r) / h - along)) / 2
            there = at(x + v + a)
            fall, expected = (r @ r - there @ there) / 2, -along @ r - along @ along / 2
            if 2 * np.linalg.norm(d * a) <= 0.75 * np.linalg.norm(d * v) and fall > 0:
                mu = damped * max(1 / 3, 1 - (2 * fall / expected - 1) ** 3)
                x = x + v + a
                break
            damped, nu = damped * nu, 2 * nu
            if damped > 1e200:  # tries that change nothing any more
                break
        with torch.no_grad():
            for p, part, s in zip(leaves, torch.from_numpy(x).split([s.numel() for s in shapes]), shapes):
                p.copy_(part.view(s))
        return float(r[:12] @ r[:12]) / 2

    return row(step)


def averaging(**options):
    """Schedule-Free: the average x, too, after the last step."""
    f = r.ScheduleFree(**options)
    out = of_lists(f)
    out["averaged"] = np.concatenate([x.ravel() for x in f.x]).tolist()
    return out


o = torch.optim
rows = {
    "SGD": of_torch(lambda p: o.SGD(p, 0.5)),
    "SGD decay": of_torch(lambda p: o.SGD(p, 0.5, weight_decay=0.05)),
    "SGD momentum": of_torch(lambda p: o.SGD(p, 0.2, momentum=0.9, weight_decay=0.01)),
    "SGD dampening": of_torch(lambda p: o.SGD(p, 0.3, momentum=0.8, dampening=0.4, weight_decay=0.01)),
    "SGD Nesterov": of_torch(lambda p: o.SGD(p, 0.2, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "RegularizedSGD": of_arrays(r.regularized_sgd, lr=0.3, lmbda=5, n=200),
    "RegularizedSGD L1": of_arrays(r.regularized_sgd, lr=0.3, lmbda=2, n=500, l1=True),
    "Adam": of_torch(lambda p: o.Adam(p, 0.1)),
    "Adam L2": of_torch(lambda p: o.Adam(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "Adam AMSGrad": of_torch(lambda p: o.Adam(p, 0.1, betas=(0.9, 0.9), amsgrad=True)),
    "AdamW": of_torch(lambda p: o.AdamW(p, 0.1)),
    "AdamW decay": of_torch(lambda p: o.AdamW(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)),
    "AdamW AMSGrad": of_torch(lambda p: o.AdamW(p, 0.05, betas=(0.8, 0.8), amsgrad=True)),
    "AdamW cautious": of_arrays(r.adamw_cautious, lr=0.05, weight_decay=0.3),
    # Its loop over single tensors has one factor μ too many in 1.13; this one is right, as is the loop of 2.0.
    "NAdam": of_torch(lambda p: o.NAdam(p, 0.05, foreach=True)),
    "NAdam L2": of_torch(lambda p: o.NAdam(p, 0.1, (0.8, 0.95), 1e-3, 0.1, momentum_decay=0.1, foreach=True)),
    "NAdam decoupled": of_arrays(r.nadamw, lr=0.05, weight_decay=0.2, momentum_decay=0.05),
    "RAdam": of_torch(lambda p: o.RAdam(p, 0.05)),
    "RAdam L2": of_torch(lambda p: o.RAdam(p, 0.1, (0.8, 0.95), 1e-3, 0.1)),
    "RAdam decoupled": of_arrays(r.radamw, lr=0.05, weight_decay=0.2, betas=(0.9, 0.9)),
    "Adamax": of_torch(lambda p: o.Adamax(p, 0.05)),
    "Adamax L2": of_torch(lambda p: o.Adamax(p, 0.1, (0.8, 0.7), 1e-3, 0.1)),
    "Adagrad": of_torch(lambda p: o.Adagrad(p, 0.1)),
    "Adagrad decay": of_torch(lambda p: o.Adagrad(p, 0.3, 0.05, 0.1, 0.2, 1e-3)),
    "Adadelta": of_torch(lambda p: o.Adadelta(p)),
    "Adadelta L2": of_torch(lambda p: o.Adadelta(p, 0.7, 0.8, 1e-3, 0.1)),
    "RMSprop": of_torch(lambda p: o.RMSprop(p, 0.02)),
    "RMSprop momentum": of_torch(lambda p: o.RMSprop(p, 0.01, 0.9, 1e-3, 0.1, 0.8)),
    "RMSprop centred": of_torch(lambda p: o.RMSprop(p, 0.01, 0.9, 1e-2, centered=True)),
    "RMSprop both": of_torch(lambda p: o.RMSprop(p, 0.003, 0.95, 1e-2, 0.1, 0.8, centered=True)),
    "Rprop": of_torch(lambda p: o.Rprop(p, 0.01)),
    "Rprop bounds": of_torch(lambda p: o.Rprop(p, 0.02, (0.3, 1.5), (5e-3, 0.1))),
    "Lion": of_arrays(r.lion, lr=0.01),
    "Lion decay": of_arrays(r.lion, lr=0.02, betas=(0.8, 0.95), weight_decay=0.3),
    "LAMB": of_arrays(r.lamb, lr=0.02),
    "LAMB decay": of_arrays(r.lamb, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2),
    "Adafactor": of_arrays(r.adafactor, lr=0.01),
    "Adafactor decay": of_arrays(r.adafactor, lr=0.2, beta2_decay=-0.5, eps=(1e-4, 0.05), d=1.5, weight_decay=0.1),
    "Muon": of_kinds(lr=0.02),
    "Muon matched": of_kinds(lr=0.03, match_rms_adamw=True, adamw_lr=0.03, weight_decay=0.1, steps=4),
    "Muon chosen": of_kinds(adamw_for=("conv.weight",), adamw_lr=0.02, adamw_betas=(0.8, 0.9), adamw_eps=1e-3,
                            lr=0.05, momentum=0.8, nesterov=False),
    "SOAP": of_arrays(r.soap, lr=0.01),
    "SOAP often": of_arrays(r.soap, lr=0.02, betas=(0.9, 0.99), shampoo_beta=0.8, eps=1e-3, weight_decay=0.1,
                            frequency=3, correct_bias=False),
    "SOAP sides": of_arrays(r.soap, lr=0.01, frequency=1, max_dim=3, normalize=True),
    "SGDScheduleFree": averaging(lr=0.5, beta=0.9),
    "SGDScheduleFree warm": averaging(lr=0.5, beta=0.8, weight_decay=0.05, warmup_steps=10, r=1.0, weight_lr_power=1.0),
    "AdamWScheduleFree": averaging(lr=0.05, beta=0.9, beta2=0.999),
    "AdamWScheduleFree warm": averaging(lr=0.1, beta=0.95, beta2=0.9, eps=1e-3, weight_decay=0.1, warmup_steps=7, r=0.5),
    "Prodigy": of_lists(r.Prodigy()),
    "Prodigy decay": of_lists(r.Prodigy(0.7, (0.8, 0.95), weight_decay=0.1, bias_correction=True, d0=1e-3,
                                        safeguard_warmup=True, growth_rate=1.3, d_coef=2)),
    "LBFGS": of_closure(lambda p: o.LBFGS(p, max_iter=1, history_size=20, line_search_fn="strong_wolfe")),
    "LBFGS short": of_closure(lambda p: o.LBFGS(p, 0.5, max_iter=3, history_size=2, line_search_fn="strong_wolfe")),
    "LBFGS fixed": of_closure(lambda p: o.LBFGS(p, 0.1, max_iter=2, max_eval=9, history_size=5)),
    "NewtonCG": newton_cg(),
    "NewtonCG short": newton_cg(lr=0.5, max_cg=5, weight_decay=0.1),
    "LevenbergMarquardt": levenberg_marquardt(),
    "LevenbergMarquardt straight": levenberg_marquardt(0.8, 1.0, False, 0.1),
    "Prodigy L2": of_lists(r.Prodigy(beta3=0.9, weight_decay=0.1, decouple=False, eps=1e-4)),
}  # fmt: skip


def listed(x):
    return {"shape": list(x.shape), "values": x.flatten().tolist()}


inputs = {
    "parameters": {name: listed(p) for name, p in parameters.items()},
    "images": listed(images), "words": listed(words), "targets": listed(targets),
}  # fmt: skip
lines = [f'"versions": {json.dumps({"torch": torch.__version__, "numpy": np.__version__})}',
         *(f'"{key}": {json.dumps(value)}' for key, value in inputs.items())]  # fmt: skip
body = ",\n".join(f'"{name}": {json.dumps(values)}' for name, values in rows.items())
lines.append(f'"rows": {{\n{body}\n}}')
(here / "trajectories.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
for name, values in rows.items():
    print(f"{name:20} {values['losses'][0]:.6f} -> {values['losses'][-1]:.6f}")
