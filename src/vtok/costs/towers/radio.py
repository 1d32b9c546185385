"""RADIO: a vision transformer with class tokens and registers; transformers 5.24, models/radio/modeling_radio.py."""

from __future__ import annotations

from vtok.catalog.encoder_sizes import Radio
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector
from vtok.costs.towers.building import build
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import need


def radio(vision: VisionSizes, sizes: Radio) -> Plain:
    """The encoder of ``vision`` with what stands beside its patches; raises ``UnknownFigureError``."""
    hidden, summaries = need(vision, "hidden"), need(sizes, "summaries")
    held: list[Piece] = [Vector(summaries * hidden, "vision")]
    if sizes.frames:  # patches of several frames have a matrix of their own
        pixels = need(vision, "channels") * need(vision, "patch") ** 2
        held.append(Matrix("vision", sizes.frames * pixels, hidden, used=0))
    return build(Plain, vision, tuple(held), class_tokens=summaries)
