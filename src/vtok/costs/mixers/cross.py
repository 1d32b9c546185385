"""Attention to pictures that stand beside the sequence: Llama 3.2 Vision (models/mllama/modeling_mllama.py)."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.softmax import Softmax
from vtok.costs.pieces import Matrix, Vector, norm
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Cross(Softmax):
    """Attention of every position to ``looked`` positions of the pictures, whose keys and values are made once."""

    looked: int = 0

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scores and weighted sums over the pictures, however many keys the text has."""
        return super().flops(queries, self.looked)

    def needed(self, queries: int, keys: int) -> int:
        """The same: nothing is hidden."""
        return self.flops(queries, keys)

    def remembered(self, length: int) -> int:
        """The pictures' positions, whatever passed through the layer."""
        return self.looked


def cross(slot: Slot) -> Mixing:
    """Norms of queries and keys, and a gate each for attention and MLP."""
    text = slot.text
    hidden, heads, kv_heads = need(text, "hidden"), need(text, "heads"), need(text, "kv_heads")
    width: int = need(text, "head_dim")
    return Mixing(
        pieces=(
            Matrix("query", hidden, heads * width),
            Matrix("output", heads * width, hidden),
            norm(width, count=2),
            Vector(2),
        ),
        mixer=Cross(heads, kv_heads, width, width, looked=slot.looked),
        across=(Matrix("key", hidden, kv_heads * width), Matrix("value", hidden, kv_heads * width)),
    )
