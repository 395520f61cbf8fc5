"""Writes tests/metrics/metrics.json: the values of metrics on batches of outputs and targets, by scikit-learn.

    /usr/bin/python3 tests/metrics/make.py

"batches" are outputs and targets; "values" has for each metric, by the name of its row in tests/metrics.cpp, its value
on each batch that it takes, or null where it is not defined. "sums" are numbers and their exactly rounded sum.
"""
import json
import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import calibration, metrics

warnings.simplefilter("ignore")
draw = np.random.default_rng(17)


def normal(*args, **kwargs):
    """Of few digits, for a short file."""
    return np.round(draw.normal(*args, **kwargs), 4)


def probabilities(logits):
    """Equal ones stay equal: numpy.sum would depend on the order."""
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / np.array([[math.fsum(row)] for row in e])


def multiclass():
    n, k = 60, 5
    labels = draw.integers(0, k, n)
    logits = normal(size=(n, k)) + 1.5 * np.eye(k)[labels]
    yield "random", logits, labels
    yield "tied", np.round(logits), labels
    yield "equal scores", np.zeros((n, k)), labels
    yield "one class", logits, np.full(n, 2)
    some = np.where(labels == 3, 0, labels)
    yield "empty class", logits, some
    never = logits.copy()
    never[:, 3] = -9
    yield "class that is nowhere", never, some
    yield "one sample", logits[:1], labels[:1]
    yield "float32", logits.astype(np.float32), labels
    soft = np.round(probabilities(normal(size=(n, k)) + 2 * np.eye(k)[labels]), 6)
    yield "soft targets", logits, soft
    yield "probabilities", soft, labels
    ignored = np.where(draw.random(n) < 0.2, -100, labels)
    yield "ignored labels", logits, ignored
    yield "two columns", logits[:, :2], labels % 2
    yield "places", normal(size=(4, 3, 2, 5)), draw.integers(0, 3, (4, 2, 5))
    yield "soft places", normal(size=(4, 3, 6)), np.round(draw.random((4, 3, 6)), 6)


def binary():
    n = 50
    labels = draw.integers(0, 2, n)
    p = np.clip(normal(0.4 + 0.2 * labels, 0.25), 0, 1)
    yield "random", p, labels
    yield "tied", np.round(p * 4) / 4, labels
    yield "equal scores", np.full(n, 0.25), labels
    yield "edges", np.arange(5) / 4, np.array([1, 0, 1, 0, 0])
    yield "only 0", p, 0 * labels
    yield "only 1", p, 0 * labels + 1
    yield "column", p[:, None], labels
    yield "columns", p[:, None], labels[:, None]
    yield "floating targets", p, labels.astype(float)
    yield "ignored labels", p, np.where(draw.random(n) < 0.2, -100, labels)
    yield "places", p.reshape(5, 1, 10), labels.reshape(5, 10)


def multilabel():
    n, k = 40, 4
    marks = draw.integers(0, 2, (n, k))
    p = np.clip(normal(0.4 + 0.2 * marks, 0.25), 0, 1)
    yield "random", p, marks
    yield "tied", np.round(p * 4) / 4, marks
    empty = marks.copy()
    empty[:, 1] = 0
    yield "empty label", p, empty
    full = marks.copy()
    full[:, 2] = 1
    yield "full label", p, full
    yield "no labels", p, 0 * marks
    yield "places", p.reshape(4, 10, k).transpose(0, 2, 1), marks.reshape(4, 10, k).transpose(0, 2, 1)


def numbers():
    t = normal(size=40)
    yield "random", np.round(t + 0.3 * normal(size=40), 4), t
    yield "shifted", np.round(1e6 + t + 0.3 * normal(size=40), 4), np.round(1e6 + t, 4)
    yield "float32", (t + 0.25).astype(np.float32), t
    yield "integers", t, np.round(3 * t).astype(int)
    yield "constant", t, np.full(40, 0.125)
    yield "exact constant", np.full(40, 0.125), np.full(40, 0.125)
    yield "exact", t, t
    t = normal(size=(30, 3))
    yield "columns", np.round(t + normal(size=(30, 3)), 4), t
    yield "places", normal(size=(10, 2, 3)), normal(size=(10, 2, 3))


def samples(output, target):
    """(batch, classes, places...) as rows, without those that are ignored; targets as labels."""
    k = output.shape[1]
    rows = np.moveaxis(output.astype(float), 1, -1).reshape(-1, k)
    labels = np.moveaxis(target, 1, -1).reshape(-1, k).argmax(1) if target.shape == output.shape else target.flatten()
    return rows[labels != -100], labels[labels != -100]


def auroc(marks, scores):
    """The mean over the columns that scikit-learn has a value for."""
    columns = []
    for of, score in zip(marks.T, scores.T):
        try:
            columns.append(metrics.roc_auc_score(of, score))
        except ValueError:
            pass
    return np.mean(columns) if columns else None


def calibration_error(hits, confidence, bins):
    """scikit-learn gives the two means of each bin that is not empty, but not how many samples it has."""
    hits_of_bin, confidence_of_bin = calibration.calibration_curve(hits, confidence, n_bins=bins)
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    n = np.bincount(np.searchsorted(edges, confidence), minlength=bins)
    return (n[n > 0] * np.abs(hits_of_bin - confidence_of_bin)).sum() / n.sum()


values = {}


def put(row, batch, value):
    values.setdefault(row, {})[batch] = None if value is None else float(value)


def shares(kind, batch, truth, decided, average, suffix):
    options = {"average": average, "zero_division": 0}
    put(f"precision {kind}{suffix}", batch, metrics.precision_score(truth, decided, **options))
    put(f"recall {kind}{suffix}", batch, metrics.recall_score(truth, decided, **options))
    for beta in (0.5, 1, 2):
        put(f"f_beta {kind}{suffix} {beta}", batch, metrics.fbeta_score(truth, decided, beta=beta, **options))


averages = ("macro", "micro", "weighted")
batches = {"multiclass": {}, "binary": {}, "multilabel": {}, "numbers": {}}

for name, output, target in multiclass():
    batches["multiclass"][name] = (output, target)
    rows, labels = samples(output, target)
    k = rows.shape[1]
    decided, marks, p = rows.argmax(1), np.eye(k)[labels], probabilities(rows)
    put("accuracy multiclass", name, metrics.accuracy_score(labels, decided))
    shares("multiclass", name, labels, decided, "macro", "")
    for average in averages:
        shares("multiclass", name, labels, decided, average, " " + average)
    matrix = metrics.confusion_matrix(labels, decided, labels=range(k))
    values.setdefault("confusion_matrix multiclass", {})[name] = matrix.tolist()
    parts = metrics.precision_recall_fscore_support(labels, decided, labels=range(k), beta=2, zero_division=0)
    values.setdefault("confusion_matrix shares", {})[name] = [part.tolist() for part in parts[:3]]
    if k > 2:
        for top in (1, 2, 3):
            put(f"top_k multiclass {top}", name, metrics.top_k_accuracy_score(labels, rows, k=top, labels=range(k)))
    if k > 2 and len(set(labels)) == k:
        assert abs(auroc(marks, p) - metrics.roc_auc_score(labels, p, multi_class="ovr")) < 1e-12
    put("auroc multiclass", name, auroc(marks, rows))
    put("auroc multiclass logits", name, auroc(marks, p))
    put("average_precision multiclass", name, metrics.average_precision_score(marks, rows))
    put("average_precision multiclass logits", name, metrics.average_precision_score(marks, p))
    if name == "probabilities":
        put("calibration_error multiclass", name, calibration_error(decided == labels, rows.max(1), 15))
    put("calibration_error multiclass logits", name, calibration_error(decided == labels, p.max(1), 15))
    put("perplexity multiclass", name, np.exp(metrics.log_loss(labels, p, labels=range(k))))

for name, output, target in binary():
    batches["binary"][name] = (output, target)
    p, labels = output.flatten(), target.flatten().astype(int)
    p, labels = p[labels != -100], labels[labels != -100]
    decided = (p > 0.5).astype(int)
    put("accuracy binary", name, metrics.accuracy_score(labels, decided))
    put("accuracy binary threshold", name, metrics.accuracy_score(labels, p > 0.25))
    shares("binary", name, labels, decided, "binary", "")
    for average in averages:
        shares("binary", name, labels, decided, average, " " + average)
    matrix = metrics.confusion_matrix(labels, decided, labels=[0, 1])
    values.setdefault("confusion_matrix binary", {})[name] = matrix.tolist()
    put("auroc binary", name, auroc(labels[:, None], p[:, None]))
    put("average_precision binary", name, metrics.average_precision_score(labels, p))
    for bins in (4, 15):
        put(f"calibration_error binary {bins}", name, calibration_error(labels, p, bins))

for name, output, target in multilabel():
    batches["multilabel"][name] = (output, target)
    k = output.shape[1]
    p, marks = (np.moveaxis(x, 1, -1).reshape(-1, k) for x in (output, target))
    put("accuracy multilabel", name, metrics.accuracy_score(marks, p > 0.5))
    shares("multilabel", name, marks, p > 0.5, "macro", "")
    for average in averages:
        shares("multilabel", name, marks, p > 0.5, average, " " + average)
    put("auroc multilabel", name, auroc(marks, p))
    put("average_precision multilabel", name, metrics.average_precision_score(marks, p))

for name, output, target in numbers():
    batches["numbers"][name] = (output, target)
    y, t = (x.astype(float).reshape(len(x), -1) for x in (output, target))
    put("mse numbers", name, metrics.mean_squared_error(t, y))
    put("mae numbers", name, metrics.mean_absolute_error(t, y))
    put("r2 numbers", name, metrics.r2_score(t, y))


def sums():
    wide = np.ldexp(draw.uniform(-1, 1, 60), draw.integers(-1074, 1000, 60)).tolist()
    yield wide
    yield wide + [-x for x in wide[:59]]
    yield wide[::-1] + [-x for x in wide]
    yield draw.normal(size=60).tolist()
    yield [1e308, 1.0, -1e308, 5e-324]
    yield [1.0, 2.0**-53, 2.0**-106]
    yield [1.0, 2.0**-53, -(2.0**-106)]
    yield [5e-324] * 3 + [-2.2250738585072014e-308]
    yield [1e308, 7e307, -9e307]


def packed(x):
    kind = {np.dtype(np.float32): "float32", np.dtype(float): "float64"}.get(x.dtype, "int64")
    return {"dtype": kind, "shape": list(x.shape), "values": x.flatten().tolist()}


lines = [f'"versions": {json.dumps({"scikit-learn": sklearn.__version__, "numpy": np.__version__})}']
of_kind = []
for kind, of in batches.items():
    body = ",\n".join(f"{json.dumps(name)}: {json.dumps([packed(x) for x in pair])}" for name, pair in of.items())
    of_kind.append(f'"{kind}": {{\n{body}\n}}')
lines.append('"batches": {\n' + ",\n".join(of_kind) + "\n}")
body = ",\n".join(f"{json.dumps(row)}: {json.dumps(of)}" for row, of in values.items())
lines.append('"values": {\n' + body + "\n}")
body = ",\n".join(json.dumps([numbers, math.fsum(numbers)]) for numbers in sums())
lines.append('"sums": [\n' + body + "\n]")
pathlib.Path(__file__).with_name("metrics.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(f"{len(values)} rows")
