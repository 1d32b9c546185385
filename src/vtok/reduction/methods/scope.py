"""SCOPE: attended tokens that cover what those already kept do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class SCOPE(TokenMethod):
    """Takes each time the token with the most of attention ^ ``alpha`` times the coverage that it adds.

    A token is covered as far as its cosine to the nearest kept one goes; what a token adds is summed over all tokens.
    Coverage added only shrinks as tokens are kept, so that old gains bound new ones: of all gains only the largest
    have to be worked out anew at each step, which gives what the reference gives by working out all.
    """

    name: ClassVar[str] = "scope"
    summary: ClassVar[str] = "attended tokens that cover what the others do not"
    source: ClassVar[str] = "arXiv 2510.24214, section 3; Tencent/AngelSlim, token_compressor/algorithm/scope.py"
    cost: ClassVar[str] = "O(n^2 d)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    alpha: float = 1.0

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = seen.attention.float().mean(0)
        unit = normalize(seen.vectors.float(), dim=-1)
        return Selection.of(covering(unit @ unit.T, scores**self.alpha, budget), seen.count, scores)


def covering(likeness: Tensor, worth: Tensor, budget: int, at_once: int = 32) -> Tensor:
    """(budget,) tokens by greedy coverage of ``likeness`` (n, n), gains weighed by ``worth`` (n,).

    ``at_once`` gains are worked out anew at a time; how many makes no difference to the outcome.
    """
    covered = torch.zeros_like(worth)
    gain = likeness.clamp(min=0).sum(-1) * worth
    taken = []
    for _ in range(budget):
        while True:
            top = gain.topk(min(at_once, gain.numel())).indices
            fresh = (likeness[top] - covered).clamp(min=0).sum(-1) * worth[top]
            gain[top] = torch.where(gain[top] > -torch.inf, fresh, -torch.inf)
            best = top[gain[top].argmax()]
            # What was not worked out anew is at most its old gain.
            if bool(gain[best] >= gain.max()):
                break
        taken.append(best)
        gain[best] = -torch.inf
        covered = torch.maximum(covered, likeness[best])
    return torch.stack(taken)
