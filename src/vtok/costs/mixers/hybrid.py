"""Attention with short convolutions beside it, so that a layer has both a cache and states: Inkling.

As in transformers 5.24, models/inkling/modeling_inkling.py and models/inkling2/modeling_inkling2.py. Convolutions run
over keys and over values, and over what attention and experts give; a bias by distance comes to the scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.sizes import TextSizes
from vtok.costs import sums
from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.short_conv import convolved
from vtok.costs.mixers.softmax import Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Hybrid(Softmax):
    """Softmax attention beside convolutions of ``taps`` over ``convolved`` channels, all in fp32.

    Over ``chosen`` channels more every position chooses its taps, so that a convolution there is a sum of products.
    """

    convolved: int = 0
    chosen: int = 0
    taps: int = 0

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of attention and of convolutions."""
        return super().flops(queries, keys) + convolved(self.convolved, self.taps, queries)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs of attention that causality and the window leave, and of all convolutions."""
        return super().needed(queries, keys) + 2 * (self.convolved + self.chosen) * self.taps * queries

    @property
    def state(self) -> tuple[int, int]:
        """The last inputs of every convolution, in fp32."""
        return 0, (self.convolved + self.chosen) * self.taps


def hybrid(slot: Slot) -> Mixing:
    """A layer of kind hybrid or hybrid_sliding from the sizes of attention, ``relative`` and ``conv``."""
    text, slides = slot.text, slot.kind == "hybrid_sliding"
    hidden, heads, kv_heads = need(text, "hidden"), need(text, "heads"), need(text, "kv_heads")
    width, taps = need(text, "head_dim"), need(text, "conv")
    if not slides:
        heads, kv_heads = text.full_heads or heads, text.full_kv_heads or kv_heads
        width = text.full_head_dim or width
    queries, keys = heads * width, kv_heads * width
    pieces = [
        Matrix("query", hidden, queries * (2 if text.output_gate else 1)),
        Matrix("key", hidden, keys),
        Matrix("value", hidden, keys),
        Matrix("output", queries, hidden),
        Vector((2 * keys + 2 * hidden) * taps),
        *_relative(text, heads, slides),
    ]
    chosen = 0
    if not text.sinks:
        pieces.append(norm(width, count=2))
    else:
        pieces += [Vector(queries), Matrix("attention", hidden, heads), *_sums(text, slot.index, slides)]
        if not slides:
            chosen = 2 * keys
            pieces += [Matrix("attention", hidden, kv_heads * taps)] * 2 + [norm(hidden, count=2)]
    window = need(text, "window") if slides else None
    convolved = 2 * keys + 2 * hidden - chosen
    return Mixing(tuple(pieces), Hybrid(heads, kv_heads, width, width, window, convolved, chosen, taps))


def _relative(text: TextSizes, heads: int, slides: bool) -> list[Piece]:
    """What each head mixes profiles with, and the profiles, which every head goes through."""
    group = text.relative
    if group is None or group.width is None or group.extent is None:
        raise UnknownFigureError("text.relative")
    extent = need(text, "window") if slides else group.extent
    scales = [Vector(heads * group.width)] if text.sinks else []
    mixed = Matrix("attention", need(text, "hidden"), heads * group.width)
    return [mixed, *scales, Matrix("attention", group.width, extent, used=heads)]


def _sums(text: TextSizes, index: int, slides: bool) -> list[Piece]:
    """Full layers attend to earlier ones for queries, keys and values, each by itself."""
    return [*sums.for_mixing(text, index, 1 if slides else 3), sums.for_feeding(text, index)]
