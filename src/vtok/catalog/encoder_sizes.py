"""Groups of sizes that few vision encoders have; each is a table within that of the encoder (``VisionSizes``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ExpertSizes:
    """Experts in place of MLPs: ``counts`` says how many each layer has, 0 for an MLP.

    ``active`` of them serve a patch, each ``mlp`` wide.
    """

    part: ClassVar[str] = "vision.experts"
    counts: tuple[int, ...] | None = None
    active: int | None = None
    mlp: int | None = None


@dataclass(frozen=True)
class Radio:
    """RADIO has ``summaries`` positions beside the patches of a tile, and a matrix for patches of ``frames`` frames,
    through which pictures do not go.
    """

    part: ClassVar[str] = "vision.radio"
    summaries: int | None = None
    frames: int | None = None
