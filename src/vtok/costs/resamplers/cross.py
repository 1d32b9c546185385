"""Learned queries that read the patches of a slice once (MiniCPM-V 2.5 and 2.6).

As in the checkpoint's own resampler.py, of which github.com/EricLBuehler/mistral.rs (9e922623f) has another,
mistralrs-core/src/vision_models/minicpmo/resampler.rs.
"""

from __future__ import annotations

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Vector, norm
from vtok.costs.resamplers.base import Reading, Resampler, matrix
from vtok.costs.unknown import need


def cross(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Resampler:
    """torch's own attention of the language model's width, a matrix before the keys and one at the end."""
    queries, dim = need(sizes, "queries"), need(sizes, "head_dim")
    biased = matrix(text_hidden, text_hidden, True)
    query = (biased, biased, matrix(text_hidden, text_hidden), norm(text_hidden, True, 2))
    key = (matrix(need(vision, "hidden"), text_hidden), biased, biased, norm(text_hidden, True))
    heads = text_hidden // dim
    reading = Reading(query, key, Softmax(heads, heads, dim, dim), ("patches",))
    return Resampler(((0, queries),), (reading,), (Vector(queries * text_hidden),))
