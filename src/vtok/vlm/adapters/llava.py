"""LLaVA: a CLIP-like tower, a two-layer projector, any language model. All that vtok knows of it is in this file.

Source: transformers, ``models/llava/modeling_llava.py`` and ``models/clip/modeling_clip.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from vtok.errors import ModelError
from vtok.geometry.families.llava import Llava
from vtok.geometry.layout import Layout
from vtok.reduction.method import Need
from vtok.vlm.adapters.base import Adapter, encoder
from vtok.vlm.adapters.grids import Grid
from vtok.vlm.adapters.tower import TOWERS, has_cls, projector, run_seeing, tower_offers


class LlavaAdapter(Adapter):
    """``LlavaForConditionalGeneration`` with a tower of fixed resolution."""

    model_types: ClassVar[tuple[str, ...]] = ("llava",)
    note: ClassVar[str] = "CLS attention with a CLIP tower"
    fixed: ClassVar[bool] = True

    def check(self, model: Any) -> None:
        """See ``Adapter.check``."""
        kind = model.config.vision_config.model_type
        if kind not in TOWERS:
            raise ModelError(f"this LLaVA has a vision tower of type {kind!r}; served are: {', '.join(TOWERS)}")
        if has_cls(model) and model.config.vision_feature_select_strategy != "default":
            raise ModelError(
                "this LLaVA hands the CLS token on to the language model (vision_feature_select_strategy is "
                f"{model.config.vision_feature_select_strategy!r}); expected 'default', where only patches are"
            )

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``."""
        return tower_offers(model)

    def image_inputs(self, model: Any) -> tuple[str, ...]:
        """See ``Adapter.image_inputs``."""
        return (*super().image_inputs(model), "image_sizes")

    def known_grids(self, model: Any, inputs: Mapping[str, Any]) -> list[Grid] | None:
        """See ``Adapter.known_grids``."""
        pixels = inputs["pixel_values"]
        patch = model.config.vision_config.patch_size
        return [(pixels.shape[-2] // patch, pixels.shape[-1] // patch)] * pixels.shape[0]

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        known = self.known_grids(model, inputs)
        return known[index] if known else None

    def run(self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> tuple[Any, dict[str, list[Any]]]:
        """See ``Adapter.run``."""
        output, more = run_seeing(model, inputs, needs)
        return output, {name: list(values) for name, values in more.items()}

    def check_shrinks(self, model: Any) -> None:
        """See ``Adapter.check_shrinks``."""

    def encode_shrunk(self, model: Any, inputs: Mapping[str, Any], sizes: Sequence[Grid]) -> list[Tensor]:
        """See ``Adapter.encode_shrunk``; the tower interpolates its position embeddings to the smaller grid."""
        pixels, patch = inputs["pixel_values"], model.config.vision_config.patch_size
        rest = {name: value for name, value in inputs.items() if name != "pixel_values"}
        vectors = []
        for one, (rows, columns) in zip(pixels, sizes, strict=True):
            small = nn.functional.interpolate(
                one[None].float(), (rows * patch, columns * patch), mode="bicubic", antialias=True, align_corners=False
            )
            output = encoder(model)(
                pixel_values=small.to(pixels.dtype), interpolate_pos_encoding=True, return_dict=True, **rest
            )
            vectors.append(output.pooler_output[0])
        return vectors

    def project(self, model: Any, features: Tensor) -> Tensor:
        """See ``Adapter.project``."""
        projected: Tensor = projector(model)(features)
        return projected

    def stages(self, model: Any) -> dict[str, nn.Module]:
        """See ``Adapter.stages``."""
        tower = model.base_model.vision_tower
        return {"patches embedded": tower.embeddings, "encoder": tower.encoder, "projector": projector(model)}

    def layout(self, model: Any, processor: Any, size: tuple[int, int]) -> Layout | None:
        """See ``Adapter.layout``; the settings are read from the image processor."""
        images = processor.image_processor
        # Processors of older checkpoints do not know the patch size; the model always does.
        patch = int(model.config.vision_config.patch_size)
        edge, crop = images.size, images.crop_size
        padded = bool(getattr(images, "do_pad", False))
        if getattr(edge, "shortest_edge", None) is None or not images.do_center_crop:
            return Llava(int(edge.height), None, patch, padded).layout(*size)
        return Llava(int(edge.shortest_edge), int(crop.height), patch, padded).layout(*size)
