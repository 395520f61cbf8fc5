"""The printed derivatives of lab::formula, read by Python: their values in long double are those of pointwise's
derivatives, also where numbers are so large that float64 overflows on the way.

    tests/lab_formula.py TESTS              TESTS is the program of the suite
    tests/lab_formula.py TESTS --write      also writes what is printed to lab/formulas.json, for a reader to judge
"""
import json
import pathlib
import re
import subprocess
import sys

try:
    import numpy
    from scipy import special
except ImportError:
    sys.exit(77)

L = numpy.longdouble  # what numbers are read as


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def by_float64(f):
    return lambda x: f(x.astype(float)).astype(L)


FUNCTIONS = {
    "sigmoid": sigmoid, "log_sigmoid": lambda x: -numpy.logaddexp(L(0), -x), "softplus": lambda x: numpy.logaddexp(L(0), x),
    "relu": lambda x: numpy.maximum(x, 0), "where": numpy.where, "sign": numpy.sign, "abs": numpy.abs,
    "max": numpy.maximum, "min": numpy.minimum, "clamp": lambda x, a, b: numpy.minimum(numpy.maximum(x, a), b),
    "exp": numpy.exp, "expm1": numpy.expm1, "log": numpy.log, "log1p": numpy.log1p, "sqrt": numpy.sqrt, "sin": numpy.sin,
    "cos": numpy.cos, "tan": numpy.tan, "atan": numpy.arctan, "sinh": numpy.sinh, "cosh": numpy.cosh,
    "tanh": numpy.tanh, "cbrt": numpy.cbrt, "erf": by_float64(special.erf), "normal_cdf": by_float64(special.ndtr),
    "pi": L("3.14159265358979323846"), "nan": L("nan"), "inf": L("inf"),
}


def end_of(s, start, stops):
    """The place of the first of `stops` behind start that stands in no bracket that is opened behind it."""
    depth = 0
    for i in range(start, len(s)):
        if depth == 0 and s.startswith(stops, i):
            return i
        depth += {"(": 1, ")": -1}.get(s[i], 0)
    return len(s)


def bracketed(condition):
    for sign, python in ((" || ", " | "), (" && ", " & ")):
        at = end_of(condition, 0, (sign,))
        if at < len(condition):
            return "(" + bracketed(condition[:at]) + ")" + python + "(" + bracketed(condition[at + 4:]) + ")"
    if condition.startswith("!("):
        return "~(" + bracketed(condition[2:-1]) + ")"
    return condition


def conditions(s):
    at = s.find("where(")
    if at < 0:
        return s
    begin = at + len("where(")
    end = end_of(s, begin, (",",))
    return s[:begin] + bracketed(s[begin:end]) + conditions(s[end:])


def evaluated(text, x, number):
    line, *definitions = text.split("\n")
    names = dict(FUNCTIONS, x=x.astype(number))

    # Conditions with brackets of their own, numbers as long doubles, the powers of Python.
    def read(s):
        s = conditions(bracketed(s.replace("^", "**")))
        return re.sub(r"(?<![\w.])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)", r'L("\1")', s)

    for d in definitions:
        name, value = d.strip().split(" = ", 1)
        names[name] = eval(read(value), {"L": number}, names)
    return eval(read(line), {"L": number}, names) + 0 * x


def main():
    out = subprocess.run([sys.argv[1], "-tc=formulas for Python", "--no-skip"], capture_output=True, text=True, check=True)
    rows = [json.loads(line[9:]) for line in out.stdout.splitlines() if line.startswith("formula: ")]
    wrong, compared, left = [], 0, 0
    with numpy.errstate(all="ignore"):
        for row in rows:
            x = numpy.array(row["x"], dtype=L)
            expected = numpy.array([numpy.nan if v is None else v for v in row["y"]], dtype=float)
            if row["order"] == 0:
                value = expected
            got, rough = evaluated(row["text"], x, L), evaluated(row["text"], x, float)
            for at, f, a, b, c in zip(row["x"], value, got, expected, rough):
                if not numpy.isfinite([f, a, b]).all():
                    left += 1
                    continue
                compared += 1
                # Where float64 has lost digits, as in the sine of a large number, the reference has lost them too.
                rounding = abs(a - c) if numpy.isfinite(c) else 0
                if abs(a - b) > 1e-8 * (1 + abs(b) + abs(at)) + 30 * rounding:
                    wrong.append(f"{row['source']}, order {row['order']}, at {at}: {row['text']} is {a}, not {b}")
    if len(rows) < 200 or compared < 4000 or left > compared / 4:
        wrong.append(f"only {compared} values of {len(rows)} expressions were compared, {left} were not finite")
    if "--write" in sys.argv[2:] and not wrong:
        table = {}
        for row in rows:
            if not row["source"].startswith("drawn"):
                table.setdefault(row["source"], []).append(row["text"])
                if row["order"] == 1:
                    latex = row["latex"]
                if row["order"] == 2:
                    table[row["source"]].append(latex)
        path = pathlib.Path(__file__).parent / "lab/formulas.json"
        path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    print("\n".join(wrong[:20]) or f"{compared} values agree.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
