"""DART: tokens that duplicate none of a few pivots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vtok.errors import MethodError
from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.method import Need
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class DART(LayerMethod):
    """Keeps the visual pivots and, for each pivot in turn, the tokens least alike to it.

    Pivots are the ``visual`` visual and ``textual`` text tokens whose keys in layer ``layer`` - 1 have the largest L1
    norm over all heads; text tokens are those behind the image. Likeness is the cosine of hidden states at the
    entry of ``layer``. Every pivot draws the same number of tokens, and the last ones fewer where that does not come
    out even. The reference takes the pivots in the order of a Python set and compares hidden states after the model's
    final norm; here text pivots follow visual ones, each by falling norm, and hidden states are as they are.
    """

    name: ClassVar[str] = "dart"
    summary: ClassVar[str] = "tokens unlike a few pivots, visual and textual"
    source: ClassVar[str] = "arXiv 2502.11494, section 4; Tencent/AngelSlim, token_compressor/algorithm/dart.py"
    cost: ClassVar[str] = "O(p n d) for p pivots"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LM_KEYS, Need.LM_TEXT})
    layer: int = 2
    visual: int = 4
    textual: int = 4

    def __post_init__(self) -> None:
        if self.visual < 0 or self.textual < 0 or self.visual + self.textual == 0:
            raise MethodError(f"dart needs at least one pivot, not {self.visual} visual and {self.textual} textual")

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        return ((self.checked(self.layer, layers), budget),)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``."""
        assert at.keys is not None
        assert at.text is not None
        assert at.text_keys is not None
        seen = _largest(at.keys, min(self.visual, budget))
        said = _largest(at.text_keys, min(self.textual, at.text.shape[0]))
        hidden = normalize(at.hidden.float(), dim=-1)
        pivots = torch.cat([hidden[seen], normalize(at.text[said].float(), dim=-1)])
        likeness = pivots @ hidden.T
        taken = torch.zeros(at.count, dtype=torch.bool, device=hidden.device)
        taken[seen] = True
        each = -(-(budget - seen.numel()) // max(1, pivots.shape[0]))
        for row in likeness:
            wanted = min(each, budget - int(taken.sum()))
            taken[row.masked_fill(taken, torch.inf).topk(wanted, largest=False).indices] = True
        return Selection.of(taken.nonzero().flatten(), at.count, -likeness.amax(0))


def _largest(keys: Tensor, wanted: int) -> Tensor:
    """The tokens with the largest L1 norm of keys (kv heads, n, c) over all heads, by falling norm."""
    return keys.float().abs().sum((0, 2)).topk(wanted).indices
