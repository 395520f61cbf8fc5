"""What xtape writes, read by NumPy, PyTorch and by the published rules of safetensors; and the other way round.

Run as `files.py PROBE`. Exits with 0 when all is well, 1 when something is not, 77 when NumPy is not there. PyTorch's
part needs PyTorch, and MNIST in the directory XTAPE_DATA."""
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

probe = os.path.abspath(sys.argv[1])
here = pathlib.Path(__file__).resolve().parent
try:
    import numpy as np
except ImportError:
    print("SKIPPED: NumPy is not there")
    sys.exit(77)

types = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "|u1", "BOOL": "|b1"}


def read_safetensors(path):
    raw = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    head = json.loads(raw[8 : 8 + length])
    data = raw[8 + length :]
    assert raw[8:9] == b"{" and length % 8 == 0
    notes = head.pop("__metadata__", {})
    at, found = 0, {}
    for name, entry in sorted(head.items(), key=lambda e: e[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == at, "a gap or an overlap"
        dtype = np.dtype(types[entry["dtype"]])
        assert begin % dtype.itemsize == 0, "not aligned"
        found[name] = np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])
        at = end
    assert at == len(data)
    return found, notes


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)


def run(*command):
    return subprocess.run([probe, *map(str, command)], check=True)


def conversions(folder):
    rng = np.random.default_rng(1)
    arrays = {
        "layer.weight": rng.normal(size=(3, 4)).astype("f4"), "double": rng.normal(size=(2, 1, 2)),
        "scalar": np.float32(3), "empty": np.zeros((0, 2), "f4"), "int": np.arange(5), "flags": np.array([True, False]),
        "bytes": np.arange(7, dtype="u1"), "fortran": np.asfortranarray(rng.normal(size=(3, 5))), "ä b": np.ones(1),
    }  # fmt: skip
    for save in (np.savez, np.savez_compressed):
        save(folder / "in.npz", **arrays)
        run("convert", folder / "in.npz", folder / "out.safetensors")
        run("convert", folder / "out.safetensors", folder / "back.npz")
        found, notes = read_safetensors(folder / "out.safetensors")
        assert notes == {"format": "pt"}
        with np.load(folder / "back.npz") as back:
            assert set(back.files) == set(found) == set(arrays)
            for name, a in arrays.items():
                assert same(found[name], np.asarray(a)), name
                assert same(back[name], np.asarray(a)), name
    np.savez(folder / "in.npz", half=np.array([1, -0.5, 6e-8], "f2"), short=np.array([-3, 7], "i2"), big=np.array([2**32 - 1], "u4"))
    run("convert", folder / "in.npz", folder / "back.npz")
    with np.load(folder / "back.npz") as back:
        assert same(back["half"], np.array([1, -0.5, 6e-8], "f2").astype("f4"))
        assert same(back["short"], np.array([-3, 7])) and same(back["big"], np.array([2**32 - 1]))
    np.savez(folder / "in.npz", c=np.ones(2, "c8"))
    refused = subprocess.run([probe, "convert", folder / "in.npz", folder / "no.npz"], capture_output=True, text=True)
    assert refused.returncode == 1 and "'<c8', which have no counterpart here" in refused.stderr, refused.stderr
    assert not (folder / "no.npz").exists()


def killings(folder):
    """Whoever is killed while writing leaves the old file or the new one."""
    for name in ("state.safetensors", "state.npz"):
        path = folder / "killed" / name
        path.parent.mkdir(exist_ok=True)
        for _ in range(8):
            process = subprocess.Popen([probe, "overwrite", path])
            time.sleep(0.1 + random.random() * 0.5)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if path.exists():
                arrays = read_safetensors(path)[0] if name.endswith("s") else dict(np.load(path))
                assert len({float(v) for a in arrays.values() for v in (a.min(), a.max())}) == 1, "half of two files"
        assert path.exists(), "no run got as far as writing"
        run("convert", path, path)
        assert [p.name for p in path.parent.iterdir()] == [name], "the killed left something behind"
        path.unlink()


def torch_part(folder):
    try:
        import torch
        from torch import nn
    except ImportError:
        return print("PyTorch is not there: its part is left out")
    if not os.environ.get("XTAPE_DATA"):
        return print("XTAPE_DATA names no directory with MNIST: PyTorch's part is left out")
    sys.path.insert(0, str(here / "parity"))
    from mnist_net import Net, test_images

    run("train", here / "data" / "mnist_torch.safetensors", folder / "ours.safetensors", folder / "logits.npy")
    state, _ = read_safetensors(folder / "ours.safetensors")
    before, _ = read_safetensors(here / "data" / "mnist_torch.safetensors")
    assert not np.array_equal(state["fc.weight"], before["fc.weight"])
    net = Net()
    net.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in state.items()})
    net.eval()
    with torch.no_grad():
        logits = net(torch.from_numpy(test_images(os.environ["XTAPE_DATA"], 200))).numpy()
    ours = np.load(folder / "logits.npy")
    assert np.allclose(ours, logits, rtol=2e-5, atol=2e-5), np.abs(ours - logits).max()
    print("PyTorch agrees with a state that xtape trained")


with tempfile.TemporaryDirectory() as name:
    for part in (conversions, killings, torch_part):
        part(pathlib.Path(name))
print("all is well")
