"""Terms by formula: what reductions and costs reduce. tests/accuracy_reductions.cpp computes the same numbers.

Element i is that of i % period, and so up to 10^7 of them are few different ones, which are counted."""
import numpy
from cells import kinds
from jets import Jet, Number, total
from mpmath import mpf

period = 100
word = (1 << 64) - 1


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & word
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & word
    return z ^ (z >> 31)


class Terms:
    """(1 + m / 2^23) 2^e, for float64 2^52: e one of `span` exponents from `low` on, m of `bits` bits. Signs: 0 is +, 1
    drawn, 2 is -, 3 drawn with one of eight NaN. With `cancel` the second half has the other sign: all but some of the
    elements cancel one of the first."""

    def __init__(self, low, span, bits, sign, cancel, seed, constant=False):
        self.numbers = low, span, bits, sign, cancel, seed
        self.constant = constant

    def __str__(self):
        return ",".join(map(str, self.numbers)) + ("c" if self.constant else "")

    def at(self, kind, k):
        """Element k < period; None for NaN."""
        low, span, bits, sign, _, seed = self.numbers
        h = mix((seed * 0x9E3779B97F4A7C15 + (k + 1) * 0xD1B54A32D192ED03) & word)
        if sign == 3 and (h >> 1) % 8 == 0:
            return None
        mantissa = (mix(h) >> 12) & ((1 << bits) - 1)
        v = (1 + mpf(mantissa) / 2 ** (kinds[kind][3] - 1)) * mpf(2) ** (low + (h >> 4) % span)
        return -v if sign == 2 or sign in (1, 3) and h & 1 else v

    def array(self, kind, n):
        few = [self.at(kind, k) for k in range(min(n, period))]
        all = numpy.resize(numpy.array([float("nan") if v is None else float(v) for v in few], kinds[kind][0]), n)
        if self.numbers[4]:
            all[n // 2 :] *= -1
        return all


class Case:
    """n elements of each argument, as classes of equal ones: x[argument][class], and how many each class has. Element
    `s` = (argument, position) and `t` are what is differentiated for. Up to `period` elements are a class each."""

    def __init__(self, kind, n, specs, s=None, t=None, marks=()):
        self.kind, self.n, self.specs = kind, n, specs
        halves = any(spec.numbers[4] for spec in specs)
        self.marks = sorted(set(marks))
        self.known = {(spec, k): spec.at(kind, k) for spec in specs for k in range(min(n, period))}
        self.s, self.t = s, t
        classes = []
        for k in range(min(n, period)):
            for half in (0, 1) if halves else (0,):
                classes.append((k, half, None))
        if n <= period:
            classes = [(k, int(halves and k >= n // 2), k) for k in range(n)]
        else:
            classes += [(i % period, int(halves and i >= n // 2), i) for i in self.marks]
        self.classes = classes
        self.counts = [self.count(c, n) for c in classes]
        self.x = [[self.element(a, c) for c in classes] for a in range(len(specs))]

    def count(self, c, upto):
        """How many of a class are among the first `upto` elements."""
        k, half, at = c
        if at is not None:
            return int(at < upto)
        through = lambda end: max(0, (end - k + period - 1) // period)
        halves = any(spec.numbers[4] for spec in self.specs)
        middle = min(self.n // 2 if halves else self.n, upto)
        number = through(middle) if half == 0 else through(upto) - through(middle)
        inside = lambda i: i < upto and i % period == k and (not halves or half == int(i >= self.n // 2))
        return number - sum(map(inside, self.marks))

    def element(self, a, c):
        k, half, at = c
        v = self.known[self.specs[a], k]
        if v is None:
            return None
        one = Number(mpf(1))
        s, t = (one if at is not None and m == (a, at) else None for m in (self.s, self.t))
        return Jet(-v if half and self.specs[a].numbers[4] else v, s, t)

    def total(self, jets, counts=None):
        pairs = [(j, c) for j, c in zip(jets, counts or self.counts) if j is not None and c]
        return total([j for j, _ in pairs], [c for _, c in pairs])

    def upto(self, jets, end):
        return self.total(jets, [self.count(c, end) for c in self.classes])

    def at(self, jets, position):
        """The element at a position that is marked."""
        return next(j for j, c in zip(jets, self.classes) if c[2] == position)


class Column(Case):
    """The elements i of a case with i % of == at, where `of` divides the period."""

    def __init__(self, case, of, at):
        keep = [i for i, c in enumerate(case.classes) if c[0] % of == at]
        self.kind, self.specs, self.marks = case.kind, case.specs, [i for i in case.marks if i % of == at]
        self.classes = [case.classes[i] for i in keep]
        self.counts = [case.counts[i] for i in keep]
        self.x = [[x[i] for i in keep] for x in case.x]
        self.n = sum(self.counts)
        self.count = case.count
