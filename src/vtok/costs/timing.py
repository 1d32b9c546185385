"""How long work takes here: the shortest of several runs, in a slice of time that ends when it is told to.

Runs are short, so that some of them are over before another program has its turn on the same cores.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

Shape = tuple[int, int, int]
#: Seconds that one product or copy is repeated for, and the most that one run of it should take.
SLICE, RUN = 0.15, 0.05


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
