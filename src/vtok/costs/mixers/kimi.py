"""Kimi delta attention (arXiv:2510.26692, 3), in chunks of 64: a delta net that forgets every channel by itself.

The products are those of transformers 5.24, models/glm5_next/modeling_glm5_next.py, which works out the scores within a
chunk channel by channel, as sums; kernels make products of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.delta import CHUNK, Delta
from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.short_conv import convolved
from vtok.costs.pieces import Matrix, Vector, norm
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Kimi(Delta):
    """Kimi delta attention of ``heads`` states of ``key_dim`` x ``value_dim``, behind a convolution of ``taps``."""

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the products of chunks; one query alone updates the state by sums, behind the convolution."""
        if queries == 1:
            return 4 * self.conv_width * self.taps  # its window and the one before
        inside = CHUNK * (self.key_dim + 2 * self.value_dim)
        between = 3 * self.key_dim * self.value_dim
        padded = -(-queries // CHUNK) * CHUNK
        # transformers puts what it keeps of earlier inputs, taps of them or fewer, before the rest of a prompt
        return 2 * padded * self.heads * (inside + between) + convolved(self.conv_width, self.taps, queries)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs with a chunk's scores, two tables of them, and its triangular system, or with the state's update."""
        if queries == 1:
            return super().needed(queries, keys)
        chunks = -(-queries // CHUNK)
        scores, solved = 4 * CHUNK**2 * self.key_dim, CHUNK**3 // 3
        return self.flops(queries, keys) + chunks * self.heads * (scores + solved)

    def living(self, length: int, number: int) -> int:
        """Bytes with what transformers has without the kernels of fla: three tables of every two positions of a chunk.

        They hold every channel of the keys, in fp32.
        """
        padded = -(-length // CHUNK) * CHUNK
        return number * length * self.working + 3 * 4 * CHUNK * padded * self.heads * self.key_dim


def kimi(slot: Slot) -> Mixing:
    """Kimi delta attention from ``linear_*`` and ``conv`` of ``TextSizes``."""
    text = slot.text
    hidden, taps, heads = need(text, "hidden"), need(text, "conv"), need(text, "linear_value_heads")
    key_dim, value_dim = need(text, "linear_key_dim"), need(text, "linear_value_dim")
    keys, values = heads * key_dim, heads * value_dim
    pieces = (
        Matrix("query", hidden, keys),
        Matrix("key", hidden, keys),
        Matrix("value", hidden, values),
        Vector((2 * keys + values) * taps),
        # The gate that forgets, its bias and a rate a head, the strength of what is written, the output's gate.
        Matrix("attention", hidden, key_dim),
        Matrix("attention", key_dim, keys),
        Vector(keys + heads),
        Matrix("attention", hidden, heads),
        Matrix("attention", hidden, value_dim),
        Matrix("attention", value_dim, values),
        norm(value_dim),
        Matrix("output", values, hidden),
    )
    return Mixing(pieces, Kimi(heads, key_dim, value_dim, 2 * keys + values, taps))
