"""PruMerge: the tokens that CLS attends to, each taking in those most alike to it, and one token for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.errors import MethodError
from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.methods.trim import outliers
from vtok.reduction.selection import Selection

SOURCE = "42Shawn/LLaVA-PruMerge, llava/model/multimodal_encoder/clip_encoder.py"


@dataclass(frozen=True)
class PruMerge(TokenMethod):
    """The most attended tokens stay; to each the ``neighbours`` tokens of most alike keys are added.

    Those are weighed by their CLS attention and come from all others, the kept ones among them, so that a token may
    go into several. One more token is the sum of all that were not kept, weighed likewise, in the place of the last of
    them. As in the reference the weights are not brought to a sum of 1 (``mean`` does that, as the paper's weighted
    average reads). ``adaptive`` keeps as many as stand out in attention, by the interquartile rule, no more than the
    budget; the reference always does so, and then has no budget.

    The reference reads attention and keys of the encoder's last layer, whose output LLaVA does not use, and takes all
    heads as one; here they are of the layer whose output the projector reads, attention averaged over its heads.
    """

    name: ClassVar[str] = "prumerge"
    summary: ClassVar[str] = "what CLS attends to, with the tokens alike to each merged in"
    source: ClassVar[str] = f"arXiv 2403.15388, section 3; {SOURCE}"
    cost: ClassVar[str] = "O(k n c)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION, Need.KEYS})
    wishes: ClassVar[frozenset[Need]] = frozenset({Need.FEATURES})
    stand_ins: ClassVar[Mapping[Need, Need]] = {Need.CLS_ATTENTION: Need.RECEIVED_ATTENTION}
    merges_features: ClassVar[bool] = True
    neighbours: int = 32
    mean: bool = False
    adaptive: bool = False

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise MethodError(f"prumerge needs at least one neighbour, not {self.neighbours}")

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        scores = seen.attention.float().mean(0)
        wanted = min(budget, outliers(scores) + 1) if self.adaptive else budget
        if wanted < 2:
            return Selection.of(scores.topk(1).indices, seen.count, scores)
        return self.merged(seen, scores, self.centres(scores, wanted - 1))

    def centres(self, scores: Tensor, wanted: int) -> Tensor:
        """The tokens that stay in their own right."""
        return scores.topk(wanted).indices

    def merged(self, seen: Seen, scores: Tensor, centres: Tensor) -> Selection:
        """The ``centres`` with their neighbours merged in, and one token for the rest."""
        assert seen.keys is not None
        keys = normalize(seen.keys.float().transpose(0, 1).flatten(1), dim=-1)
        alike = keys[centres] @ keys.T
        row = torch.arange(centres.numel(), device=scores.device)
        alike[row, centres] = -torch.inf
        near = alike.topk(min(self.neighbours, seen.count - 1)).indices
        mix = torch.zeros_like(alike).scatter_(1, near, scores[near])
        mix[row, centres] = 1
        rest = torch.ones_like(scores)
        rest[centres] = 0
        mix = torch.cat([mix, (rest * scores)[None]])
        if self.mean:
            mix = mix / mix.sum(-1, keepdim=True).clamp(min=1e-12)
        places = torch.cat([centres, rest.nonzero()[-1]])
        order = places.argsort()
        return Selection.mixed(places[order], mix[order], scores)
