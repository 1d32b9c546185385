"""What methods share that take one token after the other, each time the best beside those taken."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.reduction.method import TokenMethod
from vtok.reduction.seen import Seen
from vtok.reduction.selection import Selection


class Likeness:
    """Rows of the cosine similarity of n tokens with each other, for ``images`` of equal count in one go.

    At most about ``wanted`` rows will be asked for. The whole matrix is made at once where that costs no more than 16
    times those rows, since one large product is quicker than many small ones; O(wanted n d) either way.
    """

    def __init__(self, vectors: Tensor, wanted: int) -> None:
        self.unit = normalize(vectors.float(), dim=-1)
        self.images, self.count = vectors.shape[:2]
        self.every = torch.arange(self.images, device=vectors.device)
        whole = self.count <= min(16 * wanted, 8192)
        self.matrix = self.unit @ self.unit.mT if whole else None

    def row(self, index: Tensor) -> Tensor:
        """(images, n): how alike token ``index`` (images,) is to every token."""
        if self.matrix is not None:
            return self.matrix[self.every, index]
        return (self.unit @ self.unit[self.every, index][..., None])[..., 0]


@dataclass(frozen=True)
class GreedyMethod(TokenMethod):
    """Base of methods that choose step by step; images of one count and budget are chosen from side by side."""

    @abstractmethod
    def pick(self, images: Sequence[Seen], budget: int) -> tuple[Tensor, Tensor]:
        """``budget`` tokens of each of several images of n tokens: (images, budget) indices, (images, n) scores."""

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        return self.select_many([seen], [budget])[0]

    def select_many(self, images: Sequence[Seen], budgets: Sequence[int]) -> list[Selection]:
        """See ``TokenMethod.select_many``."""
        groups: dict[tuple[int, int], list[int]] = {}
        for index, (seen, budget) in enumerate(zip(images, budgets, strict=True)):
            groups.setdefault((seen.count, budget), []).append(index)
        chosen: dict[int, Selection] = {}
        for (count, budget), members in groups.items():
            picked, scores = self.pick([images[i] for i in members], budget)
            chosen |= {i: Selection.of(picked[at], count, scores[at]) for at, i in enumerate(members)}
        return [chosen[index] for index in range(len(images))]


def scaled(scores: Tensor) -> Tensor:
    """``scores`` (..., n) stretched to 0..1 along the last dimension; 0 where all are equal."""
    low, high = scores.amin(-1, keepdim=True), scores.amax(-1, keepdim=True)
    return (scores - low) / (high - low).clamp(min=torch.finfo(scores.dtype).eps)
