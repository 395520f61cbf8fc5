"""Writes tests/optimisers/nist.json: the nonlinear-regression problems of NIST's Statistical Reference Datasets.

    python3 tests/optimisers/nist.py FOLDER

FOLDER holds the 27 files NAME.dat of https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, which are in the public
domain. Each problem has both starting points, the certified parameters, and the response y beside the predictors x.
"""
import json
import pathlib
import re
import sys


def problem(path):
    lines = path.read_text().splitlines()

    def part(name):
        first, last = re.search(rf"{name}\s+\(lines\s+(\d+)\s+to\s+(\d+)\)", "\n".join(lines[:12]), re.I).groups()
        return lines[int(first) - 1 : int(last)]

    rows = [line.partition("=")[2].split() for line in part("Starting Values") if re.match(r"\s*b\d+\s*=", line)]
    start1, start2, certified = ([float(row[k]) for row in rows] for k in range(3))
    data = [[float(v) for v in line.split()] for line in part("Data") if line.strip()]
    y, *x = map(list, zip(*data))
    return {"starts": [start1, start2], "certified": certified, "y": y, "x": x}


problems = {path.stem: problem(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.dat"))}
body = ",\n".join(f'"{name}": {json.dumps(values)}' for name, values in problems.items())
(pathlib.Path(__file__).parent / "nist.json").write_text(f"{{\n{body}\n}}\n")
print(len(problems), "problems")
