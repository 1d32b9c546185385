"""Query transformers over windows of patches, one for each output of the encoder that is read (Granite Vision 4).

Source: transformers 5.24, models/granite4_vision/modeling_granite4_vision.py: some make their queries of the mean of
patches, four of one corner of every two by two patches; all add them to learned ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Piece, Vector, norm
from vtok.costs.resamplers.base import Reading, Resampler, Unit, matrix
from vtok.costs.resamplers.query_transformer import layers
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Windows(Resampler):
    """``queries_each`` queries in each window of ``window`` by ``window`` patches; a class token is not read."""

    queries_each: int = 1
    window: int = 1

    def tokens(self, rows: int, columns: int) -> int:
        """Queries of all windows of a tile: each output of the encoder gives as many rows for the same tokens."""
        return self.queries_each * self._windows(rows, columns)

    def groups(self, rows: int, columns: int, beside: int, words: int) -> tuple[int, Mapping[Unit, int]]:
        """The windows of a tile."""
        return self._windows(rows, columns), {"queries": self.queries_each, "patches": self.window**2}

    def _windows(self, rows: int, columns: int) -> int:
        return (rows // self.window) * (columns // self.window)


def windows(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Windows:
    """As many query transformers as are used, and beside them those that are held only."""
    hidden, queries, window = need(vision, "hidden"), need(sizes, "queries"), need(sizes, "window")
    used, copies = need(sizes, "used"), need(sizes, "copies")
    readings = (*layers(vision, sizes), Reading((matrix(hidden, text_hidden, True),)))
    # A norm of the patches and one of the queries, the queries, and the positions within a window.
    held: tuple[Piece, ...] = (norm(hidden, True, 2), Vector(queries * hidden), Vector(window**2 * hidden))
    idle = tuple(piece for one in readings for piece in (*one.query, *one.key)) * (copies - used)
    return Windows((), readings * used, (*held * copies, *idle), queries, window)
