"""llama.cpp's own resize to a whole number of tokens, in place of the rules of the models that it runs.

Both sides to the nearest multiple of a token's side, the area between two bounds, in single precision; then the
picture is fitted into that size and padded around. No shape is refused.

Source: llama.cpp, ``calc_size_preserved_ratio`` and ``mtmd_image_preprocessor_dyn_size`` in
``tools/mtmd/mtmd-image.cpp`` (0309b28f9b), ``clip_n_output_tokens`` in ``tools/mtmd/clip.cpp`` and ``add_media`` in
``tools/mtmd/mtmd.cpp`` (df1af33bb3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, pair
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Layout

#: llama.cpp counts pixels in 32 bits.
MOST_PIXELS = 2**31 - 1


@dataclass(frozen=True)
class Mtmd(Family):
    """``min_tokens`` to ``max_tokens`` tokens of ``merge`` x ``merge`` patches of ``patch`` px.

    ``min_pixels`` and ``max_pixels`` are bounds in px instead, where they are not 0. ``breaks``: whether a token
    stands between two rows. ``markers``: tokens that llama.cpp puts around a picture, each one of the vocabulary.
    """

    min_tokens: int = 8
    max_tokens: int = 4096
    patch: int = 14
    merge: int = 2
    min_pixels: int = 0
    max_pixels: int = 0
    breaks: bool = False
    markers: int = 2

    def __post_init__(self) -> None:
        require_positive(patch=self.patch, merge=self.merge, min_tokens=self.min_tokens, max_tokens=self.max_tokens)
        least, most = self._bounds
        if least > most:
            raise UsageError(f"the least number of pixels, {least:,}, is over the most, {most:,}")

    @property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid; its box reaches past the picture where it is padded. ``UsageError`` from 2**31 pixels on."""
        check_size(width, height)
        if width * height > MOST_PIXELS:
            raise UsageError(f"a picture of {width} x {height} px has more pixels than llama.cpp can count")
        found = self._grid(*pair(width, height))
        columns, rows = (int(side[0]) for side in found)
        resized = (columns * self.side, rows * self.side)
        beside = self.markers + (rows - 1) * self.breaks
        return one_grid((width, height), resized, rows, columns, padded((width, height), resized), beside)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._grid(w, h)
            counts = rows * columns + (rows - 1) * self.breaks + self.markers
            return np.where(w.astype(np.float64) * h > MOST_PIXELS, -1, counts)

        return count_sizes(rule, widths, heights)

    @property
    def _bounds(self) -> tuple[int, int]:
        area = self.side**2
        return self.min_pixels or self.min_tokens * area, self.max_pixels or self.max_tokens * area

    def _grid(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of tokens; single precision throughout, since a rounding there moves whole rows."""
        least, most = self._bounds
        side = np.float32(self.side)
        wide, high = w.astype(np.float32), h.astype(np.float32)
        columns, rows = (np.maximum(_round(length / side), 1) for length in (wide, high))
        area = columns * rows * self.side**2
        big, small = np.flatnonzero(area > most), np.flatnonzero(area < least)
        beta = np.sqrt(wide[big] * high[big] / np.float32(most))
        columns[big] = np.maximum(np.floor(wide[big] / beta / side), 1)
        rows[big] = np.maximum(np.floor(high[big] / beta / side), 1)
        beta = np.sqrt(np.float32(least) / (wide[small] * high[small]))
        columns[small] = np.ceil(wide[small] * beta / side)
        rows[small] = np.ceil(high[small] * beta / side)
        return columns, rows


def _round(values: NDArray[np.float32]) -> Ints:
    """To the nearest whole number, halves up, as C does and numpy does not."""
    whole = np.floor(values)
    return (whole + (values - whole >= 0.5)).astype(np.int64)


def padded(source: tuple[int, int], resized: tuple[int, int]) -> Box:
    """What the resized picture shows of the source: all of it in the middle, and what pads it."""
    scale = min(after / before for after, before in zip(resized, source, strict=True))
    (width, height), (left, top) = (
        [after / scale for after in resized],
        [(before - after / scale) / 2 for after, before in zip(resized, source, strict=True)],
    )
    return left, top, left + width, top + height
