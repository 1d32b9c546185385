"""VisPruner: tokens that CLS attends to, and of the others those that are not duplicates of each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.errors import MethodError
from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class VisPruner(TokenMethod):
    """``important`` of the budget goes to the most attended tokens, the rest to tokens unlike each other.

    The rest is found by rounds: tokens in the order of their attention are split into every first and every second,
    and of the first the ``step`` most alike to one of the second are dropped (cosine of the encoder's output, or of
    what the projector made of it where that cannot be had), until the budget is met. ``important`` is 0.5 in the
    released scripts.
    """

    name: ClassVar[str] = "vispruner"
    summary: ClassVar[str] = "what CLS attends to, and tokens that are no duplicates"
    source: ClassVar[str] = "arXiv 2412.01818v2, section 3; Theia-4869/VisPruner, llava/model/llava_arch.py"
    cost: ClassVar[str] = "O(n^2 d), in rounds"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION})
    wishes: ClassVar[frozenset[Need]] = frozenset({Need.FEATURES})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    important: float = 0.5
    step: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.important <= 1:
            raise MethodError(f"vispruner's important is a share from 0 to 1, not {self.important}")
        if self.step < 1:
            raise MethodError(f"vispruner's step is at least 1, not {self.step}")

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = seen.attention.float().mean(0)
        order = scores.argsort(descending=True, stable=True)
        important = int(budget * self.important)
        rest = order[important:]
        if budget > important:
            tokens = seen.vectors if seen.features is None else seen.features
            rest = _distinct(normalize(tokens.float(), dim=-1), rest, budget - important, self.step)
        else:
            rest = rest[:0]
        return Selection.of(torch.cat([order[:important], rest]), seen.count, scores)


def _distinct(unit: Tensor, rest: Tensor, wanted: int, step: int) -> Tensor:
    """``wanted`` of the tokens ``rest``, duplicates dropped in rounds of at most ``step``."""
    # All pairs once: every round looks at a part of them.
    alike = unit[rest] @ unit[rest].T
    left = torch.arange(rest.numel(), device=rest.device)
    while left.numel() > wanted:
        first, second = left[::2], left[1::2]
        drop = min(step, left.numel() - wanted, first.numel())
        nearest = alike[first[:, None], second[None]].max(-1).values
        distinct = first[nearest.argsort(descending=True, stable=True)[drop:]]
        left = torch.cat([distinct, second])
    return rest[left]
