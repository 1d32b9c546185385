"""Tokens spread evenly over the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import balanced_grid, shares_of


@dataclass(frozen=True)
class Uniform(TokenMethod):
    """Keeps the middle token of each cell of the finest even grid that the budget allows, then fills up to it.

    What the even grid leaves of the budget goes to the tokens farthest along the reading order from those kept, in
    even steps, so that exactly ``budget`` tokens stay.
    """

    name: ClassVar[str] = "uniform"
    summary: ClassVar[str] = "tokens spread evenly over the grid"
    source: ClassVar[str] = "baseline"
    cost: ClassVar[str] = "O(n)"
    reads_grid: ClassVar[bool] = True

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``; tiles and frames have their shares of the budget."""
        kept, tokens = [], 0
        for grid, share in zip(seen.grids, shares_of(seen.grids, budget), strict=True):
            kept.append(_even(grid, share) + tokens)
            tokens += grid[0] * grid[1]
        return Selection.of(torch.cat(kept).to(seen.vectors.device), seen.count)


def _even(grid: tuple[int, int], budget: int) -> Tensor:
    """(budget,) tokens spread over ``grid``."""
    rows, columns = grid
    if not budget:
        return torch.empty(0, dtype=torch.int64)
    kept_rows, kept_columns = balanced_grid(grid, budget)
    row = ((torch.arange(kept_rows) + 0.5) * rows / kept_rows).long()
    column = ((torch.arange(kept_columns) + 0.5) * columns / kept_columns).long()
    kept = (row[:, None] * columns + column[None]).flatten()
    free = torch.ones(rows * columns, dtype=torch.bool)
    free[kept] = False
    rest, missing = free.nonzero().flatten(), budget - kept.numel()
    extra = rest[((torch.arange(missing) + 0.5) * rest.numel() / max(missing, 1)).long()]
    return torch.cat([kept, extra])
