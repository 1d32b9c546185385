"""Multi-head latent attention: DeepSeek-V2 (arXiv:2405.04434), 2.1."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.layer_sizes import LatentSizes
from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.softmax import Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, norm
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
    """Attention from the ranks and widths of ``TextSizes``; a layer that reads another's latent makes none.

    Where positions don't turn a layer's keys, all of their width comes of the latent.
    """
    text, extra = slot.text, slot.text.latent or LatentSizes()
    hidden, bias = need(text, "hidden"), bool(text.qkv_bias)
    heads, rank, rope, plain, value = (
        _size(slot, name) for name in ("heads", "kv_rank", "rope_dim", "plain_dim", "value_dim")
    )
    keys = rope + plain
    if slot.index in (extra.unturned or ()):
        rope, plain = 0, keys
    pieces = [
        *_queries(slot, heads * keys),
        Matrix("value", rank, heads * (plain + value)),
        Matrix("output", heads * value, hidden, bias),
    ]
    if slot.caches:
        pieces += [Matrix("attention", hidden, rank + rope, bias), norm(rank)]
    pieces += [norm(rope)] * bool(extra.rope_norm)
    pieces += [Matrix("attention", hidden, heads * value)] * bool(text.output_gate)
    pieces += [Matrix("attention", hidden, heads)] * bool(text.head_gate)
    pieces += [Vector(heads)] * bool(extra.sinks) + [Vector(2 * heads)] * bool(extra.scaled)
    window = need(text, "window") if slot.kind == "sliding" else None
    tabled = bool(extra.sinks)  # no fused kernel of transformers takes the mask of an index and these
    return Mixing(tuple(pieces), Latent(heads, heads, keys, value, window, rank, rope, tabled=tabled))


def _size(slot: Slot, name: str) -> int:
    """A size, that of sliding layers where they have their own."""
    own = getattr(slot.text.latent, f"sliding_{name}", None) if slot.kind == "sliding" else None
    found: int = need(slot.text, name) if own is None else own
    return found


def _queries(slot: Slot, width: int) -> list[Piece]:
    """Queries straight from what enters the layer, or from a latent of their own."""
    text, hidden = slot.text, need(slot.text, "hidden")
    if not text.query_rank:
        return [Matrix("attention", hidden, width)]
    rank = _size(slot, "query_rank")
    return [Matrix("attention", hidden, rank, bool(text.qkv_bias)), norm(rank), Matrix("attention", rank, width)]
