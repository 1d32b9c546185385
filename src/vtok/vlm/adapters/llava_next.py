"""LLaVA-NeXT and its kin: the thumbnail's grid, then the canvas without its padding, a newline behind each row.

Source: transformers, ``models/llava_next/modeling_llava_next.py`` (``pack_image_features``),
``models/llava_onevision/``, ``models/granite4_vision/``. The grids come from vtok's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.llava_onevision import LlavaOnevision
from vtok.geometry.layout import Layout
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.picture import Picture, Structure, newlines, plain


class LlavaNextAdapter(Adapter):
    """LLaVA-NeXT; of LLaVA-NeXT-Video the pictures."""

    model_types: ClassVar[tuple[str, ...]] = ("llava_next", "llava_next_video")
    counts: ClassVar[str] = "a picture, thumbnail and tiles together"
    structure: ClassVar[str] = "a newline stays with any token of its row"

    def family(self, model: Any) -> LlavaNext:
        """The rule from a picture's size to its grids, with this model's settings."""
        vision = model.config.vision_config
        return LlavaNext(vision.image_size, vision.patch_size, _pinpoints(model))

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        height, width = (int(side) for side in inputs["image_sizes"][index])
        return _two_grids(self.family(model).layout(width, height), count) or _one_grid(count) or plain(count)

    def layout(self, model: Any, processor: Any, size: tuple[int, int]) -> Layout | None:
        """See ``Adapter.layout``."""
        return self.family(model).layout(*size)


class LlavaOnevisionAdapter(LlavaNextAdapter):
    """LLaVA-OneVision, where one of several pictures is a single grid with one newline behind it."""

    model_types: ClassVar[tuple[str, ...]] = ("llava_onevision",)

    def family(self, model: Any) -> LlavaNext:
        """See ``LlavaNextAdapter.family``."""
        vision = model.config.vision_config
        most = int(str(model.config.vision_aspect_ratio).removeprefix("anyres_max_") or 9)
        return LlavaOnevision(vision.image_size, vision.patch_size, _pinpoints(model), max_tiles=most)


class GraniteAdapter(LlavaNextAdapter):
    """Granite Vision 4: rows for several layers of the language model at once, and fewer of them."""

    model_types: ClassVar[tuple[str, ...]] = ("granite4_vision",)
    field: ClassVar[str] = "deepstack_features"

    def family(self, model: Any) -> LlavaNext:
        """See ``LlavaNextAdapter.family``."""
        vision = model.config.vision_config
        tokens, patches = (int(side) for side in model.config.downsample_rate.split("/"))
        return LlavaNext(vision.image_size, vision.patch_size, _pinpoints(model), (tokens, patches))

    def units(self, model: Any, output: Any) -> list[Tensor]:
        """See ``Adapter.units``; the rows for the first of the layers."""
        return list(output.deepstack_features[0][1])


def _two_grids(layout: Layout, count: int) -> Picture | None:
    (thumbnail, canvas) = layout.grids
    if layout.total != count:
        return None
    found = newlines((canvas.rows, canvas.columns), thumbnail.count, thumbnail.count)
    return Picture(count, ((thumbnail.rows, thumbnail.columns), (canvas.rows, canvas.columns)), found)


def _one_grid(count: int) -> Picture | None:
    side = round((count - 1) ** 0.5)
    if side * side + 1 != count:
        return None
    return Picture(count, ((side, side),), (Structure(count - 1, 0, count - 1),))


def _pinpoints(model: Any) -> tuple[tuple[int, int], ...]:
    return tuple((int(height), int(width)) for height, width in model.config.image_grid_pinpoints)
