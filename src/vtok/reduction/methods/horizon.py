"""Random tokens past the information horizon, where methods do no better than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class Horizon(LayerMethod):
    """Keeps ``budget`` tokens drawn at random, seeded, from ``layer`` on.

    The paper finds that deep in a model (past layer 20 of LLaVA-1.5-7B's 32) visual tokens have become alike in what
    they tell, so that pruning methods do no better there than chance; the horizon lies deeper for tasks like OCR
    and for stronger models. Where no ``layer`` is given it is five eighths of the model's layers, 20 of 32.
    """

    name: ClassVar[str] = "horizon"
    summary: ClassVar[str] = "tokens drawn at random from layer K on, seeded"
    source: ClassVar[str] = "arXiv 2512.07580, section 5 (the code is not published)"
    cost: ClassVar[str] = "O(n)"
    layer: int | None = None
    seed: int = 0

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        layer = round(layers * 20 / 32) if self.layer is None else self.layer
        return ((self.checked(layer, layers), budget),)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``."""
        # Drawn on the CPU, so that every device draws the same.
        order = torch.randperm(at.count, generator=torch.Generator().manual_seed(self.seed))
        return Selection.of(order[:budget].to(at.hidden.device), at.count)
