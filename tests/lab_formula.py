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

L = numpy.longdouble


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


def evaluated(text, x):
    # A condition in brackets of its own, numbers as long doubles, the powers of Python.
    line, *definitions = text.split("\n")
    names = dict(FUNCTIONS, x=x)

    def read(s):
        s = s.replace("^", "**").replace("!(", "~(")
        s = re.sub(r"([^(),&|]+ (?:<=|>=|<|>|==|!=) [^(),&|]+?)(?= &&| \|\||\)|,)", r"(\1)", s)
        s = s.replace("&&", "&").replace("||", "|")
        return re.sub(r"(?<![\w.])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)", r'L("\1")', s)

    for d in definitions:
        name, value = d.strip().split(" = ", 1)
        names[name] = eval(read(value), {"L": L}, names)
    return eval(read(line), {"L": L}, names) + 0 * x


def main():
    out = subprocess.run([sys.argv[1], "-tc=formulas for Python", "--no-skip"], capture_output=True, text=True, check=True)
    rows = [json.loads(line[9:]) for line in out.stdout.splitlines() if line.startswith("formula: ")]
    wrong, compared, left = [], 0, 0
    with numpy.errstate(all="ignore"):
        for row in rows:
            x = numpy.array(row["x"], dtype=L)
            expected = numpy.array([numpy.nan if v is None else v for v in row["y"]], dtype=float)
            got = evaluated(row["text"], x)
            for at, a, b in zip(row["x"], got, expected):
                if not numpy.isfinite(b) or not numpy.isfinite(a):
                    left += 1
                    continue
                compared += 1
                if abs(a - b) > 1e-8 * (1 + abs(b) + abs(at)):
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
