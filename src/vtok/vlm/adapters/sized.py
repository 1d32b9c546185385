"""Families that read pictures in their own size, one grid a picture, and say the size beside the pixels.

Sources: transformers, ``modeling_*.py`` of each model named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.grids import Grid, merged


class PixelSizes(Adapter):
    """``image_sizes`` in pixels; a row break behind each row is a token of the prompt (Mistral 3)."""

    model_types: ClassVar[tuple[str, ...]] = ("apertus1p5", "lighton_ocr", "mistral3", "mistral_large4")
    structure: ClassVar[str] = "row breaks are tokens of the prompt and stay"

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        height, width = (int(side) for side in inputs["image_sizes"][index])
        return merged(height, width, count)


class PatchShapes(Adapter):
    """``spatial_shapes`` or ``target_sizes``: (rows, columns) of patches."""

    model_types: ClassVar[tuple[str, ...]] = ("lfm2_vl", "minicpm_ocr", "minicpmv4_6", "minicpmv4_7")
    counts: ClassVar[str] = "a picture, or one tile where the processor cuts it"

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        shapes = inputs["spatial_shapes"] if "spatial_shapes" in inputs else inputs["target_sizes"]
        rows, columns = (int(side) for side in shapes[index])
        return merged(rows, columns, count)


class PatchPlaces(Adapter):
    """Gemma 4: the (column, row) of every patch, -1 where there is none."""

    model_types: ClassVar[tuple[str, ...]] = ("gemma4", "gemma4_unified")

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        columns, rows = (int(side) + 1 for side in torch.as_tensor(inputs["image_position_ids"][index]).amax(0))
        return merged(rows, columns, count)
