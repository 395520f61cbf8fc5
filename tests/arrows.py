"""Arrows between folders and rooms point one way, and no header that is installed needs one that is not; xtape.hpp has
all that is.

    tests/arrows.py ROOT            fails where that does not hold
    tests/arrows.py ROOT --write    adds what xtape.hpp lacks

A room may include itself and the rooms before it in ROOMS; `nn`, `optim` and `datasets` know
autograd and not one another. A header whose first line begins with "// Private:" is not installed.
"""
import pathlib
import re
import sys

ROOMS = ["autograd/scalar", "autograd/core", "autograd/kernels", "autograd/files", "autograd/ops", "autograd",
         "autograd/lab"]
# What users include of a room may stand at autograd's top.
DOORS = {"tensor": "autograd/core", "tape": "autograd/core", "parameter": "autograd/core", "parallel": "autograd/core",
         "random": "autograd/ops"}
LIBRARIES = ["autograd", "nn", "optim", "datasets"]
APART = {pathlib.Path("autograd/xtensor.hpp")}  # what xtape.hpp leaves to who wants it


def room(path):
    """The room of a file of autograd: "autograd/core"; of another library its name."""
    parts = path.parts
    if parts[0] != "autograd":
        return parts[0]
    if len(parts) == 2:
        return DOORS.get(path.stem, "autograd")
    return "/".join(parts[:2])


def may_include(one, other):
    if one in ROOMS:
        return other in ROOMS[:ROOMS.index(one) + 1]
    return other == one or other in ROOMS


def included(root, path):
    """The files of the libraries that `path` includes, as paths from the root."""
    for quoted, name in re.findall(r'^#include (?:"([^"]+)"|<([^>]+)>)', (root / path).read_text(), re.M):
        file = (root / path.parent / quoted) if quoted else root / name
        if file.exists():
            yield file.resolve().relative_to(root)
        elif quoted:
            yield pathlib.Path(quoted)


def is_private(root, path):
    return (root / path).read_text().startswith("// Private:")


def reached(root, path):
    """All that `path` includes, and what that includes."""
    seen, left = set(), [path]
    while left:
        if (path := left.pop()) not in seen:
            seen.add(path)
            left += included(root, path)
    return seen


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    paths = [p.relative_to(root) for library in LIBRARIES for p in sorted((root / library).rglob("*.[hc]pp"))]
    wrong = []
    for path in paths:
        for other in included(root, path):
            if not (root / other).exists():
                wrong.append(f"{path} includes {other}, which is not there")
            elif not may_include(room(path), room(other)):
                wrong.append(f"{path} includes {other}: {room(path)} does not know {room(other)}")
            elif path.suffix == ".hpp" and not is_private(root, path) and is_private(root, other):
                wrong.append(f"{path} is installed and includes {other}, which is not")
    whole = pathlib.Path("xtape.hpp")
    lacking = {p for p in paths if p.suffix == ".hpp" and not is_private(root, p)} - APART - reached(root, whole)
    if "--write" in sys.argv[2:] and lacking:
        head, *lines = (root / whole).read_text().split("#include ")
        lines = sorted(lines + [f"<{p}>\n" for p in lacking])
        (root / whole).write_text("#include ".join([head, *lines]))
    elif lacking:
        wrong.append("xtape.hpp lacks " + ", ".join(map(str, sorted(lacking))) + ": tests/arrows.py ROOT --write")
    if len(paths) < 300:
        wrong.append(f"only {len(paths)} files were found below {root}")
    print("\n".join(wrong) or f"{len(paths)} files point one way.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
