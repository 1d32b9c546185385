"""LLaVA-NeXT (1.6): the picture squeezed to one tile, then cut into tiles of the best canvas, its padding taken away.

Serves LLaVA-1.6, LLaVA-NeXT-Video's pictures, Granite Vision 3 and (``downsample``) 4.

Source: transformers, ``image_processing_utils.py`` (``select_best_resolution``, ``get_patch_output_size``),
``models/llava_next/image_processing_llava_next.py``, ``models/llava_next/processing_llava_next.py``,
``models/llava_next/modeling_llava_next.py`` (``pack_image_features``), ``models/granite4_vision/``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile

Floats = NDArray[np.float64]
# Above the number of canvases, and small enough that an area times it is exact in a float.
RANKS = 1024.0


@dataclass(frozen=True)
class LlavaNext(Family):
    """Tiles of ``side`` px, patches of ``patch`` px, canvases ``pinpoints`` as (height, width) in px.

    ``downsample``: (tokens, patches) along a side of a tile. ``extra``: tokens of the squeezed picture that show no
    patch, such as a class token that is kept.
    """

    side: int = 336
    patch: int = 14
    pinpoints: tuple[Size, ...] = ((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008))
    downsample: tuple[int, int] = (1, 1)
    extra: int = 0

    def __post_init__(self) -> None:
        require_positive(side=self.side, patch=self.patch, pinpoints=len(self.pinpoints), cells=self.cells)

    @property
    def cells(self) -> int:
        """Tokens along a side of a tile."""
        return self.side // self.patch * self.downsample[0] // self.downsample[1]

    def layout(self, width: int, height: int) -> Layout:
        """The squeezed picture's grid, then the canvas's without its padded rows or columns; sizes in px.

        An edge token of the second grid may still show some padding, and a very thin picture leaves it empty.
        """
        check_size(width, height)
        canvas = self._canvas(width, height)
        across, down = canvas[0] // self.side, canvas[1] // self.side
        columns, rows = across * self.cells, down * self.cells
        left, top = self._padding(width, height, columns, rows)
        fitted = self._fitted(width, height, canvas)
        x, y = (canvas[0] - fitted[0]) // 2, (canvas[1] - fitted[1]) // 2
        scale_x, scale_y = width / fitted[0], height / fitted[1]

        def shown(x0: float, y0: float, x1: float, y1: float) -> Box:
            return (x0 - x) * scale_x, (y0 - y) * scale_y, (x1 - x) * scale_x, (y1 - y) * scale_y

        side, unit, everything = self.side, self.side / self.cells, whole(width, height)
        corners = [(side * column, side * row) for row in range(down) for column in range(across)]
        boxes = [everything, *(shown(x0, y0, x0 + side, y0 + side) for x0, y0 in corners)]
        shrunk = self._shrink(rows - 2 * top, columns - 2 * left)
        unpadded = shown(left * unit, top * unit, (columns - left) * unit, (rows - top) * unit)
        grids = (Grid(self.cells, self.cells, everything), Grid(*shrunk, unpadded))
        tiles = tuple(Tile((side, side), box) for box in boxes)
        return Layout((width, height), fitted, tiles, grids, self.extra + shrunk[0])

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        wide, high = self._canvas(width, height)
        cells = self.cells
        columns, rows = wide // self.side * cells, high // self.side * cells
        left, top = self._padding(width, height, columns, rows)
        rows, columns = self._shrink(rows - 2 * top, columns - 2 * left)
        return cells**2 + self.extra + rows * (columns + 1)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _canvas(self, width: int, height: int) -> Size:
        """(width, height) of the canvas that keeps most pixels, the smaller and then the earlier one of equals."""
        best, most, least, area = self.pinpoints[0], -1, 0, width * height
        for high, wide in self.pinpoints:
            size = high * wide
            # A canvas keeps no more pixels than it has, and beside one that keeps them all only a smaller one counts.
            if size < most or (most == area and size >= least):
                continue
            scale = min(wide / width, high / height)
            kept = min(int(width * scale) * int(height * scale), area)
            if kept > most or (kept == most and size < least):
                best, most, least = (high, wide), kept, size
        return best[1], best[0]

    @staticmethod
    def _padding(width: int, height: int, columns: int, rows: int) -> Size:
        """(columns, rows) of padding on each side. In whole numbers: the source's rounding to 7 digits is the same."""
        if width / height > columns / rows:
            return 0, (rows - height * columns // width) // 2
        return (columns - width * rows // height) // 2, 0

    def _shrink(self, rows: int, columns: int) -> Size:
        """(rows, columns) after what a family does to the unpadded grid; here nothing."""
        return rows, columns

    @staticmethod
    def _fitted(width: int, height: int, canvas: Size) -> Size:
        """(width, height) of the picture on its canvas, px."""
        scale_w, scale_h = canvas[0] / width, canvas[1] / height
        if scale_w < scale_h:
            return canvas[0], min(math.ceil(height * scale_w), canvas[1])
        return min(math.ceil(width * scale_h), canvas[0]), canvas[1]

    @cached_property
    def _ranked(self) -> tuple[tuple[Size, ...], Floats, Floats]:
        """Canvases by rank (smaller first, then earlier), and their token columns and rows."""
        order = sorted(self.pinpoints, key=lambda size: size[0] * size[1])
        tokens = np.array(order, np.int64) // self.side * self.cells
        return tuple(order), tokens[:, 1].astype(float), tokens[:, 0].astype(float)

    def _count(self, w: Ints, h: Ints) -> Ints:
        order, columns, rows = self._ranked
        wide, high = w.astype(float), h.astype(float)
        # A floor of a product never falls when the scale grows, so the smaller of the two floors is the source's.
        by_width = {side: _scaled(wide, high, side / wide) for side in {size[1] for size in order}}
        by_height = {side: _scaled(wide, high, side / high) for side in {size[0] for size in order}}
        area, best, kept, other = wide * high * RANKS, np.full(w.shape, -RANKS), np.empty(w.shape), np.empty(w.shape)
        for rank, (tall, long) in enumerate(order):
            np.minimum(by_width[long][0], by_height[tall][0], out=kept)
            np.minimum(by_width[long][1], by_height[tall][1], out=other)
            np.multiply(kept, other, out=kept)
            np.minimum(kept, area, out=kept)
            np.subtract(kept, rank, out=kept)
            np.maximum(best, kept, out=best)
        chosen = (-best % RANKS).astype(np.intp)
        across, down = columns[chosen], rows[chosen]
        flat = wide / high > across / down
        fit = np.where(flat, np.floor(high * across / wide), np.floor(wide * down / high))
        padding = 2 * np.floor((np.where(flat, down, across) - fit) / 2)
        down, across = self._shrink_many(down - padding * flat, across - padding * ~flat)
        return np.asarray(self.cells**2 + self.extra + down * (across + 1), np.int64)

    def _shrink_many(self, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        return rows, columns


def _scaled(wide: Floats, high: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Width, in ``1 / RANKS`` px, and height after scaling."""
    return np.floor(wide * scale) * RANKS, np.floor(high * scale)
