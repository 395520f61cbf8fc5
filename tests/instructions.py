"""Guards the work of one step of the book's network: its instructions, counted by callgrind, against a committed figure.

    instructions.py PROGRAM VALGRIND           fails beyond 5 % of tests/instructions.json
    instructions.py PROGRAM VALGRIND --write   records the figure, and which compiler and OpenBLAS it holds for

With others than the recorded ones it is skipped: the same source is other instructions there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

file = Path(__file__).with_name("instructions.json")
program, valgrind = sys.argv[1:3]

environment = {**os.environ, "XTAPE_ISA": "avx2", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"}
result = subprocess.run(
    [valgrind, "--tool=callgrind", "--toggle-collect=counted_step", "--callgrind-out-file=/dev/null", program],
    env=environment, capture_output=True, text=True, check=False)
count = re.search(r"Collected : (\d+)", result.stderr)
if result.returncode or not count:
    sys.exit(f"the program failed under callgrind:\n{result.stdout}{result.stderr}")
compiler, openblas = result.stdout.splitlines()[:2]
found = {"instructions": int(count[1]), "compiler": compiler, "openblas": openblas.split(" DYNAMIC_ARCH")[0]}
if "--write" in sys.argv:
    file.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit()

expected = json.loads(file.read_text())
for what in ("compiler", "openblas"):
    if found[what] != expected[what]:
        print(f"SKIPPED: the figure was recorded with '{expected[what]}', and this is '{found[what]}'")
        sys.exit(77)
ratio = found["instructions"] / expected["instructions"]
print(f"{found['instructions']} instructions, {ratio:.3f} of the recorded {expected['instructions']}")
if not 0.95 <= ratio <= 1.05:
    sys.exit("more than 5 % apart: find out why; where it is for the better, record it with --write")
