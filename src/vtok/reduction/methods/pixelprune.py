"""PixelPrune: patches that their neighbours foretell never enter the encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.method import PatchMethod
from vtok.reduction.seen import Patches
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class PixelPrune(PatchMethod):
    """Drops every patch that is as its neighbour left of it or above it foretells, as pictures are coded in JPEG-LS.

    The neighbour above foretells where the one left of it and the one between both are alike and unlike it (a
    vertical edge), else the one on the left. Alike are patches no value of which differs by more than ``tolerance``, in
    the processor's normalised units; 0, the default, drops exact repetitions alone, and so loses nothing that the
    kept patches do not show. Above 0 a patch is compared with the *kept* one that its neighbour stands for, so that
    errors do not add up (the reference's anchored mode).

    Without a budget the picture decides how many stay. Where that is more than a budget allows, which the reference
    does not have, the tolerance is raised as little as meets it.
    """

    name: ClassVar[str] = "pixelprune"
    summary: ClassVar[str] = "patches that their neighbours do not foretell"
    source: ClassVar[str] = "arXiv 2604.00886, section 3; OPPO-Mente-Lab/PixelPrune, pixelprune/methods/pred_2d.py"
    cost: ClassVar[str] = "O(n p) for p values a patch"
    needs_budget: ClassVar[bool] = False
    exact: ClassVar[bool] = False
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:
            raise MethodError(f"pixelprune's tolerance is 0 or more, not {self.tolerance}")

    def select(self, patches: Patches, budget: int) -> Selection:
        """See ``PatchMethod.select``; ``budget`` is the count where none was given. Blocks are coded one by one."""
        if budget < len(patches.grids):
            raise MethodError(
                f"pixelprune keeps one token of every tile or frame, {len(patches.grids)} here; {budget} is too few"
            )
        kept = self._coded(patches, self.tolerance)
        if int(kept.sum()) > budget:
            kept = self._within(patches, budget)
        return Selection.of(kept.nonzero().flatten(), patches.count)

    def _within(self, patches: Patches, budget: int) -> Tensor:
        """What stays at about the least tolerance that meets ``budget``, by bisection."""
        low, high = self.tolerance, float(patches.pixels.max() - patches.pixels.min())
        best = self._coded(patches, high)
        for _ in range(16):
            middle = (low + high) / 2
            kept = self._coded(patches, middle)
            if int(kept.sum()) > budget:
                low = middle
            else:
                high, best = middle, kept
        return best

    def _coded(self, patches: Patches, tolerance: float) -> Tensor:
        sizes = [rows * columns for rows, columns in patches.grids]
        kept = []
        for grid, pixels in zip(patches.grids, torch.split(patches.pixels, sizes), strict=True):
            placed = pixels.float().view(*grid, -1)
            kept.append((unforetold(placed) if tolerance == 0 else unforetold_within(placed, tolerance)).flatten())
        return torch.cat(kept)


def unforetold(pixels: Tensor) -> Tensor:
    """(rows, columns) bool: where ``pixels`` (rows, columns, p) are not exactly what a neighbour foretells."""
    kept = torch.ones(pixels.shape[:2], dtype=torch.bool, device=pixels.device)
    kept[0, 1:] = (pixels[0, 1:] != pixels[0, :-1]).any(-1)
    kept[1:, 0] = (pixels[1:, 0] != pixels[:-1, 0]).any(-1)
    left, above, corner, here = pixels[1:, :-1], pixels[:-1, 1:], pixels[:-1, :-1], pixels[1:, 1:]
    upright = (corner == left).all(-1) & (corner != above).any(-1)
    kept[1:, 1:] = torch.where(upright, (here != above).any(-1), (here != left).any(-1))
    return kept


def unforetold_within(pixels: Tensor, tolerance: float) -> Tensor:
    """As ``unforetold``, for values within ``tolerance`` of what the patch that stands for the neighbour holds.

    Patches of one falling diagonal do not depend on each other, so that a diagonal is worked out at once.
    """
    rows, columns = pixels.shape[:2]
    stands = pixels.clone()
    kept = torch.zeros(rows, columns, dtype=torch.bool, device=pixels.device)
    kept[0, 0] = True

    def alike(one: Tensor, other: Tensor) -> Tensor:
        return (one - other).abs().amax(-1) <= tolerance

    for diagonal in range(1, rows + columns - 1):
        r = torch.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1), device=pixels.device)
        c = diagonal - r
        # Outside the picture the neighbour that is there stands in.
        left = stands[torch.where(c > 0, r, r - 1), (c - 1).clamp(min=0)]
        above = stands[(r - 1).clamp(min=0), torch.where(r > 0, c, c - 1)]
        corner = stands[(r - 1).clamp(min=0), (c - 1).clamp(min=0)]
        inside = (r > 0) & (c > 0)
        upright = inside & alike(corner, left) & ~alike(corner, above)
        foretold = torch.where(upright[:, None], above, left)
        new = ~alike(pixels[r, c], foretold)
        kept[r, c] = new
        stands[r, c] = torch.where(new[:, None], pixels[r, c], foretold)
    return kept
