"""VTW: from some layer on there are no visual tokens at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.errors import MethodError
from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class VTW(LayerMethod):
    """Withdraws every visual token at the entry of ``layer``; half of the model's layers where none is given.

    The paper finds the layer by a sweep: the first one at which the answer's distribution hardly changes when tokens
    leave there (16 of LLaVA-1.5-7B's 32 layers; the released code has 15).
    """

    name: ClassVar[str] = "vtw"
    summary: ClassVar[str] = "no visual token from layer K on"
    source: ClassVar[str] = "arXiv 2405.05803, section 4; lzhxmu/VTW, my_modeling_llama.py"
    cost: ClassVar[str] = "none"
    takes_budget: ClassVar[bool] = False
    needs_budget: ClassVar[bool] = False
    layer: int | None = None

    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """See ``LayerMethod.plan``."""
        return ((self.checked(layers // 2 if self.layer is None else self.layer, layers), 0),)

    def select(self, at: InLayer, budget: int) -> Selection:
        """Not for this one: where it acts, nothing stays."""
        raise MethodError("vtw leaves no visual token to select")
