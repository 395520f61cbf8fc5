"""Writes tests/accuracy/elementwise.txt and reductions.txt: inputs, exact values and derivatives, and libtorch's errors.

    /usr/bin/python3 tests/accuracy/make.py [SUBJECT...]

The arithmetic is mpmath's, with at least 50 digits, with more where a formula cancels. libtorch's errors are those of
the PyTorch that is installed, in the same units.
"""
import importlib
import pathlib
import sys

from mpmath import mp

mp.prec = 2500
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))

if __name__ == "__main__":
    for subject in sys.argv[1:] or ["elementwise", "reductions"]:
        lines = importlib.import_module(subject + "_rows").lines()
        (here / f"{subject}.txt").write_text("\n".join(lines) + "\n")
