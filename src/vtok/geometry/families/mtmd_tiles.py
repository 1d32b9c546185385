"""llama.cpp's tiles, for InternVL and LLaVA-1.6: the canvas that keeps most of the picture's pixels, and an overview.

A picture no larger than a tile is one tile. Any other is fitted into the canvas of tiles on which it keeps most of its
pixels, the least wasteful of those, padded around, and followed by the whole picture squeezed into one more tile.

Source: llama.cpp, ``mtmd_image_preprocessor_llava_uhd`` (``get_slice_instructions``, ``select_best_resolution``) and
``mtmd_image_preprocessor_internvl`` in ``tools/mtmd/mtmd-image.cpp`` (0309b28f9b), ``set_internvl_dhr_res_candidates``
in ``tools/mtmd/clip.cpp`` and ``add_media`` in ``tools/mtmd/mtmd.cpp`` (df1af33bb3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import require_positive
from vtok.geometry.families.mtmd import MOST_PIXELS, padded
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class MtmdTiles(Family):
    """Tiles of ``tile`` px, each ``rows`` x ``rows`` tokens, on canvases of ``min_tiles`` to ``max_tiles`` of them.

    ``canvases``, (width, height) in px, take the place of these where they are given. ``markers``: tokens that
    llama.cpp puts around a picture, each one of the vocabulary.
    """

    tile: int = 448
    rows: int = 16
    min_tiles: int = 1
    max_tiles: int = 12
    canvases: tuple[tuple[int, int], ...] | None = None
    markers: int = 2

    def __post_init__(self) -> None:
        require_positive(tile=self.tile, rows=self.rows, min_tiles=self.min_tiles, max_tiles=self.max_tiles)
        if not self._candidates():
            raise UsageError(f"there is no canvas of {self.min_tiles} to {self.max_tiles} tiles")
        for side in (side for canvas in self._candidates() for side in canvas):
            if side < 1 or side % self.tile:
                raise UsageError(f"a canvas side of {side} px is no multiple of the tile of {self.tile} px")

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the overview; ``UsageError`` from 2**31 pixels on."""
        check_size(width, height)
        if width * height > MOST_PIXELS:
            raise UsageError(f"a picture of {width} x {height} px has more pixels than llama.cpp can count")
        columns, rows = (int(side[0]) for side in self._grid(*pair(width, height)))
        resized = (columns * self.tile, rows * self.tile) if columns else (self.tile, self.tile)
        boxes = cut(padded((width, height), resized), columns, rows) if columns else []
        boxes.append(whole(width, height))
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        return Layout((width, height), resized, tiles, grids, self.markers)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._grid(w, h)
            counts = (columns * rows + 1) * self.rows**2 + self.markers
            return np.where(w.astype(np.float64) * h > MOST_PIXELS, -1, counts)

        return count_sizes(rule, widths, heights)

    def _candidates(self) -> tuple[tuple[int, int], ...]:
        """(width, height) in px of every canvas, in the order in which llama.cpp tries them."""
        if self.canvases is not None:
            return self.canvases
        least, most = self.min_tiles, self.max_tiles
        return tuple(
            (columns * self.tile, rows * self.tile)
            for columns in range(least, most + 1)
            for rows in range(max(-(-least // columns), least), most // columns + 1)
        )

    def _grid(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of tiles beside the overview, 0 and 0 where the overview is all."""
        wide, high, area = w.astype(np.float32), h.astype(np.float32), w * h
        kept, spare = np.zeros_like(area), np.full_like(area, np.iinfo(np.int32).max)
        columns, rows = np.zeros_like(area), np.zeros_like(area)
        for across, down in self._candidates():
            # In single precision, since a rounding there decides between canvases.
            scale = np.minimum(np.float32(across) / wide, np.float32(down) / high)
            pixels = np.minimum((wide * scale).astype(np.int64) * (high * scale).astype(np.int64), area)
            waste = across * down - pixels
            better = (pixels > kept) | ((pixels == kept) & (waste < spare))
            kept, spare = np.where(better, pixels, kept), np.where(better, waste, spare)
            columns = np.where(better, across // self.tile, columns)
            rows = np.where(better, down // self.tile, rows)
        small = np.maximum(w, h) <= self.tile
        return np.where(small, 0, columns), np.where(small, 0, rows)
