"""TRIM: the tokens nearest to the question, and one token for all the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.methods.cdpruner import relevance_of
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class TRIM(TokenMethod):
    """Keeps the most relevant tokens and, as one more, the average of all the others.

    The reference's relevance comes from CLIP's own text tower (and is negated: patches are *less* alike to what they
    show), which checkpoints of vision-language models do not carry. Here it is the mean cosine of a token to the text
    in the language model's space. The average stands in the place of the last token that was dropped. With
    ``adaptive`` as many tokens are kept as stand out (above the third quartile plus 1.5 times the range between
    quartiles, over the softmax of relevance), no more than the budget; that is the reference's way when it is given
    no ratio.
    """

    name: ClassVar[str] = "trim"
    summary: ClassVar[str] = "tokens alike to the text, and the average of the rest"
    source: ClassVar[str] = "arXiv 2409.10994, section 3; FreedomIntelligence/TRIM, multimodal_encoder/clip_encoder.py"
    cost: ClassVar[str] = "O(n d)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.TEXT})
    adaptive: bool = False

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = relevance_of(seen).softmax(-1)
        wanted = min(budget, outliers(scores) + 1) if self.adaptive else budget
        if wanted < 2:
            return Selection.of(scores.topk(1).indices, seen.count, scores)
        best = scores.topk(wanted - 1).indices
        rest = torch.ones(seen.count, dtype=torch.bool, device=scores.device)
        rest[best] = False
        kept = torch.cat([best, rest.nonzero()[-1]]).sort().values
        slot = torch.full((seen.count,), -1, dtype=torch.int64, device=scores.device)
        slot[kept] = torch.arange(kept.numel(), device=scores.device)
        slot[rest] = slot[rest.nonzero()[-1]]
        weight = torch.where(rest, 1 / rest.sum(), 1.0).to(torch.float32)
        return Selection(kept, slot, weight, scores)


def outliers(scores: torch.Tensor) -> int:
    """How many of ``scores`` (n,) lie more than 1.5 times the range between quartiles above the third quartile."""
    low, high = scores.float().quantile(torch.tensor([0.25, 0.75], device=scores.device))
    return int((scores > high + 1.5 * (high - low)).sum())
