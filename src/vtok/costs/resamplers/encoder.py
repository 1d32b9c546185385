"""A second encoder that makes tokens, as in DeepSeek-OCR 2.

Source: transformers 5.24, models/deepseek_ocr2/modeling_deepseek_ocr2.py. It is counted with the projector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Vector, mlp, norm
from vtok.costs.resamplers.base import Reading, Resampler, Unit, matrix
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Encoder(Resampler):
    """Layers over merged patches and queries together: 144 queries for up to as many merged patches, else 256."""

    merge: int = 1

    def tokens(self, rows: int, columns: int) -> int:
        """Queries for a tile."""
        merged = self._merged(rows, columns)
        return next((queries for most, queries in self.queries if merged <= most), self.queries[-1][1])

    def groups(self, rows: int, columns: int, beside: int, words: int) -> tuple[int, Mapping[Unit, int]]:
        """A tile and its queries."""
        return 1, {"queries": self.tokens(rows, columns), "patches": self._merged(rows, columns)}

    def _merged(self, rows: int, columns: int) -> int:
        return (rows // self.merge) * (columns // self.merge)


def encoder(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Encoder:
    """Layers of Qwen2 over patches and queries."""
    width, heads, inner = (need(sizes, name) for name in ("hidden", "heads", "mlp"))
    kv_heads, dim = need(sizes, "kv_heads"), width // heads
    keys = matrix(width, kv_heads * dim, True)
    layer = (matrix(width, width, True), keys, keys, matrix(width, width), norm(width, count=2))
    both = Reading(
        (),
        (*layer, *mlp(width, inner, True, tensor="projector")),
        Softmax(heads, kv_heads, dim, dim),
        ("patches", "queries"),
        ("patches", "queries"),
    )
    table = (144, 144), (256, 256)
    held = (Vector(sum(queries for _, queries in table) * width), norm(width))
    return Encoder(table, (both,) * need(sizes, "layers"), held, need(vision, "merge"))
