"""InternVL and its kin: squeezed onto the canvas of tiles whose aspect ratio is closest, and a thumbnail behind.

Source: transformers, ``models/got_ocr2/image_processing_got_ocr2.py`` (``get_optimal_tiled_canvas``) with
``models/internvl/processing_internvl.py``, ``models/qianfan_ocr/processing_qianfan_ocr.py`` and
``models/aya_vision/processing_aya_vision.py``. Among canvases that are equally close the one with more tiles
wins as long as the picture has more than half of its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import arrangements
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class InternVL(Family):
    """Square tiles of ``tile`` px, ``min_tiles`` to ``max_tiles`` of them, each ``rows`` x ``rows`` tokens.

    A picture of several tiles has a thumbnail, one more tile, behind them. ``markers`` are the tokens around the
    picture (begin and end), ``tile_markers`` those before each tile, the thumbnail included (2 and 1 for Aya
    Vision, as its processor counts). ``max_tiles=1``: the whole picture is one tile.
    """

    tile: int = 448
    min_tiles: int = 1
    max_tiles: int = 12
    rows: int = 16
    markers: int = 2
    tile_markers: int = 0

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles)
        boxes = cut(whole(width, height), columns, rows)
        if len(boxes) > 1:
            boxes.append(whole(width, height))
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        structural = self.markers + self.tile_markers * len(boxes)
        return Layout((width, height), (columns * self.tile, rows * self.tile), tiles, grids, structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return int(self._total(*closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles)))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        tiles = (self.tile, self.min_tiles, self.max_tiles)
        return count_sizes(lambda w, h: self._total(*closest_tiles(w, h, *tiles)), widths, heights)

    def _total(self, columns: Any, rows: Any) -> Any:
        """Tokens for a grid of tiles, plain numbers or arrays alike."""
        tiles = columns * rows
        return self.markers + (tiles + (tiles > 1)) * (self.rows**2 + self.tile_markers)


def closest_canvas(
    width: int, height: int, tile: int, smallest: int, largest: int, longest: int | None = None
) -> tuple[int, int]:
    """(columns, rows) of tiles of ``tile`` px for a picture of ``width`` x ``height`` px.

    ``smallest`` to ``largest`` tiles, at most ``longest`` a side.
    """
    ratio, area = width / height, width * height
    best, least = (1, 1), float("inf")
    for columns, rows in arrangements(smallest, largest, longest):
        off = abs(ratio - columns / rows)
        if off < least or (off == least and area > 0.5 * tile * tile * columns * rows):
            best, least = (columns, rows), off
    return best


def closest_tiles(
    widths: Ints, heights: Ints, tile: int, smallest: int, largest: int, longest: int | None = None
) -> tuple[Ints, Ints]:
    """(columns, rows) as ``closest_canvas`` has them, for one-dimensional arrays of sides of at least 1 px."""
    ratios, canvases = _classes(smallest, largest, longest)
    ratio = widths / heights
    above = np.minimum(np.searchsorted(ratios, ratio), len(ratios) - 1)
    below = np.maximum(above - 1, 0)
    off_below, off_above = np.abs(ratio - ratios[below]), np.abs(ratio - ratios[above])
    nearest = np.where(off_below < off_above, below, above)
    columns, rows = canvases[0, nearest], canvases[1, nearest]
    area = widths * heights
    for more in range(2, len(canvases), 2):
        wide, high = canvases[more, nearest], canvases[more + 1, nearest]
        larger = (wide > 0) & (area > 0.5 * tile * tile * wide * high)
        columns, rows = np.where(larger, wide, columns), np.where(larger, high, rows)
    # Halfway between two ratios the order of the canvases decides: rare, so one by one.
    for i in np.flatnonzero((off_below == off_above) & (below != above)):
        columns[i], rows[i] = closest_canvas(int(widths[i]), int(heights[i]), tile, smallest, largest, longest)
    return columns, rows


@lru_cache(maxsize=64)
def _classes(smallest: int, largest: int, longest: int | None) -> tuple[NDArray[np.float64], Ints]:
    """The distinct ratios, ascending, and the canvases of each.

    The second has a column a ratio and two lines a canvas, its columns and its rows, fewer tiles first, filled up
    with 0.
    """
    classes: dict[float, list[int]] = {}
    for columns, rows in arrangements(smallest, largest, longest):
        classes.setdefault(columns / rows, []).extend((columns, rows))
    ratios = sorted(classes)
    canvases = np.zeros((max(map(len, classes.values())), len(ratios)), np.int64)
    for i, ratio in enumerate(ratios):
        canvases[: len(classes[ratio]), i] = classes[ratio]
    return np.array(ratios), canvases
