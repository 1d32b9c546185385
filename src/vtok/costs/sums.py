"""Sums of earlier layers that a layer attends to instead of adding to all of them (Inkling 2).

Every ``block`` layers a new sum begins (transformers 5.24, models/inkling2/modeling_inkling2.py); beside the sums of
whole blocks there is the one that grows.
"""

from __future__ import annotations

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.pieces import Residual
from vtok.costs.unknown import need


def inputs(text: TextSizes, index: int, mixing: int) -> tuple[Residual, ...]:
    """What makes so many inputs ``mixing`` positions in layer ``index``, and the one of its experts.

    The first layer takes the embedding as it is. Where a block begins, the sum before it joins a copy of the others.
    """
    begun, copied = before(text, index), before(text, index + 1)
    hidden = need(text, "hidden")
    first = (Residual(mixing, begun + 1, hidden, begun),) if index else ()
    return (*first, Residual(1, copied + 1, hidden, copied if copied > begun else 0))


def for_the_head(text: TextSizes) -> Residual:
    """What makes the input of the last norm."""
    return Residual(1, before(text, need(text, "layers")) + 1, need(text, "hidden"))


def before(text: TextSizes, index: int) -> int:
    """Sums of blocks that began before layer ``index``."""
    return -(-index // int(need(text, "block")))
