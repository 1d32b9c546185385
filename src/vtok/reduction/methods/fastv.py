"""FastV: after the first layers, only the visual tokens that the last text token attends to most stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.method import Need
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class FastV(LayerMethod):
    """Keeps the tokens with the most attention of the last text token, averaged over heads, in layer ``layer`` - 1.

    They leave at the entry of ``layer`` (the paper's K, 2 by default), so that the first K layers see every token.
    """

    name: ClassVar[str] = "fastv"
    summary: ClassVar[str] = "what the last text token attends to in layer K - 1"
    source: ClassVar[str] = "arXiv 2403.06764, section 4.1; pkunlp-icler/FastV, modeling_llama.py"
    cost: ClassVar[str] = "O(n)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LM_ATTENTION})
    layer: int = 2

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        return ((self.checked(self.layer, layers), budget),)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``."""
        assert at.attention is not None
        scores = at.attention.float().mean((0, 1))
        return Selection.of(scores.topk(budget).indices, at.count, scores)
