"""Videos: what a model's ``get_video_features`` gives, each frame a grid of its own, the budget for all of them.

An adapter here is beside the one for the pictures of the same model. Sources: transformers, ``modeling_*.py`` of each
model named here. Left out are families whose frames stand on the placeholders of pictures (GLM-V), and those that drop
tokens of a video themselves (VideoLLaMA 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from vtok.reduction.method import Need
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.grids import Grid, merged, square
from vtok.vlm.adapters.modality import VIDEO, Modality
from vtok.vlm.picture import Picture, Structure


class VideoAdapter(Adapter):
    """Videos by ``video_grid_thw``; where time stamps stand between the frames, they are the prompt's and stay."""

    modality: ClassVar[Modality] = VIDEO
    model_types: ClassVar[tuple[str, ...]] = (
        "cohere_compass", "cosmos3_edge", "cosmos3_omni", "ernie4_5_vl_moe", "exaone4_5", "hyperclovax_vision_v2",
        "lfm3_vl", "minimax_m3_vl", "muse_glimmer", "muse_spark", "qwen2_5_omni_thinker", "qwen2_5_vl", "qwen2_vl",
        "qwen3_5", "qwen3_5_moe", "qwen3_omni_moe_thinker", "qwen3_vl", "qwen3_vl_moe", "qwen4_exp",
    )  # fmt: skip
    counts: ClassVar[str] = "a video, over all its frames"

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``; the attention of a video's encoder is not looked at."""
        return frozenset()

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        frames = self.frames(model, inputs, index)
        grid = self.frame(inputs, index, count // frames) if count % frames == 0 else None
        return Picture(count, (grid,) * frames if grid else ())

    def frames(self, model: Any, inputs: Mapping[str, Any], index: int) -> int:
        """How many frames the video ``index`` has; those that become one on the way count as one."""
        joined = getattr(model.config.vision_config, "temporal_merge_size", 1)
        return int(inputs["video_grid_thw"][index][0]) // joined

    def frame(self, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """Rows and columns of a frame of ``count`` tokens."""
        _, rows, columns = (int(side) for side in inputs["video_grid_thw"][index])
        return merged(rows, columns, count)


class SquareFrames(VideoAdapter):
    """LLaVA-NeXT-Video: as many squares a video as it has frames, all of one size."""

    model_types: ClassVar[tuple[str, ...]] = ("llava_next_video",)

    def frames(self, model: Any, inputs: Mapping[str, Any], index: int) -> int:
        """See ``VideoAdapter.frames``."""
        return int(inputs["pixel_values_videos"].shape[1])

    def frame(self, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``VideoAdapter.frame``."""
        return square(count)


class LineBehind(SquareFrames):
    """LLaVA-OneVision: one newline behind the last frame."""

    model_types: ClassVar[tuple[str, ...]] = ("llava_onevision",)
    structure: ClassVar[str] = "the newline behind the last frame stays always"

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        frames = super().part(model, inputs, index, count - 1)
        return Picture(count, frames.grids, (Structure(count - 1, 0, count - 1),))
