"""Multi-head latent attention: DeepSeek-V2 (arXiv:2405.04434), 2.1."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.softmax import Softmax
from vtok.costs.pieces import Matrix, Piece, norm
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Latent(Softmax):
    """Attention to what a latent of ``rank`` numbers and a shared rotary key of ``rope_dim`` are expanded to."""

    rank: int = 0
    rope_dim: int = 0

    @property
    def compressed(self) -> int:
        """Numbers of the latent and of the one shared rotary key."""
        return self.rank + self.rope_dim


def latent(slot: Slot) -> Mixing:
    """Attention from the ranks and widths of ``TextSizes``."""
    text = slot.text
    hidden, heads, rank = need(text, "hidden"), need(text, "heads"), need(text, "kv_rank")
    rope, plain, value = need(text, "rope_dim"), need(text, "plain_dim"), need(text, "value_dim")
    bias = bool(text.qkv_bias)
    keys = rope + plain
    if text.query_rank:
        queries: list[Piece] = [Matrix("attention", hidden, text.query_rank, bias), norm(text.query_rank)]
        queries.append(Matrix("attention", text.query_rank, heads * keys))
    else:
        queries = [Matrix("attention", hidden, heads * keys)]
    pieces = (
        *queries,
        Matrix("attention", hidden, rank + rope, bias),
        norm(rank),
        Matrix("value", rank, heads * (plain + value)),
        Matrix("output", heads * value, hidden, bias),
    )
    return Mixing(pieces, Latent(heads, heads, keys, value, None, rank, rope))
