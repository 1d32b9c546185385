"""Attention to the keys that an index chooses: DeepSeek-V3.2 (arXiv:2512.02556), 2.1, and what came after it.

An index scores every key, or one key a pool of positions, for every query; attention then needs the best of them alone,
and the positions after the last whole pool. transformers works out all scores of attention all the same, and hides
what was not chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.index import Index, index, pools
from vtok.costs.mixers.latent import latent
from vtok.costs.mixers.mixer import Mixer, Mixing, Slot
from vtok.costs.mixers.softmax import Softmax, softmax
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Indexed(Mixer):
    """``attention`` to ``chosen`` keys a query, by ``index``, or by an earlier layer's choice where that is None.

    Keys are chosen ``pool`` at once.
    """

    attention: Softmax
    index: Index | None
    chosen: int
    pool: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the index's scores, and of attention to every key."""
        scored = self.index.flops(queries, keys) if self.index else 0
        return scored + self.attention.flops(queries, keys)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs of the scores that causality leaves, and of attention to what is chosen."""
        scored = self.index.needed(queries, keys) if self.index else 0
        one = self.attention
        return scored + 2 * one.heads * (one.key_dim + one.value_dim) * self.attended(queries, keys)

    def attended(self, queries: int, keys: int) -> int:
        """Pairs of a query and a key that it is left with."""
        return self._until(keys) - self._until(keys - queries)

    def _until(self, positions: int) -> int:
        beyond = max(0, positions - self.chosen // self.pool * self.pool)
        return positions * (positions + 1) // 2 - self.pool * pools(beyond, self.pool)

    def living(self, length: int, number: int) -> int:
        """Bytes with transformers' tables: the index's scores of all heads, twice in fp32, or what attention has.

        Beside either stand masks of every query and key, two in the type of activations and one of bytes.
        """
        scores = 8 * self.index.table(length, length) if self.index else 0
        masks = (2 * number + 1) * length**2
        return masks + max(number * length * self.working + scores, self.attention.living(length, number))

    @property
    def working(self) -> int:
        """What attention has, and the index's queries and key, before and after their rotation and in fp32."""
        return self.attention.working + (4 * (self.index.heads + 1) * self.index.head_dim if self.index else 0)

    @property
    def stored(self) -> int:
        """Numbers of attention's keys and values, and of the index."""
        return self.attention.stored + self.beside

    @property
    def compressed(self) -> int:
        """The same with attention's latent."""
        return self.attention.compressed + self.beside

    @property
    def beside(self) -> int:
        """What the index keeps for a position."""
        return self.index.kept if self.index else 0

    @property
    def shared_by(self) -> int:
        """Query heads that share a head of keys and values."""
        return self.attention.shared_by


def indexed(slot: Slot) -> Mixing:
    """Attention as in a full layer, and the index before it unless the layer goes by an earlier one's choice."""
    pieces, chooser = index(slot)
    chosen = need(slot.text, "index").chosen
    if chosen is None:
        raise UnknownFigureError("text.index.chosen")
    mixing = latent(slot) if slot.text.kv_rank else softmax(slot)
    attention, pool = mixing.mixer, need(slot.text, "index").pool or 1
    assert isinstance(attention, Softmax)  # which a latent is too
    return Mixing((*mixing.pieces, *pieces), Indexed(attention, chooser, chosen, pool))
