"""Inputs of the parity rows: fixed numbers that float32 holds exactly."""
import torch


def _spread(shape, low, high, seed):
    generator = torch.Generator().manual_seed(seed)
    x = low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)
    return (x * 1024).round() / 1024


def real(*shape, low=-2.0, high=2.0, seed=1):
    return _spread(shape, low, high, seed)


def positive(*shape, seed=2):
    return _spread(shape, 0.5, 3.0, seed)


def nonzero(*shape, seed=3):
    x = _spread(shape, -2.0, 2.0, seed)
    return torch.where(x < 0, x - 0.25, x + 0.25)


def unit(*shape, seed=4):
    return _spread(shape, -0.9, 0.9, seed)


def distinct(*shape, seed=5):
    n = torch.Size(shape).numel()
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return (order.double() - n // 2).reshape(shape) / 8
