"""Kills a training at random moments, while it saves among others, and has it go on, with another number of threads:
what it comes to must be the same, bit for bit, as without.  python3 tests/run_kill.py RUN_PROBE [KILLS [SEED]]"""
import pathlib
import random
import subprocess
import sys
import tempfile
import time


def start(probe, folder, result, threads):
    return subprocess.Popen([probe, folder / "training", result, str(threads)], stdout=subprocess.DEVNULL)


def outcome(folder):
    """Weights, figures and curve; the page without its section of times."""
    page = (folder / "training.html").read_text()
    begin = page.index(">Times<")
    return (folder / "result").read_bytes(), page[:begin] + page[page.index("</section>", begin):]


def main():
    probe, kills = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        expected = {}
        for threads in (1, 2):
            folder = root / f"whole{threads}"
            folder.mkdir()
            began = time.monotonic()
            if start(probe, folder, folder / "result", threads).wait() != 0:
                sys.exit("the training fails")
            duration = time.monotonic() - began
            expected[threads] = outcome(folder)
        if expected[1] != expected[2]:
            sys.exit("one and two threads do not come to the same")
        killed = trainings = 0
        while killed < kills:
            trainings += 1
            folder = root / f"killed{trainings}"
            folder.mkdir()
            result, threads = folder / "result", 1
            while not result.exists():
                process = start(probe, folder, result, threads)
                threads = 3 - threads
                try:
                    # Less than it takes to train to the end, so that one training is killed several times.
                    code = process.wait(timeout=rng.uniform(0, duration * 0.7) if killed < kills else None)
                    if code != 0:
                        sys.exit(f"a training that was killed {killed} times does not go on: exit code {code}")
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
            if outcome(folder) != expected[1]:
                sys.exit(f"training {trainings}, which was killed, came to something else")
        print(f"{trainings} trainings, killed {killed} times, came to the same bits")


main()
