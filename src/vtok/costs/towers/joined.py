"""Llama 3.2 Vision's encoder: all tiles of a picture see each other, the empty ones that fill up its canvas too.

As in transformers 5.24, models/mllama/modeling_mllama.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Piece, Vector
from vtok.costs.seeing import Seeing
from vtok.costs.towers.building import build
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Joined(Plain):
    """Every picture has ``joined`` tiles, each padded to a multiple of 8 positions."""

    def passes(self, seen: Seeing) -> list[int]:
        """Positions of all of a picture's tiles."""
        alone = [-(-count // 8) * 8 for count in super().passes(seen)]
        return [sum(alone[index : index + self.joined]) for index in range(0, len(alone), self.joined)]


def joined(vision: VisionSizes) -> Joined:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    return build(Joined, vision, (_tile_positions(vision),), joined=need(vision, "tiles"))


def _tile_positions(vision: VisionSizes) -> Piece:
    """Tables by the shape of the picture, one for every position and two for every tile, and all the gates."""
    positions = (need(vision, "image") // need(vision, "patch")) ** 2 + 1
    rows = (need(vision, "ratios") + 1) * need(vision, "tiles")
    return Vector(rows * (positions + 2) * need(vision, "hidden") + 3 + 2 * need(vision, "global_layers"), "vision")
