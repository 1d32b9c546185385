"""Average pooling over windows of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import balanced_grid, middles, shares_of, window_of


@dataclass(frozen=True)
class Pool(TokenMethod):
    """Every token lives on: each window's tokens become their average, in the place of the one in the middle."""

    name: ClassVar[str] = "pool"
    summary: ClassVar[str] = "the average of each window of the grid"
    source: ClassVar[str] = "baseline; as in LLaVA-OneVision's video frames (arXiv 2408.03326, section 3)"
    cost: ClassVar[str] = "O(n)"
    reads_grid: ClassVar[bool] = True

    exact: ClassVar[bool] = False

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``; keeps the largest even grid within the budget, which may be a little less.

        Tiles and frames have their shares of the budget; where it is too small for all, they are pooled as one row.
        """
        grids = seen.grids if budget >= len(seen.grids) else (seen.grid,)
        kept: list[Tensor] = []
        slots: list[Tensor] = []
        windows = tokens = 0
        for grid, share in zip(grids, shares_of(grids, budget - len(grids)), strict=True):
            parts = balanced_grid(grid, share + 1)
            slots.append(window_of(grid, parts) + windows)
            kept.append(middles(grid, parts) + tokens)
            windows += parts[0] * parts[1]
            tokens += grid[0] * grid[1]
        slot = torch.cat(slots).to(seen.vectors.device)
        weight = 1.0 / torch.bincount(slot)[slot].to(torch.float32)
        return Selection(torch.cat(kept).to(slot.device), slot, weight)
