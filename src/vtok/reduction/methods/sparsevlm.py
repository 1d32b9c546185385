"""SparseVLM: visual tokens rated by the text tokens that look at the picture, the best of the rest recycled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.clusters import density_peaks
from vtok.reduction.in_layer import InLayer, LayerMethod, in_steps
from vtok.reduction.method import Need
from vtok.reduction.selection import Selection

#: Behind which of 32 layers the reference cuts, as the share of layers that have run then.
_DEPTHS = (3 / 32, 7 / 32, 16 / 32)


@dataclass(frozen=True)
class SparseVLM(LayerMethod):
    """Keeps the tokens with the most attention of the *raters*, and averages clusters of the best of the others.

    Raters are the text tokens behind the image that visual tokens are drawn to more than the average (softmax of
    their products, in the first layer's input). At three depths, after layers 2, 6 and 15 of 32, the raters' attention
    in the layer that has just run, averaged over heads and raters, decides. Of the tokens not kept, the best
    ``recycled`` are clustered (density peaks), about ten to a cluster, and each cluster becomes its average at its
    centre's place; ``recycled=0`` drops them.

    The reference has tables of how many tokens stay at each depth, for budgets that it means as averages over the
    layers; here ``budget`` is what stays at last, clusters included, reached in three even steps: from 576 to 110, 331
    and 191 lie between, where its table for 192 has 300 and 200. ``rank_scale`` above 0 is the paper's adaptation: no
    more tokens stay than ``rank_scale`` times the rank of the raters' attention; the reference leaves it out today.
    """

    name: ClassVar[str] = "sparsevlm"
    summary: ClassVar[str] = "what the relevant text tokens attend to, and averages of the next best"
    source: ClassVar[str] = "arXiv 2410.04417, section 3; Gumpest/SparseVLMs, llava/model/language_model/score.py"
    cost: ClassVar[str] = "O(r n), and O(m^2 d) for m recycled tokens"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LM_ATTENTION})
    exact: ClassVar[bool] = False
    recycled: float = 0.3
    rank_scale: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.recycled <= 1:
            raise MethodError(f"sparsevlm's recycled is a share from 0 to 1, not {self.recycled}")

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        starts = sorted({min(max(1, round(layers * depth)), layers - 1) for depth in _DEPTHS})
        return in_steps([self.checked(start, layers) for start in starts], budget, count)

    def raters(self, vectors: Tensor, text: Tensor) -> Tensor:
        """See ``LayerMethod.raters``; the last text token where none stands out."""
        drawn = (vectors.float() @ text.float().T).softmax(-1).mean(0)
        found = (drawn > drawn.mean()).nonzero().flatten()
        return found if found.numel() else super().raters(vectors, text)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``."""
        assert at.attention is not None
        rated = at.attention.float().mean(0)
        scores = rated.mean(0)
        if self.rank_scale > 0:
            budget = max(1, min(budget, int(self.rank_scale * int(torch.linalg.matrix_rank(rated)))))
        keep = budget
        while keep > 1 and keep + self._clusters(at.count - keep) > budget:
            keep -= 1
        clusters = min(self._clusters(at.count - keep), budget - keep)
        best = scores.topk(keep).indices
        if not clusters:
            return Selection.of(best, at.count, scores)
        return self._recycled(at.hidden, scores, best, clusters)

    def _clusters(self, dropped: int) -> int:
        return int(self._again(dropped) / 10) + 1 if self.recycled > 0 else 0

    def _again(self, dropped: int) -> int:
        """How many of ``dropped`` tokens are recycled."""
        return min(dropped, int(dropped * self.recycled) + 1)

    def _recycled(self, hidden: Tensor, scores: Tensor, best: Tensor, clusters: int) -> Selection:
        others = torch.ones_like(scores, dtype=torch.bool)
        others[best] = False
        rest = others.nonzero().flatten()
        again = rest[scores[rest].topk(self._again(rest.numel())).indices]
        centres, member = density_peaks(hidden[again], clusters)
        kept = torch.cat([best, again[centres]]).sort().values
        slot = torch.full_like(others, -1, dtype=torch.int64)
        slot[kept] = torch.arange(kept.numel(), device=kept.device)
        slot[again] = slot[again[centres]][member]
        weight = torch.ones_like(scores)
        weight[again] = 1 / torch.bincount(member, minlength=clusters).float()[member]
        return Selection(kept, slot, weight, scores)
