"""Squares of patches that their own mean reads, as in Molmo 2; transformers 5.24, models/molmo2/modeling_molmo2.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.resamplers.base import Reading, Resampler, Unit, matrix
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Pooling(Resampler):
    """A query a square of ``merge`` by ``merge`` patches, their mean, which reads these alone.

    Squares that an edge cuts through are padded, and so are counted whole.
    """

    merge: int = 1

    def tokens(self, rows: int, columns: int) -> int:
        """Squares of a tile."""
        return -(-rows // self.merge) * -(-columns // self.merge)

    def groups(self, rows: int, columns: int, beside: int, words: int) -> tuple[int, Mapping[Unit, int]]:
        """The squares of a tile."""
        return self.tokens(rows, columns), {"queries": 1, "patches": self.merge**2}


def pooling(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Pooling:
    """The mean of each square reads it, in the outputs of several of the encoder's layers; then a gated MLP."""
    wide = need(vision, "hidden") * need(vision, "features")
    width, heads, dim = (need(sizes, name) for name in ("hidden", "heads", "head_dim"))
    kv_heads, inner = sizes.kv_heads or heads, need(sizes, "mlp")
    feed = (matrix(width, inner), matrix(width, inner), matrix(inner, text_hidden))
    query = (matrix(wide, heads * dim, True), matrix(heads * dim, width, True), *feed)
    key = (matrix(wide, kv_heads * dim, True),) * 2
    reading = Reading(query, key, Softmax(heads, kv_heads, dim, dim), ("patches",))
    return Pooling((), (reading,), (), need(vision, "merge"))
