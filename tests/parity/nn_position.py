"""Positions from the formulas of their papers: Vaswani et al., 2017, section 3.5; Su et al., 2021, section 3.4.2, with
complex numbers."""
import torch
from inputs import real


def sinusoidal(base=10000.0):
    def f(x):
        t, d = x.shape[-2:]
        angle = torch.arange(t)[:, None] / base ** (2 * (torch.arange(d) // 2) / d)
        return x + torch.where(torch.arange(d) % 2 == 0, angle.sin(), angle.cos())

    return f


def rotary(base=10000.0, halves=False, first=0):
    def f(x):
        t, d = x.shape[-2:]
        pairs = x.reshape(*x.shape[:-1], 2, d // 2).transpose(-1, -2) if halves else x.reshape(*x.shape[:-1], d // 2, 2)
        angle = (first + torch.arange(t))[:, None] * base ** (-2 * torch.arange(d // 2) / d)
        turned = torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angle), angle)
        y = torch.view_as_real(turned)
        return (y.transpose(-1, -2) if halves else y).reshape(x.shape)

    return f


rows = {
    "SinusoidalPositions": (sinusoidal(), [real(2, 3, 6)]),
    "SinusoidalPositions of odd size": (sinusoidal(50.0), [real(2, 2, 4, 5)]),
    "RotaryPositions": (rotary(), [real(2, 3, 6)]),
    "RotaryPositions halves": (rotary(50.0, True), [real(1, 2, 3, 4)]),
    "RotaryPositions further on": (rotary(first=700), [real(3, 2)]),
    "rotary": (rotary(), [real(3, 4)]),
    "rotary halves further on": (rotary(20.0, True, 5), [real(2, 2, 6)]),
}
values_only = {}
