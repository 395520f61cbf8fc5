"""Activations; what PyTorch lacks, or has no second derivative of, is its source's formula. The points keep away from
all kinks."""
import torch
from inputs import real
from torch.nn import functional as F

points = torch.tensor([-7.5, -4.25, -2.75, -1.625, -0.75, -0.3125, 0.3125, 0.75, 1.625, 2.75, 4.25, 7.5]).double()
wide = points.reshape(3, 4)
images = torch.cat([points, -points.flip(0) + 0.0625]).reshape(2, 3, 2, 2)


def gated(gate, axis=-1):
    def f(x):
        a, b = x.chunk(2, axis)
        return a * gate(b)

    return f


def gelu(x):
    return x * (1 + torch.erf(x / 2**0.5)) / 2


def gelu_tanh(x):
    return x / 2 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)))


def hardsigmoid(x):
    return F.hardtanh(x + 3, 0, 6) / 6


def channels(w, x):
    return w if len(w) == 1 else w.reshape(1, -1, *[1] * (x.dim() - 2))


def rational(x, a, b):
    top = sum(a[i] * x**i for i in range(6))
    return top / (1 + abs(sum(b[i - 1] * x**i for i in range(1, 5))))


def snake(x, a):
    a = channels(a, x)
    return x + torch.sin(a * x) ** 2 / a


def swish(x, b):
    return x * torch.sigmoid(channels(b, x) * x)


def of(f, x=wide):
    return f, [x]


some = real(2, 4, 3)
three = torch.tensor([0.25, -0.5, 1.125]).double()
one = torch.tensor([0.375]).double()

rows = {
    "relu": of(F.relu),
    "relu images": of(F.relu, images),
    "sigmoid": of(torch.sigmoid),
    "sigmoid images": of(torch.sigmoid, images),
    "tanh": of(torch.tanh),
    "tanh images": of(torch.tanh, images),
    "log_sigmoid": of(lambda x: -torch.log1p(torch.exp(-x))),
    "log_sigmoid images": of(lambda x: -torch.log1p(torch.exp(-x)), images),
    "silu": of(lambda x: x * torch.sigmoid(x)),
    "silu images": of(lambda x: x * torch.sigmoid(x), images),
    "softsign": of(F.softsign),
    "softsign images": of(F.softsign, images),
    "Softmax": of(lambda x: torch.softmax(x, -1), some),
    "Softmax axis 1": of(lambda x: torch.softmax(x, 1), some),
    "LogSoftmax": of(lambda x: torch.log_softmax(x, -1), some),
    "LogSoftmax axis 1": of(lambda x: torch.log_softmax(x, 1), some),
    "Softmin": of(lambda x: F.softmin(x, -1), some),
    "Softmin axis 1": of(lambda x: F.softmin(x, 1), some),
    "Softmax2d": of(torch.nn.Softmax2d(), images),
    "Softmax2d without batch": of(torch.nn.Softmax2d(), images[1]),
    "Maxout": of(lambda x: x.reshape(2, 2, 2, 3).amax(2), some),
    "Maxout three pieces of the last axis": of(lambda x: x.amax(-1, keepdim=True), some),
    "ELU": of(F.elu),
    "ELU alpha": of(lambda x: F.elu(x, 0.5)),
    "CELU": of(F.celu),
    "CELU alpha": of(lambda x: F.celu(x, 2.5)),
    "selu": of(F.selu),
    "selu images": of(F.selu, images),
    "GELU": of(gelu),
    "GELU tanh": of(gelu_tanh),
    "Softplus": of(F.softplus),
    "Softplus options": of(lambda x: F.softplus(x, 2, 10)),
    "Squareplus": of(lambda x: (x + torch.sqrt(x * x + 4)) / 2),
    "Squareplus b": of(lambda x: (x + torch.sqrt(x * x + 0.5)) / 2),
    "mish": of(lambda x: x * torch.tanh(F.softplus(x))),
    "mish images": of(lambda x: x * torch.tanh(F.softplus(x)), images),
    "tanhshrink": of(lambda x: x - torch.tanh(x)),
    "tanhshrink images": of(lambda x: x - torch.tanh(x), images),
    "lecun_tanh": of(lambda x: 1.7159 * torch.tanh(2 * x / 3)),
    "lecun_tanh images": of(lambda x: 1.7159 * torch.tanh(2 * x / 3), images),
    "Sine": of(lambda x: torch.sin(30 * x), real(3, 4, low=-0.25, high=0.25)),
    "Sine omega": of(lambda x: torch.sin(1.5 * x)),
    "Gaussian": of(lambda x: torch.exp(-x * x / 2)),
    "Gaussian sigma": of(lambda x: torch.exp(-x * x / (2 * 2.5**2))),
    "LeakyReLU": of(F.leaky_relu),
    "LeakyReLU slope": of(lambda x: F.leaky_relu(x, 0.2)),
    "Threshold": of(lambda x: F.threshold(x, 0.0, 0.0)),
    "Threshold options": of(lambda x: F.threshold(x, 0.5, -2.0)),
    "Hardtanh": of(F.hardtanh),
    "Hardtanh options": of(lambda x: F.hardtanh(x, -2.0, 0.5)),
    "relu6": of(lambda x: F.hardtanh(x, 0, 6)),
    "relu6 images": of(lambda x: F.hardtanh(x, 0, 6), images),
    "hardsigmoid": of(hardsigmoid),
    "hardsigmoid images": of(hardsigmoid, images),
    "hardswish": of(lambda x: x * hardsigmoid(x)),
    "hardswish images": of(lambda x: x * hardsigmoid(x), images),
    "Hardshrink": of(lambda x: x * (abs(x) > 0.5)),
    "Hardshrink lambd": of(lambda x: x * (abs(x) > 2)),
    "Softshrink": of(F.softshrink),
    "Softshrink lambd": of(lambda x: F.softshrink(x, 2.0)),
    "GLU": of(gated(torch.sigmoid)),
    "GLU axis 1": of(gated(torch.sigmoid, 1), some),
    "ReGLU": of(gated(torch.relu)),
    "ReGLU axis 1": of(gated(torch.relu, 1), some),
    "GEGLU": of(gated(gelu)),
    "GEGLU axis 1": of(gated(gelu, 1), some),
    "SwiGLU": of(gated(lambda x: x * torch.sigmoid(x))),
    "SwiGLU axis 1": of(gated(lambda x: x * torch.sigmoid(x), 1), some),
    "PReLU": (lambda x, w: torch.where(x > 0, x, channels(w, x) * x), [wide, one]),
    "PReLU channels": (lambda x, w: torch.where(x > 0, x, channels(w, x) * x), [images, three]),
    "Swish": (swish, [wide, one]),
    "Swish channels": (swish, [images, three]),
    "Snake": (snake, [wide, one]),
    "Snake channels": (snake, [images, three]),
    "RReLU eval": of(lambda x: F.rrelu(x, training=False)),
    "RReLU eval options": of(lambda x: F.rrelu(x, 0.1, 0.5, training=False)),
    "Rational": (rational, [wide, real(6, seed=20), torch.tensor([0.5, 1.0, 0.25, 0.75]).double()]),
    "Rational images": (rational, [images, real(6, seed=21), torch.tensor([-0.25, 0.5, 0.125, 1.25]).double()]),
}
values_only = {}
