"""What families share: refusing sizes, cutting boxes, counting many sizes in blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vtok.errors import UsageError
from vtok.geometry.layout import Box, Grid

Ints = NDArray[np.int64]

# A block of sizes and the arrays derived from it stay in a core's cache.
_BLOCK = 1 << 13


def check_size(width: int, height: int, least: int = 1) -> None:
    """Raises ``UsageError`` unless both sides, in px, are at least ``least``."""
    if width < 1 or height < 1:
        raise UsageError(f"a picture of {width} x {height} px has no pixels; both sides must be at least {least}")
    if min(width, height) < least:
        raise UsageError(f"a picture of {width} x {height} px is too small; both sides must be at least {least}")


def count_sizes(rule: Callable[[Ints, Ints], Ints], widths: ArrayLike, heights: ArrayLike) -> Ints:
    """``rule`` on every pair of ``widths`` and ``heights`` (px, broadcast), int64 in the broadcast shape.

    The rule sees one-dimensional arrays of sides of at least 1 and answers -1 where it refuses a shape; sizes
    without pixels become -1 here.
    """
    wide, high = np.broadcast_arrays(np.asarray(widths, np.int64), np.asarray(heights, np.int64))
    shape, wide, high = wide.shape, wide.ravel(), high.ravel()
    counts = np.full(wide.shape, -1, np.int64)
    for start in range(0, wide.size, _BLOCK):
        w, h = wide[start : start + _BLOCK], high[start : start + _BLOCK]
        out = counts[start : start + _BLOCK]
        real = (w > 0) & (h > 0)
        if real.all():
            out[:] = rule(w, h)
        elif real.any():
            out[real] = rule(w[real], h[real])
    return counts.reshape(shape)


def whole(width: int, height: int) -> Box:
    """The box of the whole picture."""
    return 0.0, 0.0, float(width), float(height)


def cut(box: Box, columns: int, rows: int) -> list[Box]:
    """``box`` cut into ``columns`` x ``rows`` equal boxes, in reading order."""
    left, top, right, bottom = box
    x = [left + (right - left) * i / columns for i in range(columns + 1)]
    y = [top + (bottom - top) * j / rows for j in range(rows + 1)]
    return [(x[i], y[j], x[i + 1], y[j + 1]) for j in range(rows) for i in range(columns)]


def queries(count: int, box: Box) -> tuple[Grid, ...]:
    """``count`` tokens that a resampler draws from all of ``box``: none has a place of its own."""
    return (Grid(1, 1, box),) * count


def pair(width: int, height: int) -> tuple[Ints, Ints]:
    """One size as the arrays that a vectorised rule takes."""
    return np.array([width], np.int64), np.array([height], np.int64)
