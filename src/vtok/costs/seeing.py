"""What the vision encoder gets to do for the pictures and videos of a request: tiles of patches.

A step of a video is as many tiles as a picture of its size: one frame, or the two of which Qwen2-VL and what follows it
make their patches. Kimi K2.5 and ERNIE 4.5 VL encode each frame of a step, and join them later. Each tile is encoded by
itself in most classes of transformers 5.24 (``grid_thw`` is taken apart into slices of time, or frames are stacked as
pictures are); in ``models/kimi_k25`` and ``models/minimax_m3_vl`` all of a chunk or of a video see each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from vtok.geometry.layout import Layout, Tile
from vtok.geometry.videos.clip import VideoLayout

Grid = tuple[int, int]


@dataclass(frozen=True)
class Seeing:
    """``tiles`` are grids of patches (rows, columns), each a pass through the encoder; ``words`` those of the question,
    which queries of a projector may read with every tile.

    ``spans`` says how many that follow each other belong to one picture or video whose frames may see each other;
    empty where each stands alone. ``join`` that follow each other become one in the projector.
    """

    tiles: tuple[Grid, ...]
    words: int = 0
    spans: tuple[int, ...] = ()
    join: int = 1

    @property
    def patches(self) -> int:
        """Patches of all tiles."""
        return sum(rows * columns for rows, columns in self.tiles)

    def squares(self, side: int) -> int:
        """Squares of ``side`` by ``side`` patches; what is left over at an edge makes none."""
        return sum((rows // side) * (columns // side) for rows, columns in self.tiles)

    @property
    def halves(self) -> int:
        """Squares of two by two patches, those that the edge cuts through included."""
        return sum(-(-rows // 2) * -(-columns // 2) for rows, columns in self.tiles)

    def together(self, counts: Sequence[int]) -> list[int]:
        """``counts``, one a tile, added up over what may see each other."""
        if not self.spans:
            return list(counts)
        left = iter(counts)
        return [sum(islice(left, span)) for span in self.spans]

    def shrunk(self, share: float) -> Seeing:
        """The same with so many of the patches, each side of every tile shorter alike."""
        if share >= 1:
            return self
        side = share**0.5
        tiles = ((max(1, round(rows * side)), max(1, round(columns * side))) for rows, columns in self.tiles)
        return replace(self, tiles=tuple(tiles))


def seeing(layouts: Iterable[Layout | VideoLayout], patch: int, padded: int | None = None, words: int = 0) -> Seeing:
    """The tiles of all pictures and videos in patches of ``patch`` px; what is left over at an edge is not encoded.

    Where each picture is ``padded`` with empty tiles to so many, these are encoded as the others are.
    """
    tiles: list[Grid] = []
    spans: list[int] = []
    for layout in layouts:
        if isinstance(layout, VideoLayout):
            passes = list(_passes(layout))
            tiles += _grids(layout.tiles, patch) * sum(passes)
            spans += [len(layout.tiles) * one for one in (passes if layout.encoding.apart else [sum(passes)])]
        else:
            found = _grids(_padded(layout.tiles, padded), patch)
            tiles += found
            spans += [1] * len(found)
    return Seeing(tuple(tiles), words, tuple(spans))


def handed(layouts: Iterable[Layout | VideoLayout], patch: int, padded: int | None = None, words: int = 0) -> Seeing:
    """What of it the projector gets: a step of a video is one there, its patches averaged where they are.

    What is joined in the projector is not together with what is not.
    """
    tiles, join = list[Grid](), 1
    for layout in layouts:
        if isinstance(layout, VideoLayout):
            pool = layout.encoding.pool
            found = [(rows // pool, columns // pool) for rows, columns in _grids(layout.tiles, patch)]
            join = layout.encoding.join
            tiles += found * layout.steps * join
        else:
            tiles += _grids(_padded(layout.tiles, padded), patch)
    return Seeing(tuple(tiles), words, join=join)


def _passes(layout: VideoLayout) -> Iterator[int]:
    """How often each step goes through the encoder: once, or as often as it has frames that are joined later."""
    for step in range(layout.steps):
        frames = min(layout.per, len(layout.frames) - step * layout.per)
        yield frames if layout.encoding.apart else layout.encoding.join


def _grids(tiles: Iterable[Tile], patch: int) -> list[Grid]:
    return [(tile.size[1] // patch, tile.size[0] // patch) for tile in tiles]


def _padded(tiles: tuple[Tile, ...], count: int | None) -> tuple[Tile, ...]:
    return tiles if count is None else (*tiles, *tiles[:1] * (count - len(tiles)))


def windows(rows: int, columns: int, side: int) -> tuple[int, ...]:
    """Patches in each window of ``side`` x ``side`` that a grid falls into; those at the edges are smaller."""
    high = [min(side, rows - top) for top in range(0, rows, side)]
    wide = [min(side, columns - left) for left in range(0, columns, side)]
    return tuple(a * b for a in high for b in wide)
