import torch
from torch.nn.functional import pad

from inputs import real


def squared(f):
    return lambda *x: f(*x).square()


def joined(parts):
    return torch.cat([(i + 1) * part.flatten().square() for i, part in enumerate(parts)])


rows = {
    "reshape": (squared(lambda x: x.reshape(2, -1)), [real(3, 4)]),
    "flatten": (squared(torch.flatten), [real(3, 4)]),
    "flatten the middle": (squared(lambda x: x.flatten(1, -2)), [real(2, 3, 2, 1)]),
    "unflatten": (squared(lambda x: x.unflatten(-2, (2, -1))), [real(1, 6, 2)]),
    "squeeze": (squared(torch.squeeze), [real(3, 1, 4)]),
    "squeeze some axes": (squared(lambda x: x.squeeze(1).squeeze(-1)), [real(3, 1, 4, 1)]),
    "unsqueeze": (squared(lambda x: x.unsqueeze(-1)), [real(3, 4)]),
    "permute": (squared(lambda x: x.permute(2, 0, 1)), [real(2, 3, 2)]),
    "permute five axes": (squared(lambda x: x.permute(3, 0, 4, 2, 1)), [real(2, 3, 1, 2, 1)]),
    "transpose": (squared(lambda x: x.transpose(-2, -1)), [real(3, 4)]),
    "transpose outer axes": (squared(lambda x: x.transpose(0, 2)), [real(2, 3, 2)]),
    "swapaxes": (squared(lambda x: x.swapaxes(0, -1)), [real(2, 3, 2)]),
    "moveaxis": (squared(lambda x: x.moveaxis((0, 1), (-1, 0))), [real(2, 3, 2)]),
    "broadcast_to": (squared(lambda x: x.broadcast_to(2, 3, 4)), [real(3, 1)]),
    "expand": (squared(lambda x: x.expand(2, 3, -1)), [real(3, 4)]),
    "tile": (squared(lambda x: x.tile(2, 3)), [real(2, 2, 3)]),
    "repeat": (squared(lambda x: x.repeat(2, 1, 3)), [real(3, 4)]),
    "repeat_interleave": (squared(lambda x: x.repeat_interleave(3, -1)), [real(3, 4)]),
    "repeat_interleave the first axis": (squared(lambda x: x.repeat_interleave(2, 0)), [real(3, 4)]),
    "repeat_interleave all": (squared(lambda x: x.repeat_interleave(2)), [real(3, 4)]),
    "flip": (squared(lambda x: x.flip(-1) * x), [real(3, 4)]),
    "flip two axes": (squared(lambda x: x.flip(0, 2) * x), [real(2, 3, 2)]),
    "roll": (squared(lambda x: x.roll(2, -1) * x), [real(3, 4)]),
    "roll back": (squared(lambda x: x.roll(-7, 0) * x), [real(3, 4)]),
    "roll all": (squared(lambda x: x.roll(5) * x), [real(3, 4)]),
    "slice": (squared(lambda x: x[1:3]), [real(3, 4)]),
    "slice with a step": (squared(lambda x: x[..., ::2]), [real(3, 4)]),
    "slice backwards": (squared(lambda x: x[..., :-1].flip(-1)), [real(3, 4)]),
    "slice in NumPy's way": (squared(lambda x: x[1:, None, ..., -1].flip(-1)[..., ::2]), [real(3, 4, 1)]),
    "slice overlapping itself": (lambda x: x[1:] * x[:-1], [real(3, 4)]),
    "select": (squared(lambda x: x.select(1, -2)), [real(3, 4)]),
    "select by brackets": (lambda x: x[-1].square() * x[0], [real(3, 4)]),
    "unfold": (squared(lambda x: x.unfold(0, 3, 2)), [real(6, 2)]),
    "unfold side by side": (squared(lambda x: x.unfold(-1, 2, 3)), [real(2, 6)]),
    "concat": (squared(lambda x, y: torch.cat([x, y, x], 1)), [real(3, 2), real(3, 3, seed=9)]),
    "concat the first axis": (squared(lambda x, y: torch.cat([x, y])), [real(3, 2), real(1, 2, seed=9)]),
    "stack": (squared(lambda x, y: torch.stack([x, y, x], -1)), [real(3, 2), real(3, 2, seed=9)]),
    "stack the first axis": (squared(lambda x, y: torch.stack([x, y])), [real(3, 2), real(3, 2, seed=9)]),
    "hstack": (squared(lambda x, y: torch.hstack([x, y])), [real(3, 2), real(3, 1, seed=9)]),
    "vstack": (squared(lambda x, y: torch.vstack([x, y])), [real(3, 2), real(2, seed=9)]),
    "split": (lambda x: joined(x.split(3, -1)), [real(3, 4)]),
    "split in sizes": (lambda x: joined(x.split((1, 0, 3), 1)), [real(3, 4)]),
    "chunk": (lambda x: joined(x.chunk(3)), [real(4, 3)]),
    "unbind": (lambda x: joined(x.unbind(-1)), [real(3, 4)]),
    "meshgrid": (lambda x, y: joined(torch.meshgrid(x, y, indexing="ij")), [real(3), real(4, seed=9)]),
    "meshgrid as in a plot": (lambda x, y: joined(torch.meshgrid(x, y, x, indexing="xy")), [real(2), real(3, seed=9)]),
    "pad": (squared(lambda x: pad(x, (1, 2), value=0.5)), [real(3, 4)]),
    "pad and cut": (squared(lambda x: pad(x, (-1, 2, 1, -2, 0, 1))), [real(2, 3, 2)]),
    "pad by reflection": (squared(lambda x: pad(x[None], (2, 1, 1, 0), "reflect")[0]), [real(2, 3, 3)]),
    "pad by replication": (squared(lambda x: pad(x[None], (2, 3, 1, 4), "replicate")[0]), [real(2, 2, 3)]),
    "pad around": (squared(lambda x: pad(x[None], (2, 1, 0, 3), "circular")[0]), [real(2, 3, 2)]),
    "tril": (squared(torch.tril), [real(4, 3)]),
    "tril with an offset": (squared(lambda x: x.tril(1)), [real(3, 4)]),
    "triu": (squared(torch.triu), [real(3, 4)]),
    "triu with an offset": (squared(lambda x: x.triu(-2)), [real(4, 3)]),
    "diagonal": (squared(torch.diagonal), [real(3, 4, 1)]),
    "diagonal with an offset": (squared(lambda x: x.diagonal(-1, -1, 0)), [real(3, 4)]),
    "diag_embed": (squared(torch.diag_embed), [real(2, 3)]),
    "diag_embed with an offset": (squared(lambda x: torch.diag_embed(x, -2, 1, 0)), [real(2, 2)]),
    "diag": (squared(lambda x: x.diag(1)), [real(5)]),
}

values_only = {}
