"""DivPrune: the subset whose nearest members are as far apart as can be (max-min diversity), step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.reduction.greedy import GreedyMethod, Likeness
from vtok.reduction.seen import Seen


@dataclass(frozen=True)
class DivPrune(GreedyMethod):
    """Takes each time the token that is farthest (1 - cosine) from the nearest one taken.

    The first is the token whose nearest neighbour is farthest. To find it the reference compares all pairs; under a
    budget of less than a sixteenth, pairs are compared here only until no other token can win, and no more than
    ``budget`` tokens with all others, after which the best one found begins. A token's score is the
    distance at which it was, or would next have been, taken.
    """

    name: ClassVar[str] = "divprune"
    summary: ClassVar[str] = "tokens as unlike each other as can be"
    source: ClassVar[str] = "arXiv 2503.02175, algorithm 1; vbdi/divprune, LLaVA/llava/model/llava_arch.py"
    cost: ClassVar[str] = "O(k n d)"

    def pick(self, images: Sequence[Seen], budget: int) -> tuple[Tensor, Tensor]:
        """See ``GreedyMethod.pick``."""
        likeness = Likeness(torch.stack([seen.vectors for seen in images]), budget)
        chosen = loneliest(likeness, budget)
        picked = [chosen]
        nearest = torch.full((likeness.images, likeness.count), torch.inf, device=chosen.device)
        scores = torch.full_like(nearest, torch.inf)
        for _ in range(budget - 1):
            nearest = torch.minimum(nearest, 1 - likeness.row(chosen))
            nearest[likeness.every, chosen] = -torch.inf
            best, chosen = nearest.max(-1)
            scores[likeness.every, chosen] = best
            picked.append(chosen)
        left = torch.minimum(nearest, 1 - likeness.row(chosen))
        taken = torch.stack(picked, 1)
        scores[likeness.every, taken[:, 0]] = left.new_tensor(2.0)
        return taken, torch.where(scores.isinf(), left, scores)


def loneliest(likeness: Likeness, most: int) -> Tensor:
    """(images,) the token whose nearest neighbour is farthest; at most ``most`` tokens are compared with all."""
    if likeness.matrix is not None:
        apart = 1 - likeness.matrix
        apart.diagonal(dim1=1, dim2=2).fill_(torch.inf)
        return apart.amin(-1).argmax(-1)
    bound = torch.full((likeness.images, likeness.count), torch.inf, device=likeness.unit.device)
    known = torch.zeros_like(bound, dtype=torch.bool)
    for _ in range(most):
        candidate = bound.argmax(-1)
        if bool(known[likeness.every, candidate].all()):
            return candidate
        distance = 1 - likeness.row(candidate)
        distance[likeness.every, candidate] = torch.inf
        # What one token is away from another bounds how far the other's nearest neighbour can be.
        bound = torch.minimum(bound, distance)
        bound[likeness.every, candidate] = distance.amin(-1)
        known[likeness.every, candidate] = True
    return torch.where(known, bound, -torch.inf).argmax(-1)
