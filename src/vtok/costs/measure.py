"""Matrix rate, copy bandwidth and memory of this machine, in ``SECONDS``, by numpy, and by torch where it is installed.

Large products tell the rate; a copy of an array far larger than any cache tells the bandwidth, a byte read and one
written. What is measured is reached by definition; products of several shapes tell from where to where. On a processor
numpy goes first, which takes two seconds at most; torch has what is left, the loading of it included, and what it does
not measure by then is left out. Where others keep the processor busy, one thread is measured and counted for all cores,
since threads that wait for each other there are slower than one. Where a GPU may be, it is waited for longer.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from vtok.catalog.devices import Device
from vtok.costs.by_torch import COPIED, SHAPES, by_torch
from vtok.costs.timing import Shape, best, cores, is_busy, load, rates

#: Seconds that all of it may take on a processor; starting the program comes on top.
SECONDS = 3.6
_PIECES = 16


def measure() -> Device:
    """This machine: its CUDA device or Apple GPU where torch sees one, else its processor."""
    start = time.monotonic()
    by_numpy = _by_one_thread(start + SECONDS / 4) if is_busy() else rates(_product, SHAPES, start + SECONDS / 4)
    bandwidth = _bandwidth(start + SECONDS / 2)
    lines = by_torch(SECONDS - (time.monotonic() - start))
    place = lines[0] if lines else {}
    found = {line["number"]: line["rates"] for line in lines if "number" in line}
    took = time.monotonic() - start
    if place.get("kind", "cpu") == "cpu":
        title = f"{_processor_name()}, {os.cpu_count()} threads"
        own, others = {"fp32": by_numpy}, found
        found = {**found, "fp32": max(by_numpy, found.get("fp32", [0.0]), key=max)}
        place = {**place, "title": title, "kind": "cpu", "memory": memory()}
    else:
        own, others = {}, found
        bandwidth = next((line["bandwidth"] for line in lines if "bandwidth" in line), bandwidth)
    return _device(place, bandwidth, found, _sources(took, own, others, place.get("torch")))


def _sources(took: float, own: Mapping[str, object], others: Mapping[str, object], torch: str | None) -> dict[str, str]:
    """What was measured, by what, and in which time."""
    by = {f"numpy {np.__version__}": own, f"torch {torch}": others}
    products = "; ".join(f"{', '.join(numbers)} by {name}" for name, numbers in by.items() if numbers)
    return {
        "device": f"measured on this machine on {time.strftime('%Y-%m-%d')}, in {took:.1f} s",
        "rates": f"the fastest products of matrices: {products}",
        "bandwidth": f"copies of {COPIED // 2**20} MiB, piece by piece" if own else f"copies of {COPIED // 2**20} MiB",
    }


def _device(
    place: Mapping[str, Any], bandwidth: float, rates: Mapping[str, Sequence[float]], sources: dict[str, str]
) -> Device:
    # A processor computes fp16 weights in fp32 where it is slow at fp16.
    fast = {number: max(found) for number, found in rates.items()}
    fast["fp16"] = max(fast.get("fp16", 0.0), fast.get("fp32", 0.0))
    shares = [min(found) / max(found) for found in rates.values()]
    return Device(
        name="here",
        title=place["title"],
        kind=place["kind"],
        memory=place["memory"],
        installed=place["memory"],
        bandwidth=bandwidth,
        rates=fast,
        compute_attained=(min(shares), 1.0),
        bandwidth_attained=(0.8, 1.0),
        sources=sources,
        note=_disturbed(),
    )


def _disturbed() -> str:
    """A word where other programs had as much to do as there are processors, which makes rates look low."""
    if not is_busy():
        return ""
    busy = f"other programs were busy ({load():.1f} on {os.cpu_count()} threads)"
    return f"{busy}: rates may look low, and are measured anew the next time"


def memory() -> int | None:
    """Bytes of memory that this process may use, the limit of its container included; None where nothing tells."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            text = limit.read(40).strip()
    except OSError:
        return total
    return min(total, int(text)) if text.isdigit() else total


def _product(shape: Shape) -> Callable[[], object]:
    rows, inner, columns = shape
    a, b = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    return lambda: np.matmul(a, b)


def _by_one_thread(until: float) -> list[float]:
    """FLOP/s of all cores as that of one, by products so small that BLAS shares none among threads."""
    side, number = 64, 64
    a, b = np.ones((number, side, side), np.float32), np.ones((number, side, side), np.float32)
    return [cores() * 2 * number * side**3 / best(lambda: np.matmul(a, b), until)]


def _bandwidth(until: float) -> float:
    """By one piece after the other, so that none is in a cache when its turn comes again."""
    source, target = np.ones((_PIECES, COPIED // _PIECES), np.uint8), np.zeros((_PIECES, COPIED // _PIECES), np.uint8)
    target[:] = source  # so that the memory is there
    turns = cycle(range(_PIECES))

    def copy() -> None:
        turn = next(turns)
        np.copyto(target[turn], source[turn])

    return 2 * COPIED / _PIECES / best(copy, until)


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine() or "this processor"
