"""Reductions, scans and sorts, by PyTorch."""
import torch

from inputs import distinct, nonzero, real

inf = float("inf")
x = real(2, 3, 2)
row = real(3, 4)
apart = distinct(3, 4)
sizes = nonzero(3, 4)
zeros = nonzero(4, 3) * torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]])
places = torch.tensor([2, 0, 2, 1, 4])
sorted_rows = torch.tensor([[1.0, 2, 2, 4], [0, 1, 5, 6]])
norm = torch.linalg.vector_norm


def order(p, dim=1):
    return lambda x: norm(x, p, dim)


def bincount(weights):
    return torch.zeros(5).index_add(0, places, weights)


rows = {
    "sum": (lambda x: x.sum() ** 2, [x]),
    "sum over distant axes": (lambda x: x.sum((0, 2)) ** 2, [x]),
    "sum keeping axes": (lambda x: x.sum(-1, True) ** 2, [x]),
    "sum over the first axis": (lambda x: x.sum(0) ** 2, [x]),
    "nansum": (lambda x: x.nansum(1) ** 2, [row]),
    "mean": (lambda x: x.mean() ** 2, [x]),
    "mean over axes": (lambda x: x.mean((1, 2)) ** 2, [x]),
    "nanmean": (lambda x: x.nanmean(1, True) ** 2, [row]),
    "prod": (lambda x: x.prod(), [sizes]),
    "prod with zeros": (lambda x: x.prod(0), [zeros]),
    "prod over distant axes": (lambda x: x.prod(2, True).prod(0, True), [nonzero(2, 3, 2)]),
    "amax": (lambda x: x.amax() ** 2, [apart]),
    "amax over axes": (lambda x: x.amax((1, 2)) ** 2, [distinct(2, 3, 2)]),
    "amax over distant axes": (lambda x: x.amax((0, 2), True) ** 2, [distinct(2, 3, 2)]),
    "amax over the first axis": (lambda x: x.amax(0) ** 2, [torch.tensor([[1.0, 2, 3], [1, 3, 3], [0, 3, 3]])]),
    "amin": (lambda x: x.amin() ** 2, [apart]),
    "amin over axes": (lambda x: x.amin((0, 2)) ** 2, [distinct(2, 3, 2)]),
    "max": (lambda x: x.max() ** 2, [apart]),
    "max along an axis": (lambda x: x.max(1).values ** 2, [apart]),
    "max keeping the axis": (lambda x: x.max(0, True).values ** 2, [apart]),
    "min": (lambda x: x.min() ** 2, [apart]),
    "min along an axis": (lambda x: x.min(1).values ** 2, [apart]),
    "var": (lambda x: x.var() ** 2, [x]),
    "var over axes": (lambda x: x.var((0, 2)), [x]),
    "var of the population": (lambda x: x.var(1, False, True) ** 2, [row]),
    "stddev": (lambda x: x.std(), [x]),
    "stddev over axes": (lambda x: x.std(1), [row]),
    "norm": (lambda x: norm(x), [sizes]),
    "norm over axes": (lambda x: norm(x, 2, (0, 2), True), [nonzero(2, 3, 2)]),
    "norm of order 0.5": (order(0.5), [sizes]),
    "norm of order 1": (lambda x: norm(x, 1, 1) ** 2, [sizes]),
    "norm of order 1.5": (order(1.5, None), [sizes]),
    "norm of order 3": (order(3), [sizes]),
    "norm of order inf": (lambda x: norm(x, inf, 1) ** 2, [apart]),
    "norm of order -inf": (lambda x: norm(x, -inf, 1) ** 2, [apart + 0.0625]),
    "logsumexp": (lambda x: x.logsumexp(-1), [row]),
    "logsumexp over axes": (lambda x: x.logsumexp((0, 2), True), [x]),
    "logsumexp over everything": (lambda x: x.logsumexp((0, 1, 2)), [x]),
    "logsumexp over the first axis": (lambda x: x.logsumexp(0), [row]),
    "softmax": (lambda x: x.softmax(-1), [row]),
    "softmax over the first axis": (lambda x: x.softmax(0), [row]),
    "log_softmax": (lambda x: x.log_softmax(-1), [row]),
    "log_softmax over a middle axis": (lambda x: x.log_softmax(1), [x]),
    "softmin": (lambda x: torch.nn.functional.softmin(x, 1), [row]),
    "cumsum": (lambda x: x.cumsum(1) ** 2, [row]),
    "cumsum over the first axis": (lambda x: x.cumsum(0) ** 2, [row]),
    "cumprod": (lambda x: x.cumprod(1), [sizes]),
    "cumprod with zeros": (lambda x: x.cumprod(0), [zeros]),
    "logcumsumexp": (lambda x: x.logcumsumexp(1), [row]),
    "logcumsumexp over the first axis": (lambda x: x.logcumsumexp(0), [row]),
    "cummax": (lambda x: x.cummax(0).values ** 2, [apart]),
    "cummin": (lambda x: x.cummin(1).values ** 2, [apart]),
    "sort": (lambda x: x.sort().values ** 2, [apart]),
    "sort descending": (lambda x: x.sort(0, True).values ** 2, [apart]),
    "topk": (lambda x: x.topk(2).values ** 2, [apart]),
    "topk of the least": (lambda x: x.topk(3, 0, False).values ** 2, [apart]),
    "kthvalue": (lambda x: x.kthvalue(2, 1).values ** 2, [apart]),
    "median": (lambda x: x.median() ** 2, [apart]),
    "median along an axis": (lambda x: x.median(1).values ** 2, [apart]),
    "quantile": (lambda x: x.quantile(0.3) ** 2, [apart]),
    "quantile along an axis": (lambda x: x.quantile(0.6, 1, True) ** 2, [apart]),
    "bincount": (lambda w: bincount(w) ** 2, [real(5)]),
}

ties = torch.tensor([[1.0, 3, 3, 2], [0, 0, -1, -1], [5, 3, 3, 5]])

values_only = {
    "argmax": (lambda x: x.argmax(0), [apart]),
    "argmin": (lambda x: x.argmin(1, True), [apart]),
    "max indices": (lambda x: x.max(1).indices, [ties]),
    "cummax indices": (lambda x: x.cummax(1).indices, [ties]),
    "cummin indices": (lambda x: x.cummin(0).indices, [ties]),
    "argsort": (lambda x: x.sort(stable=True, dim=1).indices, [ties]),
    "argsort descending": (lambda x: x.sort(stable=True, dim=0, descending=True).indices, [ties]),
    "topk indices": (lambda x: x.topk(3, 1).indices, [apart]),
    "median indices": (lambda x: x.median(1).indices, [apart]),
    "any": (lambda x: (x > 1.5).any(0), [row]),
    "all": (lambda x: (x > -1.5).all(), [row]),
    "count_nonzero": (lambda x: x.count_nonzero(1), [zeros]),
    "histc": (lambda x: x.histc(5, -1.5, 1.75), [row]),
    "histc of the range": (lambda x: x.histc(4), [row]),
    "searchsorted": (lambda x: torch.searchsorted(sorted_rows, x), [torch.tensor([[2.0, 0, 9], [5.0, 0, 5.5]])]),
    "searchsorted right": (
        lambda x: torch.searchsorted(sorted_rows, x, right=True),
        [torch.tensor([[2.0, 0, 9], [5.0, 0, 5.5]])],
    ),
    "unique": (lambda x: x.unique(), [ties]),
    "unique inverse": (lambda x: x.unique(return_inverse=True)[1], [ties]),
    "unique counts": (lambda x: x.unique(return_counts=True)[1], [ties]),
    "bincount": (lambda x: x.bincount(minlength=6), [places]),
}
