"""The functions of each element whose accuracy is measured: their values and derivatives in arithmetic of any precision.

A row gives the value f, the terms of its first derivatives and those of its second ones (an error is measured in units
of the last place of the largest term), the points beside which they are hard, and what holds at infinity and other
special points, as (value, first, second) with None for what is not asked. Of two arguments the first derivatives are
d/da and d/db, the second ones d2/dada, d2/dadb and d2/dbdb.
"""
import mpmath
import torch
from mpmath import mp, mpf
from torch.nn import functional as F

inf, nan = float("inf"), float("nan")
rows = {}


def row(name, f, first, second, near=(), at=None, domain=None, outside=True, library=None, high=inf, low=0,
        precision=2500):
    """Outside the domain the value is NaN, unless `outside` is false. Where |x| is not in [low, high] nothing is asked."""
    rows[name] = dict(f=f, first=first, second=second, near=near, at=at or {}, domain=domain, outside=outside, library=library,
                      low=low, high=high, precision=precision)


def pi():
    return +mp.pi


def sech2(x):
    e = mp.exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def logistic(x):
    return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))


def bell(x):
    e = mp.exp(-abs(x))
    return e / (1 + e) ** 2


def root(x):
    return mp.sqrt(x)


def cube_root(x):
    return mp.cbrt(x) if x >= 0 else -mp.cbrt(-x)


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * pi())


def phi(x):
    return complement(-x / mp.sqrt(2)) / 2


def complement(x):
    """erfc; mpmath's own stalls at huge arguments."""
    if abs(x) > 300:
        return mpf(2) if x < 0 else mp.exp(-x * x) / (x * mp.sqrt(pi()))
    return mp.erfc(x)


def error(x):
    return 1 - complement(x) if abs(x) > 1 else mp.erf(x)


def sgn(x):
    return (x > 0) - (x < 0)


step = (0, 0, 0)
both = {inf: (inf, inf, inf), -inf: (0, 0, 0)}

row("neg", lambda x: -x, lambda x: -1, lambda x: 0, at={inf: (-inf, -1, 0), -inf: (inf, -1, 0)}, library=torch.neg)
row("abs", abs, lambda x: sgn(x), lambda x: 0, at={0: step, inf: (inf, 1, 0), -inf: (inf, -1, 0)}, library=torch.abs)
row("sqrt", root, lambda x: 1 / (2 * root(x)), lambda x: -1 / (4 * x * root(x)), domain=lambda x: x >= 0,
    at={0: (0, inf, -inf), inf: (inf, 0, 0)}, library=torch.sqrt)
row("rsqrt", lambda x: 1 / root(x), lambda x: -1 / (2 * x * root(x)), lambda x: 3 / (4 * x * x * root(x)),
    domain=lambda x: x >= 0, at={0: (inf, -inf, inf), inf: (0, 0, 0)}, library=torch.rsqrt)
row("cbrt", cube_root, lambda x: 1 / (3 * cube_root(x) ** 2), lambda x: -2 / (9 * x * cube_root(x) ** 2),
    at={0: (0, inf, None), inf: (inf, 0, 0), -inf: (-inf, 0, 0)})
row("square", lambda x: x * x, lambda x: 2 * x, lambda x: 2, at={inf: (inf, inf, 2), -inf: (inf, -inf, 2)},
    library=torch.square)
row("reciprocal", lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3,
    at={0: (inf, -inf, inf), inf: (0, 0, 0), -inf: (0, 0, 0)}, library=torch.reciprocal)
row("exp", mp.exp, mp.exp, mp.exp, near=[88.72, -87.3, 709.78, -708.4], at=both, library=torch.exp)
row("exp2", lambda x: mpf(2) ** x, lambda x: mp.ln2 * mpf(2) ** x, lambda x: mp.ln2**2 * mpf(2) ** x,
    near=[127, -126, 1023, -1022], at=both, library=torch.exp2)
row("expm1", mp.expm1, mp.exp, mp.exp, near=[88.72, 709.78], at={inf: (inf, inf, inf), -inf: (-1, 0, 0)},
    library=torch.expm1)
row("log", mp.log, lambda x: 1 / x, lambda x: -1 / x**2, near=[1], domain=lambda x: x >= 0,
    at={0: (-inf, inf, -inf), inf: (inf, 0, 0)}, library=torch.log)
row("log2", lambda x: mp.log(x) / mp.ln2, lambda x: 1 / x / mp.ln2, lambda x: -1 / x**2 / mp.ln2, near=[1],
    domain=lambda x: x >= 0, at={0: (-inf, inf, -inf), inf: (inf, 0, 0)}, library=torch.log2)
row("log10", lambda x: mp.log(x) / mp.ln10, lambda x: 1 / x / mp.ln10, lambda x: -1 / x**2 / mp.ln10, near=[1],
    domain=lambda x: x >= 0, at={0: (-inf, inf, -inf), inf: (inf, 0, 0)}, library=torch.log10)
row("log1p", mp.log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, near=[-1], domain=lambda x: x >= -1,
    at={-1: (-inf, inf, -inf), inf: (inf, 0, 0)}, library=torch.log1p)

near_turns = [k * 0.78539816339744830962 for k in (-8, -4, -3, -2, -1, 1, 2, 3, 4, 6, 7, 14, 711, 20000)]
row("sin", mp.sin, mp.cos, lambda x: -mp.sin(x), near=near_turns, at={inf: (nan, None, None), -inf: (nan, None, None)},
    library=torch.sin)
row("cos", mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x), near=near_turns,
    at={inf: (nan, None, None), -inf: (nan, None, None)}, library=torch.cos)
row("tan", mp.tan, lambda x: 1 / mp.cos(x) ** 2, lambda x: 2 * mp.sin(x) / mp.cos(x) ** 3, near=near_turns,
    at={inf: (nan, None, None)}, library=torch.tan)
inside = lambda x: abs(x) <= 1
row("asin", mp.asin, lambda x: 1 / root((1 - x) * (1 + x)), lambda x: x / root((1 - x) * (1 + x)) ** 3,
    near=[-1, 1, 0.5, -0.5], domain=inside, at={1: (mp.pi / 2, inf, inf), -1: (-mp.pi / 2, inf, -inf)},
    library=torch.asin)
row("acos", mp.acos, lambda x: -1 / root((1 - x) * (1 + x)), lambda x: -x / root((1 - x) * (1 + x)) ** 3,
    near=[-1, 1, 0.5, -0.5], domain=inside, at={1: (0, -inf, -inf), -1: (mp.pi, -inf, inf)}, library=torch.acos)
row("atan", mp.atan, lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2, near=[1, -1, 0.414],
    at={inf: (mp.pi / 2, 0, 0), -inf: (-mp.pi / 2, 0, 0)}, library=torch.atan)
row("sinh", mp.sinh, mp.cosh, mp.sinh, near=[1, 89.41, 710.47], at={inf: (inf, inf, inf), -inf: (-inf, inf, -inf)},
    library=torch.sinh)
row("cosh", mp.cosh, mp.sinh, mp.cosh, near=[89.41, 710.47], at={inf: (inf, inf, inf), -inf: (inf, -inf, inf)},
    library=torch.cosh)
row("tanh", mp.tanh, sech2, lambda x: -2 * mp.tanh(x) * sech2(x), near=[0.625], at={inf: (1, 0, 0), -inf: (-1, 0, 0)},
    library=torch.tanh)
row("asinh", mp.asinh, lambda x: 1 / root(x * x + 1), lambda x: -x / root(x * x + 1) ** 3,
    at={inf: (inf, 0, 0), -inf: (-inf, 0, 0)}, library=torch.asinh)
row("acosh", mp.acosh, lambda x: 1 / root((x - 1) * (x + 1)), lambda x: -x / root((x - 1) * (x + 1)) ** 3, near=[1],
    domain=lambda x: x >= 1, at={1: (0, inf, -inf), inf: (inf, 0, 0)}, library=torch.acosh)
row("atanh", mp.atanh, lambda x: 1 / ((1 - x) * (1 + x)), lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2, near=[1, -1],
    domain=inside, at={1: (inf, inf, inf), -1: (-inf, inf, -inf)}, library=torch.atanh)

slope = lambda x: 2 / root(pi()) * mp.exp(-x * x)
row("erf", error, slope, lambda x: -2 * x * slope(x), near=[1], at={inf: (1, 0, 0), -inf: (-1, 0, 0)},
    library=torch.erf, precision=2300)
row("erfc", complement, lambda x: -slope(x), lambda x: 2 * x * slope(x), near=[0.5, 9.19, 26.5],
    at={inf: (0, 0, 0), -inf: (2, 0, 0)}, library=torch.erfc)
inverse = lambda x: mp.erfinv(x) if x else mpf(0)
row("erfinv", inverse, lambda x: root(pi()) / 2 * mp.exp(inverse(x) ** 2),
    lambda x: pi() / 2 * inverse(x) * mp.exp(2 * inverse(x) ** 2), near=[1, -1], domain=inside,
    at={1: (inf, inf, inf), -1: (-inf, inf, -inf)}, library=torch.erfinv, precision=400)
row("lgamma", lambda x: mp.loggamma(x).real if x > 0 else mp.log(abs(mp.gamma(x))), lambda x: mp.psi(0, x),
    lambda x: mp.psi(1, x), near=[1, 2], at={0: (inf, None, None), inf: (inf, inf, 0)}, domain=lambda x: x > 0, outside=False, library=torch.lgamma,
    precision=400)
row("digamma", lambda x: mp.psi(0, x), lambda x: mp.psi(1, x), lambda x: mp.psi(2, x), near=[1.46163214496836],
    at={0: (-inf, None, None), inf: (inf, 0, 0)}, domain=lambda x: x > 0, outside=False, library=torch.digamma, precision=400)
row("polygamma", lambda x: mp.psi(1, x), lambda x: mp.psi(2, x), lambda x: mp.psi(3, x), at={0: (inf, None, None), inf: (0, 0, 0)},
    domain=lambda x: x > 0, outside=False, library=lambda x: torch.polygamma(1, x), precision=400)

row("sigmoid", logistic, bell, lambda x: -bell(x) * mp.tanh(x / 2), near=[-88.7, -87.3, -709.7],
    at={inf: (1, 0, 0), -inf: (0, 0, 0)}, library=torch.sigmoid)
row("logit", lambda x: mp.log(x / (1 - x)), lambda x: 1 / (x * (1 - x)),
    lambda x: [-1 / x**2, 1 / (1 - x) ** 2], near=[1, 0.5], domain=lambda x: 0 <= x <= 1,
    at={0: (-inf, inf, -inf), 1: (inf, inf, inf)}, library=torch.logit)
row("log_sigmoid", lambda x: -mp.log1p(mp.exp(-x)), lambda x: logistic(-x), lambda x: -bell(x),
    at={inf: (0, 0, 0), -inf: (-inf, 1, 0)}, library=F.logsigmoid)
row("relu", lambda x: max(x, mpf(0)), lambda x: int(x > 0), lambda x: 0, at={inf: (inf, 1, 0), -inf: step},
    library=torch.relu)
row("softplus", lambda x: mp.log1p(mp.exp(x)) if x <= 20 else x, lambda x: logistic(x) if x <= 20 else 1,
    lambda x: bell(x) if x <= 20 else 0, near=[20], at={inf: (inf, 1, 0), -inf: step}, library=F.softplus)
row("softsign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, lambda x: -2 * sgn(x) / (1 + abs(x)) ** 3,
    at={0: (0, 1, 0), inf: (1, 0, 0), -inf: (-1, 0, 0)}, library=F.softsign)
row("silu", lambda x: x * logistic(x), lambda x: [logistic(x), x * bell(x)],
    lambda x: [2 * bell(x), -x * bell(x) * mp.tanh(x / 2)], near=[-1.2784645, -88, -709],
    at={inf: (inf, 1, 0), -inf: step}, library=F.silu)
row("gelu", lambda x: x * phi(x), lambda x: [phi(x), x * density(x)], lambda x: [2 * density(x), -x * x * density(x)],
    near=[-0.7517916, -12, -13.1, -37.5], at={inf: (inf, 1, 0), -inf: step}, library=F.gelu)


def by_tanh(x):
    c, k = mp.sqrt(2 / pi()), mpf("0.044715")
    u, slope, bend = c * (x + k * x**3), c * (1 + 3 * k * x * x), 6 * c * k * x
    return u, slope, bend


def gelu_tanh(x):
    return x * logistic(2 * by_tanh(x)[0])


def gelu_tanh_first(x):
    u, s, _ = by_tanh(x)
    return [logistic(2 * u), x * 2 * s * bell(2 * u)]


def gelu_tanh_second(x):
    u, s, b = by_tanh(x)
    return [4 * s * bell(2 * u), x * 2 * b * bell(2 * u), -x * 4 * s * s * bell(2 * u) * mp.tanh(u)]


row("gelu by tanh", gelu_tanh, gelu_tanh_first, gelu_tanh_second, near=[-0.75, -8, -9.4, -21],
    at={inf: (inf, 1, 0), -inf: step}, library=lambda x: F.gelu(x, approximate="tanh"))
row("frac", lambda x: x - int(x), lambda x: 1, lambda x: 0, near=[1, 3], library=torch.frac)
row("clamp", lambda x: min(max(x, mpf(-1)), mpf(2)), lambda x: int(-1 <= x <= 2), lambda x: 0, near=[-1, 2],
    at={inf: (2, 0, 0), -inf: (-1, 0, 0)}, library=lambda x: torch.clamp(x, -1, 2))
row("nan_to_num", lambda x: x, lambda x: 1, lambda x: 0, library=torch.nan_to_num)

row("elu", lambda x: x if x > 0 else mp.expm1(x), lambda x: 1 if x > 0 else mp.exp(x),
    lambda x: 0 if x > 0 else mp.exp(x), at={0: (0, 1, 1), inf: (inf, 1, 0), -inf: (-1, 0, 0)}, library=F.elu)
row("celu", lambda x: x if x > 0 else mp.expm1(2 * x) / 2, lambda x: 1 if x > 0 else mp.exp(2 * x),
    lambda x: 0 if x > 0 else 2 * mp.exp(2 * x), at={0: (0, 1, 2), inf: (inf, 1, 0), -inf: (-0.5, 0, 0)},
    library=lambda x: F.celu(x, 0.5))
selu = (mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717"))
row("selu", lambda x: selu[0] * (x if x > 0 else selu[1] * mp.expm1(x)),
    lambda x: selu[0] * (1 if x > 0 else selu[1] * mp.exp(x)),
    lambda x: 0 if x > 0 else selu[0] * selu[1] * mp.exp(x),
    at={0: (0, None, None), inf: (inf, None, 0), -inf: (None, 0, 0)}, library=F.selu)
row("squareplus", lambda x: (x + root(x * x + 4)) / 2 if x > 0 else 2 / (root(x * x + 4) - x),
    lambda x: [mpf(1) / 2, x / root(x * x + 4) / 2] if x > -1 else (1 - mp.sqrt(1 - 4 / (x * x + 4))) / 2,
    lambda x: 2 / root(x * x + 4) ** 3, at={inf: (inf, 1, 0), -inf: (0, 0, 0)})


def soft(x):
    return mp.log1p(mp.exp(x)) if x < 1e4 else x


def mish_second(x):
    t, s, l, b = mp.tanh(soft(x)), sech2(soft(x)), logistic(x), bell(x)
    return [2 * s * l, x * s * b, -2 * x * t * s * l * l]


row("mish", lambda x: x * mp.tanh(soft(x)),
    lambda x: [mp.tanh(soft(x)), x * sech2(soft(x)) * logistic(x)], mish_second, near=[-1.1924],
    at={inf: (inf, 1, 0), -inf: step}, library=F.mish)
row("tanhshrink", lambda x: x - mp.tanh(x), lambda x: mp.tanh(x) ** 2, lambda x: 2 * mp.tanh(x) * sech2(x),
    at={inf: (inf, 1, 0), -inf: (-inf, 1, 0)}, library=F.tanhshrink)
row("gaussian", lambda x: mp.exp(-x * x / 2), lambda x: -x * mp.exp(-x * x / 2),
    lambda x: [-mp.exp(-x * x / 2), x * x * mp.exp(-x * x / 2)], near=[1, 13.2, 38.5], at={inf: step, -inf: step})
row("sine", lambda x: mp.sin(2 * x), lambda x: 2 * mp.cos(2 * x), lambda x: -4 * mp.sin(2 * x), near=near_turns,
    at={inf: (nan, None, None)}, high=1e38)
row("leaky_relu", lambda x: x if x > 0 else x / 8, lambda x: 1 if x > 0 else 0.125, lambda x: 0,
    at={inf: (inf, 1, 0), -inf: (-inf, 0.125, 0)}, library=lambda x: F.leaky_relu(x, 0.125))
row("hardswish", lambda x: mpf(0) if x < -3 else x * (x + 3) / 6 if x <= 3 else x,
    lambda x: 0 if x < -3 else [x / 3, mpf(1) / 2] if x <= 3 else 1,
    lambda x: mpf(1) / 3 if -3 <= x <= 3 else 0, near=[-3, 3], at={inf: (inf, 1, 0), -inf: step})
row("hardsigmoid", lambda x: mpf(0) if x <= -3 else (x + 3) / 6 if x < 3 else mpf(1),
    lambda x: mpf(1) / 6 if -3 < x < 3 else 0, lambda x: 0, near=[-3, 3], at={inf: (1, 0, 0), -inf: step},
    library=F.hardsigmoid)
row("softshrink", lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else mpf(0), lambda x: int(abs(x) > 0.5),
    lambda x: 0, near=[0.5, -0.5], at={inf: (inf, 1, 0), -inf: (-inf, 1, 0)}, library=F.softshrink)
row("hardshrink", lambda x: x if abs(x) > 0.5 else mpf(0), lambda x: int(abs(x) > 0.5), lambda x: 0, near=[0.5, -0.5],
    at={inf: (inf, 1, 0), -inf: (-inf, 1, 0)}, library=F.hardshrink)
row("hardtanh", lambda x: min(max(x, mpf(-1)), mpf(1)), lambda x: int(-1 < x < 1), lambda x: 0, near=[-1, 1],
    at={inf: (1, 0, 0), -inf: (-1, 0, 0)}, library=F.hardtanh)
row("relu6", lambda x: min(max(x, mpf(0)), mpf(6)), lambda x: int(0 < x < 6), lambda x: 0, near=[6],
    at={inf: (6, 0, 0), -inf: step}, library=F.relu6)
row("threshold", lambda x: x if x > 0.5 else mpf(-2), lambda x: int(x > 0.5), lambda x: 0, near=[0.5],
    at={inf: (inf, 1, 0), -inf: (-2, 0, 0)}, library=lambda x: F.threshold(x, 0.5, -2))
lecun = mpf("1.7159"), mpf(2) / 3
row("lecun_tanh", lambda x: lecun[0] * mp.tanh(x * lecun[1]), lambda x: lecun[0] * lecun[1] * sech2(x * lecun[1]),
    lambda x: -2 * lecun[0] * lecun[1] ** 2 * mp.tanh(x * lecun[1]) * sech2(x * lecun[1]),
    at={inf: (lecun[0], 0, 0), -inf: (-lecun[0], 0, 0)})

pairs = {}


def pair(name, f, first, second, near=(), at=None, domain=None, library=None, low=0, high=inf):
    pairs[name] = dict(f=f, first=first, second=second, near=near, at=at or {}, domain=domain, outside=False, library=library,
                       low=low, high=high, precision=4500)


pair("add", lambda a, b: a + b, lambda a, b: [1, 1], lambda a, b: [0, 0, 0], library=torch.add)
pair("sub", lambda a, b: a - b, lambda a, b: [1, -1], lambda a, b: [0, 0, 0], library=torch.sub)
pair("mul", lambda a, b: a * b, lambda a, b: [b, a], lambda a, b: [0, 1, 0], library=torch.mul)
pair("div", lambda a, b: a / b, lambda a, b: [1 / b, -a / b**2], lambda a, b: [0, -1 / b**2, 2 * a / b**3],
     domain=lambda a, b: b != 0, library=torch.div)
pair("lerp", lambda a, b: [0.75 * a, 0.25 * b], lambda a, b: [0.75, 0.25], lambda a, b: [0, 0, 0],
     library=lambda a, b: torch.lerp(a, b, 0.25))


def power(a, b):
    if a < 0 and b != int(b):
        return None
    return mp.exp(b * mp.log(abs(a))) * (-1 if a < 0 and int(b) % 2 else 1)


def power_first(a, b):
    return [b * power(a, b) / a, mp.log(a) * power(a, b) if a > 0 else None]


def power_second(a, b):
    y = power(a, b)
    if a < 0:
        return [b * (b - 1) * y / a**2, None, None]
    l = mp.log(a)
    return [b * (b - 1) * y / a**2, [y / a, b * l * y / a], l * l * y]


pair("pow", power, power_first, power_second, near=[(2, 3), (-2, 3), (-3, 2), (1, 5), (1.5, 100), (0.5, -100)],
     at={(0, 0): (1, (0, 0), (0, None, 0)), (0, 1): (0, (1, 0), (0, None, 0)), (0, 2): (0, (0, 0), (2, 0, 0)),
         (0, 3): (0, (0, 0), (0, 0, 0)), (0, 2.5): (0, (0, 0), (0, 0, 0)), (0, 0.5): (0, (inf, 0), (-inf, None, 0)),
         (1, 0): (1, (0, 0), (0, 1, 0)), (-2, 0): (1, (0, None), (0, None, None)), (3, 1): (3, (1, None), (0, None, None))},
     library=torch.pow, low=1e-4, high=1e4)
pair("maximum", lambda a, b: max(a, b), lambda a, b: [int(a > b), int(a < b)] if a != b else [0.5, 0.5],
     lambda a, b: [0, 0, 0], library=torch.maximum)
pair("minimum", lambda a, b: min(a, b), lambda a, b: [int(a < b), int(a > b)] if a != b else [0.5, 0.5],
     lambda a, b: [0, 0, 0], library=torch.minimum)
pair("atan2", lambda y, x: mp.atan2(y, x), lambda y, x: [x / (x * x + y * y), -y / (x * x + y * y)],
     lambda y, x: [-2 * x * y / (x * x + y * y) ** 2,
                   [y * y / (x * x + y * y) ** 2, -x * x / (x * x + y * y) ** 2],
                   2 * x * y / (x * x + y * y) ** 2],
     at={(0, 0): (0, (0, 0), (0, 0, 0))}, domain=lambda y, x: y != 0 or x != 0, library=torch.atan2)
pair("hypot", lambda a, b: root(a * a + b * b),
     lambda a, b: [a / root(a * a + b * b), b / root(a * a + b * b)],
     lambda a, b: [b * b / root(a * a + b * b) ** 3, -a * b / root(a * a + b * b) ** 3,
                   a * a / root(a * a + b * b) ** 3],
     at={(0, 0): (0, (0, 0), (0, 0, 0))}, domain=lambda a, b: a != 0 or b != 0, library=torch.hypot)


def quotient(a, b):
    return mp.floor(abs(a) / abs(b)) * sgn(a) * sgn(b)


pair("fmod", lambda a, b: a - b * quotient(a, b), lambda a, b: [1, -quotient(a, b)], lambda a, b: [0, 0, 0],
     near=[(1, 0.1), (6, 0.1), (-6, 0.1), (7, -0.7), (9, 3), (-9, 3)], domain=lambda a, b: b != 0, library=torch.fmod)
pair("remainder", lambda a, b: a - b * mp.floor(a / b), lambda a, b: [1, -mp.floor(a / b)], lambda a, b: [0, 0, 0],
     near=[(1, 0.1), (6, 0.1), (-6, 0.1), (7, -0.7), (9, 3), (-9, 3)], domain=lambda a, b: b != 0,
     library=torch.remainder)
pair("xlogy", lambda x, y: x * mp.log(y), lambda x, y: [mp.log(y), x / y], lambda x, y: [0, 1 / y, -x / y**2],
     near=[(2, 1), (-3, 1)], at={(0, 0): (0, (0, 0), (0, None, 0)), (0, 2): (0, (None, 0), (0, 0.5, 0))},
     domain=lambda x, y: y > 0, library=torch.xlogy)


def logaddexp(a, b):
    return [max(a, b), mp.log1p(mp.exp(-abs(a - b)))]


pair("logaddexp", logaddexp, lambda a, b: [logistic(a - b), logistic(b - a)],
     lambda a, b: [bell(a - b), -bell(a - b), bell(a - b)], near=[(-1, -0.5), (0.1, -0.1), (-0.69, -0.69)],
     at={(-inf, 2): (2, (0, 1), (0, 0, 0)), (2, -inf): (2, (1, 0), (0, 0, 0)), (inf, 2): (inf, (1, 0), (0, 0, 0)),
         (-inf, -inf): (-inf, None, None)}, library=torch.logaddexp)
pair("copysign", lambda a, b: abs(a) * (-1 if b < 0 else 1), lambda a, b: [sgn(a) * (-1 if b < 0 else 1), 0],
     lambda a, b: [0, 0, 0], domain=lambda a, b: b != 0 and a != 0, library=torch.copysign)
