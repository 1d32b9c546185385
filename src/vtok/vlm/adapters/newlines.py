"""Families that put newlines and ends among the visual rows, in a grid of one size or of the picture's own.

A newline stays with any token of its row; what begins, ends or divides the whole picture stays always.

Sources: transformers, ``modeling_*.py`` of each model named here (``get_image_features`` and what it calls).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from vtok.errors import ModelError
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.picture import Picture, Structure, newlines, plain

RULE = "a newline stays with any token of its row; begin, end and separator stay always"


class RowsOfPatches(Adapter):
    """Hy-V4 and Hunyuan: a newline behind each row, and (Hunyuan) a begin and an end around the picture."""

    model_types: ClassVar[tuple[str, ...]] = ("hunyuan_vl", "hy_v4_vl")
    structure: ClassVar[str] = RULE

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        merge = model.config.vision_config.spatial_merge_size
        _, rows, columns = (int(side) // merge for side in inputs["image_grid_thw"][index])
        return framed(count, rows, columns)


class CodeRows(Adapter):
    """Emu3: a line's end behind each row of codes."""

    model_types: ClassVar[tuple[str, ...]] = ("emu3",)
    structure: ClassVar[str] = RULE

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        unit = model.base_model.vqmodel.vision_spatial_factor
        rows, columns = (int(side) // unit for side in inputs["image_sizes"][index])
        return framed(count, rows, columns)


class ViewSeparator(Adapter):
    """DeepSeek-OCR 2: learned queries of crops and of the whole, and a separator at the end."""

    model_types: ClassVar[tuple[str, ...]] = ("deepseek_ocr2",)
    structure: ClassVar[str] = RULE

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        return Picture(count, (), (Structure(count - 1, 0, count - 1),))


class SquareRows(ViewSeparator):
    """Unlimited-OCR: as DeepSeek-OCR 2, with a newline behind each row of the whole and of the crops' canvas."""

    model_types: ClassVar[tuple[str, ...]] = ("unlimited_ocr",)

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        crops = inputs.get("num_local_patches")
        if crops is not None and int(crops[index]) > 0:
            # Where the crops' newlines stand depends on settings that the inputs do not tell.
            return super().part(model, inputs, index, count)
        side = math.isqrt(count - 1)
        return (
            framed(count, side, side) if side * (side + 1) + 1 == count else super().part(model, inputs, index, count)
        )


def framed(count: int, rows: int, columns: int) -> Picture:
    """``rows`` of ``columns`` tokens and a newline; the rows that are left over begin and end the picture."""
    tokens, left = rows * columns, count - rows * (columns + 1)
    if left not in (0, 1, 2):
        raise ModelError(f"a picture of {rows} x {columns} tokens with newlines cannot have {count} rows")
    start = left // 2
    ends = [Structure(0, 0, tokens)] if start else []
    if left:
        ends.append(Structure(count - 1, 0, tokens))
    found = (*newlines((rows, columns), start, 0), *ends)
    return Picture(count, ((rows, columns),), found) if found else plain(count, (rows, columns))
