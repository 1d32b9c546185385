"""Families that keep their rows or their grids in a place of their own.

Sources: transformers, ``models/fuyu/modeling_fuyu.py``, ``models/molmo2/modeling_molmo2.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from vtok.vlm.adapters.base import Adapter
from vtok.vlm.picture import Picture, plain


class FuyuAdapter(Adapter):
    """Fuyu: patches go into the language model through one linear layer, without an encoder."""

    model_types: ClassVar[tuple[str, ...]] = ("fuyu",)
    field: ClassVar[str] = "last_hidden_state"
    structure: ClassVar[str] = "newlines are tokens of the prompt and stay"


class Molmo2Adapter(Adapter):
    """Molmo 2: the grid of the whole, then that of the crops."""

    model_types: ClassVar[tuple[str, ...]] = ("molmo2",)
    counts: ClassVar[str] = "a picture, the whole and its crops together"
    structure: ClassVar[str] = "column and crop marks are tokens of the prompt and stay"

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        low_rows, low_columns, rows, columns = (int(side) for side in inputs["image_grids"][index])
        grids = tuple(grid for grid in ((low_rows, low_columns), (rows, columns)) if grid[0] * grid[1])
        fits = sum(rows * columns for rows, columns in grids) == count
        return Picture(count, grids) if fits else plain(count)
