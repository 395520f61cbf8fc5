"""Exact numbers with exact derivatives, which remember of what size the terms were that they are sums of."""
from mpmath import mp, mpf


class Number:
    """A value, the sum of the magnitudes of its terms, or the largest of a few, and how many terms were added up."""

    __slots__ = ("v", "size", "terms")

    def __init__(self, v, size=None, terms=1):
        self.v = v
        self.size = abs(v) if size is None else size
        self.terms = terms

    def __neg__(self):
        return Number(-self.v, self.size, self.terms)

    def __add__(self, other):
        v = self.v + other.v
        return Number(v, max(self.size, other.size, abs(v)), max(self.terms, other.terms))

    def __mul__(self, other):
        return Number(self.v * other.v, max(self.size * abs(other.v), other.size * abs(self.v)),
                      max(self.terms, other.terms))


def add(a, b):
    return b if a is None else a if b is None else a + b


def mul(a, b):
    return None if a is None or b is None or not a.size or not b.size else a * b


class Jet:
    """F(x + s e_i + t e_k): its value and the derivatives for s, for t and for both; None is 0."""

    __slots__ = ("v", "s", "t", "st")

    def __init__(self, v, s=None, t=None, st=None):
        self.v, self.s, self.t, self.st = v if isinstance(v, Number) else Number(mpf(v)), s, t, st

    def __neg__(self):
        return Jet(-self.v, *(None if p is None else -p for p in (self.s, self.t, self.st)))

    def __add__(self, other):
        other = jet(other)
        return Jet(self.v + other.v, add(self.s, other.s), add(self.t, other.t), add(self.st, other.st))

    def __sub__(self, other):
        return self + -jet(other)

    def __rsub__(self, other):
        return jet(other) + -self

    def __mul__(self, other):
        a, b = self, jet(other)
        return Jet(a.v * b.v, add(mul(a.s, b.v), mul(a.v, b.s)), add(mul(a.t, b.v), mul(a.v, b.t)),
                   add(add(mul(a.st, b.v), mul(a.v, b.st)), add(mul(a.s, b.t), mul(a.t, b.s))))

    def __truediv__(self, other):
        return self * of(jet(other), lambda x: (1 / x, -1 / x**2, 2 / x**3))

    def __rtruediv__(self, other):
        return jet(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def settled(self):
        """The same, whose value is asked for in its own last places, however large its terms were."""
        return Jet(Number(self.v.v, None, self.v.terms), self.s, self.t, self.st)

    def fixed(self):
        """Its value as a constant."""
        return Jet(Number(self.v.v, None, self.v.terms))


def jet(x):
    return x if isinstance(x, Jet) else Jet(x)


def of(x, f):
    """A function of one number: f(x) gives its value and two derivatives."""
    value, first, second = (Number(mpf(p), None, x.v.terms) for p in f(x.v.v))
    return Jet(value, mul(first, x.s), mul(first, x.t), add(mul(first, x.st), mul(mul(second, x.s), x.t)))


def total(jets, counts=None):
    """The sum of so many of each."""
    counts = counts or [1] * len(jets)

    def part(name):
        known = [(getattr(j, name), c) for j, c in zip(jets, counts) if getattr(j, name) is not None]
        if not known:
            return None
        terms = max(sum(c for _, c in known), max(p.terms for p, _ in known))
        return Number(mp.fsum(p.v * c for p, c in known), mp.fsum(p.size * c for p, c in known), terms)

    return Jet(part("v") or Number(mpf(0)), part("s"), part("t"), part("st"))


def exp(x):
    return of(x, lambda v: (mp.exp(v),) * 3)


def log(x):
    return of(x, lambda v: (mp.log(v), 1 / v, -1 / v**2))


def log1p(x):
    return of(x, lambda v: (mp.log1p(v), 1 / (1 + v), -1 / (1 + v) ** 2))


def root(x):
    return of(x, lambda v: (mp.sqrt(v), 1 / (2 * mp.sqrt(v)), -1 / (4 * v * mp.sqrt(v)) if v else 0))


def square(x):
    return of(x, lambda v: (v * v, 2 * v, 2))


def power(x, p):
    return of(x, lambda v: (mp.power(v, p), p * mp.power(v, p - 1), p * (p - 1) * mp.power(v, p - 2)))


def size(x):
    return x if x.v.v > 0 else -x if x.v.v < 0 else jet(0)


def larger(x, y):
    return x if x.v.v > jet(y).v.v else jet(y)


def logistic(x):
    def f(v):
        p = 1 / (1 + mp.exp(-v))
        q = 1 / (1 + mp.exp(v))
        return p, p * q, p * q * (q - p)

    return of(x, f)


def softplus(x):
    def f(v):
        p = 1 / (1 + mp.exp(-v))
        q = 1 / (1 + mp.exp(v))
        return max(v, mpf(0)) + mp.log1p(mp.exp(-abs(v))), p, p * q

    return of(x, f)


def log_cosh(x):
    def f(v):
        t = mp.tanh(v)
        return mp.log1p(mp.sinh(v) ** 2) / 2, t, 1 / mp.cosh(v) ** 2

    return of(x, f)
