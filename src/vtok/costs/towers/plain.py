"""A vision transformer: patches, then layers alike, some of whose attention may stay within windows.

The parts are those of transformers 5.24's classes, as ``architectures.toml`` has them. An encoder of which only an
earlier layer's output is read still runs to its end there, and is counted so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Piece, flops, through
from vtok.costs.seeing import Seeing, windows
from vtok.costs.towers.base import Tower, widest

#: Widths of the model that live in a layer whatever it does.
_AROUND = 4
#: Widths that attention needs: queries, keys and values, and their products with rotary positions.
_PLAIN, _ROTARY = 4, 8


@dataclass(frozen=True)
class Plain(Tower):
    """``embedding`` makes patches, ``layer`` is one of ``layers`` alike, of which ``mixing`` makes queries, keys and
    values and what comes of them; ``after`` is what follows all layers.

    Where it has a head that pools the patches, every patch goes through ``pooling``, one position a tile through
    ``pooled``. ``rotary`` says whether positions turn queries and keys, ``turned`` whether transformers does so in
    fp32, ``dense_mask`` whether it makes a mask of every position against every other, ``across`` whether the frames
    of a video see each other. ``window`` is a side in patches, None where every layer attends to the whole tile;
    ``full`` are the layers (from 0) that do so all the same.
    """

    embedding: tuple[Piece, ...]
    mixing: tuple[Piece, ...]
    layer: tuple[Piece, ...]
    layers: int
    attention: Softmax
    after: tuple[Piece, ...]
    pooling: tuple[Piece, ...]
    pooled: tuple[Piece, ...]
    class_tokens: int
    patch: int
    window: int | None
    full: tuple[int, ...]
    hidden: int
    rotary: bool
    turned: bool
    dense_mask: bool
    across: bool
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every matrix and vector, those of a layer once a layer."""
        return (*self.embedding, *self.layer * self.layers, *self.after, *self.pooling, *self.pooled)

    def flops(self, seen: Seeing) -> int:
        """FLOPs of its matrices, and of its attention in full."""
        return self.around(seen) + self.layers * flops(self.layer, self.positions(seen)) + self.attending(seen)

    def around(self, seen: Seeing) -> int:
        """FLOPs of what stands before and after the layers."""
        positions = self.positions(seen)
        pooled = flops(self.pooling, positions) + flops(self.pooled, len(seen.tiles))
        return flops(self.embedding, seen.patches) + flops(self.after, positions) + pooled

    def attending(self, seen: Seeing) -> int:
        """FLOPs of attention in all layers."""
        whole = self._each(self.passes(seen))
        if self.window is None:
            return self.layers * whole
        # The frames of a video are alike, and are worked out once.
        tiles = Counter(seen.tiles).items()
        within = sum(number * self._each(windows(*tile, self.window)) for tile, number in tiles)
        return (self.layers - self.windowed) * whole + self.windowed * within

    def _each(self, passes: Iterable[int]) -> int:
        """FLOPs of attention in one layer, among so many positions in each pass."""
        return sum(number * self.attention.flops(count, count) for count, number in Counter(passes).items())

    @property
    def windowed(self) -> int:
        """Layers whose attention stays within windows."""
        return 0 if self.window is None else self.layers - sum(1 for index in self.full if index < self.layers)

    def passes(self, seen: Seeing) -> list[int]:
        """Positions that see each other: those of each tile, or of all frames of a video."""
        alone = [rows * columns + self.class_tokens for rows, columns in seen.tiles]
        return seen.together(alone) if self.across else alone

    def positions(self, seen: Seeing) -> int:
        """Positions of all tiles, class tokens included."""
        return sum(self.passes(seen))

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of the matrices of patches and layers."""
        inside = self.layers * through(self.layer, self.positions(seen), number)
        return inside + through(self.embedding, seen.patches, number)

    def working(self, seen: Seeing) -> int:
        """Numbers at the highest point of a layer: widths of the model, and the MLP's or attention's tensors."""
        inner, wide = widest(self.layer)
        mixing = (_ROTARY if self.rotary else _PLAIN) * self.attention.heads * self.attention.key_dim
        positions = self.positions(seen)
        mask = positions if self.dense_mask else 0
        return positions * (_AROUND * self.hidden + max((1 + wide) * inner, mixing) + mask)

    def turning(self, seen: Seeing) -> int:
        """Queries and keys in fp32, and what is worked out of them: turned queries, products of keys."""
        heads = 3 * self.attention.heads + 4 * self.attention.kv_heads
        return self.positions(seen) * heads * self.attention.key_dim if self.turned else 0

    def buffered(self, seen: Seeing) -> int:
        """6.75 widths of the model a position, or two and the MLP's where that is more (``memory.encoder_buffer``)."""
        inner, wide = widest(self.layer)
        return self.positions(seen) * max(27 * self.hidden // 4, 2 * self.hidden + wide * inner)

    def kept(self, seen: Seeing, every_layer: bool) -> int:
        """Numbers of its output that live on, of the outputs of all layers where these are kept."""
        return self.positions(seen) * self.hidden * (self.layers + 1 if every_layer else 1)
