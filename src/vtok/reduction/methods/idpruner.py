"""IDPruner: importance against likeness to what was taken, by maximal marginal relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.greedy import GreedyMethod, Likeness, scaled
from vtok.reduction.method import Need
from vtok.reduction.seen import Seen


@dataclass(frozen=True)
class IDPruner(GreedyMethod):
    """Takes each time the token with the most of ``weight`` importance - (1 - ``weight``) likeness.

    Likeness is the largest cosine to a token taken; importance is stretched to 0..1, and the most important token comes
    first. The reference scores importance with a network trained for it (VisionSelector), which no checkpoint
    carries; here it is the attention of CLS, or what patches receive where there is no CLS token.
    """

    name: ClassVar[str] = "idpruner"
    summary: ClassVar[str] = "attended tokens unlike those already kept"
    source: ClassVar[str] = "arXiv 2602.13315, section 3; Tencent/AngelSlim, token_compressor/algorithm/idpruner.py"
    cost: ClassVar[str] = "O(k n d)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    weight: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise MethodError(f"idpruner's weight is from 0 to 1, not {self.weight}")

    def pick(self, images: Sequence[Seen], budget: int) -> tuple[Tensor, Tensor]:
        """See ``GreedyMethod.pick``."""
        importance = scaled(torch.stack([seen.attention.float().mean(0) for seen in images]))
        likeness = Likeness(torch.stack([seen.vectors for seen in images]), budget)
        chosen = importance.argmax(-1)
        picked = [chosen]
        alike = torch.full_like(importance, -2.0)
        for _ in range(budget - 1):
            alike = torch.maximum(alike, likeness.row(chosen))
            marginal = self.weight * importance - (1 - self.weight) * alike
            marginal[likeness.every, torch.stack(picked)] = -torch.inf
            chosen = marginal.argmax(-1)
            picked.append(chosen)
        return torch.stack(picked, 1), importance
