"""Sums of earlier layers that a layer attends to instead of adding to all of them (Inkling 2).

Every ``block`` layers a new sum begins (transformers 5.24, models/inkling2/modeling_inkling2.py); beside the sums of
whole blocks there is the one that grows.
"""

from __future__ import annotations

from vtok.catalog.sizes import TextSizes
from vtok.costs.pieces import Residual
from vtok.costs.unknown import need


def for_mixing(text: TextSizes, index: int, inputs: int) -> tuple[Residual, ...]:
    """What makes so many ``inputs`` of a layer's attention; the first layer takes the embedding as it is."""
    return (_among(text, index, inputs),) if index else ()


def for_feeding(text: TextSizes, index: int) -> Residual:
    """What makes the input of a layer's experts; where a block begins, the sum before it is there already."""
    return _among(text, index + 1, 1)


def for_the_head(text: TextSizes) -> Residual:
    """What makes the input of the last norm."""
    return _among(text, need(text, "layers"), 1)


def _among(text: TextSizes, before: int, queries: int) -> Residual:
    """Attention to the sums of the blocks that begin in the first ``before`` layers, and to the one that grows."""
    return Residual(queries, -(-before // int(need(text, "block"))) + 1, need(text, "hidden"))
