import torch
import torch.nn.functional as F
from inputs import real

convs = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
transposed = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def conv(rank, **options):
    return lambda *x: convs[rank](*x, **options)


def conv_transpose(rank, **options):
    return lambda *x: transposed[rank](*x, **options)


def both(f, **options):
    return lambda x, w, b: f(x, w, **options) + f(x, w, b, **options)


def squared(f, *a, **options):
    return lambda x: f(x, *a, **options) ** 2


def operands(*shapes):
    return [real(*s, seed=10 + i) for i, s in enumerate(shapes)]


rows = {
    "conv": (conv(2), operands((2, 2, 3, 4), (3, 2, 2, 3))),
    "conv bias": (conv(2), operands((2, 2, 3, 4), (3, 2, 2, 3), (3,))),
    "conv stride padding": (conv(2, stride=(2, 1), padding=(1, 2)), operands((1, 2, 5, 3), (3, 2, 3, 2), (3,))),
    "conv dilation groups": (conv(2, dilation=(1, 2), groups=2), operands((1, 4, 3, 4), (4, 2, 2, 2), (4,))),
    "conv depthwise": (conv(2, groups=3, stride=2, padding=1), operands((1, 3, 5, 4), (3, 1, 3, 3))),
    "conv 1x1": (conv(2), operands((2, 3, 2, 2), (4, 3, 1, 1))),
    "conv same": (conv(2, padding="same", dilation=2), operands((1, 2, 5, 4), (2, 2, 3, 2))),
    "conv far padding": (conv(1, padding=4, stride=3), operands((2, 2, 4), (3, 2, 2))),
    "conv1d": (both(F.conv1d, stride=2, padding=1), operands((2, 2, 6), (3, 2, 3), (3,))),
    "conv2d": (both(F.conv2d), operands((1, 2, 4, 3), (3, 2, 2, 3), (3,))),
    "conv3d": (
        both(F.conv3d, padding=(1, 0, 2), dilation=(1, 2, 1)),
        operands((1, 1, 2, 4, 3), (2, 1, 3, 2, 2), (2,)),
    ),
    "conv without batch": (lambda *x: 2 * F.conv2d(*x), operands((2, 4, 3), (3, 2, 2, 3), (3,))),
    "conv_transpose without batch": (
        lambda *x: 2 * F.conv_transpose1d(*x, stride=2),
        operands((3, 4), (3, 2, 2), (2,)),
    ),
    "im2col without batch": (squared(F.unfold, (2, 3)), [real(2, 3, 4)]),
    "col2im without batch": (squared(F.fold, (4, 5), (2, 3)), [real(12, 9)]),
    "conv_transpose": (conv_transpose(1), operands((2, 3, 4), (3, 2, 3))),
    "conv_transpose stride": (
        conv_transpose(2, stride=(3, 2), padding=1, output_padding=(2, 1)),
        operands((1, 2, 3, 2), (2, 3, 2, 3), (3,)),
    ),
    "conv_transpose groups": (
        conv_transpose(2, groups=2, dilation=2, padding=(0, 1)),
        operands((1, 4, 3, 2), (4, 2, 2, 3), (4,)),
    ),
    "conv_transpose1d": (both(F.conv_transpose1d), operands((2, 2, 3), (2, 3, 2), (3,))),
    "conv_transpose2d": (both(F.conv_transpose2d), operands((1, 2, 3, 2), (2, 3, 2, 2), (3,))),
    "conv_transpose3d": (
        both(F.conv_transpose3d, stride=(1, 2, 1), output_padding=(0, 1, 0)),
        operands((1, 2, 2, 2, 1), (2, 2, 2, 1, 2), (2,)),
    ),
    "im2col": (squared(F.unfold, (2, 3), stride=(1, 2), padding=1), [real(2, 1, 3, 4)]),
    "im2col dilation": (squared(F.unfold, 2, dilation=2), [real(1, 2, 3, 4)]),
    "col2im": (squared(F.fold, (4, 5), (2, 3), stride=(1, 2), padding=(0, 1)), [real(1, 6, 9)]),
}
values_only = {}
