"""Tokens spread evenly over the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import balanced_grid


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

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        rows, columns = seen.grid
        kept_rows, kept_columns = balanced_grid(seen.grid, budget)
        device = seen.vectors.device
        row = ((torch.arange(kept_rows, device=device) + 0.5) * rows / kept_rows).long()
        column = ((torch.arange(kept_columns, device=device) + 0.5) * columns / kept_columns).long()
        kept = (row[:, None] * columns + column[None]).flatten()
        free = torch.ones(seen.count, dtype=torch.bool, device=device)
        free[kept] = False
        rest, missing = free.nonzero().flatten(), budget - kept.numel()
        extra = rest[((torch.arange(missing, device=device) + 0.5) * rest.numel() / max(missing, 1)).long()]
        return Selection.of(torch.cat([kept, extra]), seen.count)
