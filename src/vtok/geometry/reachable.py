"""The sizes to which one picture can be shrunk, and what each costs: those that matter out of all there are.

A rule from size to tokens has steps: it rounds to whole tokens, or picks a canvas of whole tiles. So of all sizes
those matter most that have the picture's own shape, and those on the lines where one side is a whole number of tokens
(or a side of the picture itself). What these leave open is a frame, and in it every size is looked at. Tests hold the
outcome against every size there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size

Ints = NDArray[np.int64]

#: How much more one side may be shrunk than the other, at most.
STRETCH = 1.25
#: So many sizes are counted one by one within some milliseconds, and so many within some tenths of a second.
FEW, MANY = 1 << 14, 1 << 20
# Enough for the grids of all families whose tokens are bounded: 32 x 35 of 1,120, 28 x 40, 16 x 16.
_TERMS = np.arange(1, 41)


@dataclass(frozen=True)
class Sizes:
    """Sizes in px, the tokens of each, and where each stands, int64 arrays of one length.

    ``places`` of neighbours on a line follow each other; from one line to the next a place is left out.
    """

    widths: Ints
    heights: Ints
    counts: Ints
    places: Ints

    @property
    def least(self) -> int:
        """The fewest tokens of any of the sizes; more than any picture has where there are none."""
        return int(self.counts.min(initial=np.iinfo(np.int64).max))

    def where(self, mask: NDArray[np.bool_]) -> Sizes:
        """Those for which ``mask`` is true."""
        return Sizes(self.widths[mask], self.heights[mask], self.counts[mask], self.places[mask])

    def steps(self, unit: tuple[float, float]) -> Sizes:
        """Both ends of each run of sizes of the same count, and those of whole tokens of ``unit`` px on both sides.

        Between its ends a run shows nothing that one of these does not show as well.
        """
        if not self.counts.size:
            return self
        step = (np.diff(self.places) != 1) | (np.diff(self.counts) != 0)
        ends = np.append(step, True) | np.insert(step, 0, True)
        return self.where(ends | (_is_whole(self.widths, unit[0]) & _is_whole(self.heights, unit[1])))


@dataclass(frozen=True)
class Frame:
    """Which sizes to look at: at most ``pixels`` px, each side at least ``scale`` times the source's, and neither
    side shrunk more than ``stretch`` times as much as the other."""

    pixels: float
    scale: float = 0.0
    stretch: float = STRETCH

    def lengths(self, sides: Ints, side: int, other: int) -> tuple[Ints, Ints]:
        """The least and the greatest length of the ``other`` side for each length in ``sides`` of the first."""
        ideal = sides * (other / side)
        low = np.ceil(np.maximum(ideal / self.stretch, self.scale * other))
        # The full side is never too long, so that every shape is among the sizes, for rules that go by shape alone.
        most = np.where(sides == side, np.inf, self.pixels / sides)
        high = np.minimum(np.minimum(ideal * self.stretch, other), most)
        return np.maximum(low, 1).astype(np.int64), np.where(sides >= self.scale * side, high, 0).astype(np.int64)

    def lines(self, side: int, other: int, unit: float) -> tuple[Ints, Ints]:
        """All sizes whose first side is a multiple of ``unit`` px, or a px less, or ``side`` itself."""
        whole = np.rint(np.arange(1, int(side / unit) + 1) * unit).astype(np.int64)
        wanted = np.zeros(side + 1, np.bool_)
        wanted[np.concatenate([whole, whole - 1, [side]])] = True
        wanted[0] = False
        sides = np.flatnonzero(wanted)
        low, high = self.lengths(sides, side, other)
        number = np.maximum(high - low + 1, 0)
        return np.repeat(sides, number), _counting(number) + np.repeat(low, number)


def same_shape(family: Family, source: Size) -> Sizes:
    """Every size from 1 px up to ``source`` itself (width, height) that has its shape, to the nearest px.

    The longer side takes every length there is. Sizes that the model refuses are left out.
    """
    width, height = source
    long, short = max(source), min(source)
    longs = np.arange(1, long + 1, dtype=np.int64)
    shorts = np.maximum(1, (2 * longs * short + long) // (2 * long))
    widths, heights = (longs, shorts) if width >= height else (shorts, longs)
    return _counted(family, widths, heights, np.zeros_like(longs))


def on_lines(family: Family, source: Size, frame: Frame, unit: tuple[float, float]) -> Sizes:
    """Sizes within ``frame`` of which one side is a whole number of tokens of ``unit`` px, the other one free."""
    width, height = source
    wide, high = frame.lines(width, height, unit[0])
    tall, long = frame.lines(height, width, unit[1])
    return _counted(family, np.concatenate([wide, long]), np.concatenate([high, tall]), np.concatenate([wide, -tall]))


def on_rays(family: Family, source: Size, frame: Frame) -> Sizes:
    """Sizes within ``frame`` whose sides are to each other as two small whole numbers.

    Where a model shrinks by the shape alone, such a shape may be whole tokens on both sides, and how floats are rounded
    decides, for each size anew, whether they are reached or both missed.
    """
    width, height = source
    a, b = (terms.ravel() for terms in np.meshgrid(_TERMS, _TERMS))
    ratio = (a / width) / (b / height)
    fine = (np.gcd(a, b) == 1) & (ratio <= frame.stretch) & (1 / frame.stretch <= ratio)
    a, b = a[fine], b[fine]
    first = np.ceil(np.maximum(1, frame.scale * np.maximum(width / a, height / b))).astype(np.int64)
    last = np.minimum(np.minimum(width // a, height // b), np.sqrt(frame.pixels / (a * b)))
    number = np.maximum(last - first + 1, 0).astype(np.int64)
    times = _counting(number) + np.repeat(first, number)
    rays = np.repeat(np.arange(len(a)), number)
    return _counted(family, a[rays] * times, b[rays] * times, rays)


def every_size(family: Family, source: Size, frame: Frame, most: int = FEW) -> Sizes:
    """All sizes within ``frame`` if there are at most ``most`` of them, else none."""
    width, height = source
    low, high = frame.lengths(np.arange(1, width + 1, dtype=np.int64), width, height)
    if np.maximum(high - low + 1, 0).sum() > most:
        none = np.empty(0, np.int64)
        return Sizes(none, none, none, none)
    widths, heights = frame.lines(width, height, 1)
    return _counted(family, widths, heights, widths)


def token_sides(layout: Layout) -> tuple[float, float]:
    """What the finest token shows, (across, down) in px of the model's view, at least 1.

    A token that shows a whole tile, as a resampler's do, is as large as the tile.
    """
    tile = max(layout.tiles, key=lambda tile: _scale(tile.size, tile.box, 0) * _scale(tile.size, tile.box, 1))
    sides = []
    for axis in (0, 1):
        cells = [
            (grid.box[axis + 2] - grid.box[axis]) / (grid.rows if axis else grid.columns)
            for grid in layout.grids
            if grid.count
        ]
        shown = min((cell for cell in cells if cell > 0), default=float(layout.source[axis]))
        sides.append(max(1.0, shown * _scale(tile.size, tile.box, axis)))
    return sides[0], sides[1]


def _scale(size: Size, box: tuple[float, ...], axis: int) -> float:
    length = box[axis + 2] - box[axis]
    return size[axis] / length if length > 0 else 0.0


def _is_whole(lengths: Ints, unit: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(np.rint(lengths / unit) * unit - lengths) < 0.5)


def _counting(numbers: Ints) -> Ints:
    """0, 1, 2, ... as far as each of ``numbers``, one after the other."""
    return np.arange(numbers.sum(), dtype=np.int64) - np.repeat(np.cumsum(numbers) - numbers, numbers)


def _counted(family: Family, widths: Ints, heights: Ints, lines: Ints) -> Sizes:
    """The sizes that the model takes; ``lines`` changes from one line to the next."""
    places = np.arange(len(lines)) + np.cumsum(np.diff(lines, prepend=0) != 0)
    sizes = Sizes(widths, heights, family.count_many(widths, heights), places)
    return sizes.where(sizes.counts >= 0)
