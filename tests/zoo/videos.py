"""Random videos as the processors hand them to the models, with pictures in front of them where they are wanted.

::

    inputs = prompts_with_videos(tiny, [[(2, 2, 3)], []], pictures=[[], [(2, 3)]])  # one a prompt

A video is (frames, rows, columns) of visual tokens; where a family fixes the size, only the frames count.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from tests.zoo import Tiny
from tests.zoo.pictures import Prompts, merge_of, patch_shape, side
from tests.zoo.shrink import IMAGE_TOKEN

Video = tuple[int, int, int]

#: Families with a time stamp before each frame.
STAMPED = (
    "cohere_compass", "cosmos3_edge", "cosmos3_omni", "qwen3_5", "qwen3_5_moe", "qwen3_vl", "qwen3_vl_moe", "qwen4_exp",
)  # fmt: skip
_FRAMES = ("llava_next_video", "llava_onevision")
#: Seconds between frames, which become positions in some families.
_SECONDS = ("second_per_grid_ts", "video_second_per_grid")
_STAMP, _WORD = 90, 130


def prompts_with_videos(
    tiny: Tiny, videos: Sequence[Sequence[Video]], pictures: Prompts | None = None, seed: int = 3
) -> dict[str, Any]:
    """The inputs of one prompt for each entry of ``videos``, behind those of its ``pictures``."""
    noise = torch.Generator().manual_seed(seed)
    pictures = pictures or [[] for _ in videos]
    inputs = tiny.inputs(pictures, texts=[4] * len(videos))
    flat = [video for one in videos for video in one]
    inputs |= (_squares if tiny.name in _FRAMES else _packed)(tiny.model, flat, noise)
    counts = iter(_counts(tiny.model, inputs))
    rows = []
    for ids, mask, mine in zip(inputs["input_ids"], inputs["attention_mask"], videos, strict=True):
        row = ids[mask.bool()].tolist()
        for frames, *_ in mine:
            row += _shown(tiny, frames, next(counts))
        rows.append([*row, *range(_WORD, _WORD + 4)])
    return {**inputs, **_padded(tiny, rows, inputs)}


def _shown(tiny: Tiny, frames: int, count: int) -> Iterator[int]:
    token = tiny.model.config.video_token_id
    if tiny.name not in STAMPED:
        yield from (_STAMP, *[token] * count, _STAMP + 1)
        return
    for frame in range(frames):
        yield from (_STAMP + 2 + frame, *[token] * (count // frames))
    yield _STAMP + 1


def _padded(tiny: Tiny, rows: Sequence[Sequence[int]], inputs: dict[str, Any]) -> dict[str, Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    types = (ids == IMAGE_TOKEN).long() + 2 * (ids == tiny.model.config.video_token_id).long()
    kinds = ("mm_token_type_ids", "token_type_ids", "moe_mm_token_type_ids")
    return {"input_ids": ids, "attention_mask": mask, **{name: types for name in kinds if name in inputs}}


def _packed(model: Any, videos: Sequence[Video], noise: torch.Generator) -> dict[str, Tensor]:
    """All patches in one row, with each video's grid of them; one frame here is all that the encoder takes at once."""
    merge = merge_of(model.config)
    joined = getattr(model.config.vision_config, "temporal_merge_size", 1)
    grids = torch.tensor([(frames * joined, rows * merge, columns * merge) for frames, rows, columns in videos])
    pixels = torch.randn(int(grids.prod(-1).sum()), *patch_shape(model), generator=noise)
    made = {"pixel_values_videos": pixels, "video_grid_thw": grids}
    takes = inspect.signature(type(model).forward).parameters
    return made | {name: torch.full((len(videos),), 1.5) for name in _SECONDS if name in takes}


def _squares(model: Any, videos: Sequence[Video], noise: torch.Generator) -> dict[str, Tensor]:
    """(videos, frames, 3, h, w): as many frames a video."""
    edge = side(model.config.vision_config)
    return {"pixel_values_videos": torch.randn(len(videos), videos[0][0], 3, edge, edge, generator=noise)}


@torch.no_grad()
def _counts(model: Any, inputs: dict[str, Any]) -> list[int]:
    names = ("pixel_values_videos", "video_grid_thw")
    output = model.base_model.get_video_features(
        **{name: inputs[name] for name in names if name in inputs}, return_dict=True
    )
    return [one.shape[0] for one in output.pooler_output]
