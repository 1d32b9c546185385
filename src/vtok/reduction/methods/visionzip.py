"""VisionZip: the tokens that CLS attends to most, and the others merged into a few contextual ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class VisionZip(TokenMethod):
    """Keeps *dominant* tokens by CLS attention and merges the rest into *contextual* ones by likeness of keys.

    ``contextual`` is the share of the budget for contextual tokens; the paper's 10 of 64 is the default. Their
    targets lie evenly among the tokens that are not dominant, and each of the others joins the target whose key is
    most alike (cosine). Paper and reference code differ in what a contextual token is: the paper averages, the code
    adds the average of those who join to the target. ``mean=False`` follows the code, ``mean=True`` the paper.

    Two things differ from the reference on purpose: tokens stay in reading order at their own positions instead
    of contextual ones coming last, and CLS itself is not handed on as a dominant token, since it has no place in
    the picture and LLaVA's projector was never trained on it.
    """

    name: ClassVar[str] = "visionzip"
    summary: ClassVar[str] = "what CLS attends to, and the rest merged into a few contextual tokens"
    source: ClassVar[str] = "arXiv 2412.04467, section 3.2; dvlab-research/VisionZip, visionzip/clip_encoder.py"
    cost: ClassVar[str] = "O(k n c)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION, Need.KEYS})
    wishes: ClassVar[frozenset[Need]] = frozenset({Need.FEATURES})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    merges_features: ClassVar[bool] = True
    contextual: float = 10 / 64
    mean: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.contextual < 1:
            raise MethodError(f"visionzip's contextual is a share from 0 up to 1, not {self.contextual}")

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = seen.attention.float().sum(0)
        targets_wanted = min(int(budget * self.contextual + 0.5), budget - 1)
        dominant = scores.topk(budget - targets_wanted).indices.sort().values
        if not targets_wanted:
            return Selection.of(dominant, seen.count, scores)
        rest = torch.ones(seen.count, dtype=torch.bool, device=scores.device)
        rest[dominant] = False
        others = rest.nonzero().flatten()
        step = max(1, others.numel() // targets_wanted)
        targets = others[::step][:targets_wanted]
        joining = others[~torch.isin(others, targets)]
        return self._merge(seen, scores, dominant, targets, joining)

    def _merge(self, seen: Seen, scores: Tensor, dominant: Tensor, targets: Tensor, joining: Tensor) -> Selection:
        assert seen.keys is not None
        keys = torch.nn.functional.normalize(seen.keys.float().mean(0), dim=-1)
        joins = targets[(keys[joining] @ keys[targets].T).argmax(-1)]
        kept = torch.cat([dominant, targets]).sort().values
        slot = torch.full((seen.count,), -1, dtype=torch.int64, device=kept.device)
        slot[kept] = torch.arange(kept.numel(), device=kept.device)
        slot[joining] = slot[joins]
        crowd = torch.bincount(slot[joining], minlength=kept.numel()).to(torch.float32)
        weight = torch.ones(seen.count, dtype=torch.float32, device=kept.device)
        if self.mean:
            weight = 1 / (1 + crowd[slot])
        else:
            weight[joining] = 1 / crowd[slot[joining]]
        return Selection(kept, slot, weight, scores)
