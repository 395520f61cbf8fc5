"""What is to be found of functions: check.json, which tests/lab_check.cpp holds `lab::check` against.

    /usr/bin/python3 tests/lab/make.py

Formulas are NumPy's and SciPy's, expectations are scipy.integrate.quad's; derivatives are written by hand. What is
wrong with a function ("troubles") and where it breaks is stated here, as its formula says.
"""
import json
import pathlib

import numpy as np
from scipy import integrate, optimize, special, stats

INF = float("inf")
SQRT2PI = np.sqrt(2 * np.pi)


def sigmoid(x):
    return special.expit(x)


def softplus(x):
    return np.logaddexp(0, x)


def swish(x):
    return x * sigmoid(x)


def swish_slope(x):
    return sigmoid(x) * (1 + x * (1 - sigmoid(x)))


def mish_slope(x):
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_tanh_slope(x):
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)


def inside(low, high):
    return lambda x: np.where((x > low) & (x < high), 1.0, 0.0)


def expectation(f, points):
    edges = sorted({-14.0, *points, 14.0})
    return sum(integrate.quad(lambda z: float(f(np.float64(z))) * np.exp(-z * z / 2) / SQRT2PI, a, b, epsabs=1e-13,
                              epsrel=1e-12, limit=400)[0] for a, b in zip(edges, edges[1:]))


def saturated(slope, points):
    """P(|f'(z)| < 1e-4): between the places where f' crosses -1e-4 and 1e-4."""
    f = lambda x: float(slope(np.float64(x)))
    grid = sorted({*np.linspace(-14, 14, 2801), *(p + d for p in points for d in (-1e-12, 1e-12))})
    values = [f(x) for x in grid]
    edges = [-14.0, *points, 14.0]
    for level in (-1e-4, 1e-4):
        for a, b, fa, fb in zip(grid, grid[1:], values, values[1:]):
            if (fa - level) * (fb - level) < 0 and b - a > 1e-11:
                edges.append(optimize.brentq(lambda x: f(x) - level, a, b, xtol=1e-14))
    edges.sort()
    return sum(stats.norm.cdf(b) - stats.norm.cdf(a) for a, b in zip(edges, edges[1:]) if abs(f((a + b) / 2)) < 1e-4)


def statistics(f, slope, points):
    mean, second = expectation(f, points), expectation(lambda z: f(z)**2, points)
    odd = expectation(lambda z: ((f(z) - f(-z)) / 2)**2, [*points, *(-p for p in points)])
    return {"mean": mean, "variance": second - mean**2, "gain": second**-0.5,
            "mean_slope": expectation(slope, points),
            "chi1": expectation(lambda z: slope(z)**2, points) / second,
            "saturated": saturated(slope, points), "odd": odd / second}


# name: (f, f', range, monotone, parity, kinks, jumps, troubles)
UP, DOWN, NEITHER = "increasing", "decreasing", "neither"
RELU = (lambda x: np.maximum(x, 0), inside(0, INF), [0, INF], UP, "none", [0], [], [])
SELU = (1.0507009873554805, 1.0507009873554805 * 1.6732632423543772)
SOFTPLUS = (softplus, sigmoid, [0, INF], UP, "none", [], [])
MISH = (lambda x: x * np.tanh(softplus(x)), mish_slope, [-0.308843, INF], NEITHER, "none", [], [])
SWISH = (swish, swish_slope, [-0.278465, INF], NEITHER, "none", [], [])
TANH = (np.tanh, lambda x: np.cosh(x)**-2, [-1, 1], UP, "odd", [], [])
ELU = (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x: np.where(x > 0, 1, np.exp(np.minimum(x, 0))),
       [-1, INF], UP, "none", [], [])
SIGMOID = (sigmoid, lambda x: sigmoid(x) * sigmoid(-x), [0, 1], UP, "none", [], [])
ACTIVATIONS = {
    "sigmoid": (*SIGMOID, []),
    "tanh": (*TANH, []),
    "relu": RELU,
    "leaky relu": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1), [-INF, INF], UP, "none",
                   [0], [], []),
    "elu": (*ELU, []),
    "selu": (lambda x: np.where(x > 0, SELU[0] * x, SELU[1] * np.expm1(np.minimum(x, 0))),
             lambda x: np.where(x > 0, SELU[0], SELU[1] * np.exp(np.minimum(x, 0))), [-SELU[1], INF], UP, "none", [0],
             [], []),
    "gelu": (lambda x: x * stats.norm.cdf(x), lambda x: stats.norm.cdf(x) + x * stats.norm.pdf(x), [-0.169971, INF],
             NEITHER, "none", [], [], []),
    "gelu by tanh": (gelu_tanh, gelu_tanh_slope, [-0.170041, INF], NEITHER, "none", [], [], []),
    "swish": (*SWISH, []),
    "mish": (*MISH, []),
    "softplus": (*SOFTPLUS, []),
    "log sigmoid": (lambda x: -softplus(-x), lambda x: sigmoid(-x), [-INF, 0], UP, "none", [], [], []),
    "softsign": (lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x))**-2, [-1, 1], UP, "odd", [], [], []),
    "hard sigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x: inside(-3, 3)(x) / 6, [0, 1], UP, "none", [-3, 3],
                     [], []),
    "hard tanh": (lambda x: np.clip(x, -1, 1), inside(-1, 1), [-1, 1], UP, "odd", [-1, 1], [], []),
    "hard swish": (lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
                   lambda x: np.where(x > 3, 1, np.where(x > -3, x / 3 + 0.5, 0)), [-0.375, INF], NEITHER, "none",
                   [-3, 3], [], []),
    "relu6": (lambda x: np.clip(x, 0, 6), inside(0, 6), [0, 6], UP, "none", [0, 6], [], []),
    "sine": (np.sin, np.cos, [-1, 1], NEITHER, "odd", [], [], []),
    "gaussian": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x), [0, 1], NEITHER, "even", [], [], []),
    "absolute": (np.abs, np.sign, [0, INF], NEITHER, "even", [0], [], []),
    "square": (lambda x: x * x, lambda x: 2 * x, [0, INF], NEITHER, "even", [], [], []),
    "cube": (lambda x: x**3, lambda x: 3 * x * x, [-INF, INF], UP, "odd", [], [], []),
    "identity": (lambda x: x, lambda x: x * 0 + 1, [-INF, INF], UP, "odd", [], [], []),
    "squareplus": (lambda x: (x + np.sqrt(x * x + 4)) / 2, lambda x: (1 + x / np.sqrt(x * x + 4)) / 2, [0, INF], UP,
                   "none", [], [], []),
    "snake": (lambda x: x + np.sin(x)**2, lambda x: 1 + np.sin(2 * x), [-INF, INF], UP, "none", [], [], []),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x), [-np.pi / 2, np.pi / 2], UP, "odd", [], [], []),
    "prelu": (lambda x: np.where(x > 0, x, 0.25 * x), lambda x: np.where(x > 0, 1, 0.25), [-INF, INF], UP, "none", [0],
              [], []),
    "soft shrink": (lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0), lambda x: np.where(abs(x) > 0.5, 1, 0),
                    [-INF, INF], UP, "odd", [-0.5, 0.5], [], []),
    # Written so that something is wrong with them.
    "softplus, naive": (*SOFTPLUS, ["cancellation", "not_finite"]),
    "log(1 - sigmoid)": (lambda x: -softplus(x), lambda x: -sigmoid(x), [-INF, 0], DOWN, "none", [], [],
                         ["cancellation", "not_finite"]),
    "sigmoid, naive": (*SIGMOID, ["gradient_not_finite"]),
    "tanh, naive": (*TANH, ["cancellation", "not_finite"]),
    "mish, naive": (*MISH, ["cancellation", "gradient_not_finite"]),
    "swish, naive": (*SWISH, ["gradient_not_finite"]),
    "elu, naive": (*ELU, ["cancellation"]),
    "gelu by tanh, naive": (gelu_tanh, gelu_tanh_slope, [-0.170041, INF], NEITHER, "none", [], [], ["cancellation"]),
    "exponential": (np.exp, np.exp, [0, INF], UP, "none", [], [], ["not_finite"]),
    "square root": (None, None, None, UP, "none", [], [], ["not_finite", "gradient_not_finite"]),
    "square root of positive": (None, None, [0.1, 10], UP, "none", [], [], []),
    "logarithm": (None, None, None, UP, "none", [], [], ["not_finite"]),
    "reciprocal": (None, None, None, NEITHER, "odd", [], [], ["not_finite"]),
    "poles": (None, None, None, NEITHER, "none", [], [0.3], ["not_finite"]),
    "sinc": (None, None, None, NEITHER, "even", [], [], ["cancellation", "not_finite"]),
    "root beside where": (None, None, [0, INF], UP, "none", [], [], ["gradient_not_finite"]),
    "step": (lambda x: np.where(x > 0, 1, 0), lambda x: x * 0, [0, 1], UP, "none", [], [0], ["jump", "no_gradient"]),
    "floor": (np.floor, lambda x: x * 0, [-INF, INF], UP, "none", [], None, ["jump", "no_gradient"]),
    "discontinuous": (lambda x: np.where(x > 0.3, x + 1, x), lambda x: x * 0 + 1, [-INF, INF], UP, "none", [], [0.3],
                      ["jump"]),
    "a small jump on a slope": (lambda x: 3 * x - np.where(x > -2.2, 0.01, 0), lambda x: x * 0 + 3, [-INF, INF],
                                NEITHER, "none", [], [-2.2], ["jump"]),
    "a small kink on a sine": (lambda x: np.sin(x) + 0.01 * np.maximum(x - 1.7, 0),
                               lambda x: np.cos(x) + np.where(x > 1.7, 0.01, 0), None, NEITHER, "none", [1.7], [], []),
    "hard shrink": (lambda x: np.where(abs(x) > 0.5, x, 0), lambda x: np.where(abs(x) > 0.5, 1, 0), [-INF, INF], UP,
                    "odd", [], [-0.5, 0.5], ["jump"]),
    "straight-through sign": (np.sign, inside(-1, 1), [-1, 1], UP, "odd", [-1, 1], [0], []),
    "square, vjp twice too large": (lambda x: x * x, lambda x: 4 * x, [0, INF], NEITHER, "even", [], [],
                                    ["wrong_gradient"]),
    "square, vjp wrong above 1": (lambda x: x * x, lambda x: np.where(x > 1, 3 * x, 2 * x), [0, INF], NEITHER, "even",
                                  [1], [], ["wrong_gradient"]),
    "square, vjp detached": (lambda x: x * x, lambda x: 2 * x, [0, INF], NEITHER, "even", [], [], ["wrong_gradient"]),
    "detached": (np.sin, lambda x: x * 0, [-1, 1], NEITHER, "odd", [], [], ["no_gradient"]),
}

# What some of them do far out, and where they are 0.
FAR = {"sigmoid": ["→ 0", "→ 1"], "relu": ["→ 0", "~ 1 x"], "leaky relu": ["~ 0.1 x", "~ 1 x"], "elu": ["→ -1", "~ 1 x"],
       "swish": ["→ 0", "~ 1 x"], "log sigmoid": ["~ 1 x", "→ 0"], "cube": ["~ -|x|^3", "~ |x|^3"],
       "gaussian": ["→ 0", "→ 0"], "square": ["~ |x|^2", "~ |x|^2"], "sine": ["has no limit that was seen"] * 2,
       "exponential": ["→ 0", "overflows to inf"], "logarithm": ["NaN", "~ 1 log |x|"], "reciprocal": ["→ 0", "→ 0"],
       "softsign": ["→ -1", "→ 1"], "identity": ["~ 1 x", "~ 1 x"], "square root": ["NaN", "~ |x|^0.5"]}
ZEROS = {"sigmoid": [], "relu": [[-INF, 0]], "swish": [[0, 0]], "gelu": [[0, 0]], "tanh": [[0, 0]], "relu6": [[-INF, 0]],
         "hard swish": [[-INF, -3], [0, 0]], "soft shrink": [[-0.5, 0.5]], "softplus": [], "softplus, naive": [],
         "gaussian": [], "square": [[0, 0]], "logarithm": [[1, 1]], "hard sigmoid": [[-INF, -3]]}

# name: (link, convex, kinks for the last target that it is looked at for, pull at 10 over pull at 1,
#        slope after a wrong sigmoid, troubles)
S10 = float(sigmoid(-10.0))
SIGMOID_SLOPE = S10 * (1 - S10)
COSTS = {
    "mse": ("identity", True, [], 10, 2 * (1 - S10) * SIGMOID_SLOPE, []),
    "mse of tensors": ("identity", True, [], 10, 2 * (1 - S10) * SIGMOID_SLOPE, []),
    "sum of squares": ("identity", True, [], 10, 2 * (1 - S10) * SIGMOID_SLOPE, []),
    "mean absolute": ("identity", True, [1], 1, SIGMOID_SLOPE, []),
    "huber": ("identity", True, [], 1, (1 - S10) * SIGMOID_SLOPE, []),
    "log cosh": ("identity", True, [], 1 / np.tanh(1), np.tanh(1 - S10) * SIGMOID_SLOPE, []),
    "log cosh, naive": ("identity", True, [], 1 / np.tanh(1), np.tanh(1 - S10) * SIGMOID_SLOPE, ["not_finite"]),
    "quantile": ("identity", True, [1], 1, None, []),
    "cross-entropy of probabilities": ("identity", True, [], None, 1 - S10, []),
    "cross-entropy of probabilities, naive": ("identity", True, [], None, 1 - S10, ["not_finite"]),
    "cross-entropy of logits": ("logits", True, [], None, None, []),
    "cross-entropy of logits, naive": ("logits", True, [], None, None, ["not_finite"]),
    "focal": ("logits", None, [], None, None, []),
    "cross-entropy of classes": ("classes", True, [], None, None, []),
    "cross-entropy of classes, naive": ("classes", True, [], None, None, ["not_finite"]),
    "smoothed cross-entropy of classes": ("classes", True, [], None, None, []),
    "dice": ("labels", None, [], None, None, []),
    "soft margin": ("margin", True, [], None, None, []),
    "relative entropy": ("identity", True, [], None, None, ["not_finite"]),
    "hinge": ("margin", True, [1], None, None, []),
    "squared hinge": ("margin", True, [], None, None, []),
    "poisson": ("log", True, [], None, None, ["not_finite"]),
    "cauchy": ("identity", False, [], (20 / 101) / (2 / 2), None, []),
    "least at 0.9 t": ("none", True, [], None, None, ["minimum"]),
    "two minima": ("none", False, [], None, None, ["minimum"]),
    "a second minimum": ("identity", False, [], None, None, ["minimum"]),
    "equal minima": ("identity", False, [], None, None, ["minimum"]),
    "mse, vjp half as large": ("identity", True, [], None, None, ["wrong_gradient"]),
    "step": ("identity", True, [], None, None, ["jump", "no_gradient"]),
}


def clean(v):
    if isinstance(v, (list, tuple)):
        return [clean(e) for e in v]
    if isinstance(v, float) and np.isinf(v):
        return "inf" if v > 0 else "-inf"
    return float(v) if isinstance(v, (np.floating, float)) else v


def main():
    rows = {"activations": {}, "costs": {}}
    for name, (f, slope, extent, direction, parity, kinks, jumps, troubles) in ACTIVATIONS.items():
        row = {"range": clean(extent), "direction": direction, "parity": parity, "kinks": kinks, "jumps": jumps,
               "troubles": troubles}
        for key, table in (("far", FAR), ("zeros", ZEROS)):
            if name in table:
                row[key] = clean(table[name])
        if f is not None:
            points = [float(p) for p in [*kinks, *(range(-12, 13) if jumps is None else jumps)]]
            row.update({k: float(v) for k, v in statistics(f, slope, points).items()})
        rows["activations"][name] = row
    for name, (link, convex, kinks, pull, after_sigmoid, troubles) in COSTS.items():
        rows["costs"][name] = {"link": link, "convex": convex, "kinks": kinks, "pull": clean(pull),
                               "after_sigmoid": clean(after_sigmoid), "troubles": troubles}
    lines = [f" {json.dumps(kind)}: {{\n" + ",\n".join(f"  {json.dumps(n)}: {json.dumps(r, ensure_ascii=False)}" for n, r in table.items()) +
             "\n }" for kind, table in rows.items()]
    pathlib.Path(__file__).with_name("check.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
