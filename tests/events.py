"""Events and tables that xtape writes, read by parsers of their own: the records with Debian's CRC-32C, the messages by
Google's protobuf from TensorFlow's public definitions, tables by Python's csv and json.

Run as `events.py PROBE`. Exits with 0 when all is well, 1 when something is not, 77 when protobuf is not there."""
import csv
import json
import math
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

from read_files import read_npy, read_png

try:
    import crc32c
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError:
    print("SKIPPED: python3-protobuf or python3-crc32c is not there")
    sys.exit(77)

probe = os.path.abspath(sys.argv[1])

# tensorflow/core/util/event.proto, tensorflow/core/framework/{summary,histogram,tensor,tensor_shape}.proto
definitions = {
    "Event": "1 double wall_time, 2 int64 step, 3 string file_version, 5 Summary summary, 7 SessionLog session_log",
    "SessionLog": "1 int32 status, 2 string checkpoint_path, 3 string msg",
    "Summary": "1 *Value value",
    "Value": "7 string node_name, 1 string tag, 9 SummaryMetadata metadata, 2 float ?simple_value, 4 Image ?image,"
             " 5 HistogramProto ?histo, 8 TensorProto ?tensor",  # one of these
    "SummaryMetadata": "1 PluginData plugin_data, 2 string display_name, 3 string summary_description,"
                       " 4 int32 data_class",
    "PluginData": "1 string plugin_name, 2 bytes content",
    "Image": "1 int32 height, 2 int32 width, 3 int32 colorspace, 4 bytes encoded_image_string",
    "HistogramProto": "1 double min, 2 double max, 3 double num, 4 double sum, 5 double sum_squares,"
                      " 6 *double bucket_limit, 7 *double bucket",
    "TensorProto": "1 int32 dtype, 2 TensorShapeProto tensor_shape, 8 *bytes string_val",
    "TensorShapeProto": "2 *Dim dim, 3 bool unknown_rank",
    "Dim": "1 int64 size, 2 string name",
}  # fmt: skip


def event_class():
    Field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="read", syntax="proto3")
    for name, fields in definitions.items():
        message = file.message_type.add(name=name)
        for text in fields.split(","):
            number, kind, called = text.split()
            field = message.field.add(name=called.lstrip("?"), number=int(number), label=Field.LABEL_OPTIONAL)
            if called[0] == "?":
                field.oneof_index = 0
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
            if kind[0] == "*":
                kind, field.label = kind[1:], Field.LABEL_REPEATED
            if kind in definitions:
                field.type, field.type_name = Field.TYPE_MESSAGE, f".read.{kind}"
            else:
                field.type = getattr(Field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("read.Event")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(found)
    return message_factory.MessageFactory(pool).GetPrototype(found)


Event = event_class()


def records(path):
    """The whole events of a file; it must hold nothing else."""
    data, at = path.read_bytes(), 0

    def checked(begin, size):
        crc = crc32c.crc32c(data[begin : begin + size])
        (stored,) = struct.unpack("<I", data[begin + size : begin + size + 4])
        assert stored == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF, "a wrong checksum"
        return data[begin : begin + size]

    while at < len(data):
        (size,) = struct.unpack("<Q", checked(at, 8))
        event = Event.FromString(checked(at + 12, size))
        known = Event()
        known.CopyFrom(event)
        known.DiscardUnknownFields()
        assert known.ByteSize() == event.ByteSize(), "a field that there is not"
        yield event
        at += 12 + size + 4
    assert at == len(data)


def run(folder):
    """(tag, step) -> all that is said of it, [(time, value)], in the files of a folder, as TensorBoard forgets."""
    said, starts = {}, 0
    for path in sorted(folder.iterdir()):
        events = list(records(path))
        assert events[0].file_version == "brain.Event:2" and "tfevents" in path.name
        for event in events[1:]:
            if event.HasField("session_log"):
                assert event.session_log.status == 1
                starts += 1
                if starts > 1:  # the first one is no restart
                    said = {key: values for key, values in said.items() if key[1] < event.step}
            for value in event.summary.value:
                said.setdefault((value.tag, event.step), []).append((event.wall_time, value))
    return said


def grid(n):
    return [((7 * i + 3) % 101 - 50) / 16 for i in range(n)]


def single(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


def check_histogram(h, values):
    assert h.num == len(values) == sum(h.bucket) and len(h.bucket) == len(h.bucket_limit)
    if not values:
        return
    assert (h.min, h.max) == (min(values), max(values)) and h.bucket_limit[-1] == h.max
    assert math.isclose(h.sum, math.fsum(values), abs_tol=1e-12)
    assert math.isclose(h.sum_squares, math.fsum(v * v for v in values))
    begin = h.min
    for end, count in zip(h.bucket_limit, h.bucket):
        assert count == sum(begin <= v < end or v == end == h.max for v in values), (begin, end, count)
        begin = end


def events(folder):
    said = run(folder / "events")
    expected = {(tag, step) for tag in ("cost/training", "weights", "notes") for step in range(12)}
    expected |= {(f"picture/{c}", c) for c in (1, 2, 3, 4)} | {("odd", step) for step in range(4)} | {("long", 3)}
    assert set(said) == expected, set(said) ^ expected
    for step in range(12):
        for tag in ("cost/training", "weights", "notes"):
            ((when, value),) = said[tag, step]
            assert when == 1.7e9 + 0.25 * step
        cost = said["cost/training", step][0][1]
        assert cost.HasField("simple_value") and cost.simple_value == single(1 / (1 + step) + (step >= 6))
        check_histogram(said["weights", step][0][1].histo, grid(10 * (step + 1)))
        note = said["notes", step][0][1]
        assert note.metadata.plugin_data.plugin_name == "text" and note.tensor.dtype == 7
        assert note.tensor.HasField("tensor_shape") and not note.tensor.tensor_shape.dim
        assert [s.decode() for s in note.tensor.string_val] == [f"**step** {step}, größer \U0001f642"]
    for c in (1, 2, 3, 4):
        ((when, value),) = said[f"picture/{c}", c]
        assert abs(when - time.time()) < 600, "not now"
        image = value.image
        assert (image.height, image.width, image.colorspace) == (4, 6, c)
        width, height, channels, pixels = read_png(image.encoded_image_string)
        assert (width, height, channels) == (6, 4, c)
        x = read_npy(folder / f"{c}.npy")[1]
        assert list(pixels) == [math.floor(255 * min(x[k * 24 + i], 1) + 0.5) for i in range(24) for k in range(c)]
    assert all(value.HasField("simple_value") for _, value in said["odd", 0])
    odd = [struct.pack("<f", value.simple_value) for _, value in said["odd", 0]]
    expected = [0.0, -0.0, math.nan, math.inf, -math.inf, math.inf, 0.0, -1.5]
    assert odd == [struct.pack("<f", v) for v in expected], odd
    for step, values in ((1, [2.0, 2.0, 2.0]), (2, []), (3, [1.0, 3.0])):
        check_histogram(said["odd", step][0][1].histo, values)
    assert said["long", 3][0][1].tensor.string_val == [b"x" * 100_000]


def row(i):
    note = ('a "b"\n, c', "", " d")[i % 3]
    return {"step": i, "cost, all": 1 / (i + 1), "note": note, "best": i % 2 == 0}


def tables(folder):
    lines = (folder / "table.jsonl").read_bytes().decode().split("\n")
    assert lines.pop() == ""
    refuse = lambda name: (_ for _ in ()).throw(AssertionError(f"{name} is no JSON"))
    found = [json.loads(line, parse_constant=refuse) for line in lines]
    assert found[:10] == [row(i) for i in range(10)] and list(found[0]) == list(row(0))
    assert found[10:] == [{"cost, all": None, "step": -1}, {"step": -(2**63), "cost, all": None}, {"cost, all": None},
                          {"cost, all": 1e-310, "note": "ä \ufffd \u2028 \r"}]  # fmt: skip
    with open(folder / "table.csv", encoding="utf-8", errors="replace", newline="") as file:
        head, *found = csv.reader(file, strict=True)
    assert head == list(row(0))
    written = lambda i: [str(i), repr(1 / (i + 1)), row(i)["note"], "true" if i % 2 == 0 else "false"]
    assert [[r[0], repr(float(r[1])), *r[2:]] for r in found[:10]] == [written(i) for i in range(10)]
    assert found[10:] == [["-1", "nan", "", ""], [str(-(2**63)), "inf", "", ""], ["", "-inf", "", ""],
                          ["", "1e-310", "ä \ufffd \u2028 \r", ""]]  # fmt: skip


def kill(command, folder):
    """Runs it until something in the folder has grown or shrunk, and a little longer; whether it was killed then."""
    sizes = lambda: {path: path.stat().st_size for path in folder.iterdir()}
    before = sizes()
    process = subprocess.Popen([probe, *map(str, command)])
    while sizes() == before and process.poll() is None:
        time.sleep(0.001)
    time.sleep(0.02 * random.random())
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def killings(folder):
    """Whoever is killed leaves whole events and whole rows; who goes on makes the file that there would have been."""
    runs = folder / "killed"
    runs.mkdir()
    assert all(kill(("events", runs), runs) for _ in range(3))
    files = sorted(runs.iterdir())
    assert len(files) == 3 and sum(1 for path in files for _ in records(path)) > 10
    end, killed = 20_000, 0
    for name in ("rows.csv", "rows.jsonl"):
        whole, path = folder / f"whole_{name}", runs / name
        subprocess.run([probe, "rows", whole, "0", str(end)], check=True)
        kept = 0
        for _ in range(5):
            killed += kill(("rows", path, kept, end), runs)
            with open(path, newline="") as file:
                there = len(list(csv.reader(file, strict=True))) - 1 if name == "rows.csv" else file.read().count("\n")
            kept = random.randint(max(0, there // 2), max(0, there))
        subprocess.run([probe, "rows", path, str(kept), str(end)], check=True)
        assert path.read_bytes() == whole.read_bytes(), name
    assert killed > 0


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    subprocess.run([probe, "logs", folder], check=True)
    for part in (events, tables, killings):
        part(folder)
print("all is well")
