import torch

from inputs import real


def squared(f):
    return lambda *x: f(*x).square()


few, square_of = torch.tensor([2, 0, 2, 1]), torch.tensor([[2, 0], [1, 2]])
along1, along0 = torch.tensor([[2, 0, 2], [1, 1, 0], [3, 3, 3]]), torch.tensor([[2, 0, 2, 1], [1, 1, 0, 1]])
corner, column = torch.tensor([[2, 0, 2], [1, 1, 0]]), torch.tensor([[1], [0], [3]])
middle = torch.tensor([[[0, 1], [2, 2]], [[1, 1], [0, 1]]])
mask = torch.tensor([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0]]).bool()

# PyTorch leaves open which of several values for one element counts, so `scatter` and `index_copy` are compared where
# positions do not repeat; those that repeat are in tests/grad_index.cpp.
rows = {
    "index": (squared(lambda x: x[:, square_of]), [real(3, 4)]),
    "index by a scalar": (squared(lambda x: x[torch.tensor(1)]), [real(3, 4)]),
    "index_select": (squared(lambda x: x.index_select(0, few)), [real(3, 4)]),
    "index_select the last axis": (squared(lambda x: x.index_select(-1, few)), [real(3, 4)]),
    "embedding": (squared(lambda x: torch.nn.functional.embedding(square_of, x)), [real(4, 3)]),
    "take": (squared(lambda x: x.take(square_of)), [real(3, 4)]),
    "gather": (squared(lambda x: x.gather(1, along1)), [real(3, 4)]),
    "gather along the first axis": (squared(lambda x: x.gather(0, along0)), [real(3, 4)]),
    "gather in the middle": (squared(lambda x: x.gather(1, middle)), [real(2, 3, 2)]),
    "gather from a corner": (squared(lambda x: x.gather(0, corner)), [real(3, 4)]),
    "take_along": (squared(lambda x: torch.take_along_dim(x, along1, 1)), [real(1, 12)]),
    "take_along a column": (squared(lambda x: torch.take_along_dim(x, column, 1) * x), [real(3, 4)]),
    "scatter a number": (squared(lambda x: x.scatter(1, along1, 1.5)), [real(3, 4)]),
    "scatter_add": (squared(lambda x, v: x.scatter_add(1, along1, v)), [real(3, 4), real(3, 3, seed=9)]),
    "scatter_add along the first axis": (
        squared(lambda x, v: x.scatter_add(0, along0, v)), [real(3, 4), real(2, 4, seed=9)]),
    "scatter_add in the middle": (
        squared(lambda x, v: x.scatter_add(1, middle, v)), [real(2, 3, 2), real(2, 2, 2, seed=9)]),
    "scatter_add into a corner": (
        squared(lambda x, v: x.scatter_add(0, corner, v)), [real(3, 4), real(2, 3, seed=9)]),
    "index_add": (squared(lambda x, v: x.index_add(0, few, v)), [real(3, 4), real(4, 4, seed=9)]),
    "index_add in the middle": (
        squared(lambda x, v: x.index_add(1, few, v)), [real(2, 3, 2), real(2, 4, 2, seed=9)]),
    "index_copy a number": (squared(lambda x: x.index_fill(1, few, -1)), [real(3, 4)]),
    "masked_select": (squared(lambda x: x.masked_select(mask)), [real(3, 4)]),
    "masked_select by a row": (squared(lambda x: x[:, torch.tensor([True, False, True, True])].flatten()), [real(3, 4)]),
    "masked_fill": (squared(lambda x: x.masked_fill(mask, 1.5)), [real(3, 4)]),
    "masked_fill with a scalar": (squared(lambda x: x.masked_fill(mask, x.sum())), [real(3, 4)]),
}

integers = torch.tensor([2, 0, 1, 2, 0])
values_only = {
    "one_hot": (lambda k: torch.nn.functional.one_hot(k, 5), [torch.tensor([[4, 0], [2, 2]])]),
    "nonzero": (torch.nonzero, [torch.tensor([[0, 3, 0], [-1, 0, 2]])]),
    "nonzero of a mask": (lambda: torch.nonzero(mask), []),
    "arange": (lambda: torch.arange(2, 11, 3), []),
    "arange down": (lambda: torch.arange(5, -4, -2), []),
    "arange of reals": (lambda: torch.arange(-1, 1, 0.25), []),
    "linspace": (lambda: torch.linspace(-1, 2, 8), []),
    "linspace of one": (lambda: torch.linspace(3, 7, 1), []),
    "logspace": (lambda: torch.logspace(-1, 2, 7, 3), []),
    "eye": (lambda: torch.eye(3, 4), []),
    "zeros_like": (torch.zeros_like, [real(2, 3)]),
    "ones_like": (torch.ones_like, [real(2, 3)]),
    "full_like": (lambda x: torch.full_like(x, 2.5), [real(2, 3)]),
    "masked_fill of integers": (lambda x: x.masked_fill(x > 1, -3), [integers]),
    "scatter_add of integers": (lambda x: x.scatter_add(0, x, x), [integers]),
    "index_copy of integers": (lambda x: x.index_copy(0, torch.tensor([1, 0]), torch.tensor([7, 8])), [integers]),
}
