"""Networks as text, and the pages that the program `draw` makes of files of weights.

Run as `draw.py PROBE DRAW`."""
import json
import pathlib
import subprocess
import sys
import tempfile

probe, program = sys.argv[1:]
here = pathlib.Path(__file__).parent / "draw"


def lines(*arguments, given=None):
    ran = subprocess.run([probe, *arguments], input=given, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def texts():
    known = json.loads((here / "texts.json").read_text())
    pairs = known["read"] + known["refused"]
    written = lines("texts", given="".join(f"{text}\n" for text, _ in pairs))
    assert len(written) == len(pairs)
    for (text, expected), got in zip(pairs, written):
        right = got == expected if [text, expected] in known["read"] else expected in got
        assert right, f"'{text}':\n  {got}\nexpected\n  {expected}"
    deep = 60 * "Sequential(" + "relu" + 60 * ")"
    assert "expected layers nested less deeply" in lines("texts", given=deep)[0]


def refusals():
    expected = ["layer 2 is a Lambda, which has no text; what has one is Sequential, Residual, Linear, Conv2d",
                "layer 1.body.1 is a GLU", "Conv2d: it has a margin that is not zeros",
                "Conv2d: it has another margin at the end than at the beginning", "MaxPool2d: it has ceil_mode",
                "AvgPool2d: it has count_include_pad(false)", "BatchNorm1d: it has no running statistics",
                "Softmax(0) works on axis 0", "the network makes (1, 12) of one picture, expected (1, 10)",
                "linear: input (1, 784), weight (10, 785)", "/nowhere/page.html"]  # fmt: skip
    got = lines("refusals")
    assert len(got) == len(expected), got
    for said, words in zip(got, expected):
        assert words in said, (said, words)


def draw(*arguments):
    ran = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    return ran.returncode, ran.stdout, ran.stderr


def files(folder):
    """A file that says what its layers are is all it takes; who says otherwise is told."""
    lines("write", here / "networks.txt", folder)
    networks = (here / "networks.txt").read_text().splitlines()
    for number, text in enumerate(networks):
        weights, page = folder / f"{number}.safetensors", folder / "again.html"
        title = "</script><script>alert(1)</script> <!--<b>&amp; \"'`"
        status, said, error = draw("--model", weights, "-o", page, "--title", title, "--layers", text)
        assert status == 0, error
        assert said.splitlines()[0] == text, (said, text)
        assert page.read_bytes() == (folder / f"{number}.html").read_bytes(), text
    weights, silent = folder / "0.safetensors", folder / "silent.safetensors"
    data = weights.read_bytes()
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    del head["__metadata__"]
    text = json.dumps(head).encode()
    silent.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
    assert draw("--model", silent, "--layers", networks[0], "-o", folder / "page.html")[0] == 0
    for words, *arguments in (
        ("does not say what layers its weights are of; name them", "--model", silent),
        (f"are {networks[0]}, not Linear(784, 30), relu", "--model", weights, "--layers", "Linear(784, 30), relu"),
        ("0.weight", "--model", silent, "--layers", "Linear(784, 20), sigmoid, Linear(20, 10)"),
        ("0.bias", "--model", silent, "--layers", "Linear(784, 30, bias=false), sigmoid, Linear(30, 10)"),
        ("there is no layer 'sigmoit'", "--model", silent, "--layers", "Linear(784, 30), sigmoit"),
        ("nowhere.safetensors", "--model", folder / "nowhere.safetensors"),
        ("--model is required",),
    ):
        status, _, error = draw(*arguments, "-o", folder / "refused.html")
        assert status != 0 and words in error and not (folder / "refused.html").exists(), (arguments, error)


texts()
refusals()
with tempfile.TemporaryDirectory() as name:
    files(pathlib.Path(name))
print("all is well")
