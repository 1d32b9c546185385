"""Norm of keys: the visual tokens with the smallest keys stay; no attention map is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.method import Need
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class KeyNorm(LayerMethod):
    """Keeps the tokens whose keys in layer ``layer`` - 1 have the smallest L2 norm, keys averaged over heads.

    This is ViTCoP's measure of what matters inside the language model, and its last stage (there at layer 22 of 32);
    its other stages, pruning by CLS attention and clusters kept in step with the text, are not part of it. Two thirds
    of the model's layers see every token where no ``layer`` is given.
    """

    name: ClassVar[str] = "keynorm"
    summary: ClassVar[str] = "the tokens with the smallest keys in layer K - 1"
    source: ClassVar[str] = "arXiv 2601.17818 (ViTCoP), stage III; chaser682/ViTCoP, vitcop_modeling_llama.py"
    cost: ClassVar[str] = "O(n c)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LM_KEYS})
    layer: int | None = None

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        layer = max(1, round(layers * 22 / 32)) if self.layer is None else self.layer
        return ((self.checked(layer, layers), budget),)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``; the scores are the norms' negatives, so that more is better."""
        assert at.keys is not None
        scores = -at.keys.float().mean(0).norm(dim=-1)
        return Selection.of(scores.topk(budget).indices, at.count, scores)
