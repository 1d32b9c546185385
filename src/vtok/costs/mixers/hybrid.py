"""Attention with short convolutions beside it, so that a layer has both a cache and states: Inkling.

As in transformers 5.24, models/inkling/modeling_inkling.py and models/inkling2/modeling_inkling2.py. Convolutions run
over keys and over values, and over what attention and experts give; a bias by distance comes to the scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.text_sizes import TextSizes
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
    Queries mix profiles over ``extent`` positions for their bias; with ``sinks`` each has a score that goes to no key.
    """

    convolved: int = 0
    chosen: int = 0
    taps: int = 0
    extent: int = 0
    sinks: bool = False

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of attention and of convolutions."""
        return super().flops(queries, keys) + convolved(self.convolved, self.taps, queries)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs of attention that causality and the window leave, and of all convolutions."""
        return super().needed(queries, keys) + 2 * (self.convolved + self.chosen) * self.taps * queries

    @property
    def working(self) -> int:
        """Queries, and either what they have mixed or keys and values repeated for every query head."""
        queries = self.heads * self.key_dim
        return queries + max(2 * queries, self.heads * self.extent)

    def living(self, length: int, number: int) -> int:
        """Bytes at the higher of two points, each with tables of every query and every key.

        While biases are gathered from what queries have mixed there are two; while positions are mixed, biases and
        their sum with the mask, or, with sinks, which leave plain products alone, biases, scores, both sides of softmax
        in fp32 and what comes of it. The distances between all positions lie beside them.
        """
        queries, pairs = self.heads * self.key_dim, length**2
        mixed = 2 * number if not self.sinks else 2 * number + 2 * 4 + (number if number < 4 else 0)
        gathering = number * length * (queries + self.heads * self.extent) + pairs * self.heads * 2 * number
        mixing = number * length * 3 * queries + pairs * self.heads * mixed
        return max(gathering, mixing) + pairs * 2 * 8

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
    channels, chosen = 2 * keys + 2 * hidden, 2 * keys if text.sinks and not slides else 0
    window = need(text, "window") if slides else None
    profile, extent = _relative(text, window)
    pieces: list[Piece] = [
        Matrix("query", hidden, queries * (2 if text.output_gate else 1)),
        Matrix("key", hidden, keys),
        Matrix("value", hidden, keys),
        Matrix("output", queries, hidden),
        Vector(channels * taps),
        Matrix("attention", hidden, heads * profile),
        Matrix("attention", profile, extent, used=heads),
        *(_clipped(slot, heads, width, profile) if text.sinks else [norm(width, count=2)]),
    ]
    if chosen:  # every head's taps, for keys and for values
        pieces += [Matrix("attention", hidden, kv_heads * taps)] * 2
    mixer = Hybrid(heads, kv_heads, width, width, window, channels - chosen, chosen, taps, extent, bool(text.sinks))
    return Mixing(tuple(pieces), mixer)


def _relative(text: TextSizes, window: int | None) -> tuple[int, int]:
    """How many profiles a head mixes, and how long these are."""
    group = text.relative
    if group is None or group.width is None or group.extent is None:
        raise UnknownFigureError("text.relative")
    return group.width, window or group.extent


def _clipped(slot: Slot, heads: int, width: int, profile: int) -> list[Piece]:
    """Inkling 2: scales of queries and of what they mix profiles with, sinks, and attention to earlier layers.

    Full layers make queries, keys and values of inputs of their own, each with a norm.
    """
    hidden, inputs = need(slot.text, "hidden"), 1 if slot.kind == "hybrid_sliding" else 3
    scales: list[Piece] = [Vector(heads * (width + profile)), Matrix("attention", hidden, heads)]
    return [*scales, *sums.inputs(slot.text, slot.index, inputs), norm(hidden, count=inputs - 1)]
