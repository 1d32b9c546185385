"""PruMerge+: PruMerge with tokens spread over the picture beside the attended ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.methods.prumerge import SOURCE, PruMerge


@dataclass(frozen=True)
class PruMergePlus(PruMerge):
    """As ``prumerge``, where most of the tokens that stay are spread evenly over the reading order.

    The reference samples about three tokens in even steps for each one that stands out; so one of ``1 + spread``
    tokens of the budget is kept for its attention, and the others lie in even steps among the rest.
    """

    name: ClassVar[str] = "prumerge+"
    summary: ClassVar[str] = "as prumerge, with tokens spread over the picture too"
    source: ClassVar[str] = f"arXiv 2403.15388, section 3.3; {SOURCE}"
    spread: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spread < 0:
            raise MethodError(f"prumerge+'s spread is at least 0, not {self.spread}")

    def centres(self, scores: Tensor, wanted: int) -> Tensor:
        """See ``PruMerge.centres``."""
        attended = max(1, round(wanted / (1 + self.spread)))
        best = scores.topk(attended).indices
        free = torch.ones_like(scores, dtype=torch.bool)
        free[best] = False
        rest, missing = free.nonzero().flatten(), wanted - attended
        even = ((torch.arange(missing, device=scores.device) + 0.5) * rest.numel() / max(missing, 1)).long()
        return torch.cat([best, rest[even]])
