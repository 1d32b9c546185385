"""ToMe inside the encoder: in every layer the most alike tokens become one, so that the encoder is faster too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from vtok.errors import BudgetError
from vtok.reduction.method import TowerMethod
from vtok.reduction.methods.tome import matched


@dataclass(frozen=True)
class ToMeTower(TowerMethod):
    """Bipartite soft matching in each layer of the encoder, as the paper has it.

    The same number of tokens leaves in every layer, half of them at most, and fewer in the last ones where the budget
    is met. Pairs are drawn by the keys of the layer, averaged over heads; CLS takes no part. Attention is
    proportional: what a token draws grows with the number of those it stands for (their log is added to the scores);
    ``proportional=false`` leaves that out, as the reference does for encoders that were trained with merging.

    The reference has the tokens that others were merged into behind those that were not; here they stay in the order of
    the first token of each, which decides who is matched with whom in the next layer.
    """

    name: ClassVar[str] = "tome_tower"
    summary: ClassVar[str] = "the most alike tokens averaged, some in each layer of the encoder"
    source: ClassVar[str] = "arXiv 2210.09461, section 3; facebookresearch/ToMe, tome/merge.py and tome/patch/timm.py"
    cost: ClassVar[str] = "O(n^2 c) a layer"
    proportional: bool = True

    @property
    def weighs_attention(self) -> bool:
        """See ``TowerMethod.weighs_attention``."""
        return self.proportional

    def schedule(self, count: int, layers: int, budget: int) -> tuple[int, ...]:
        """See ``TowerMethod.schedule``."""
        for each in range(count):
            left, made = count, []
            for _ in range(layers):
                made.append(min(each, left // 2, left - budget))
                left -= made[-1]
            if left == budget:
                return tuple(made)
        raise BudgetError(
            f"{self.name} leaves at least {left} of {count} tokens, half of them a layer in {layers} layers; a budget "
            f"of {budget} is too small"
        )

    def targets(self, keys: Tensor, merges: int, cls: bool) -> Tensor:
        """See ``TowerMethod.targets``."""
        return matched(keys.float().mean(0), merges, first_stays=cls)
