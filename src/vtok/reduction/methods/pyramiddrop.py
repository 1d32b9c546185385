"""PyramidDrop: visual tokens leave in stages, at even steps through the language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.errors import MethodError
from vtok.reduction.in_layer import InLayer, LayerMethod, in_steps
from vtok.reduction.method import Need
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class PyramidDrop(LayerMethod):
    """Keeps at the end of each of ``stages`` the tokens that the last text token attends to most.

    The model's layers are cut into ``stages`` equal parts, and every part but the first begins with the same share of
    the tokens of the one before, such that ``budget`` are left in the last. The paper's setting, a half at layers 8, 16
    and 24 of 32, is a budget of an eighth (12.5%). As in the reference a stage's attention is that of the layer which
    is about to run, with its own queries and keys; ``ahead=false`` reads it off the layer that has just run, which
    costs nothing more.
    """

    name: ClassVar[str] = "pyramiddrop"
    summary: ClassVar[str] = "what the last text token attends to, fewer from stage to stage"
    source: ClassVar[str] = "arXiv 2410.17247, section 3; Cooperx521/PyramidDrop, llava/model/modeling_llama_pdrop.py"
    cost: ClassVar[str] = "O(n) a stage, and one layer's attention"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LM_ATTENTION})
    stages: int = 4
    ahead: bool = True

    def __post_init__(self) -> None:
        if self.stages < 2:
            raise MethodError(f"pyramiddrop needs at least 2 stages, not {self.stages}")

    @property
    def looks_ahead(self) -> bool:
        """See ``LayerMethod.looks_ahead``."""
        return self.ahead

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``; raises ``MethodError`` for a model with fewer layers than stages."""
        if layers < self.stages:
            raise MethodError(f"pyramiddrop has {self.stages} stages, but this model only {layers} layers")
        starts = [layers * stage // self.stages for stage in range(1, self.stages)]
        return in_steps(starts, budget, count)

    def select(self, at: InLayer, budget: int) -> Selection:
        """See ``LayerMethod.select``."""
        assert at.attention is not None
        scores = at.attention.float().mean((0, 1))
        return Selection.of(scores.topk(budget).indices, at.count, scores)
