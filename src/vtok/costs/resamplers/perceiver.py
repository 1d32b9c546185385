"""A perceiver (Jaegle et al., arXiv:2103.03206), as in transformers 5.24, models/idefics2/modeling_idefics2.py."""

from __future__ import annotations

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Piece, Vector, mlp, norm
from vtok.costs.resamplers.base import Reading, Resampler, matrix
from vtok.costs.unknown import need


def perceiver(vision: VisionSizes, sizes: ResamplerSizes, width: int) -> Resampler:
    """Latents that read patches and themselves in each layer; its MLP is four times as wide as they are."""
    heads, dim = need(sizes, "heads"), need(sizes, "head_dim")
    kv_heads, queries = need(sizes, "kv_heads"), need(sizes, "queries")
    query: tuple[Piece, ...] = (
        matrix(width, heads * dim),
        matrix(heads * dim, width),
        *mlp(width, 4 * width, True, tensor="projector"),
        norm(width, count=3),
    )
    key = (matrix(width, kv_heads * dim), matrix(width, kv_heads * dim))
    one = Reading(query, key, Softmax(heads, kv_heads, dim, dim), ("patches", "queries"))
    held = (Vector(queries * width), norm(width))
    return Resampler(((0, queries),), (one,) * need(sizes, "layers"), held)
