"""Loads shared objects that link xtape into a running interpreter: `load.py OBJECT...`."""
import ctypes
import math
import sys
import threading

N = 300_000
expected = sum(2 * math.tanh(i / N) * (1 - math.tanh(i / N) ** 2) for i in range(N))

objects = []
for path in sys.argv[1:]:
    loaded = ctypes.CDLL(path)
    for name, result in (("gradient_sum", ctypes.c_double), ("gradient_sum_on_thread", ctypes.c_double),
                         ("live_bytes_beside", ctypes.c_int64)):
        getattr(loaded, name).restype = result
        getattr(loaded, name).argtypes = [ctypes.c_int64]
    objects.append(loaded)


def check(loaded):
    for f in (loaded.gradient_sum, loaded.gradient_sum_on_thread):
        found = f(N)
        assert abs(found - expected) < 1e-9 * expected, (found, expected)


for each in objects:
    check(each)
threads = [threading.Thread(target=check, args=(each,)) for each in objects * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert all(1_000_000 <= each.live_bytes_beside(1_000_000) < 2_000_000 for each in objects)
print(f"{len(objects)} objects work beside each other")
