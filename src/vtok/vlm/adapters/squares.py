"""Families whose encoder reads squares of one size: a picture is one square, or tiles of that size.

Sources: transformers, ``modeling_*.py`` and ``processing_*.py`` of each model named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.grids import Grid, square
from vtok.vlm.adapters.grouping import by_gap


class Squares(Adapter):
    """One square a picture."""

    model_types: ClassVar[tuple[str, ...]] = (
        "chameleon", "deepseek_vl", "deepseek_vl_hybrid", "gemma3", "janus", "paligemma", "video_llava", "vipllava",
    )  # fmt: skip
    fixed: ClassVar[bool] = True

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        return square(count)


class JoinedTiles(Squares):
    """Tiles whose placeholders follow each other without anything between them."""

    model_types: ClassVar[tuple[str, ...]] = ("internvl", "qianfan_ocr", "got_ocr2")
    counts: ClassVar[str] = "a picture, over all its tiles"
    fixed: ClassVar[bool] = False
    gap: ClassVar[int] = 0

    def group(self, units: Sequence[int], ids: Tensor | None, image_token: int) -> list[list[int]]:
        """See ``Adapter.group``."""
        return by_gap(units, ids, image_token, self.gap)


class MarkedTiles(JoinedTiles):
    """Tiles with one token between them, which belongs to the prompt."""

    model_types: ClassVar[tuple[str, ...]] = ("aya_vision", "cohere2_vision", "ovis2")
    structure: ClassVar[str] = "tile markers are tokens of the prompt and stay"
    gap: ClassVar[int] = 1


class Queries(JoinedTiles):
    """Tiles without a marker between them, read by learned queries: their tokens have no place in the picture."""

    model_types: ClassVar[tuple[str, ...]] = ("aria",)

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        return None


class Tokens(Queries):
    """Inkling: the encoder gives each visual token on its own."""

    model_types: ClassVar[tuple[str, ...]] = ("inkling_mm_model",)
    counts: ClassVar[str] = "a picture"

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``; a token is a square of pixels, but in which order is not told."""
        return None
