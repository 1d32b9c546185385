"""Random pictures as the processors hand them to the models, one function a kind of input.

Each takes a model and, for each prompt, the sizes of its pictures in rows and columns of visual tokens (where a family
fixes the size, only their number counts), and gives the tensors of all pictures in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Size = tuple[int, int]
Prompts = Sequence[Sequence[Size]]
Inputs = dict[str, Any]

#: Classes by kind; those that take packed patches and their grids need no entry.
_FIXED = (
    "aria", "aya_vision", "blip_2", "chameleon", "cohere2_vision", "deepseek_vl", "gemma3", "got_ocr2", "internvl",
    "janus", "llava", "ovis2", "paligemma", "qianfan_ocr", "video_llava", "vipllava",
)  # fmt: skip
_PER_PROMPT = ("idefics2", "idefics3", "smolvlm")
_SIZED = ("mistral3", "mistral_large4", "lighton_ocr", "apertus1p5", "emu3")
_TILED = ("llava_next", "llava_next_video", "llava_onevision", "granite4_vision")
_LOCAL = ("deepseek_ocr2", "step3p7", "unlimited_ocr")


def pictures(name: str, model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """The visual inputs of all ``prompts`` for the class in folder ``name``."""
    for names, make in _KINDS.items():
        if name in names:
            return make(model, prompts, noise)
    return packed(model, prompts, noise)


def side(config: Any) -> int:
    """Pixels of one side of a fixed input."""
    size = config.image_size
    return int(size[0] if isinstance(size, list | tuple) else size)


def fixed(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Squares of the encoder's own size."""
    vision = getattr(model.config, "vision_config", None) or model.config.vq_config
    edge = side(vision) if hasattr(vision, "image_size") else vision.resolution
    return {"pixel_values": torch.randn(_count(prompts), 3, edge, edge, generator=noise)}


def hybrid(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """A small square and a large one."""
    edge = side(model.config.high_res_vision_config)
    large = torch.randn(_count(prompts), 3, edge, edge, generator=noise)
    return {**fixed(model, prompts, noise), "high_res_pixel_values": large}


def instructed(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """A square and the instruction that the query transformer reads."""
    words = torch.randint(100, 200, (_count(prompts), 5), generator=noise)
    return {
        **fixed(model, prompts, noise),
        "qformer_input_ids": words,
        "qformer_attention_mask": torch.ones_like(words),
    }


def per_prompt(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """(prompts, most tiles of any, 3, h, w); tiles that are not there are black."""
    edge, most = side(model.config.vision_config), max(1, *(len(sizes) for sizes in prompts))
    pixels = torch.zeros(len(prompts), most, 3, edge, edge)
    mask = torch.zeros(len(prompts), most, edge, edge, dtype=torch.bool)
    for row, sizes in enumerate(prompts):
        pixels[row, : len(sizes)] = torch.randn(len(sizes), 3, edge, edge, generator=noise)
        mask[row, : len(sizes)] = True
    return {"pixel_values": pixels, "pixel_attention_mask": mask}


def masked_tiles(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """As ``per_prompt``, with one flag a tile."""
    made = per_prompt(model, prompts, noise)
    return {"pixel_values": made["pixel_values"], "pixel_attention_mask": made["pixel_attention_mask"].any(-1).any(-1)}


def sized(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Pictures of their own size, padded to the largest, with their (height, width)."""
    vision = getattr(model.config, "vision_config", None)
    unit = getattr(vision, "patch_size", None) or _codes_of(model)
    unit *= getattr(model.config, "spatial_merge_size", 1)
    sizes = torch.tensor([(rows * unit, columns * unit) for one in prompts for rows, columns in one])
    high, wide = (int(edge) for edge in sizes.max(0).values)
    return {"pixel_values": torch.randn(len(sizes), 3, high, wide, generator=noise), "image_sizes": sizes}


def _codes_of(model: Any) -> int:
    tokenizer = getattr(model.model, "vqmodel", None)
    return (
        int(tokenizer.vision_spatial_factor)
        if tokenizer is not None
        else model.config.vision_config.spatial_scale_factor
    )


def tiled(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """A thumbnail and the tiles of the grid that suits the picture's size, as LLaVA-NeXT cuts it."""
    from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches

    edge, points = side(model.config.vision_config), model.config.image_grid_pinpoints
    sizes = [(rows * edge // 4, columns * edge // 4) for one in prompts for rows, columns in one]
    counts = [image_size_to_num_patches(size, points, edge) for size in sizes]
    pixels = torch.zeros(len(sizes), max(counts), 3, edge, edge)
    for row, count in enumerate(counts):
        pixels[row, :count] = torch.randn(count, 3, edge, edge, generator=noise)
    return {"pixel_values": pixels, "image_sizes": torch.tensor(sizes)}


def local(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """One view of the whole and no crops."""
    vision = model.config.vision_config
    edge = side(getattr(vision, "sam_config", vision))
    return {"pixel_values": torch.randn(_count(prompts), 3, edge, edge, generator=noise)}


def packed(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """All patches of all pictures in one row, with each picture's grid of patches (frames, rows, columns)."""
    vision, merge = model.config.vision_config, merge_of(model.config)
    grids = torch.tensor([(1, rows * merge, columns * merge) for one in prompts for rows, columns in one])
    shape = patch_shape(model)
    made = {"pixel_values": torch.randn(int(grids.prod(-1).sum()), *shape, generator=noise), "image_grid_thw": grids}
    if type(vision).__name__ == "VideoLlama3VisionConfig":
        made["image_merge_sizes"] = torch.full((len(grids),), merge)
    return made


def merge_of(config: Any) -> int:
    """How many patches a side become one visual token."""
    vision = config.vision_config
    for name in ("spatial_merge_size", "merge_size", "merge_kernel_size"):
        found = getattr(vision, name, None)
        if found is not None:
            return int(found[0] if isinstance(found, list | tuple) else found)
    return 2


def patch_shape(model: Any) -> tuple[int, ...]:
    """The shape of one packed patch."""
    vision = model.config.vision_config
    channels = getattr(vision, "in_channels", None) or getattr(vision, "num_channels", 3)
    frames = getattr(vision, "temporal_patch_size", None) or getattr(vision, "patch_temporal", 1)
    flat = (channels * frames * vision.patch_size**2,)
    square = (channels, vision.patch_size, vision.patch_size)
    return square if type(vision).__name__ in ("Kimi_K25VisionConfig", "PaddleOCRVisionConfig") else flat


def shaped(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Patches of each picture, padded to the largest, with (rows, columns) of patches and a mask."""
    vision, factor = model.config.vision_config, model.config.downsample_factor
    shapes = torch.tensor([(rows * factor, columns * factor) for one in prompts for rows, columns in one])
    most = int(shapes.prod(-1).max())
    mask = (torch.arange(most)[None] < shapes.prod(-1)[:, None]).long()
    pixels = torch.randn(len(shapes), most, 3 * vision.patch_size**2, generator=noise)
    return {"pixel_values": pixels, "spatial_shapes": shapes, "pixel_attention_mask": mask}


def strips(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """One long strip of patches of all pictures, with (rows, columns) of patches; 4 x 4 patches are a token."""
    patch = model.config.vision_config.patch_size
    sizes = torch.tensor([(rows * 4, columns * 4) for one in prompts for rows, columns in one])
    long = int(sizes.prod(-1).sum()) * patch
    return {"pixel_values": torch.randn(1, 3, patch, long, generator=noise), "target_sizes": sizes}


def placed(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Patches of each picture, padded to the largest, with the (column, row) of each; -1 where there is none."""
    vision = model.config.vision_config
    kernel = getattr(vision, "pooling_kernel_size", 1)
    width = 3 * vision.patch_size**2
    embedding = getattr(model.model.embed_vision, "patch_dense", None)
    if embedding is not None:
        kernel, width = 1, embedding.in_features
    shapes = [(rows * kernel, columns * kernel) for one in prompts for rows, columns in one]
    most = max(rows * columns for rows, columns in shapes)
    places = torch.full((len(shapes), most, 2), -1)
    for index, (rows, columns) in enumerate(shapes):
        row, column = torch.arange(rows * columns) // columns, torch.arange(rows * columns) % columns
        places[index, : rows * columns] = torch.stack([column, row], -1)
    pixels = torch.rand(len(shapes), most, width, generator=noise)
    return {"pixel_values": pixels, "image_position_ids": places}


def pooled(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Molmo: one view of the whole, each token pooled from 2 x 2 of its patches, and no crops."""
    vision = model.config.vision_config
    edge = vision.image_size[0] // vision.patch_size
    side_ = edge // 2
    count = _count(prompts)
    corner = (torch.arange(side_) * 2)[:, None] * edge + torch.arange(side_)[None] * 2
    window = torch.stack([corner, corner + 1, corner + edge, corner + edge + 1], -1).view(-1, 4)
    pooling = torch.cat([window + index * edge * edge for index in range(count)])
    grids = torch.tensor([[side_, side_, 0, 0]] * count)
    pixels = torch.randn(count, edge * edge, 3 * vision.patch_size**2, generator=noise)
    return {
        "pixel_values": pixels,
        "image_token_pooling": pooling,
        "image_grids": grids,
        "image_num_crops": torch.ones(count, dtype=torch.int64),
    }


def patches(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Fuyu: the patches of each prompt's one picture."""
    (rows, columns), *_ = [size for one in prompts for size in one]
    width = 3 * model.config.patch_size**2
    return {"pixel_values": torch.randn(_count(prompts), rows * columns, width, generator=noise)}


def merged_squares(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Inkling 2: every token a square of pixels, and each picture's grid of them."""
    vision = model.config.vision_config
    edge = vision.patch_size * vision.spatial_merge_size
    grids = torch.tensor([(1, rows, columns) for one in prompts for rows, columns in one])
    pixels = torch.randn(int(grids.prod(-1).sum()), edge, edge, 3, generator=noise)
    return {"pixel_values": pixels, "image_grid_thw": grids}


def squares(model: Any, prompts: Prompts, noise: torch.Generator) -> Inputs:
    """Inkling: every token a square of pixels."""
    vision = model.config.vision_config
    count = sum(rows * columns for one in prompts for rows, columns in one)
    return {
        "pixel_values": torch.randn(
            count, vision.temporal_patch_size, vision.patch_size, vision.patch_size, 3, generator=noise
        )
    }


def _count(prompts: Prompts) -> int:
    return sum(len(sizes) for sizes in prompts)


Maker = Callable[[Any, Prompts, torch.Generator], dict[str, Tensor]]
_KINDS: dict[tuple[str, ...], Maker] = {
    _FIXED: fixed,
    ("deepseek_vl_hybrid",): hybrid,
    ("instructblip", "instructblipvideo"): instructed,
    _PER_PROMPT: per_prompt,
    ("granite_docling",): masked_tiles,
    _SIZED: sized,
    _TILED: tiled,
    _LOCAL: local,
    ("lfm2_vl",): shaped,
    ("minicpm_ocr", "minicpmv4_6", "minicpmv4_7"): strips,
    ("gemma4", "gemma4_unified"): placed,
    ("molmo2",): pooled,
    ("fuyu",): patches,
    ("inkling",): squares,
    ("inkling2", "inkling2_loop"): merged_squares,
}
