"""Figures that no source tells: a formula that meets one stops, and what rests on it is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.encoder_sizes import Radio
from vtok.catalog.layer_sizes import (
    Adapters,
    AltUp,
    IndexSizes,
    LatentSizes,
    Loop,
    NgramSizes,
    Relative,
    StateSpace,
    StreamSizes,
)
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.stage_sizes import Stages
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes

T = TypeVar("T")
_OfLayers = Relative | Loop | AltUp | LatentSizes | IndexSizes | StreamSizes | NgramSizes | StateSpace | Adapters
Sizes = TextSizes | _OfLayers | VisionSizes | CodeSizes | ResamplerSizes | Stages | Radio

#: What the sizes of a part are called in a report.
_PARTS: dict[type[Sizes], str] = {
    TextSizes: "text",
    Relative: "text.relative",
    Loop: "text.loop",
    AltUp: "text.altup",
    LatentSizes: "text.latent",
    IndexSizes: "text.index",
    StreamSizes: "text.streams",
    NgramSizes: "text.ngrams",
    StateSpace: "text.state_space",
    Adapters: "text.adapters",
    VisionSizes: "vision",
    ResamplerSizes: "vision.resampler",
    CodeSizes: "vision.code",
    Stages: "vision.stages",
    Radio: "vision.radio",
}


class UnknownFigureError(Exception):
    """A formula met a figure that is not known; its text is the figure's name. It never reaches a user."""


def need(sizes: Sizes, name: str) -> Any:
    """The size called ``name``; raises ``UnknownFigureError`` where it is not known."""
    value = getattr(sizes, name)
    if value is None:
        raise UnknownFigureError(f"{_PARTS[type(sizes)]}.{name}")
    return value


def need_of_layer(sizes: Sizes, name: str, index: int) -> Any:
    """What the list called ``name`` says of layer ``index``; raises ``UnknownFigureError`` where it is too short."""
    values = need(sizes, name)
    if index >= len(values):
        raise UnknownFigureError(f"{_PARTS[type(sizes)]}.{name} of layer {index}")
    return values[index]


class Ledger:
    """Works formulas out and keeps the names of the figures that were missing."""

    def __init__(self) -> None:
        self._missing: dict[str, None] = {}

    def take(self, formula: Callable[[], T]) -> T | None:
        """What ``formula`` gives, or None where it met a figure that is not known."""
        try:
            return formula()
        except UnknownFigureError as error:
            if str(error):
                self._missing[str(error)] = None
            return None

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the missing figures, in the order in which they were met."""
        return tuple(self._missing)
