"""Connected parts of a black-and-white picture, from its horizontal runs; numpy alone.

A run is an unbroken stretch of ink in one row. Runs of neighbouring rows that touch, corners included, are linked, and
linked runs get one label, by hooking each tree to a smaller neighbour and shortening the paths until nothing changes
(Y. Shiloach and U. Vishkin, "An O(log n) parallel connectivity algorithm", Journal of Algorithms 3, 1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Runs by row and from left to right: ``row``, first column ``start``, and ``end``, the column after the last."""

    row: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.row)

    def joined(self, gap: int) -> tuple[Runs, Ints]:
        """Runs with the gaps of at most ``gap`` px between them filled, and which of them each run became part of."""
        if not len(self):
            return self, np.zeros(0, np.int64)
        new = np.append(True, (self.row[1:] != self.row[:-1]) | (self.start[1:] - self.end[:-1] > gap))
        first = np.flatnonzero(new)
        last = np.append(first[1:], len(self)) - 1
        return Runs(self.row[first], self.start[first], self.end[last]), np.cumsum(new) - 1


def find_runs(ink: NDArray[np.bool_]) -> Runs:
    """The runs of True in ``ink``, (rows, columns)."""
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).view(np.int8), axis=1).ravel()
    width = ink.shape[1] + 1
    row, start = np.divmod(np.flatnonzero(edges == 1), width)
    return Runs(row, start, np.flatnonzero(edges == -1) % width)


def label(runs: Runs) -> tuple[Ints, int]:
    """A number from 0 on for each run, the same for all that are connected, and how many numbers there are."""
    if not len(runs):
        return np.zeros(0, np.int64), 0
    above, below = _touching(runs)
    parent = np.arange(len(runs))
    while True:
        a, b = parent[above], parent[below]
        apart = a != b
        if not apart.any():
            break
        above, below, a, b = above[apart], below[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while (shorter := parent[parent]).tobytes() != parent.tobytes():
            parent = shorter
    roots, labels = np.unique(parent, return_inverse=True)
    return labels.ravel(), len(roots)


def _touching(runs: Runs) -> tuple[Ints, Ints]:
    """Pairs of runs in neighbouring rows that share an edge or a corner."""
    # Rows end to end, with room between them so that the last run of one does not touch the first of the next.
    width = int(runs.end.max()) + 2
    start, end = runs.row * width + runs.start, runs.row * width + runs.end
    first = np.searchsorted(end, start + width, side="left")
    last = np.searchsorted(start, end + width, side="right")
    number = last - first
    above = np.repeat(np.arange(len(runs)), number)
    below = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)
    return above, below
