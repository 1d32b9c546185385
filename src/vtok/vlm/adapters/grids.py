"""Rows and columns of the visual tokens of one unit, by what a family's inputs say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Grid = tuple[int, int]


def square(count: int) -> Grid | None:
    """As many rows as columns: encoders of one square size."""
    side = math.isqrt(count)
    return (side, side) if side * side == count else None


def patches(inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
    """From ``image_grid_thw``: the grid of patches, merge x merge of which became one token."""
    frames, rows, columns = (int(side) for side in inputs["image_grid_thw"][index])
    return merged(rows, columns, count) if frames == 1 else None


def merged(rows: int, columns: int, count: int) -> Grid | None:
    """``count`` tokens in the shape of ``rows`` x ``columns``, when so many a side became one; None when not."""
    merge = math.isqrt(rows * columns // count) if count else 0
    if merge and (rows // merge) * (columns // merge) == count:
        return rows // merge, columns // merge
    return None
