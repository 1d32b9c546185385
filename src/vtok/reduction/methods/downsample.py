"""The picture itself is shrunk before encoding: the baseline that every method should be held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.reduction.method import PixelMethod
from vtok.reduction.windows import balanced_grid


@dataclass(frozen=True)
class Downsample(PixelMethod):
    """Shrinks the picture to fewer patches, antialiased, so that the encoder is faster too."""

    name: ClassVar[str] = "downsample"
    summary: ClassVar[str] = "the picture is shrunk before encoding"
    source: ClassVar[str] = "baseline"

    def shrink(self, grid: tuple[int, int], budget: int) -> tuple[int, int]:
        """See ``PixelMethod.shrink``; the sides shrink alike."""
        return balanced_grid(grid, budget)
