"""Random-weight models for ``cost.py``: true architectures of transformers, narrower and with fewer layers.

Each has the family and the settings of the catalog's checkpoint, its own kinds of layers, heads and projector, and
sizes that one CPU core manages; some have the sizes of the checkpoint itself too, for ``--gpu``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import transformers as hf

from vtok.catalog.checkpoints import Checkpoint, find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes

#: The placeholder, and the words of every prompt.
IMAGE, TEXT = 3, 32
Size = tuple[int, int]
Inputs = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """One architecture. ``sizes`` are requests, each the sizes of its pictures in px.

    ``types`` names the input that marks visual tokens; ``full`` makes the configuration of the checkpoint's own size.
    """

    name: str
    checkpoint: str
    make: Callable[[], Any]
    pixels: Callable[[Any, Checkpoint, tuple[Size, ...]], Inputs]
    sizes: tuple[tuple[Size, ...], ...]
    types: str = ""
    full: Callable[[], Any] | None = None

    def described(self, config: Any) -> Checkpoint:
        """The catalog's checkpoint with the sizes of ``config``."""
        whole = config.to_dict()
        one = find_checkpoint(self.checkpoint)
        return replace(one, text=text_sizes(whole), vision=vision_sizes(whole), parameters=None)


def text(**more: Any) -> dict[str, Any]:
    """The language model that all share but for what is their own."""
    return {
        "hidden_size": 768, "intermediate_size": 2304, "num_hidden_layers": 6, "num_attention_heads": 6,
        "num_key_value_heads": 2, "vocab_size": 16000, "max_position_embeddings": 8192, **more,
    }  # fmt: skip


def encoder(**more: Any) -> dict[str, Any]:
    """An encoder of the usual shape, narrow."""
    return {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6, "num_attention_heads": 6, **more}


def llava() -> Any:
    """LLaVA-1.5: CLIP at 336 px, 576 tokens a picture, heads without groups."""
    vision = hf.CLIPVisionConfig(**encoder(image_size=336, patch_size=14))
    language = hf.LlamaConfig(**text(num_key_value_heads=6))
    return hf.LlavaConfig(vision_config=vision, text_config=language, image_token_index=IMAGE)


def qwen2_5_vl() -> Any:
    """Qwen2.5-VL: windows in the encoder, four patches a token, grouped heads with biases."""
    vision = {"hidden_size": 384, "intermediate_size": 1024, "depth": 8, "num_heads": 6, "out_hidden_size": 768}
    vision |= {"fullatt_block_indexes": [3, 7]}
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
    tokens = {"image_token_id": IMAGE, "vision_start_token_id": 4, "vision_end_token_id": 5, "video_token_id": 6}
    language = text(rope_parameters=rope)
    return hf.Qwen2_5_VLConfig(vision_config=vision, text_config=language, **tokens)


def qwen3_vl() -> Any:
    """Qwen3-VL: DeepStack, norms on queries and keys, heads that are not hidden / heads wide."""
    vision = {"hidden_size": 384, "intermediate_size": 1536, "depth": 6, "num_heads": 6, "out_hidden_size": 768}
    vision |= {"deepstack_visual_indexes": [1, 3]}
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    tokens = {"image_token_id": IMAGE, "vision_start_token_id": 4, "vision_end_token_id": 5, "video_token_id": 6}
    language = text(head_dim=128, num_attention_heads=8, rope_parameters=rope)
    return hf.Qwen3VLConfig(vision_config=vision, text_config=language, tie_word_embeddings=True, **tokens)


def internvl() -> Any:
    """InternVL3: tiles of 448 px, 256 tokens each."""
    vision = encoder(image_size=[448, 448], patch_size=[14, 14])
    language = hf.Qwen2Config(**text())
    return hf.InternVLConfig(vision_config=vision, text_config=language, image_token_id=IMAGE)


def smolvlm() -> Any:
    """SmolVLM: tiles of 384 px, 81 tokens each."""
    vision = encoder(image_size=384, patch_size=14)
    language = hf.LlamaConfig(**text(num_key_value_heads=6))
    return hf.SmolVLMConfig(vision_config=vision, text_config=language, scale_factor=3, image_token_id=IMAGE)


def gemma3() -> Any:
    """Gemma 3: 4,096 patches for 256 tokens, five sliding layers for one full, a large vocabulary, a tied head."""
    vision = encoder(image_size=896, patch_size=14, num_hidden_layers=3, vision_use_head=False)
    language = text(head_dim=128, sliding_window=512, vocab_size=48000)
    markers = {"image_token_index": IMAGE, "boi_token_index": 4, "eoi_token_index": 5}
    return hf.Gemma3Config(vision_config=vision, text_config=language, mm_tokens_per_image=256, **markers)


def mistral3() -> Any:
    """Mistral Small 3.1: Pixtral's encoder at the picture's own size, four patches a token."""
    vision = hf.PixtralVisionConfig(**encoder(image_size=1540, patch_size=14, head_dim=64))
    language = hf.MistralConfig(**text(head_dim=128, sliding_window=None))
    return hf.Mistral3Config(vision_config=vision, text_config=language, image_token_index=IMAGE, spatial_merge_size=2)


def tiles(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """All tiles of all pictures."""
    shapes = [tile.size for size in sizes for tile in one.family.layout(*size).tiles]
    width, height = shapes[0]
    return {"pixel_values": torch.randn(len(shapes), 3, height, width)}


def tiles_of_a_prompt(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """The same with a dimension for the prompt."""
    return {"pixel_values": tiles(model, one, sizes)["pixel_values"][None]}


def packed(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """All patches in one row, with each picture's grid."""
    vision = model.config.vision_config
    side = vision.patch_size
    shapes = [tile.size for size in sizes for tile in one.family.layout(*size).tiles]
    grids = torch.tensor([(1, height // side, width // side) for width, height in shapes])
    width = 3 * vision.temporal_patch_size * side**2
    return {"pixel_values": torch.randn(int(grids.prod(-1).sum()), width), "image_grid_thw": grids}


def sized(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """Pictures of one size, with it."""
    width, height = one.family.layout(*sizes[0]).tiles[0].size
    return {
        "pixel_values": torch.randn(len(sizes), 3, height, width),
        "image_sizes": torch.tensor([(height, width)] * len(sizes)),
    }


def squares(*sides: int) -> tuple[tuple[Size, ...], ...]:
    """Requests of one square picture each."""
    return tuple(((side, side),) for side in sides)


def several(size: Size, *counts: int) -> tuple[tuple[Size, ...], ...]:
    """Requests of several pictures of one size."""
    return tuple((size,) * count for count in counts)


def full_llava() -> Any:
    """LLaVA-1.5-7B as its configuration's defaults have it."""
    return hf.LlavaConfig(text_config=hf.LlamaConfig(vocab_size=32064), image_token_index=IMAGE)


def full_qwen2_5_vl() -> Any:
    """Qwen2.5-VL-3B: the sizes of the catalog."""
    language = {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16}
    language |= {"num_key_value_heads": 2, "vocab_size": 151936}
    tokens = {"image_token_id": IMAGE, "vision_start_token_id": 4, "vision_end_token_id": 5, "video_token_id": 6}
    vision = {"out_hidden_size": 2048}
    return hf.Qwen2_5_VLConfig(vision_config=vision, text_config=language, tie_word_embeddings=True, **tokens)


QWEN = "mm_token_type_ids"
SEEN = (
    Case("llava-1.5", "llava-1.5-7b", llava, tiles, several((336, 336), 1, 2, 3, 5), "", full_llava),
    Case("qwen2.5-vl", "qwen2.5-vl-7b", qwen2_5_vl, packed, squares(224, 448, 672, 896, 1512), QWEN, full_qwen2_5_vl),
    Case("qwen3-vl", "qwen3-vl-4b", qwen3_vl, packed, squares(256, 512, 768, 1024, 1728), QWEN),
    Case("internvl3", "internvl3-8b", internvl, tiles, several((448, 448), 1, 2, 4, 8, 11)),
    Case(
        "smolvlm",
        "smolvlm-2.2b",
        smolvlm,
        tiles_of_a_prompt,
        (((1536, 384),), ((1536, 768),), ((1536, 1536),), ((1536, 1536),) * 2),
    ),
    Case("gemma-3", "gemma-3-4b", gemma3, tiles, several((896, 896), 1, 2, 4, 8), "token_type_ids"),
    Case("mistral-3.1", "mistral-small-3.1-24b", mistral3, sized, squares(224, 448, 672, 896, 1512)),
)
