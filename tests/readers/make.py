"""Writes the files that ../readers.cpp reads, in the formats that data sets are published in, and what is in them.

What it writes beside this script: small data sets, tables and pictures; expected.npz, what NumPy, scikit-learn, Pillow
and Python's csv module read in them; the MD5 of the archives; and the pictures' files in their order. It needs Debian's
python3-numpy, -sklearn and -pil.
"""
import csv
import gzip
import hashlib
import io
import pathlib
import struct
import tarfile
import zipfile
import zlib

import numpy as np
from PIL import Image
from sklearn import datasets, preprocessing

here = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(18)
expected = {}


def write(name, data):
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def packed(data):
    return gzip.compress(data, mtime=0)


def expect(key, pixels, labels):
    """What a reader is to give: pixels in (count, channels, rows, cols)."""
    expected.update({f"{key}.pixels": pixels, f"{key}.labels": labels.astype("u1")})


def random_images(*shape):
    return rng.integers(0, 256, shape, dtype="u1")


# Four files, as of Fashion-MNIST and KMNIST.
for part, stem, n in (("train", "train", 12), ("test", "t10k", 3)):
    pixels, labels = random_images(n, 5, 4), np.arange(n, dtype="u1") % 10
    write(f"idx/{stem}-images-idx3-ubyte.gz", packed(idx(pixels)))
    write(f"idx/{stem}-labels-idx1-ubyte.gz", packed(idx(labels)))
    expect(f"idx.{part}", pixels[:, None], labels)

# EMNIST: a zip with a folder of gzipped files, whose images are transposed; letters count from 1.
with zipfile.ZipFile(here / "emnist.zip", "w", zipfile.ZIP_DEFLATED) as file:
    for split, classes, first in (("letters", 26, 1), ("balanced", 47, 0)):
        for part, n in (("train", 6), ("test", 2)):
            pixels, labels = random_images(n, 6, 4), np.linspace(0, classes - 1, n).astype("u1")
            stem = f"gzip/emnist-{split}-{part}"
            for kind, array in (("images-idx3", pixels.transpose(0, 2, 1)), ("labels-idx1", labels + np.uint8(first))):
                about = zipfile.ZipInfo(f"{stem}-{kind}-ubyte.gz", (2020, 1, 1, 0, 0, 0))
                file.writestr(about, packed(idx(np.ascontiguousarray(array))))
            expect(f"emnist_{split}.{part}", pixels[:, None], labels)

# CIFAR: records of labels and three channels of 32 x 32, and the names of the classes. Squares, so that it packs well.
for name, folder, files, kinds in (
    ("cifar10", "cifar-10-batches-bin", {f"data_batch_{i}.bin": 2 for i in range(1, 6)} | {"test_batch.bin": 1}, (10,)),
    ("cifar100", "cifar-100-binary", {"train.bin": 4, "test.bin": 2}, (20, 100)),
):
    packed_tar = io.BytesIO()
    with tarfile.open(fileobj=packed_tar, mode="w") as file:

        def add(member, data):
            about = tarfile.TarInfo(f"{folder}/{member}")
            about.size = len(data)
            file.addfile(about, io.BytesIO(data))

        parts = {"train": ([], []), "test": ([], [])}
        for member, n in files.items():
            pixels = random_images(n, 3, 4, 4).repeat(8, 2).repeat(8, 3)
            labels = np.stack([rng.integers(0, k, n, dtype="u1") for k in kinds], 1)
            add(member, b"".join(a.tobytes() + b.tobytes() for a, b in zip(labels, pixels)))
            for to, of in zip(parts["test" if member.startswith("test") else "train"], (pixels, labels)):
                to.append(of)
        for k, member in zip(kinds, ("batches.meta.txt",) if name == "cifar10" else ("coarse_label_names.txt", "fine_label_names.txt")):
            add(member, "".join(f"{member[0]}{i}\n" for i in range(k)).encode() + b"\n")
    write(f"{name}.tar.gz", packed(packed_tar.getvalue()))
    for at, kind in enumerate(kinds):
        key = name if len(kinds) == 1 else f"{name}_{('coarse', 'fine')[at]}"
        for part, (x, t) in parts.items():
            expect(f"{key}.{part}", np.concatenate(x), np.concatenate(t)[:, at])
archives = ("cifar10.tar.gz", "emnist.zip")
write("md5sums", "".join(f"{hashlib.md5((here / n).read_bytes()).hexdigest()}  {n}\n" for n in archives).encode())

# Tables. Words are encoded by scikit-learn, numbers read by Python's csv module and NumPy.
iris = datasets.load_iris()
names = [n.removesuffix(" (cm)").replace(" ", "_") for n in iris.feature_names] + ["species"]
rows = [[*map(str, x), iris.target_names[k]] for x, k in list(zip(iris.data, iris.target))[::-10]]
text = io.StringIO()
csv.writer(text).writerows([names, *rows])  # with CRLF
write("iris.csv", b"\xef\xbb\xbf" + text.getvalue().encode()[:-2])  # a byte order mark, and no end of the last line
encoder = preprocessing.LabelEncoder().fit([r[-1] for r in rows])
expected["iris.input"] = np.array([[float(v) for v in r[:-1]] for r in rows])
expected["iris.target"] = encoder.transform([r[-1] for r in rows])
assert encoder.classes_.tolist() == ["setosa", "versicolor", "virginica"]
quoted = 'x;"y ""cubed""";note\n1.5;-2e-3;"a;b"\n\n"+3";inf;"two\nlines"\n.25;;ü\n'
write("quoted.csv", quoted.encode())
read = list(csv.reader(io.StringIO(quoted), delimiter=";"))
expected["quoted.input"] = np.array([[float(r[0]), float(r[1] or -1)] for r in read[1:] if r])
assert read[0][:2] == ["x", 'y "cubed"']
numbers = rng.normal(size=(7, 3)) * 10.0 ** rng.integers(-30, 30, (7, 3))
text = io.StringIO()
np.savetxt(text, numbers, delimiter=",")
write("numbers.csv.gz", packed(text.getvalue().encode()))
expected["numbers.input"] = np.genfromtxt(io.StringIO(text.getvalue()), delimiter=",")
digits = datasets.load_digits()
text = io.BytesIO()
datasets.dump_svmlight_file(digits.data[:20], digits.target[:20], text, zero_based=False, comment="of 20 digits")
write("digits.libsvm", text.getvalue())
x, t = datasets.load_svmlight_file(io.BytesIO(text.getvalue()), zero_based=False)
expected.update({"libsvm.input": x.toarray(), "libsvm.target": t})

# Pictures of every kind, in folders.
side = np.add.outer(np.arange(12) * 9, np.arange(16) * 5)
rgb = np.stack([side, 255 - side, side[::-1] // 2], 2).astype("u1") + random_images(12, 16, 3) // 16
grey = rgb[:, :, 0]


def png(image, **options):
    data = io.BytesIO()
    image.save(data, "PNG", **options)
    return data.getvalue()


def jpeg(image, **options):
    data = io.BytesIO()
    image.save(data, "JPEG", **options)
    return data.getvalue()


def interlaced(array):
    """A PNG in the seven passes of Adam7, which Pillow reads and does not write."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        lines += b"".join(b"\0" + line.tobytes() for line in array[y::dy, x::dx] if line.size)
    head = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


colour = Image.fromarray(rgb)
alpha = Image.fromarray(np.concatenate([rgb, grey[:, :, None]], 2))
pictures = {
    "png/a_grey.png": png(Image.fromarray(grey)), "png/b_bits.png": png(Image.fromarray(grey).convert("1")),
    "png/c_rgb.PNG": png(colour), "png/d_palette.png": png(colour.quantize(16)), "png/e_alpha.png": png(alpha),
    "png/f_grey_alpha.png": png(alpha.convert("LA")), "png/more/interlaced.png": interlaced(rgb),
    "jpeg/a.jpg": jpeg(colour, quality=90), "jpeg/b.jpeg": jpeg(colour, quality=75, progressive=True),
    "jpeg/c.jpg": jpeg(Image.fromarray(grey)), "jpeg/d.jpg": jpeg(colour, quality=95, subsampling=0),
}  # fmt: skip
write("pictures/png/more/notes.txt", b"no picture\n")
for name, data in pictures.items():
    write(f"pictures/{name}", data)
files = sorted(pictures, key=lambda name: (name.rsplit("/", 1)[0], name))
read = [Image.open(io.BytesIO(pictures[name])) for name in files]


def planes(mode, size=None):
    arrays = [np.asarray(i.convert(mode).resize(size, Image.BILINEAR) if size else i.convert(mode)) for i in read]
    return np.stack([a[None] if a.ndim == 2 else a.transpose(2, 0, 1) for a in arrays])


wide = (rng.integers(0, 65536, (6, 5))).astype("u2")
write("wide.png", png(Image.fromarray(wide.astype("i4")).convert("I;16")))
write("cmyk.jpg", jpeg(colour.convert("CMYK")))
expected.update({"pictures.rgb": planes("RGB"), "pictures.grey": planes("L"), "pictures.small": planes("RGB", (7, 5)),
                 "pictures.large": planes("L", (40, 13)), "wide": (wide >> 8).astype("u1"),
                 "pictures.labels": np.array([name.startswith("png") for name in files], "u1")})  # fmt: skip
write("pictures.txt", "".join(name + "\n" for name in files).encode())
np.savez_compressed(here / "expected.npz", **expected)
