"""HoloV: the budget is shared among crops of the picture, so that no part of it goes blind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.sharing import best_of_parts, share_out


@dataclass(frozen=True)
class HoloV(TokenMethod):
    """Crops with attended and varied tokens get more of the budget; in a crop the most attended tokens stay.

    Crops are ``crops`` stretches of tokens in reading order, as in the reference. A crop's score is the mean over its
    tokens of attention plus ``alpha`` times the variance of the token's cosine to the others of the crop, brought to
    the scale of the attention. The reference fills up with zero vectors where a crop has fewer tokens than its share;
    here the rest goes to other crops.
    """

    name: ClassVar[str] = "holov"
    summary: ClassVar[str] = "what CLS attends to, in every part of the picture"
    source: ClassVar[str] = "arXiv 2510.02912; obananas/HoloV, llava/model/utils.py"
    cost: ClassVar[str] = "O(n^2 d / crops)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    crops: int = 16
    alpha: float = 0.09

    def __post_init__(self) -> None:
        if self.crops < 1:
            raise MethodError(f"holov needs at least one crop, not {self.crops}")

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        attention = seen.attention.float().mean(0)
        everything = torch.arange(seen.count, device=attention.device)
        parts = list(everything.tensor_split(min(self.crops, seen.count)))
        worth = torch.stack([self._worth(seen.vectors[part].float(), attention[part]) for part in parts])
        most = torch.tensor([part.numel() for part in parts], device=attention.device)
        kept = best_of_parts(attention, parts, share_out(worth, budget, most))
        return Selection.of(kept, seen.count, attention)

    def _worth(self, tokens: Tensor, attention: Tensor) -> Tensor:
        """A crop's score, from its tokens (m, d) and their attention (m,)."""
        attention = attention * 1e3
        others = tokens.shape[0] - 1
        if not others:
            return attention.mean() / 1e3
        unit = tokens / (tokens.norm(dim=-1, keepdim=True) + 1e-6)
        likeness = unit @ unit.T
        likeness.fill_diagonal_(0)
        mean = likeness.sum(-1, keepdim=True) / others
        # The reference counts the token itself, as a cosine of 0, among the deviations.
        spread = ((likeness - mean) ** 2).sum(-1) / others
        scale = attention.abs().mean() / (spread.abs().mean() + 1e-6)
        worth: Tensor = (attention + self.alpha * spread * scale).mean()
        return worth
