"""One attention, as in transformers 5.24, models/aria/modeling_aria.py."""

from __future__ import annotations

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Vector, norm
from vtok.costs.resamplers.base import Reading, Resampler, matrix
from vtok.costs.unknown import need


def single(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Resampler:
    """torch's own attention, with matrices before and after it; how many queries there are depends on the patches."""
    width, heads = need(vision, "hidden"), need(vision, "heads")
    table = need(sizes, "queries_of")
    plain, biased = matrix(width, width), matrix(width, width, True)
    query = (plain, biased, biased, biased, norm(width, True), norm(width, True))
    # Two matrices without a bias, and torch's own two with one.
    key = (plain, plain, biased, biased, norm(width, True))
    dim = width // heads
    most = max(queries for _, queries in table)
    reading = Reading(query, key, Softmax(heads, heads, dim, dim), ("patches",))
    return Resampler(table, (reading,), (Vector(most * width),))
