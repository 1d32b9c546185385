"""LLaVA-NeXT and its kin: the thumbnail's grid, then the canvas without its padding, a newline behind each row.

Source: transformers, ``models/llava_next/modeling_llava_next.py`` (``pack_image_features``),
``models/llava_onevision/``, ``models/granite4_vision/``. The grids come from vtok's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.llava_onevision import LlavaOnevision
from vtok.geometry.layout import Layout
from vtok.reduction.method import Need
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.tower import TOWERS, has_cls, projector, run_seeing, tower_offers
from vtok.vlm.picture import Picture, Structure, newlines, plain


class LlavaNextAdapter(Adapter):
    """LLaVA-NeXT; of LLaVA-NeXT-Video the pictures."""

    model_types: ClassVar[tuple[str, ...]] = ("llava_next", "llava_next_video")
    counts: ClassVar[str] = "a picture, thumbnail and tiles together"
    structure: ClassVar[str] = "a newline stays with any token of its row"
    note: ClassVar[str] = "CLS attention with a CLIP tower"

    def family(self, model: Any) -> LlavaNext:
        """The rule from a picture's size to its grids, with this model's settings."""
        vision = model.config.vision_config
        return LlavaNext(vision.image_size, vision.patch_size, _pinpoints(model))

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``; nothing with a tower that is not understood."""
        if model.config.vision_config.model_type not in TOWERS:
            return frozenset()
        if model.config.vision_feature_select_strategy != ("default" if has_cls(model) else "full"):
            return frozenset()
        return tower_offers(model)

    def run(self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> tuple[Any, dict[str, list[Any]]]:
        """See ``Adapter.run``; what is seen of a picture's tiles goes the way of their vectors."""
        if not needs:
            return super().run(model, inputs, needs)
        output, more = run_seeing(model, inputs, needs)
        tiles = [self._tiles(model, inputs, index, unit.shape[0]) for index, unit in enumerate(output.pooler_output)]
        return output, {
            name: self.by_picture(model, inputs, values, tiles, 1 if name == "features" else 2)
            for name, values in more.items()
        }

    def project(self, model: Any, features: Tensor) -> Tensor:
        """See ``Adapter.project``."""
        projected: Tensor = projector(model)(features)
        return projected

    def pack(self, model: Any, tiles: list[Tensor], sizes: Tensor) -> list[Tensor]:
        """The model's own way from tiles (t, patches, c) to a picture's tokens (n, c), but without newlines."""
        strategy = model.config.vision_feature_select_strategy
        packed, _ = model.base_model.pack_image_features(tiles, sizes, vision_feature_select_strategy=strategy)
        return list(packed)

    def by_picture(
        self, model: Any, inputs: Mapping[str, Any], values: Tensor, tiles: list[int], patches: int
    ) -> list[Tensor]:
        """``values`` (tiles, ..., patches, ...) of all pictures, with patches at dim ``patches``, to tokens of each."""
        if values.shape[0] != sum(tiles):
            raise MethodError(
                f"this model's encoder took {values.shape[0]} tiles where the pictures' sizes make {sum(tiles)}, so "
                "its attention cannot be read; take a method that reads the vectors alone, such as divprune"
            )
        first = values.movedim(patches, 1)
        flat = first.flatten(2)
        made = self.pack(model, list(torch.split(flat, tiles)), inputs["image_sizes"])
        return [one.reshape(-1, *first.shape[2:]).movedim(0, patches - 1) for one in made]

    def _tiles(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> int:
        """How many squares the encoder took for the picture ``index`` of ``count`` rows."""
        if len(self.part(model, inputs, index, count).grids) == 1:
            return 1
        height, width = (int(side) for side in inputs["image_sizes"][index])
        return len(self.family(model).layout(width, height).tiles)

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

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``; large pictures are made smaller behind the projector, so features are not."""
        return super().offers(model) - {Need.FEATURES}

    def pack(self, model: Any, tiles: list[Tensor], sizes: Tensor) -> list[Tensor]:
        """See ``LlavaNextAdapter.pack``; what is seen of a large picture is made smaller as its vectors are."""
        ratio = model.config.vision_aspect_ratio
        packed, _ = model.base_model.pack_image_features(tiles, sizes, vision_aspect_ratio=ratio)
        return list(packed)


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

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``; what its windows of queries read is not told."""
        return frozenset()


def _two_grids(layout: Layout, count: int) -> Picture | None:
    (thumbnail, canvas) = layout.grids
    if layout.total != count:
        return None
    found = newlines((canvas.rows, canvas.columns), thumbnail.count, thumbnail.count)
    return Picture(count, ((thumbnail.rows, thumbnail.columns), (canvas.rows, canvas.columns)), found, thumbnail=0)


def _one_grid(count: int) -> Picture | None:
    side = round((count - 1) ** 0.5)
    if side * side + 1 != count:
        return None
    return Picture(count, ((side, side),), (Structure(count - 1, 0, count - 1),))


def _pinpoints(model: Any) -> tuple[tuple[int, int], ...]:
    return tuple((int(height), int(width)) for height, width in model.config.image_grid_pinpoints)
