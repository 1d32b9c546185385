"""Average pooling over windows of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import balanced_grid, middles, window_of


@dataclass(frozen=True)
class Pool(TokenMethod):
    """Every token lives on: each window's tokens become their average, in the place of the one in the middle."""

    name: ClassVar[str] = "pool"
    summary: ClassVar[str] = "the average of each window of the grid"
    source: ClassVar[str] = "baseline; as in LLaVA-OneVision's video frames (arXiv 2408.03326, section 3)"
    cost: ClassVar[str] = "O(n)"

    exact: ClassVar[bool] = False

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``; keeps the largest even grid within the budget, which may be a little less."""
        device = seen.vectors.device
        parts = balanced_grid(seen.grid, budget)
        window = window_of(seen.grid, parts, device)
        sizes = torch.bincount(window, minlength=parts[0] * parts[1])
        weight = 1.0 / sizes[window].to(torch.float32)
        return Selection(middles(seen.grid, parts, device), window, weight)
