"""Indexes that score keys before attention reads them, by the kinds of ``IndexSizes``.

- "latent": DeepSeek-V3.2 (arXiv:2512.02556), 2.1; queries come of the latent that attention's come of, each head's
  score is weighted by the query (transformers 5.24, models/hy_v4_vl, models/dots3_note).
- "hidden": queries come of what enters the layer, with a norm and scales (models/mistral_large4).
- "gated": like the first, and a pool's key is a mean of its own, weighted by a gate (models/glm5_next).
- "averaged": queries and keys by one matrix, a pool's key is the plain mean of its keys, scores of heads are added
  (models/qwen4_exp).
- "blocks": queries and keys by a matrix each, every key is scored, and whole blocks of keys are chosen by their best
  (models/minimax_m3_vl).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vtok.catalog.layer_sizes import IndexSizes
from vtok.catalog.patterns import unrolled
from vtok.costs.mixers.mixer import Slot
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Index:
    """``heads`` queries score a key of ``head_dim`` a pool; ``kept`` numbers a position are what keys are made of.

    ``weighted`` is whether the heads' scores are weighted by a product of its own.
    """

    heads: int
    head_dim: int
    pool: int
    kept: int
    weighted: bool = True

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scoring every whole pool for every query."""
        return self._each * queries * (keys // self.pool)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs of scoring the pools that a query may see."""
        return self._each * (pools(keys, self.pool) - pools(keys - queries, self.pool))

    def table(self, queries: int, keys: int) -> int:
        """The scores of all heads, which transformers keeps for all queries at once."""
        return self.heads * queries * (keys // self.pool)

    @property
    def _each(self) -> int:
        return 2 * self.heads * (self.head_dim + self.weighted)


@dataclass(frozen=True)
class Averaged(Index):
    """An index that goes query by query, so that it scores what a query may see alone."""

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scoring the pools that a query may see."""
        return self.needed(queries, keys)

    def table(self, queries: int, keys: int) -> int:
        """The scores of one query."""
        return super().table(1, keys)


def pools(positions: int, size: int) -> int:
    """Whole pools of ``size`` among the first 1, 2, ... ``positions`` positions, all added up."""
    whole, rest = divmod(positions, size)
    return size * whole * (whole - 1) // 2 + whole * (rest + 1)


def index(slot: Slot) -> tuple[tuple[Piece, ...], Index | None]:
    """The matrices of a layer's index, and the index; nothing where it goes by an earlier layer's choice."""
    sizes: IndexSizes = need(slot.text, "index")
    pattern = unrolled(sizes.pattern or "own", need(slot.text, "layers"))
    if pattern[slot.index] == "shared":
        return (), None
    if sizes.kind not in _KINDS or sizes.heads is None or sizes.head_dim is None:
        raise UnknownFigureError("text.index")
    return _KINDS[sizes.kind](
        need(slot.text, "hidden"), slot.text.query_rank or 0, sizes.heads, sizes.head_dim, sizes.pool or 1
    )


def _weighted(hidden: int, outer: int, heads: int, width: int) -> tuple[Piece, ...]:
    key, weights = Matrix("attention", hidden, width), Matrix("attention", hidden, heads)
    return (Matrix("attention", outer, heads * width), key, norm(width, True), weights)


def _latent(hidden: int, rank: int, heads: int, width: int, pool: int) -> tuple[tuple[Piece, ...], Index]:
    return _weighted(hidden, rank, heads, width), Index(heads, width, pool, width)


def _hidden(hidden: int, rank: int, heads: int, width: int, pool: int) -> tuple[tuple[Piece, ...], Index]:
    scales = Vector(2 * heads)
    return (*_weighted(hidden, hidden, heads, width), norm(hidden, True), scales), Index(heads, width, pool, width)


def _gated(hidden: int, rank: int, heads: int, width: int, pool: int) -> tuple[tuple[Piece, ...], Index]:
    gate = (Matrix("attention", hidden, width), Vector(pool * width))
    # Of each position the key and its gate are kept, and whether it is one.
    return (*_weighted(hidden, rank, heads, width), *gate), Index(heads, width, pool, 2 * width + 1)


def _averaged(hidden: int, rank: int, heads: int, width: int, pool: int) -> tuple[tuple[Piece, ...], Index]:
    both = Matrix("attention", hidden, (heads + 1) * width)
    return (both, norm(width, count=2)), Averaged(heads, width, pool, width, weighted=False)


def _blocks(hidden: int, rank: int, heads: int, width: int, pool: int) -> tuple[tuple[Piece, ...], Index]:
    both = Matrix("attention", hidden, heads * width), Matrix("attention", hidden, width)
    return (*both, norm(width, count=2)), Index(heads, width, 1, width, weighted=False)


_KINDS: dict[str, Callable[[int, int, int, int, int], tuple[tuple[Piece, ...], Index]]] = {
    "latent": _latent,
    "hidden": _hidden,
    "gated": _gated,
    "averaged": _averaged,
    "blocks": _blocks,
}
