"""The cost of connectionist temporal classification: PyTorch's, of which there is no second derivative, and the sum over
all alignments, one by one."""
import itertools

import torch
import torch.nn.functional as F
from inputs import real


class Once(torch.autograd.Function):
    """F.ctc_loss with a gradient that is a constant."""

    @staticmethod
    def forward(ctx, x, f):
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            y = f(leaf)
            ctx.save_for_backward(leaf, y)
        return y.detach()

    @staticmethod
    def backward(ctx, g):
        leaf, y = ctx.saved_tensors
        return torch.autograd.grad(y, leaf, g.detach())[0], None


def ctc(targets, inputs, lengths, **options):
    def f(x, targets):
        return F.ctc_loss(F.log_softmax(x, -1), targets, tuple(inputs), tuple(lengths), **options)

    return lambda x, k: Once.apply(x, lambda leaf: f(leaf, k)), targets


def alignments(x, target, blank):
    """-log of the summed probabilities of all paths through x (frames, classes) that collapse to the target."""
    terms = []
    for path in itertools.product(range(x.shape[1]), repeat=len(x)):
        collapsed = [k for k, _ in itertools.groupby(path) if k != blank]
        if collapsed == target:
            terms.append(sum(x[t, k] for t, k in enumerate(path)))
    return -torch.logsumexp(torch.stack(terms), 0)


def by_paths(x, targets):
    x = F.log_softmax(x, -1)
    losses = [alignments(x[:3, 0], [1, 1], 0), alignments(x[:, 1], [2], 0), alignments(x[:, 2], [], 0)]
    return torch.stack(losses)


def by_paths_free(x, targets):
    return (alignments(x[:, 0], [0, 2], 1) / 2 + alignments(x[:, 1], [2, 0], 1) / 2) / 2


x = real(7, 3, 5)
padded = torch.tensor([[1, 2, 2], [3, 1, 9], [4, -7, 0]])


def row(f, targets, inputs=x):
    return f, [inputs, targets]


rows = {
    "ctc_loss": row(*ctc(padded, (7, 7, 7), (3, 2, 1))),
    "ctc_loss lengths": row(*ctc(padded, (7, 4, 1), (3, 2, 1), reduction="none")),
    "ctc_loss sum": row(*ctc(torch.tensor([1, 2, 2, 3, 1, 4]), (6, 7, 5), (3, 2, 1), reduction="sum")),
    "ctc_loss blank": row(*ctc(torch.tensor([[0, 1], [2, 2], [3, 0]]), (7, 6, 5), (2, 2, 0), blank=4)),
    "ctc_loss zero infinity": row(*ctc(padded, (3, 7, 7), (3, 2, 1), zero_infinity=True)),
    "ctc_loss one sequence": row(*ctc(torch.tensor([2, 1, 1]), (6,), (3,)), real(6, 4)),
    "ctc_loss by paths": row(by_paths, torch.tensor([[1, 1], [2, 0], [0, 0]]), real(4, 3, 3)),
    "ctc_loss by paths free": row(by_paths_free, torch.tensor([[0, 2], [2, 0]]), real(4, 2, 3)),
}
values_only = {}
