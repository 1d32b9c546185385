"""Softmax attention (Vaswani et al. 2017, 3.2), with grouped keys and with a window."""

from __future__ import annotations

from dataclasses import dataclass, field

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.mixers.mixer import Mixer, Mixing, Slot, pairs
from vtok.costs.pieces import Matrix, Piece, norm
from vtok.costs.unknown import need, need_of_layer


@dataclass(frozen=True)
class Softmax(Mixer):
    """Attention of ``heads`` queries to ``kv_heads`` keys and values; ``window`` positions back where it is bounded.

    ``tabled`` is whether transformers has no fused kernel for it.
    """

    heads: int
    kv_heads: int
    key_dim: int
    value_dim: int
    window: int | None = None
    tabled: bool = field(default=False, kw_only=True)

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scores and weighted sums, every query to every key, as dense kernels with a mask do them.

        One query alone meets the keys that its window has left in the cache.
        """
        if queries == 1:
            keys = min(keys, self.window or keys)
        return 2 * self.heads * queries * keys * (self.key_dim + self.value_dim)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs that causality and the window leave, as kernels do that skip what the mask hides."""
        return 2 * self.heads * pairs(queries, keys, self.window) * (self.key_dim + self.value_dim)

    def table(self, queries: int, keys: int) -> int:
        """The score of every query and key in every head, if ``tabled``."""
        return self.heads * queries * keys if self.tabled else 0

    @property
    def working(self) -> int:
        """Queries, keys and values before and after their rotation, repeated for every query head, and the output."""
        queries, keys = self.heads * self.key_dim, self.kv_heads * self.key_dim
        repeated = 2 * queries if self.kv_heads != self.heads else 0
        return 2 * queries + 2 * keys + self.kv_heads * self.value_dim + repeated + self.heads * self.value_dim

    @property
    def stored(self) -> int:
        """Numbers of keys and values for a position."""
        return self.kv_heads * (self.key_dim + self.value_dim)

    def reach(self, prompt: int) -> int | None:
        """Its window."""
        return self.window

    @property
    def shared_by(self) -> int:
        """Query heads that share a head of keys and values."""
        return self.heads // self.kv_heads


def softmax(slot: Slot) -> Mixing:
    """Attention of a full, sliding or chunked layer; one that does not cache makes no keys and values."""
    text, caches = slot.text, slot.caches
    hidden, heads, kv_heads = need(text, "hidden"), need(text, "heads"), need(text, "kv_heads")
    width: int = need(text, "head_dim")
    if slot.kind == "full":
        heads, kv_heads = text.full_heads or heads, text.full_kv_heads or kv_heads
        width = text.full_head_dim or width
    if text.layer_kv_heads:
        kv_heads = need_of_layer(text, "layer_kv_heads", slot.index)
    value = text.value_dim or width
    bias, shares = bool(text.qkv_bias), bool(text.k_is_v) and slot.kind == "full"
    pieces: list[Piece] = [
        Matrix("query", hidden, heads * width * (2 if text.output_gate else 1), bias),
        Matrix("output", heads * value, hidden, bool(text.output_bias)),
    ]
    pieces += [Matrix("attention", hidden, heads)] * bool(text.head_gate)
    if caches:
        pieces.append(Matrix("key", hidden, kv_heads * width, bias))
        pieces += [] if shares else [Matrix("value", hidden, kv_heads * value, bias)]
    pieces += _head_norms(text, heads, kv_heads if caches else 0, width)
    window = need(text, "window") if slot.kind in ("sliding", "chunked") else None
    return Mixing(tuple(pieces), Softmax(heads, kv_heads, width, value, window, tabled=bool(text.capped)))


def _head_norms(text: TextSizes, heads: int, kv_heads: int, width: int) -> list[Piece]:
    """Norms of queries and, where a layer makes keys, of these."""
    bias = bool(text.norm_bias or text.qk_norm_bias)
    if text.qk_norm == "head":
        return [norm(width, bias, 2 if kv_heads else 1)]
    if text.qk_norm == "all":
        return [norm((heads + kv_heads) * width, bias)]
    return []
