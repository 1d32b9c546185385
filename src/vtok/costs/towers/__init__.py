"""Vision encoders, one kind a file: what each holds and does, from ``VisionSizes``."""

from __future__ import annotations

from collections.abc import Callable

from vtok.catalog.architectures import complete_vision
from vtok.catalog.stage_sizes import Stages
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.towers.alternating import alternating
from vtok.costs.towers.base import Tower
from vtok.costs.towers.behind import behind
from vtok.costs.towers.beside import beside
from vtok.costs.towers.building import plain
from vtok.costs.towers.codes import codes
from vtok.costs.towers.embedded import embedded
from vtok.costs.towers.fastvit import fastvit
from vtok.costs.towers.folding import folding
from vtok.costs.towers.joined import joined
from vtok.costs.towers.merging import merging
from vtok.costs.towers.mobilenet import mobilenet
from vtok.costs.towers.pyramid import pyramid
from vtok.costs.towers.radio import radio
from vtok.costs.towers.sam import sam
from vtok.costs.towers.temporal_codes import temporal_codes
from vtok.costs.unknown import need

__all__ = ["Tower", "tower"]


#: Encoders of convolutions by their form.
_CONVOLUTIONAL: dict[str, Callable[[VisionSizes, Stages], Tower]] = {"fastvit": fastvit, "mobilenet": mobilenet}


def tower(sizes: VisionSizes) -> Tower:
    """The encoder of ``sizes``; raises ``UnknownFigureError`` for a figure that it needs and nobody tells."""
    vision = complete_vision(sizes)
    if vision.code:
        return temporal_codes(vision) if vision.code.frames else codes(vision)
    if vision.layers == 0:
        return embedded(vision)
    if vision.stages:
        return _CONVOLUTIONAL[need(vision.stages, "form")](vision, vision.stages)
    if vision.folded:
        return folding(vision)
    if vision.conv:
        return alternating(vision)
    if vision.beside:
        return beside(vision)
    if vision.behind:
        return behind(vision)
    if vision.radio:
        return radio(vision, vision.radio)
    if vision.relative:
        return sam(vision)
    if vision.tiles:
        return joined(vision)
    if vision.experts:
        return pyramid(vision)
    return merging(vision) if vision.merger else plain(vision)
