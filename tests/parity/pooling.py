import torch
import torch.nn.functional as F
from inputs import distinct, real


def squared(f, *a, **options):
    return lambda x: f(x, *a, **options) ** 2


rows = {
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
values_only = {
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
