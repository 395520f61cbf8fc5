import torch
import torch.nn.functional as F
from inputs import distinct, real


def squared(f, *a, **options):
    return lambda x: f(x, *a, **options) ** 2


def first_places(shape, axes):
    places = torch.zeros((), dtype=torch.int64)
    for n in shape[-axes:]:
        places = places.unsqueeze(-1) * (2 * n) + 2 * torch.arange(n)
    return places.expand(shape)


def unpooled(f, axes, *a):
    """By a scatter, which has derivatives of any order, where the values are PyTorch's."""

    def g(x):
        k = first_places(x.shape, axes)
        y = f(x, k, *a)
        flat = torch.zeros(*x.shape[:2], y[0, 0].numel()).scatter(2, k.flatten(2), x.flatten(2)).reshape(y.shape)
        assert torch.equal(flat, y)
        return flat**2

    return g


def at_indices(x, indices):
    return x.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape) ** 2


def fractional(f, axes, u, *a, **options):
    def g(x):
        samples = torch.full((*x.shape[:2], axes), u)
        return at_indices(x, f(x, *a, return_indices=True, _random_samples=samples, **options)[1])

    return g


rows = {
    "max_pool1d_with_indices": (squared(F.max_pool1d, 2), [distinct(1, 2, 7)]),
    "max_pool2d_with_indices": (squared(F.max_pool2d, 2), [distinct(1, 2, 4, 5)]),
    "max_pool3d_with_indices": (squared(F.max_pool3d, 2), [distinct(1, 1, 2, 4, 5)]),
    "max_unpool1d": (unpooled(F.max_unpool1d, 1, 2), [real(1, 2, 4)]),
    "max_unpool2d": (unpooled(F.max_unpool2d, 2, 2), [real(1, 2, 2, 3)]),
    "max_unpool3d": (unpooled(F.max_unpool3d, 3, 2), [real(1, 1, 1, 2, 3)]),
    "fractional_max_pool2d": (
        fractional(F.fractional_max_pool2d, 2, 0.4, (2, 3), output_size=(3, 2)),
        [distinct(1, 2, 5, 6)],
    ),
    "fractional_max_pool3d": (fractional(F.fractional_max_pool3d, 3, 0.3, 2, output_ratio=0.6), [distinct(1, 1, 4, 5, 6)]),
    "fractional_max_pool2d_with_indices": (
        fractional(F.fractional_max_pool2d, 2, 0.0, 2, output_size=2),
        [distinct(1, 2, 5, 4)],
    ),
    "fractional_max_pool3d_with_indices": (
        fractional(F.fractional_max_pool3d, 3, 0.9, 2, output_size=2),
        [distinct(1, 1, 4, 4, 5)],
    ),
    "adaptive_max_pool1d_with_indices": (squared(F.adaptive_max_pool1d, 3), [distinct(1, 2, 7)]),
    "adaptive_max_pool2d_with_indices": (squared(F.adaptive_max_pool2d, 2), [distinct(1, 2, 5, 4)]),
    "adaptive_max_pool3d_with_indices": (squared(F.adaptive_max_pool3d, 2), [distinct(1, 1, 3, 2, 5)]),
    "max_pool": (squared(F.max_pool2d, 2), [distinct(1, 2, 4, 5)]),
    "max_pool options": (
        squared(F.max_pool2d, (3, 2), stride=(2, 3), padding=1, ceil_mode=True),
        [distinct(1, 2, 5, 6)],
    ),
    "max_pool dilation": (squared(F.max_pool2d, 2, stride=1, dilation=(2, 1)), [distinct(1, 1, 4, 5)]),
    "max_pool1d": (squared(F.max_pool1d, 3, stride=2, padding=1), [distinct(1, 2, 8)]),
    "max_pool2d": (squared(F.max_pool2d, 3, stride=2), [distinct(1, 1, 5, 7)]),
    "max_pool3d": (squared(F.max_pool3d, (1, 2, 2), stride=(2, 1, 2)), [distinct(1, 1, 3, 3, 4)]),
    "max_pool_with_indices": (squared(F.max_pool2d, 2), [distinct(1, 1, 4, 6)]),
    "avg_pool": (squared(F.avg_pool2d, 2), [real(1, 2, 4, 5)]),
    "avg_pool options": (
        squared(F.avg_pool2d, (3, 2), stride=(2, 3), padding=1, ceil_mode=True),
        [real(1, 2, 5, 6)],
    ),
    "avg_pool without padding": (
        squared(F.avg_pool2d, 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
        [real(1, 1, 5, 6)],
    ),
    "avg_pool divisor": (squared(F.avg_pool2d, 3, stride=1, padding=1, divisor_override=4), [real(1, 1, 3, 4)]),
    "avg_pool1d": (squared(F.avg_pool1d, 3, stride=2, padding=1), [real(1, 2, 8)]),
    "avg_pool2d": (squared(F.avg_pool2d, 3, stride=2), [real(1, 1, 5, 7)]),
    "avg_pool3d": (squared(F.avg_pool3d, (1, 2, 2), stride=(2, 1, 2)), [real(1, 1, 3, 3, 4)]),
    "adaptive_avg_pool": (squared(F.adaptive_avg_pool2d, 3), [real(1, 1, 7, 5)]),
    "adaptive_avg_pool1d": (squared(F.adaptive_avg_pool1d, 4), [real(1, 2, 6)]),
    "adaptive_avg_pool2d": (squared(F.adaptive_avg_pool2d, (2, 3)), [real(1, 1, 5, 4)]),
    "adaptive_avg_pool3d": (squared(F.adaptive_avg_pool3d, (2, 1, 3)), [real(1, 1, 3, 2, 4)]),
    "adaptive_max_pool": (squared(F.adaptive_max_pool2d, 3), [distinct(1, 1, 7, 5)]),
    "adaptive_max_pool1d": (squared(F.adaptive_max_pool1d, 4), [distinct(1, 2, 6)]),
    "adaptive_max_pool2d": (squared(F.adaptive_max_pool2d, (2, 3)), [distinct(1, 1, 5, 4)]),
    "adaptive_max_pool3d": (squared(F.adaptive_max_pool3d, (2, 1, 3)), [distinct(1, 1, 3, 2, 4)]),
    "adaptive_max_pool_with_indices": (squared(F.adaptive_max_pool2d, (2, 3)), [distinct(1, 2, 5, 4)]),
    "interpolate": (squared(F.interpolate, size=(5, 7)), [real(1, 1, 3, 4)]),
    "interpolate factor": (squared(F.interpolate, scale_factor=1.6), [real(1, 1, 5, 3)]),
    "interpolate twice": (squared(F.interpolate, scale_factor=2), [real(1, 1, 3, 4)]),
    "interpolate linear 1d": (squared(F.interpolate, size=7, mode="linear"), [real(1, 2, 4)]),
    "interpolate linear 2d": (squared(F.interpolate, size=(5, 2), mode="bilinear"), [real(1, 1, 3, 4)]),
    "interpolate linear 3d": (squared(F.interpolate, size=(3, 2, 5), mode="trilinear"), [real(1, 1, 2, 3, 3)]),
    "interpolate linear factor": (
        squared(F.interpolate, scale_factor=(1.5, 0.7), mode="bilinear"),
        [real(1, 1, 3, 5)],
    ),
    "interpolate linear twice": (squared(F.interpolate, scale_factor=2, mode="bilinear"), [real(1, 1, 3, 4)]),
    "interpolate corners 1d": (
        squared(F.interpolate, size=5, mode="linear", align_corners=True),
        [real(1, 2, 4)],
    ),
    "interpolate corners 2d": (
        squared(F.interpolate, size=(5, 1), mode="bilinear", align_corners=True),
        [real(1, 1, 3, 4)],
    ),
    "interpolate corners 3d": (
        squared(F.interpolate, scale_factor=(1.5, 2, 1), mode="trilinear", align_corners=True),
        [real(1, 1, 2, 3, 3)],
    ),
}
ties = torch.tensor([0.0, 1, 1, 2, 2, 2, 1, 0, 2, 1, 1, 1, float("nan"), 1, 2, 0, float("nan"), 2, 2, 2])
samples = torch.tensor([0.0, 0.25, 0.5, 0.75, 0.9, 0.1, 0.3, 0.6, 0.99, 0.2, 0.4, 0.7])
values_only = {
    "max_pool1d_with_indices indices": (
        lambda x: F.max_pool1d(x, 3, stride=2, padding=1, return_indices=True)[1],
        [distinct(1, 2, 7)],
    ),
    "max_pool3d_with_indices indices": (lambda x: F.max_pool3d(x, 2, return_indices=True)[1], [distinct(1, 1, 2, 4, 5)]),
    "adaptive_max_pool3d_with_indices indices": (
        lambda x: F.adaptive_max_pool3d(x, 2, return_indices=True)[1],
        [distinct(1, 1, 3, 2, 5)],
    ),
    "fractional_max_pool2d_with_indices indices": (
        lambda x, u: F.fractional_max_pool2d(x, (2, 3), (4, 3), return_indices=True, _random_samples=u)[1],
        [distinct(2, 3, 7, 8), samples.reshape(2, 3, 2)],
    ),
    "fractional_max_pool3d_with_indices indices": (
        lambda x, u: F.fractional_max_pool3d(
            x, 2, output_ratio=(0.5, 0.6, 0.7), return_indices=True, _random_samples=u
        )[1],
        [distinct(2, 2, 6, 6, 7), samples.reshape(2, 2, 3)],
    ),
    "max_pool_with_indices indices": (
        lambda x: F.max_pool2d(x, (3, 2), stride=(2, 3), padding=1, ceil_mode=True, return_indices=True)[1],
        [distinct(1, 2, 5, 6)],
    ),
    "max_pool_with_indices ties": (
        lambda x: F.max_pool2d(x, 3, stride=1, dilation=2, padding=1, return_indices=True)[1],
        [ties.reshape(1, 1, 4, 5)],
    ),
    "adaptive_max_pool_with_indices indices": (
        lambda x: F.adaptive_max_pool2d(x, (3, 2), return_indices=True)[1],
        [distinct(1, 2, 5, 3)],
    ),
}
