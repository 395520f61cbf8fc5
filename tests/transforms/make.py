"""Writes tests/transforms/scipy.json: images resampled by SciPy, for tests/transforms.cpp.

    /usr/bin/python3 tests/transforms/make.py

SciPy's map_coordinates and affine_transform of order 1 in the mode grid-constant, and its gaussian_filter in the mode
constant. Affine maps are products of torchvision's matrices: of a shear, a scale, a turn, each about the middle.
"""
import json
import pathlib

import numpy as np
from scipy import ndimage

here = pathlib.Path(__file__).parent
random = np.random.default_rng(18)


def numbers(a):
    return {"shape": list(a.shape), "values": [float(f"{v:.9g}") for v in a.ravel()]}


def image(*shape):
    return random.integers(0, 256, shape) / 256


def warp(x, dx, dy, fill):
    y = np.empty_like(x)
    rows, cols = np.mgrid[: x.shape[2], : x.shape[3]]
    for i, channels in enumerate(x):
        for c, plane in enumerate(channels):
            y[i, c] = ndimage.map_coordinates(plane, [rows + dy[i], cols + dx[i]], order=1, mode="grid-constant", cval=fill)
    return y


def affine(x, rotate, scale, shear_x, shear_y, fill):
    a, sx, sy = np.radians([rotate, shear_x, shear_y])
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    lean = np.array([[1, 0], [-np.tan(sy), 1]]) @ np.array([[1, -np.tan(sx)], [0, 1]])
    inverse = np.linalg.inv(scale * turn @ lean)[::-1, ::-1]  # of (x, y), to be of (row, column)
    middle = (np.array(x.shape[2:]) - 1) / 2
    return np.array([[ndimage.affine_transform(plane, inverse, middle - inverse @ middle, order=1, mode="grid-constant",
                                               cval=fill) for plane in channels] for channels in x])


out = {"warp": [], "smoothed": [], "affine": []}
for shape, reach, fill in [((2, 3, 5, 7), 4, 0.25), ((1, 1, 1, 1), 1, 0), ((3, 1, 4, 2), 0.7, 0)]:
    x = image(*shape)
    dx, dy = (np.round(random.uniform(-reach, reach, (shape[0], *shape[2:])) * 64) / 64 for _ in range(2))
    out["warp"].append({"x": numbers(x), "dx": numbers(dx), "dy": numbers(dy), "fill": fill,
                        "y": numbers(warp(x, dx, dy, fill))})
for shape, sigma in [((2, 6, 9), 1.3), ((1, 7, 3), 4), ((1, 4, 5), 0.1)]:
    x = image(*shape)
    out["smoothed"].append({"x": numbers(x), "sigma": sigma,
                            "y": numbers(ndimage.gaussian_filter(x, (0, sigma, sigma), mode="constant"))})
for shape, options in [((2, 1, 6, 8), (30, 1, 0, 0)), ((1, 2, 7, 7), (0, 0.75, 0, 0)), ((1, 1, 6, 5), (0, 1, 20, 0)),
                       ((1, 1, 5, 6), (0, 1, 0, -25)), ((2, 3, 6, 7), (-75, 1.25, 15, 10))]:
    x = image(*shape)
    fill = 0.5 if shape[0] == 2 else 0
    out["affine"].append({"x": numbers(x), "options": list(options), "fill": fill,
                          "y": numbers(affine(x, *options, fill))})
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in out.items()]
(here / "scipy.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
