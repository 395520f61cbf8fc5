"""The networks of examples/book beside the book's programs, written here in float64: book.py BOOK_PROBE.

The first weights have the spread that the book gives them; after some steps of training weights, outputs and costs are
those of network.py, network2.py and network3.py from the same first weights. Python 3 with NumPy and PyTorch."""
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(77)

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def tensor(a):
    return torch.tensor(np.asarray(a, dtype=np.float64))


def layers(z, when):
    """[(weight, bias)] from the input on."""
    names = sorted(k[:-7] for k in z.files if k.startswith(when) and k.endswith(".weight"))
    return [(tensor(z[n + ".weight"]).requires_grad_(), tensor(z[n + ".bias"]).requires_grad_()) for n in names]


def near(what, got, expected, tolerance=5e-6):
    expected = expected.detach().numpy()
    error = np.abs(np.asarray(got, dtype=np.float64) - expected).max() / max(1, np.abs(expected).max())
    assert error < tolerance, f"{what} is off by {error}"


def starts(what, weight, deviation):
    """Whether a sample has this standard deviation, by five of its own."""
    w = weight.detach()
    error = 5 * deviation / (2 * w.numel()) ** 0.5
    assert abs((w * w).mean().sqrt() - deviation) <= error, f"{what} start with {(w * w).mean().sqrt()}, not {deviation}"


def descend(params, cost, eta, decay=0):
    """A step; `decay` is eta lambda / n, of weights alone."""
    gradients = torch.autograd.grad(cost, [p for layer in params for p in layer])
    with torch.no_grad():
        for p, g in zip([p for layer in params for p in layer], gradients):
            if p.dim() > 1:
                p.mul_(1 - decay)
            p.sub_(eta * g)


def compare(z, params):
    for (w, b), (w_got, b_got) in zip(params, layers(z, "after.")):
        near("a weight", w_got.detach(), w)
        near("a bias", b_got.detach(), b)


def dense(z, quadratic, eta, lam, large):
    x, labels = tensor(z["x"]), torch.tensor(z["t"].astype(np.int64))
    n, target, params = len(x), torch.eye(10)[labels], layers(z, "before.")
    for w, b in params:
        starts("weights", w, 1 if large else w.shape[1] ** -0.5)
        starts("biases", b, 1)

    def cost():
        a = x
        for w, b in params:
            a = torch.sigmoid(a @ w.T + b)
        if quadratic:
            return ((a - target) ** 2).sum() / (2 * n)
        return -(target * a.log() + (1 - target) * (1 - a).log()).sum() / n

    for _ in range(5):
        descend(params, cost(), eta, eta * lam / n)
    compare(z, params)
    near("the cost", z["cost"], cost() + lam / (2 * n) * sum((w * w).sum() for w, _ in params))


def conv_pool(x, w, b, activation):
    return activation(F.max_pool2d(F.conv2d(x, w), 2) + b.reshape(1, -1, 1, 1))


def network3(z):
    images, labels = tensor(z["x"]).reshape(-1, 1, 28, 28), torch.tensor(z["t"].astype(np.int64))
    params = layers(z, "before.")
    for (w, b), out in zip(params[:3], (4 * 25 // 4, 6 * 25 // 4, 20)):
        starts("weights", w, out ** -0.5)
        starts("biases", b, 1)
    assert all((p == 0).all() for p in params[3])

    def outputs(x):
        a = conv_pool(x, *params[0], torch.relu)
        a = conv_pool(a, *params[1], torch.sigmoid)
        a = torch.relu(a.flatten(1) @ params[2][0].T + params[2][1])
        return a @ params[3][0].T + params[3][1]

    batches = len(images) // 10
    for _ in range(2):
        for i in range(0, len(images), 10):
            squares = sum((w * w).sum() for w, _ in params)
            cost = F.cross_entropy(outputs(images[i:i + 10]), labels[i:i + 10]) + 0.5 * 5 * squares / batches
            descend(params, cost, 0.03)
    compare(z, params)
    near("the outputs", z["y"], outputs(images))


def dropout(z):
    """When it is judged, what enters a layer is multiplied by 1 - p."""
    (w1, b1), (w2, b2), (w3, b3) = layers(z, "after.")
    a = conv_pool(tensor(z["x"]).reshape(-1, 1, 28, 28), w1, b1, torch.relu).flatten(1)
    a = torch.relu(0.5 * (a @ w2.T) + b2)
    near("the outputs", z["y"], 0.5 * (a @ w3.T) + b3)


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True)
    load = lambda name: np.load(f"{folder}/{name}.npz")
    dense(load("network"), True, 3, 0, True)
    dense(load("network2"), False, 0.5, 5, False)
    dense(load("network2_large"), False, 0.5, 5, True)
    network3(load("network3"))
    dropout(load("dropout"))
print("as network.py, network2.py and network3.py")
