"""FasterVLM: the tokens that CLS attends to most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class FasterVLM(TokenMethod):
    """Keeps the tokens with the most attention of CLS, averaged over heads.

    Where the tower has no CLS token, the attention that patches receive stands in, which the paper does not have.
    """

    name: ClassVar[str] = "fastervlm"
    summary: ClassVar[str] = "what CLS attends to"
    source: ClassVar[str] = "arXiv 2412.01818v1, section 3.2; Theia-4869/FasterVLM, llava/model/llava_arch.py"
    cost: ClassVar[str] = "O(n)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = seen.attention.float().mean(0)
        return Selection.of(scores.topk(budget).indices, seen.count, scores)
