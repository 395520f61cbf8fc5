"""Kills a comparison at random moments and has it go on, with another number of processes: its table must be the same,
bit for bit, as without, and what had ended must not be trained again.  python3 tests/lab_kill.py LAB_PROBE [KILLS]"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time


def start(probe, file, workers):
    return subprocess.Popen([probe, file, str(workers)], stdout=subprocess.DEVNULL, start_new_session=True)


def outcome(file):
    """The table, and the page without its section of times."""
    page = pathlib.Path(f"{file}.html").read_text()
    begin = page.index(">Times<")
    return pathlib.Path(f"{file}.csv").read_bytes(), page[:begin] + page[page.index("</section>", begin):]


def main():
    probe, kills = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        expected, durations = None, []
        for workers in (0, 1, 3):
            file = root / f"whole{workers}.jsonl"
            began = time.monotonic()
            if start(probe, file, workers).wait() != 0:
                sys.exit("the comparison fails")
            durations = durations + [time.monotonic() - began]
            expected = expected or outcome(file)
            if outcome(file) != expected:
                sys.exit(f"{workers} processes come to another table than none")
        trainings = len(file.read_text().splitlines()) - 1
        file, killed = root / "killed.jsonl", 0
        while True:
            process = start(probe, file, 1 + killed % 3)
            try:
                # With one process, less than it takes.
                code = process.wait(timeout=rng.uniform(0.1, 0.4) * durations[1] if killed < kills else None)
                if code != 0:
                    sys.exit(f"a comparison that was killed {killed} times does not go on: exit code {code}")
                break
            except subprocess.TimeoutExpired:
                process.kill()  # alone: its trainings end because it does
                process.wait()
                killed += 1
                time.sleep(0.2)
        if not killed:
            sys.exit("it has ended before it was killed")
        if outcome(file) != expected:
            sys.exit("the comparison that was killed comes to another table")
        lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
        if len({(line["variant"], line["seed"]) for line in lines}) != len(lines) or len(lines) != trainings:
            sys.exit(f"{len(lines)} trainings are saved, expected {trainings}, each once")
        begun = len(pathlib.Path(f"{file}.begun").read_text().splitlines())
        if begun > trainings + 3 * killed:
            sys.exit(f"{begun} trainings were begun for {trainings} after {killed} kills")
        left = [path.name for path in root.iterdir() if ".run" in path.name or path.name.startswith(".xtape")]
        if left:
            sys.exit(f"what is left: {left}")
        print(f"{trainings} trainings, killed {killed} times and begun {begun} times, came to the same table")


main()
