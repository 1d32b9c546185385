"""Random tokens: the baseline that a method has to beat to be worth its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class Random(TokenMethod):
    """Keeps ``budget`` tokens drawn without replacement; the same ``seed`` draws the same ones everywhere."""

    name: ClassVar[str] = "random"
    summary: ClassVar[str] = "tokens drawn at random, seeded"
    source: ClassVar[str] = "baseline"
    cost: ClassVar[str] = "O(n)"
    seed: int = 0

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        # Drawn on the CPU, so that every device draws the same.
        order = torch.randperm(seen.count, generator=torch.Generator().manual_seed(self.seed))
        return Selection.of(order[:budget].to(seen.vectors.device), seen.count)
