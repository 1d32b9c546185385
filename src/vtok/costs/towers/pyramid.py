"""An encoder whose later layers have experts in place of an MLP, more of them the later the layer (Dots.Note).

As in transformers 5.24, models/dots3_note/modeling_dots3_note.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, flops, mlp, through
from vtok.costs.seeing import Seeing
from vtok.costs.towers.base import widest
from vtok.costs.towers.building import build, inner_width
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Pyramid(Plain):
    """``feeds`` is what each layer has beside ``layer``: an MLP, or experts with their router."""

    feeds: tuple[tuple[Piece, ...], ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those that all layers have, and those of each."""
        return (*super().pieces, *(piece for feed in self.feeds for piece in feed))

    def flops(self, seen: Seeing) -> int:
        """FLOPs of what all layers have, and of each layer's own: of experts, those that serve a patch."""
        return super().flops(seen) + sum(flops(feed, self.positions(seen)) for feed in self.feeds)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of the matrices of patches and layers."""
        inside = sum(through(feed, self.positions(seen), number) for feed in self.feeds)
        return super().moved(seen, number) + inside

    def working(self, seen: Seeing) -> int:
        """Numbers at the highest point of attention, or of a layer's own part, with four widths around it."""
        inside = self.positions(seen) * (4 * self.hidden + self._inside)
        return max(super().working(seen), inside)

    def buffered(self, seen: Seeing) -> int:
        """The same as for any encoder, or two widths and a layer's own part where that is more."""
        return max(super().buffered(seen), self.positions(seen) * (2 * self.hidden + self._inside))

    @property
    def _inside(self) -> int:
        """Numbers a patch within a layer's own part: gate, up and their product."""
        return max((3 * widest(feed[:-1])[0] * _used(feed) for feed in self.feeds), default=0)


def pyramid(vision: VisionSizes) -> Pyramid:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    counts = need(vision, "experts").counts
    if counts is None or len(counts) < need(vision, "layers"):
        raise UnknownFigureError("vision.experts.counts")
    feeds = tuple(_experts(vision, count) if count else _mlp(vision) for count in counts[: vision.layers])
    return build(Pyramid, vision, feed=(), feeds=feeds)


def _mlp(vision: VisionSizes) -> tuple[Piece, ...]:
    return mlp(need(vision, "hidden"), inner_width(vision), bool(vision.gated), need(vision, "mlp_bias"), "vision")


def _experts(vision: VisionSizes, count: int) -> tuple[Piece, ...]:
    hidden, sizes = need(vision, "hidden"), need(vision, "experts")
    if sizes.active is None or sizes.mlp is None:
        raise UnknownFigureError("vision.experts")
    used = min(sizes.active, count)
    up = Matrix("vision", hidden, sizes.mlp, copies=count, used=used)
    down = Matrix("vision", sizes.mlp, hidden, copies=count, used=used)
    return Matrix("vision", hidden, count), up, up, down


def _used(feed: tuple[Piece, ...]) -> int:
    return max(piece.used for piece in feed if isinstance(piece, Matrix))
