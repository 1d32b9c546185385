"""Videos: what a model's ``get_video_features`` gives, each frame a grid of its own, the budget for all of them.

An adapter here is beside the one for the pictures of the same model. Sources: transformers, ``modeling_*.py`` of each
model named here. Left out are families whose frames stand on the placeholders of pictures (GLM-V), and those that drop
tokens of a video themselves (VideoLLaMA 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from vtok.reduction.method import Need
from vtok.vlm import towers
from vtok.vlm.adapters.base import Adapter, encoder
from vtok.vlm.adapters.grids import Grid, merged, square
from vtok.vlm.adapters.modality import VIDEO, Modality
from vtok.vlm.picture import Picture, Structure


class VideoAdapter(Adapter):
    """Videos by ``video_grid_thw``; where time stamps stand between the frames, they are the prompt's and stay."""

    modality: ClassVar[Modality] = VIDEO
    model_types: ClassVar[tuple[str, ...]] = ("ernie4_5_vl_moe", "lfm3_vl", "minimax_m3_vl")
    counts: ClassVar[str] = "a video, over all its frames"

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``; nothing where the encoder mixes frames, or calls no attention to look at."""
        return frozenset()

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """See ``Adapter.part``."""
        frames = self.frames(model, inputs, index)
        grid = self.frame(inputs, index, count // frames) if count % frames == 0 else None
        return Picture(count, (grid,) * frames if grid else ())

    def known_blocks(self, model: Any, inputs: Mapping[str, Any]) -> list[tuple[Grid, ...]] | None:
        """See ``Adapter.known_blocks``."""
        merge = getattr(model.config.vision_config, "spatial_merge_size", None)
        if merge is None or "video_grid_thw" not in inputs:
            return None
        sides = [(rows // merge, columns // merge) for _, rows, columns in inputs["video_grid_thw"].tolist()]
        return [(grid,) * self.frames(model, inputs, index) for index, grid in enumerate(sides)]

    def frames(self, model: Any, inputs: Mapping[str, Any], index: int) -> int:
        """How many frames the video ``index`` has; those that become one on the way count as one."""
        joined = getattr(model.config.vision_config, "temporal_merge_size", 1)
        return int(inputs["video_grid_thw"][index][0]) // joined

    def frame(self, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """Rows and columns of a frame of ``count`` tokens."""
        _, rows, columns = (int(side) for side in inputs["video_grid_thw"][index])
        return merged(rows, columns, count)


class FramesApart(VideoAdapter):
    """The encoder reads each frame as if it were a picture, so methods may see its attention frame by frame."""

    model_types: ClassVar[tuple[str, ...]] = (
        "cohere_compass", "cosmos3_edge", "cosmos3_omni", "exaone4_5", "hyperclovax_vision_v2", "muse_glimmer",
        "muse_spark", "qwen2_5_omni_thinker", "qwen2_5_vl", "qwen2_vl", "qwen3_5", "qwen3_5_moe",
        "qwen3_omni_moe_thinker", "qwen3_vl", "qwen3_vl_moe", "qwen4_exp",
    )  # fmt: skip

    def offers(self, model: Any) -> frozenset[Need]:
        """See ``Adapter.offers``."""
        return towers.offers(model)

    def run(self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> tuple[Any, dict[str, list[Any]]]:
        """See ``Adapter.run``."""
        if not needs & towers.SEEN:
            return super().run(model, inputs, needs)
        with towers.watched(model) as calls:
            output = encoder(model, VIDEO)(**inputs, return_dict=True)
        videos = [self.part(model, inputs, index, rows.shape[0]) for index, rows in enumerate(output.pooler_output)]
        grids = [grid for video in videos for grid in video.grids]
        counts = [rows * columns for rows, columns in grids]
        seen = towers.seen_of(model, calls, needs, counts, grids, {"image_grid_thw": inputs["video_grid_thw"]})
        each = {name: iter(frames) for name, frames in seen.items()}
        return output, {
            name: [torch.cat([next(frames) for _ in video.grids], 1) for video in videos]
            for name, frames in each.items()
        }


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
