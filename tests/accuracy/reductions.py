"""The reductions of which tests/accuracy_reductions.cpp measures the errors: exact formulas of the terms that a Case
has, the terms, and libtorch's functions. A formula gives the values that are looked at, {position: value}, and the
number that is differentiated."""
import torch
import torch.nn.functional as F
from jets import Jet, Number, exp, jet, log1p, of, power, root, size, square, total
from mpmath import mpf
from terms import Column, Terms

rows = {}


def row(name, f, cases, library=None, each=None):
    """`cases`: (number of elements, terms of each argument); `each`: an elementwise formula, to be measured on its own
    too, and the terms for it."""
    rows[name] = dict(f=f, cases=cases, library=library, each=each)


def digits(kind):
    return 52 if kind == "float64" else 23


def terms(low, span, sign=1, cancel=0, seed=1, constant=False, bits=None, wide=None):
    """Of a dtype: with all bits of the mantissa, or so many less, or none; `wide` instead of `low` in float64."""

    def of_kind(kind):
        b = 0 if bits == 0 else digits(kind) + (bits or 0)
        return Terms(wide if wide is not None and kind == "float64" else low, span, b, sign, cancel, seed, constant)

    return of_kind


drawn, mixed = terms(-4, 8), terms(-30, 60)
positive, near_one = terms(-4, 8, 0), terms(0, 1, 0)
cancelling, mixed_cancelling = terms(-4, 8, 1, 1), terms(-12, 24, 1, 1)
offset = terms(10, 1, 0, bits=-11)
tiny, huge = terms(-80, 4, wide=-700), terms(70, 4, wide=600)
weight = terms(-2, 4, 1, seed=9, constant=True)
logit, large_logit = terms(-6, 9), terms(4, 3)


def cases(sizes, *arguments):
    return [(n, arguments) for n in sizes]


def many(*arguments):
    return cases([1, 2, 10, 1000, 100000], *arguments)


def scalar(f):
    def give(c):
        y = f(c)
        return {0: y}, y

    return give


def weighted(c, values):
    """Several values and their sum, weighted with the last terms' first elements."""
    w = c.specs[-1]
    return values, total([y * w.at(c.kind, k) for k, y in enumerate(values.values())])


def counted(y, n):
    for part in (y.v, y.s, y.t, y.st):
        if part is not None:
            part.terms = n
    return y


sums = (many(drawn) + cases([10, 1000], mixed) + cases([1030, 100030], mixed_cancelling)
        + cases([1000030], cancelling))
row("sum", scalar(lambda c: c.total(c.x[0])), sums + cases([10000000], positive), torch.sum)
row("mean", scalar(lambda c: c.total(c.x[0]) * (1 / mpf(c.n))), sums, torch.mean)
holes = terms(-4, 8, 3)
row("nansum", scalar(lambda c: c.total(c.x[0])), cases([10, 1000, 100000], holes), torch.nansum)
row("nanmean", scalar(lambda c: c.total(c.x[0]) * (1 / mpf(sum(n for x, n in zip(c.x[0], c.counts) if x)))),
    cases([10, 1000, 100000], holes), torch.nanmean)


def product(c, counts=None):
    y = jet(1)
    for x, n in zip(c.x[0], counts or c.counts):
        if n:
            y = y * of(x, lambda v: (v**n, n * v ** (n - 1), n * (n - 1) * v ** (n - 2) if n > 1 else 0))
    return counted(y, sum(counts or c.counts))


def bits_less(n):
    return terms(0, 1, 1, bits=-n)


products = (cases([1, 2], drawn) + cases([10], terms(-2, 5)) + cases([1000], bits_less(8))
            + cases([100000], bits_less(15)) + cases([1000000], bits_less(18)))
row("prod", scalar(product), products, torch.prod)


def extreme(sign):
    def pick(c):
        return max(c.x[0], key=lambda x: sign * x.v.v)

    return scalar(pick)


few = cases([1, 2, 10, 100], drawn)
row("amax", extreme(1), few, torch.amax)
row("amin", extreme(-1), few, torch.amin)
row("max", extreme(1), few, lambda x: torch.max(x, 0)[0])
row("min", extreme(-1), few, lambda x: torch.min(x, 0)[0])


def ordered(c):
    return sorted(c.x[0], key=lambda x: x.v.v)


def quantile(c):
    at = (c.n - 1) * mpf("0.25")
    below = int(at)
    x = ordered(c)
    return x[below] + (x[min(below + 1, c.n - 1)] - x[below]) * (at - below)


row("median", scalar(lambda c: ordered(c)[(c.n - 1) // 2]), few, torch.median)
row("kthvalue", scalar(lambda c: ordered(c)[c.n // 3]), few, lambda x: torch.kthvalue(x, len(x) // 3 + 1)[0])
row("quantile", scalar(quantile), few, lambda x: torch.quantile(x, 0.25))

# Of five columns, along the first axis.
wide = cases([10, 1000, 100000], drawn, weight) + cases([1030], mixed_cancelling, weight)


def columns(f):
    return lambda c: weighted(c, {k: f(Column(c, 5, k)) for k in range(5)})


def first_axis(f):
    return lambda x: f(x.reshape(-1, 5), 0)


row("sum_to", columns(lambda c: c.total(c.x[0])), wide, first_axis(torch.sum))
row("bincount", columns(lambda c: c.total(c.x[0])), wide)


def scan(f, columns=1):
    def give(c):
        n = c.n // columns
        ends = [n // 4, n // 2, n - 1]
        y = [f(c, end + 1) for end in ends]
        return dict(enumerate(y)), weighted(c, dict(enumerate(y)))[1]

    return give


def ends_of(f):
    return lambda x: f(x, 0)[[len(x) // 4, len(x) // 2, len(x) - 1]]


scans = cases([3, 10, 1000, 100000], drawn, weight) + cases([1030], mixed_cancelling, weight)
scans += cases([1000000], positive, weight)
row("cumsum", scan(lambda c, end: c.upto(c.x[0], end)), scans, ends_of(torch.cumsum))
row("cumprod", scan(lambda c, end: product(c, [c.count(k, end) for k in c.classes])),
    cases([3], drawn, weight) + cases([10], terms(-2, 5), weight) + cases([1000], bits_less(8), weight)
    + cases([100000], bits_less(15), weight), ends_of(torch.cumprod))


def log_sum(c, counts=None):
    counts = counts or c.counts
    known = [(x, n) for x, n in zip(c.x[0], counts) if n]
    shift = max((x for x, _ in known), key=lambda x: x.v.v).fixed()
    # Of one of the largest the power is 1, and log1p of the others has all digits.
    first = next(i for i, (x, _) in enumerate(known) if x.v.v == shift.v.v)
    parts = [(exp(x - shift), n - (i == first)) for i, (x, n) in enumerate(known) if n - (i == first)]
    own = exp(known[first][0] - shift) - 1
    others = total([p for p, _ in parts], [n for _, n in parts]) if parts else jet(0)
    own.v.size = mpf(0)
    return shift + log1p(others + own)


row("logcumsumexp", scan(lambda c, end: log_sum(c, [c.count(k, end) for k in c.classes])),
    cases([3, 10, 1000, 100000], logit, weight) + cases([10, 1000], large_logit, weight), ends_of(torch.logcumsumexp))
row("cummax", scan(lambda c, end: max((x for x, k in zip(c.x[0], c.classes) if k[0] < end), key=lambda x: x.v.v)),
    cases([3, 10, 100], drawn, weight), ends_of(lambda x, axis: torch.cummax(x, axis)[0]))
row("cummin", scan(lambda c, end: min((x for x, k in zip(c.x[0], c.classes) if k[0] < end), key=lambda x: x.v.v)),
    cases([3, 10, 100], drawn, weight), ends_of(lambda x, axis: torch.cummin(x, axis)[0]))

logits = many(logit) + cases([2, 10, 1000, 1000000], large_logit) + cases([10000000], logit)
row("logsumexp", scalar(log_sum), logits, lambda x: torch.logsumexp(x, 0))


def marked(c, y):
    """The values at marked positions and the sum of all, weighted."""
    w = c.specs[-1]
    all = c.total([v * w.at(c.kind, k[0]) for v, k in zip(y, c.classes)])
    return {at: c.at(y, at) for at in c.marks}, all


def softmax(c):
    shift = max(c.x[0], key=lambda x: x.v.v).fixed()
    powers = [exp(x - shift) for x in c.x[0]]
    whole = c.total(powers)
    return [p / whole for p in powers]


def log_softmax(c):
    whole = log_sum(c)
    return [x - whole for x in c.x[0]]


def negated(c):
    c.x[0] = [-x for x in c.x[0]]
    return c


shares = cases([1, 2, 10, 1000, 100000], logit, weight) + cases([10, 1000], large_logit, weight)
shares_of_two = cases([2], large_logit, weight)
row("softmax", lambda c: marked(c, softmax(c)), shares + shares_of_two, lambda x: torch.softmax(x, 0))
row("softmin", lambda c: marked(c, softmax(negated(c))), shares + shares_of_two, lambda x: F.softmin(x, 0))
row("log_softmax", lambda c: marked(c, log_softmax(c)), shares + shares_of_two, lambda x: torch.log_softmax(x, 0))


def distances(c):
    """From the mean, which is fixed, and what moving the mean takes away."""
    mean = c.total(c.x[0]) * (1 / mpf(c.n))
    middle = Jet(mean.v)
    moved = mean - middle
    moved.v = Number(mpf(0))
    return [x - middle for x in c.x[0]], moved


def variance(c, correction=1):
    d, moved = distances(c)
    return ((c.total([v * v for v in d]) - square(moved) * c.n) * (1 / mpf(c.n - correction))).settled()


moments = (cases([2, 3, 10, 1000, 100000], drawn) + cases([10, 1000], offset) + cases([10], mixed)
           + cases([10000000], offset))
far = cases([2, 10, 1000], tiny) + cases([2, 10, 1000], huge)
row("var", scalar(variance), moments, torch.var)
row("stddev", scalar(lambda c: root(variance(c))), moments[:-1] + far, torch.std)


def norm(p, x=None):
    def f(c):
        d = x(c) if x else c.x[0]
        if p == 0:
            return jet(sum(n for v, n in zip(d, c.counts) if v.v.v))
        if abs(p) == float("inf"):
            return max((size(v) for v in d), key=lambda v: v.v.v * (1 if p > 0 else -1))
        if p == 1:
            return c.total([size(v) for v in d])
        if p == 2:
            return root(c.total([square(v) for v in d]))
        return power(c.total([power(size(v), mpf(p)) for v in d]), 1 / mpf(p))

    return scalar(f)


norms = many(drawn) + cases([10], mixed) + far
for p in (0, 0.5, 1, 2, 3, float("inf"), -float("inf")):
    row(f"norm of {p:g}", norm(p), (norms + cases([10000000], drawn) if p == 2 else norms) if 0 < p < 9 else few,
        lambda x, p=p: torch.linalg.vector_norm(x, p))

row("mean of columns", columns(lambda c: c.total(c.x[0]) * (1 / mpf(c.n))), wide, first_axis(torch.mean))
row("var of columns", columns(variance), wide + cases([10, 1000], offset, weight), first_axis(torch.var))
row("stddev of columns", columns(lambda c: root(variance(c))), wide + cases([10, 1000], tiny, weight),
    first_axis(torch.std))
row("norm of columns", columns(lambda c: root(c.total([square(x) for x in c.x[0]]))),
    wide + cases([10, 1000], tiny, weight), first_axis(lambda x, axis: torch.linalg.norm(x, dim=axis)))
row("logsumexp of columns", columns(log_sum),
    cases([10, 1000, 100000], logit, weight) + cases([10, 1000], large_logit, weight), first_axis(torch.logsumexp))
row("cumsum of columns", scan(lambda c, end: Column(c, 5, 2).upto(Column(c, 5, 2).x[0], 5 * end), 5), wide,
    lambda x: ends_of(torch.cumsum)(x.reshape(-1, 5)[:, 2]))


def each_column(f):
    """Of every element, f of its column."""
    def give(c):
        found = {}
        for k in range(5):
            column = Column(c, 5, k)
            found.update(zip(column.classes, f(column)))
        return marked(c, [found[k] for k in c.classes])

    return give


row("softmax of columns", each_column(softmax), shares[2:], first_axis(torch.softmax))
row("log_softmax of columns", each_column(log_softmax), shares[2:], first_axis(torch.log_softmax))

second = terms(-4, 8, seed=2)
pairs = many(drawn, second) + cases([10, 1000], mixed, terms(-30, 60, seed=2))


def inner(c):
    return c.total([a * b for a, b in zip(*c.x)])


row("dot", scalar(inner), pairs + cases([9999970], cancelling, second), torch.dot)
row("matmul", scalar(inner), pairs, lambda a, b: torch.matmul(a.reshape(1, -1), b.reshape(-1, 1)))
row("einsum", scalar(inner), pairs, lambda a, b: torch.einsum("i,i->", a, b))
row("trace", scalar(lambda c: c.total([x if k[0] % 11 == 0 else jet(0) for x, k in zip(c.x[0], c.classes)])),
    cases([100], mixed), lambda x: torch.trace(x.reshape(10, 10)))
row("cdist", norm(2, lambda c: [a - b for a, b in zip(*c.x)]), pairs,
    lambda a, b: torch.cdist(a.reshape(1, -1), b.reshape(1, -1), compute_mode="donot_use_mm_for_euclid_dist"))
row("pointwise_sum", scalar(lambda c: c.total([square(x) for x in c.x[0]])), sums)
row("pointwise_mean", scalar(lambda c: c.total([square(x) for x in c.x[0]]) * (1 / mpf(c.n))), sums)


def layer_norm(c):
    d, moved = distances(c)
    squares = (c.total([v * v for v in d]) - square(moved) * c.n) * (1 / mpf(c.n))
    scale = root(1 / (squares.settled() + mpf(2) ** -17))
    return [(v - moved) * scale for v in d]


def rms_norm(c):
    scale = root(1 / (c.total([square(x) for x in c.x[0]]) * (1 / mpf(c.n)) + mpf(2) ** -17))
    return [x * scale for x in c.x[0]]


layers = cases([2, 10, 1000, 100000], drawn, weight) + cases([10], offset, weight)
row("layer_norm", lambda c: marked(c, layer_norm(c)), layers, lambda x: F.layer_norm(x, x.shape, eps=2.0**-17))
row("rms_norm", lambda c: marked(c, rms_norm(c)), layers)
