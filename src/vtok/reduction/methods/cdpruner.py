"""CDPruner: unlike tokens that matter to the question, by a determinantal point process conditioned on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.errors import MethodError
from vtok.reduction.greedy import GreedyMethod, Likeness
from vtok.reduction.method import Need
from vtok.reduction.seen import Seen

_TINY = 1e-6


@dataclass(frozen=True)
class CDPruner(GreedyMethod):
    """Greedy MAP inference of a DPP with kernel r_i (v_i . v_j) r_j: relevance r times cosine likeness.

    Relevance is stretched to (0, 1] over the picture. The reference takes it from CLIP's text tower, whose patches it
    finds *less* alike to what they show (it negates the cosine); checkpoints of vision-language models do not carry
    that tower, so here it is the mean cosine of a token to the text in the language model's space, not negated.
    ``theta`` between 0 and 1 weighs relevance against diversity, as the reference's comments have it: r becomes
    exp(r theta / (2 (1 - theta))); -1, the default, leaves r as it is, as the reference runs.
    """

    name: ClassVar[str] = "cdpruner"
    summary: ClassVar[str] = "tokens unlike each other and relevant to the text"
    source: ClassVar[str] = "arXiv 2506.10967, section 3; Theia-4869/CDPruner, llava/model/llava_arch.py"
    cost: ClassVar[str] = "O(k n (k + d))"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.TEXT})
    theta: float = -1.0

    def __post_init__(self) -> None:
        if self.theta != -1 and not 0 <= self.theta < 1:
            raise MethodError(f"cdpruner's theta is from 0 up to 1, or -1 for none, not {self.theta}")

    def pick(self, images: Sequence[Seen], budget: int) -> tuple[Tensor, Tensor]:
        """See ``GreedyMethod.pick``."""
        relevance = torch.stack([relevance_of(seen) for seen in images])
        low, high = relevance.amin(-1, keepdim=True), relevance.amax(-1, keepdim=True)
        weight = (relevance - low + _TINY) / (high - low + _TINY)
        if self.theta >= 0:
            weight = (weight * self.theta / (2 * (1 - self.theta))).exp()
        likeness = Likeness(torch.stack([seen.vectors for seen in images]), budget)
        return most_diverse(likeness, weight, budget), relevance


def relevance_of(seen: Seen) -> Tensor:
    """(n,) float32: the mean cosine of each visual token to the prompt's text tokens."""
    assert seen.text is not None
    words = normalize(seen.text.float(), dim=-1).mean(0)
    return normalize(seen.vectors.float(), dim=-1) @ words


def most_diverse(likeness: Likeness, weight: Tensor, budget: int) -> Tensor:
    """(images, budget): greedy MAP of the DPP whose kernel is likeness weighed by ``weight`` (images, n) on both sides.

    Chen, Zhang and Zhou 2018 (arXiv 1709.05135), algorithm 1: a Cholesky factor grows by a row for each token taken,
    and what is left of the diagonal is the gain of taking a token next.
    """
    every = likeness.every
    factor = weight.new_zeros(likeness.images, budget, likeness.count)
    gain = weight**2
    picked = []
    for step in range(budget):
        chosen = gain.argmax(-1)
        picked.append(chosen)
        kernel = weight[every, chosen, None] * likeness.row(chosen) * weight
        before = factor[:, :step]
        row = kernel - (before[every, :, chosen][:, None] @ before)[:, 0]
        # Of a token that those taken already span nothing is left but rounding.
        own = gain[every, chosen, None]
        row = torch.where(own > _TINY**2, row / own.clamp(min=_TINY**2).sqrt(), 0.0)
        factor[:, step] = row
        gain = gain - row**2
        gain[every, torch.stack(picked)] = -torch.inf
    return torch.stack(picked, 1)
