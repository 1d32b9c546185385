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
    if vision.layers == 0:
        return embedded(vision)
    kind = next((name for name in _KINDS if getattr(vision, name)), None)
    return _KINDS[kind](vision) if kind else plain(vision)


def _codes(vision: VisionSizes) -> Tower:
    return temporal_codes(vision) if vision.code and vision.code.frames else codes(vision)


def _convolutional(vision: VisionSizes) -> Tower:
    stages: Stages = need(vision, "stages")
    return _CONVOLUTIONAL[need(stages, "form")](vision, stages)


#: Encoders by what they alone have; the first that is there counts.
_KINDS: dict[str, Callable[[VisionSizes], Tower]] = {
    "code": _codes,
    "stages": _convolutional,
    "folded": folding,
    "conv": alternating,
    "beside": beside,
    "behind": behind,
    "radio": lambda vision: radio(vision, need(vision, "radio")),
    "relative": sam,
    "tiles": joined,
    "experts": pyramid,
    "merger": merging,
}
