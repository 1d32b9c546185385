"""ToMe: the most alike tokens become one, in rounds of bipartite matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class ToMe(TokenMethod):
    """Bipartite soft matching on the encoder's output: every token lives on, in an average.

    Tokens are split into every first and every second; each of the first is drawn to the second one with the most
    alike key (cosine, keys averaged over heads), and the strongest pairs merge into the average of all tokens they
    stand for. A round merges half of the tokens at most, so that rounds follow until the budget is met. The paper
    merges a few tokens in every layer of the encoder (``tome_tower``), which makes it faster too and lets keys be
    computed anew; here the keys of merged tokens are averaged as their vectors are.
    """

    name: ClassVar[str] = "tome"
    summary: ClassVar[str] = "the most alike tokens averaged, pair by pair"
    source: ClassVar[str] = "arXiv 2210.09461, section 3; facebookresearch/ToMe, tome/merge.py"
    cost: ClassVar[str] = "O(n^2 c)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.KEYS})
    wishes: ClassVar[frozenset[Need]] = frozenset({Need.FEATURES})
    merges_features: ClassVar[bool] = True

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        assert seen.keys is not None
        metric = seen.keys.float().mean(0)
        sizes = torch.ones(seen.count, device=metric.device)
        places = torch.arange(seen.count, device=metric.device)
        slot = places.clone()
        while places.numel() > budget:
            target = matched(metric, min(places.numel() - budget, places.numel() // 2))
            stays = target == torch.arange(places.numel(), device=metric.device)
            rank = stays.long().cumsum(0) - 1
            into = rank[target]
            total = torch.zeros(int(stays.sum()), device=metric.device).index_add_(0, into, sizes)
            weighed = torch.zeros(total.numel(), metric.shape[1], device=metric.device)
            metric = weighed.index_add_(0, into, metric * sizes[:, None]) / total[:, None]
            sizes, places, slot = total, places[stays], into[slot]
        return Selection(places, slot, 1 / sizes[slot])


def matched(metric: Tensor, merges: int, first_stays: bool = False) -> Tensor:
    """(m,) int64: for each of m tokens the one that it becomes part of, itself for all but ``merges`` of them.

    ``first_stays`` keeps the first one out of it, which is CLS.
    """
    unit = normalize(metric, dim=-1)
    scores = unit[::2] @ unit[1::2].T
    best, partner = scores.max(-1)
    if first_stays:
        best[0] = -torch.inf
    strongest = best.argsort(descending=True, stable=True)[:merges]
    target = torch.arange(metric.shape[0], device=metric.device)
    target[2 * strongest] = 2 * partner[strongest] + 1
    return target
