"""The download against a local server of every kind of trouble, and against a full disk.

Run as `download.py PROBE [PART ...]`; the parts are faults, mnist and disk, all of them by default. `mnist` needs the
gzipped files of MNIST in the directory XTAPE_DATA, `disk` the right to mount a file system in a namespace of its own.
Exits with 0 when all is well, 1 when something is not, 77 when a part was skipped.
"""
import gzip
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROBE = os.path.abspath(sys.argv[1])
NAMES = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
         "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
CONTENT = random.Random(1).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PART = "data.gz.part"


class Skip(Exception):
    pass


class Result:
    """What a run of the probe did: exit status, output, lines on standard error, seconds."""

    def __init__(self, command, **environment):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("XTAPE_", "XDG_")) and not k.lower().endswith("_proxy")}
        start = time.monotonic()
        run = subprocess.run(command, env=clean | environment, capture_output=True, text=True)
        self.seconds = time.monotonic() - start
        self.status, self.output, self.lines = run.returncode, run.stdout.strip(), run.stderr.splitlines()

    def expect(self, what, *, status=0, output=None, says=None, left=None, within=None):
        """Checks it: `says` are parts of the one line of standard error, `left` is (directory, files it may hold)."""
        problems = []
        if self.status != status:
            problems.append(f"exit status {self.status}, expected {status}")
        if output is not None and self.output != output:
            problems.append(f"output '{self.output}', expected '{output}'")
        if len(self.lines) != (1 if says else 0) or any(part not in self.lines[0] for part in says or ()):
            problems.append(f"standard error {self.lines}, expected {f'one line with {says}' if says else 'none'}")
        if left is not None and os.path.isdir(left[0]) and sorted(os.listdir(left[0])) != sorted(left[1]):
            problems.append(f"left {os.listdir(left[0])}, expected {left[1]}")
        if within is not None and not within[0] <= self.seconds <= within[1]:
            problems.append(f"took {self.seconds:.1f} s, expected {within[0]} to {within[1]} s")
        if problems:
            raise AssertionError(f"{what}: {'; '.join(problems)}")
        print(f"ok   {what} ({self.seconds:.1f} s)" + (f"\n     {self.lines[0]}" if self.lines else ""), flush=True)


def faults(server, scratch):
    """One file through `download`, then the whole data set through `mnist`, under each kind of trouble."""
    with gzip.open(os.path.join(scratch, "served", "data.gz"), "wb", compresslevel=0) as file:
        file.write(CONTENT)
    directory = os.path.join(scratch, "faults")
    path = os.path.join(directory, "data.gz")

    def download(*urls, checksum=SHA256):
        return Result([PROBE, "download", path, checksum, *urls])

    def url(trouble):
        return f"{server}/{trouble}/data.gz"

    def expect_content():
        with gzip.open(path) as file:
            assert file.read() == CONTENT, "the file is not what was served"

    def have_part(content):
        os.makedirs(directory, exist_ok=True)
        for name in os.listdir(directory):
            os.remove(os.path.join(directory, name))
        with open(os.path.join(directory, PART), "wb") as file:
            file.write(content)

    refused = "http://127.0.0.1:1/data.gz"
    for what, urls, reason in [("missing", [url("missing")], "404"),
                               ("wrong", [url("wrong")], f"expected {SHA256}"),
                               ("short", [url("short")], "ends too early"),
                               ("nobody listens", [refused], "connect"),
                               ("not a URL", ["nonsense://x"], "nonsense"),
                               ("no URL", [], "no URL")]:
        download(*urls).expect(what, status=1, says=[path, reason, *urls], left=(directory, []), within=(0, 5))
    download(url("stalled")).expect("stalled", status=1, says=["no data for"], left=(directory, []), within=(6, 10))
    download(url("halfway"), url("stalled")).expect("stalled, two mirrors", status=1, says=["no data for", "; "],
                                                    left=(directory, [PART]), within=(6, 10))
    os.remove(os.path.join(directory, PART))
    download(url("slow")).expect("slow but flowing", left=(directory, ["data.gz"]), within=(11, 60))
    download(refused).expect("already there", left=(directory, ["data.gz"]), within=(0, 5))
    with open(path, "r+b") as file:
        file.truncate(1000)
    download(refused, url("wrong"), url("good")).expect("damaged, the third mirror is good",
                                                        left=(directory, ["data.gz"]))
    expect_content()

    # Broken transfers go on where they ended, on any mirror; a part of something else is no harm.
    with open(os.path.join(scratch, "served", "data.gz"), "rb") as file:
        packed = file.read()
    md5 = hashlib.md5(packed).hexdigest()
    have_part(b"")
    download(url("truncated")).expect("truncated", status=1, says=[path, "remaining"], left=(directory, [PART]))
    assert os.path.getsize(os.path.join(directory, PART)) == len(packed) // 2
    for what, part, urls in [("half of it", None, [url("missing"), url("rest")]),
                             ("all of it", packed, [url("rest")]),
                             ("half of it, no ranges", packed[:1000], [url("good")]),
                             ("another file, no ranges", bytes(1000), [url("good")]),
                             ("another file", bytes(1000), [url("rest"), url("good")]),
                             ("more than it", packed + bytes(9), [url("rest"), url("good")]),
                             ("half of it, a file URL", packed[:1000], [f"file://{scratch}/served/data.gz"]),
                             ("more than it, a file URL", packed + bytes(9), [f"file://{scratch}/served/data.gz"])]:
        if part is not None:
            have_part(part)
        download(*urls, checksum=md5).expect(f"resumed: {what}", left=(directory, ["data.gz"]))
        expect_content()
    have_part(packed[:1000])
    download(url("good"), checksum="0" * 32).expect("resumed: not what was asked for", status=1, says=[md5, "MD5"],
                                                    left=(directory, []))
    together = [subprocess.Popen([PROBE, "download", path, md5, url("good")]) for _ in range(4)]
    assert [process.wait() for process in together] == [0] * 4 and os.listdir(directory) == ["data.gz"]
    print("ok   four at once")

    for name in NAMES:
        with open(os.path.join(scratch, "served", name), "wb") as file:
            file.write(gzip.compress(b"not MNIST"))
    for trouble, reason in [("missing", "404"), ("truncated", "remaining"), ("good", "expected ba891046e650")]:
        cache = os.path.join(scratch, trouble)
        Result([PROBE, "mnist"], XDG_CACHE_HOME=cache, XTAPE_MIRROR=f"{server}/{trouble}").expect(
            f"mnist, {trouble}", output="synthetic: 50000 10000 10000", says=["synthetic", reason, "XTAPE_DATA"],
            left=(os.path.join(cache, "xtape", "mnist"), [NAMES[0] + ".part"] if trouble == "truncated" else []))
    Result([PROBE, "mnist"], XTAPE_DATA=os.path.join(scratch, "nowhere")).expect(
        "mnist, missing directory", status=1, says=["nowhere", "expected"])
    Result([PROBE, "mnist"], HOME="").expect("mnist, no home", status=1, says=["XDG_CACHE_HOME"])
    file_in_the_way = os.path.join(scratch, "file")
    open(file_in_the_way, "w").close()
    Result([PROBE, "mnist"], XDG_CACHE_HOME=file_in_the_way).expect(
        "mnist, the cache is a file", status=1, says=[file_in_the_way])


def mnist(server, scratch):
    """The real files from mirror to cache to memory."""
    source = os.environ.get("XTAPE_DATA", "")
    if not all(os.path.isfile(os.path.join(source, name)) for name in NAMES):
        raise Skip("XTAPE_DATA is no directory with the gzipped files of MNIST")
    served = os.path.join(scratch, "served", "mnist")
    os.symlink(os.path.abspath(source), served)
    home = os.path.join(scratch, "home")
    cache = os.path.join(home, ".cache", "xtape", "mnist")

    def run(mirror):
        return Result([PROBE, "mnist"], HOME=home, XTAPE_MIRROR=mirror)

    real = dict(output="mnist: 50000 10000 10000", left=(cache, NAMES))
    run(f"{server}/good/mnist/").expect("mnist, downloaded", **real)
    run(f"{server}/missing/mnist").expect("mnist, from the cache", **real)
    with open(os.path.join(cache, NAMES[2]), "r+b") as file:
        file.truncate(100_000)
    run(f"{server}/good/mnist").expect("mnist, a damaged cache is mended", **real)
    os.remove(os.path.join(cache, NAMES[3]))
    run(f"file://{served}").expect("mnist, a missing file from a file URL", **real)


def disk(server, scratch):
    """A cache on a file system of one megabyte."""
    mount = os.path.join(scratch, "disk")
    os.mkdir(mount)
    cache = os.path.join(mount, "xtape", "mnist")
    with open(os.path.join(scratch, "served", NAMES[0]), "wb") as file:
        file.write(CONTENT)
    mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
               f'mount -t tmpfs -o size=1m none "{mount}" || exit; "$@"; s=$?; ls -A "{cache}"; exit $s', "sh"]
    try:
        if Result(mounted + ["mkdir", "-p", cache]).status != 0:
            raise Skip("no file system can be mounted here")
    except FileNotFoundError:
        raise Skip("there is no program unshare here") from None
    Result(mounted + [PROBE, "mnist"], XDG_CACHE_HOME=mount, XTAPE_MIRROR=f"{server}/good").expect(
        "full disk", status=1, output="", says=[os.path.join(cache, NAMES[0]), "No space left on device"])


def main():
    parts = {"faults": faults, "mnist": mnist, "disk": disk}
    status = 0
    with tempfile.TemporaryDirectory() as scratch:
        served = os.path.join(scratch, "served")
        os.mkdir(served)
        server = subprocess.Popen([sys.executable, os.path.join(HERE, "http_server.py"), served],
                                  stdout=subprocess.PIPE, text=True)
        try:
            address = f"http://127.0.0.1:{int(server.stdout.readline())}"
            for name in sys.argv[2:] or parts:
                try:
                    parts[name](address, scratch)
                except Skip as reason:
                    print(f"skip {name}: {reason}")
                    status = status or 77
                except AssertionError as problem:
                    print(f"FAIL {problem}")
                    status = 1
        finally:
            server.kill()
    return status


if __name__ == "__main__":
    sys.exit(main())
