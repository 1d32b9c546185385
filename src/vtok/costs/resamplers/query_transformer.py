"""A query transformer (Li et al., arXiv:2301.12597) and one that reads the question too (Dai et al., arXiv:2305.06500).

As in transformers 5.24, models/blip_2/modeling_blip_2.py and models/instructblip/modeling_instructblip.py.
"""

from __future__ import annotations

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Vector, mlp, norm
from vtok.costs.resamplers.base import Reading, Resampler, Unit, matrix
from vtok.costs.unknown import need


def query_transformer(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Resampler:
    """BERT's layers over the queries."""
    width, queries = need(sizes, "hidden"), need(sizes, "queries")
    held = (Vector(queries * width), norm(width, True))
    return Resampler(((0, queries),), layers(vision, sizes), held)


def instructed(vision: VisionSizes, sizes: ResamplerSizes, text_hidden: int) -> Resampler:
    """The same over queries and words of the question, which have tables and MLPs of their own.

    The question counts with the words of a request, though its tokens here are BERT's.
    """
    width, queries = need(sizes, "hidden"), need(sizes, "queries")
    words, positions = (Matrix("projector", width, need(sizes, name), used=0) for name in ("vocabulary", "positions"))
    held = (Vector(queries * width), norm(width, True), words, positions)
    return Resampler(((0, queries),), layers(vision, sizes, ("queries", "words")), held)


def layers(vision: VisionSizes, sizes: ResamplerSizes, units: tuple[Unit, ...] = ("queries",)) -> tuple[Reading, ...]:
    """BERT's layers over ``units``; in every ``every``-th the queries read the patches too."""
    width, heads, inner = (need(sizes, name) for name in ("hidden", "heads", "mlp"))
    hidden = need(vision, "hidden")
    attention = Softmax(heads, heads, width // heads, width // heads)
    own = (matrix(width, width, True), matrix(width, width, True))
    inside = Reading((*own, norm(width, True)), own, attention, units, units)
    patches = (matrix(hidden, width, True), matrix(hidden, width, True))
    across = Reading((*own, norm(width, True)), patches, attention, ("patches",))
    feed = [
        Reading((*mlp(width, inner, False, True, "projector"), norm(width, True)), readers=(unit,)) for unit in units
    ]
    found: list[Reading] = []
    for index in range(need(sizes, "layers")):
        found += [inside, *[across] * (index % need(sizes, "every") == 0), *feed]
    return tuple(found)
