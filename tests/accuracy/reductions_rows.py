"""The lines of reductions.txt, of the rows in reductions.py and costs.py: `row NAME`, then for each dtype a line with
libtorch's errors and the cases: `case N TERMS...`, or `each N TERMS...` where every element is a result of its own.
Lines of cells follow: `v POSITION`, `f ARGUMENT POSITION` and `s ARGUMENT ARGUMENT POSITION POSITION` for values, first
and second derivatives of a case; of `each` such lines have a cell for each element. `#n` follows a cell of n terms."""
import itertools

import costs  # noqa: F401: adds its rows
import numpy
import torch
from cells import cell, error, kinds, unit_of
from mpmath import mp
from reductions import rows
from terms import Case

points = 12
most_with_second = 1000000  # terms, for the test's time


def text(kind, number):
    if number is None:
        return cell(kind, 0)
    body = cell(kind, number.v)
    if body.endswith("inf"):
        return body
    unit = unit_of(kind, max(number.size, abs(number.v)))
    if unit != unit_of(kind, number.v):
        body += f"@{unit}"
    return body + (f"#{number.terms}" if number.terms > 1 else "")


def variables(specs):
    return [a for a, spec in enumerate(specs) if not spec.constant]


def of_case(kind, row, n, specs):
    """{(what, place): cell} of a case."""
    at, places = n // 3, sorted({n // 3, n // 2, n - 1})
    cells = {}
    for a, b in itertools.combinations_with_replacement(variables(specs), 2):
        for j in places:
            c = Case(kind, n, specs, (a, at), (b, j), places)
            values, y = row["f"](c)
            if a == b == variables(specs)[0] and j == places[0]:
                for k, v in values.items():
                    cells["v", k] = text(kind, v.v)
            cells["f", b, j] = text(kind, y.t)
            if n <= most_with_second:
                cells["s", a, b, at, j] = text(kind, y.st)
    return cells


def of_each(kind, f, specs):
    cells = {}
    for a, b in itertools.combinations_with_replacement(variables(specs), 2):
        for k in range(points):
            c = Case(kind, points, specs, (a, k), (b, k))
            y = f(*[x[k] for x in c.x])
            cells.setdefault(("v",), [None] * points)[k] = text(kind, y.v)
            cells.setdefault(("f", b), [None] * points)[k] = text(kind, y.t)
            cells.setdefault(("s", a, b), [None] * points)[k] = text(kind, y.st)
    return cells


def their_error(kind, got, known, order):
    body, _, terms = known.partition("#")
    e = error(kind, got, body)
    n = int(terms or 1)
    return e / (numpy.log2(n) if n > 1 else 1 if order else 0.5)


def libtorch(kind, row, n, specs, cells, each):
    """The largest errors of value, first and second derivatives."""
    most = [0.0] * 3
    x = [torch.tensor(spec.array(kind, n)) for spec in specs]
    own = variables(specs)
    for a in own:
        x[a].requires_grad_()
    weights = not each and str(specs[-1]).endswith(",9c")
    y = row["library"](*(x[:-1] if weights else x), **({"reduction": "none"} if each else {}))
    scalar = (y.reshape(-1) * x[-1][: y.numel()]).sum() if weights else y.sum()
    grad = lambda y, of: [torch.zeros_like(v) if g is None else g for g, v in zip(
        torch.autograd.grad(y, of, create_graph=True, allow_unused=True) if y.requires_grad else [None] * len(of), of)]
    first = grad(scalar, [x[a] for a in own])
    seconds = {}

    def put(order, got, known):
        most[order] = max(most[order], their_error(kind, float(got), known, order))

    for key, known in cells.items():
        try:
            if key[0] == "v":
                for k, v in enumerate(known) if each else [(key[1], known)]:
                    put(0, y.reshape(-1)[k], v)
            elif key[0] == "f":
                g = first[own.index(key[1])]
                for k, v in enumerate(known) if each else [(key[2], known)]:
                    put(1, g[k], v)
            else:
                a = own.index(key[1])
                if a not in seconds:
                    seconds[a] = grad(first[a].sum() if each else first[a][key[3]], [x[b] for b in own])
                g = seconds[a][own.index(key[2])]
                for k, v in enumerate(known) if each else [(key[4], known)]:
                    put(2, g[k], v)
        except (RuntimeError, NotImplementedError):
            most[2] = None
            break
    return most


def lines(only=None):
    mp.prec = 700
    found = []
    for name, row in rows.items():
        if only and name not in only:
            continue
        found.append(f"row {name}")
        for kind in kinds:
            cases, theirs = [], [0.0] * 3
            chosen = [(n, arguments, False) for n, arguments in row["cases"]]
            chosen += [(points, arguments, True) for arguments in (row["each"] or (None, []))[1]]
            for n, arguments, each in chosen:
                specs = [a(kind) for a in arguments]
                cells = of_each(kind, row["each"][0], specs) if each else of_case(kind, row, n, specs)
                cases.append(" ".join(["each" if each else "case", str(n), *map(str, specs)]))
                for key, known in cells.items():
                    cases.append(" ".join(map(str, [*key, *(known if each else [known])])))
                if row["library"]:
                    e = libtorch(kind, row, n, specs, cells, each)
                    theirs = [None if p is None or q is None else max(p, q) for p, q in zip(theirs, e)]
            shown = " ".join("-" if e is None else f"{e:.3g}" for e in theirs) if row["library"] else "-"
            found += [f"{kind} libtorch {shown}", *cases]
        print(name, flush=True)
    return found
