"""Learned queries that read a tile once.

MiniCPM-V 2.5 and 2.6: as in the checkpoint's own resampler.py, of which github.com/EricLBuehler/mistral.rs (9e922623f)
has another, mistralrs-core/src/vision_models/minicpmo/resampler.rs. Kosmos-2: transformers 5.24,
models/kosmos2/modeling_kosmos2.py.
"""

from __future__ import annotations

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
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


def latents(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Resampler:
    """Queries of the language model's width that attend to the patches, brought to this width, and to themselves."""
    queries, heads = need(sizes, "queries"), need(sizes, "heads")
    biased, dim = matrix(text_hidden, text_hidden, True), text_hidden // heads
    reading = Reading((biased, biased), (biased, biased), Softmax(heads, heads, dim, dim), ("patches", "queries"))
    return Resampler(((0, queries),), (reading,), (Vector(queries * text_hidden),))
