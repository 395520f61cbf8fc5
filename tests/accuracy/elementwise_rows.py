"""The lines of elementwise.txt, of the functions in elementwise.py: for each a line `row NAME ARGUMENTS`, for each dtype
a line with libtorch's errors, then per line the arguments' bits and the cells of the value and the derivatives."""
import random

import numpy
import torch
from cells import bits, cell, error, kinds
from elementwise import pairs, rows
from mpmath import mp, mpf

inf = float("inf")


def neighbours(kind, x):
    number, word, _, digits, *_ = kinds[kind]
    x = number(x)
    found = [x]
    for distance in (1, 2, 7, 1 << (digits // 3), 1 << (2 * digits // 3)):
        for side in (-1, 1):
            at = int(abs(x).view(word)) + side * distance
            if at >= 0:
                found.append(numpy.array(at, word).view(number)[()] * (-1 if x < 0 else 1))
    return found


def arguments(kind, row):
    number, _, _, digits, least, most = kinds[kind]
    draw = random.Random(5)
    found = [number(0), number(inf), number(-inf)]
    tiny, huge = numpy.finfo(number).smallest_subnormal, numpy.finfo(number).max
    step = (most - least) // 22
    for e in range(least - digits + 1, most + 1, step):
        found += [number(s * (1 + draw.random()) * 2.0**e) for s in (1, -1)]
    for e in range(-6, 7):
        found += [number(s * (1 + draw.random()) * 2.0**e) for s in (1, -1)]
    found += [number(draw.uniform(-5, 5)) for _ in range(24)]
    found += [s * v for v in (tiny, numpy.finfo(number).tiny, huge) for s in (number(1), number(-1))]
    for x in row["near"]:
        if abs(x) < huge:
            found += neighbours(kind, x)
    return [(x,) for x in dict.fromkeys(found) if numpy.isinf(x) or x == 0 or row["low"] <= abs(x) <= row["high"]]


def pair_arguments(kind, row):
    number, _, _, digits, least, most = kinds[kind]
    draw = random.Random(6)
    low, high = max(row["low"], 2.0 ** (least - digits + 1)), min(row["high"], float(numpy.finfo(number).max))
    span = numpy.log2(low), numpy.log2(high)
    one = lambda e: number(draw.choice((-1, 1)) * (1 + draw.random()) * 2.0**e)
    found = [tuple(number(v) for v in p) for p in row["at"]]
    for _ in range(60):
        found.append((one(draw.uniform(*span)), one(draw.uniform(*span))))
    for _ in range(40):
        e = draw.uniform(span[0], span[1] - 4)
        found.append((one(e), one(e + draw.uniform(-3, 3))))
    for _ in range(40):
        found.append((number(draw.uniform(-4, 4)), number(draw.uniform(-4, 4))))
    for a, b in row["near"]:
        found += [(x, number(b)) for x in neighbours(kind, a)[:7]] + [(number(a), y) for y in neighbours(kind, b)[:7]]
    return [p for p in dict.fromkeys(found) if all(numpy.isfinite(p)) or tuple(map(float, p)) in row["at"]]


def number_of(x):
    return x if isinstance(x, float) and abs(x) == inf else mpf(x)


def exact(row, point):
    """Value, first and second derivatives at a point; None where nothing is asked."""
    n = len(point)
    orders = [1, n, n * (n + 1) // 2]
    key = tuple(float(x) for x in point) if n > 1 else float(point[0])
    if key in row["at"]:
        parts = row["at"][key]
    elif not all(numpy.isfinite(point)):
        return None
    else:
        x = [mpf(float(v)) for v in point]
        if row["domain"] and not row["domain"](*x):
            return [float("nan"), None, None] if row["outside"] else None
        value = row["f"](*x)
        if value is None:
            return None
        parts = value, row["first"](*x), row["second"](*x)
    if n == 1:
        return list(parts)
    flat = []
    for part, count in zip(parts, orders):
        flat += [part] if count == 1 else [None] * count if part is None else list(part)
    return flat


def derivatives(number, f, inputs):
    """The same by libtorch, as columns."""
    x = [torch.tensor(numpy.array(v, number)).requires_grad_() for v in inputs]
    columns = [f(*x)]
    grad = lambda y, of: torch.autograd.grad(y.sum(), of, create_graph=True, allow_unused=True)
    first = [torch.zeros_like(v) if g is None else g for g, v in zip(grad(columns[0], x), x)]
    columns += first
    for i, g in enumerate(first):
        try:
            second = grad(g, x[i:]) if g.requires_grad else [None] * (len(x) - i)
        except RuntimeError:  # it has none
            return [c.detach().numpy() for c in columns]
        columns += [torch.zeros_like(v) if s is None else s for s, v in zip(second, x[i:])]
    return [c.detach().numpy() for c in columns]


def worst(kind, table, columns, orders):
    """The largest errors of value, first and second derivatives."""
    most, at = [0.0] * 3, 0
    for order, count in enumerate(orders):
        if at + count > len(columns):
            most[order] = None
            continue
        for column in range(at, at + count):
            for cells, got in zip(table, columns[column]):
                # Where the value is past the greatest number its derivatives may be.
                overflow = order and "inf" in cells[0] and abs(float(got)) == inf
                e = error(kind, got, cells[column])
                if e is not None and not overflow:
                    most[order] = max(most[order], e)
        at += count
    return most


def lines(only=None):
    text = []
    for name, row in {**rows, **pairs}.items():
        if only and name not in only:
            continue
        n = 1 if name in rows else 2
        orders = [1, n, n * (n + 1) // 2]
        text.append(f"row {n} {name}")
        mp.prec = row["precision"]
        for kind in kinds:
            points = arguments(kind, row) if n == 1 else pair_arguments(kind, row)
            known = [(p, e) for p, e in ((p, exact(row, p)) for p in points) if e is not None]
            table = [[cell(kind, t) for t in e] for _, e in known]
            libtorch = "-"
            if row["library"]:
                columns = derivatives(kinds[kind][0], row["library"], [[p[i] for p, _ in known] for i in range(n)])
                libtorch = " ".join("-" if e is None else f"{e:.3g}" for e in worst(kind, table, columns, orders))
            text.append(f"{kind} {len(known)} libtorch {libtorch}")
            for (p, _), cells in zip(known, table):
                text.append(" ".join([bits(kind, x) for x in p] + cells))
        print(name, flush=True)
    return text
