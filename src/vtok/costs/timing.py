"""How long work takes here: the shortest of several runs, in a slice of time that ends when it is told to.

Runs are short, so that some of them are over before another program has its turn on the same cores.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Shape = tuple[int, int, int]
#: Seconds that one product or copy is repeated for, and the most that one run of it should take.
SLICE, RUN = 0.15, 0.05


def load() -> float:
    """Programs that want a processor, on average over the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def is_busy() -> bool:
    """Whether other programs have as much to do as there are processors, so that threads wait for each other."""
    return load() >= (os.cpu_count() or 1)


def cores() -> int:
    """Processors with a matrix unit of their own: two threads of a core count once, where the system tells."""
    pairs = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    try:
        return len({pair.read_text(encoding="ascii") for pair in pairs}) or os.cpu_count() or 1
    except (OSError, ValueError):
        return os.cpu_count() or 1


def best(work: Callable[[], object], until: float = math.inf) -> float:
    """The shortest of the runs that fit into ``SLICE`` and end before ``until`` (of ``time.monotonic``), in seconds.

    The first run warms up, and counts only where no time is left for another.
    """
    start = time.monotonic()
    work()
    first = time.monotonic() - start
    end = min(time.monotonic() + SLICE, until - first)
    found = math.inf
    while time.monotonic() < end or (math.isinf(found) and time.monotonic() < until - first):
        start = time.monotonic()
        work()
        found = min(found, time.monotonic() - start)
    return first if math.isinf(found) else found


def rates(
    product: Callable[[Shape], Callable[[], object]], shapes: Sequence[Shape], until: float = math.inf
) -> list[float]:
    """FLOP/s of a product of each shape (rows, inner, columns), up to the first that would take too long.

    The first, smallest product only tells whether the next ones are worth the time; it counts where it stays alone.
    """
    found: list[float] = []
    for shape in shapes:
        work = 2 * math.prod(shape)
        if found and work / found[-1] > min(RUN, (until - time.monotonic()) / 2):
            break
        found.append(work / best(product(shape), until))
    return found[1:] or found
