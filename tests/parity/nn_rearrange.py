"""Layers that put elements at other places or give images other sizes, as functions of their inputs."""
from inputs import real
from nn_layers import layer
from torch import nn

rows = {
    "Identity": layer(nn.Identity(), real(2, 3)),
    "Identity scalar": layer(nn.Identity(), real()),
    "Unflatten": layer(nn.Unflatten(1, (3, 2)), real(2, 6)),
    "Unflatten last": layer(nn.Unflatten(-1, (2, 1, 2)), real(2, 3, 4)),
    "Unfold": layer(nn.Unfold(2), real(1, 2, 3, 4)),
    "Unfold options": layer(nn.Unfold((2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), real(2, 1, 4, 5)),
    "Fold": layer(nn.Fold((3, 4), 2), real(1, 8, 6)),
    "Fold options": layer(nn.Fold((4, 5), (2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), real(2, 6, 8)),
    "PixelShuffle": layer(nn.PixelShuffle(2), real(2, 8, 2, 3)),
    "PixelShuffle of a volume": layer(nn.PixelShuffle(3), real(1, 2, 9, 1, 2)),
    "PixelUnshuffle": layer(nn.PixelUnshuffle(2), real(2, 1, 4, 6)),
    "PixelUnshuffle of an image": layer(nn.PixelUnshuffle(3), real(2, 3, 6)),
    # PyTorch 1.13 has no gradient of its ChannelShuffle.
    "ChannelShuffle": (lambda x: x[:, [0, 3, 1, 4, 2, 5]], [real(2, 6, 2, 2)]),
    "ChannelShuffle sequences": (lambda x: x[:, [0, 2, 4, 1, 3, 5]], [real(1, 6, 3)]),
    "Upsample": layer(nn.Upsample(scale_factor=2), real(1, 2, 3)),
    "Upsample images": layer(nn.Upsample(size=(2, 5)), real(1, 2, 3, 3)),
    "Upsample linear": layer(nn.Upsample(scale_factor=1.5, mode="linear"), real(2, 1, 4)),
    "Upsample bilinear": layer(nn.Upsample(size=(5, 4), mode="bilinear"), real(1, 2, 3, 2)),
    "Upsample align_corners": layer(
        nn.Upsample(scale_factor=(2, 3), mode="bilinear", align_corners=True), real(1, 1, 3, 2)
    ),
    "Upsample trilinear": layer(nn.Upsample(scale_factor=2, mode="trilinear"), real(1, 1, 2, 1, 3)),
}
values_only = {}
