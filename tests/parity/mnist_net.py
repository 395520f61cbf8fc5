"""Trains the network of tests/mnist_net.hpp in PyTorch and saves its state, its logits on the first 200 test images and
small files of all dtypes with the reference implementation of safetensors: `mnist_net.py MNIST FOLDER` wrote tests/data
with PyTorch 2.11 and safetensors 0.8."""
import gzip
import pathlib
import sys

import numpy as np
import torch
from torch import nn


def idx(folder, name):
    raw = gzip.open(pathlib.Path(folder) / f"{name}.gz").read()
    sizes = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def images(folder, part):
    return idx(folder, f"{part}-images-idx3-ubyte")[:, None].astype(np.float32) / np.float32(255)


def test_images(folder, count):
    return images(folder, "t10k")[:count]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5)
        self.bn = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 5)
        self.fc = nn.Linear(256, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.bn(self.conv1(x))), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


def main(mnist, folder):
    from safetensors.torch import save_file

    x, labels = torch.tensor(images(mnist, "train")), torch.tensor(idx(mnist, "train-labels-idx1-ubyte")).long()
    torch.manual_seed(1)
    net = Net()
    opt = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(2):
        for rows in torch.randperm(50000).split(100):
            opt.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), labels[rows]).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        logits = net(torch.tensor(test_images(mnist, 200)))
    save_file(net.state_dict(), f"{folder}/mnist_torch.safetensors", {"format": "pt"})
    save_file({"logits": logits}, f"{folder}/mnist_logits.safetensors")
    save_file(
        {"f64": torch.arange(6.0).double().reshape(2, 3), "f32": torch.tensor([1.5, -2]), "i64": torch.tensor(7),
         "u8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([[True], [False]]),
         "empty": torch.zeros(0, 3)},
        f"{folder}/dtypes.safetensors", {"a": "b", "unicode": "ä\"\\"})  # fmt: skip
    save_file({"h": torch.tensor([1.0, 2]).half(), "b": torch.tensor([1.0, 2]).bfloat16(),
               "i32": torch.tensor([1, -2], dtype=torch.int32)}, f"{folder}/narrow.safetensors")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
