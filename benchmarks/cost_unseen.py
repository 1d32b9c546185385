"""Six architectures more for ``cost.py``, none of which was measured before the formulas stood as they are.

What the table says of these is a test of the formulas; what it says of those in ``cost_models.py`` shows that one
formula fits them, three of whose terms were found while these were measured.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers as hf
from cost_models import IMAGE, Case, Inputs, Size, encoder, packed, several, squares, text, tiles, tiles_of_a_prompt

from vtok.catalog.checkpoints import Checkpoint


def glm4v() -> Any:
    """GLM-4.1V: rotary positions in the encoder, four patches a token, four norms a layer in the language model."""
    vision = {"hidden_size": 384, "intermediate_size": 768, "out_hidden_size": 768, "depth": 6, "num_heads": 6}
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [16, 24, 24], "partial_rotary_factor": 1.0}
    tokens = {"image_token_id": IMAGE, "image_start_token_id": 4, "image_end_token_id": 5, "video_token_id": 6}
    language = text(rope_parameters=rope, pad_token_id=0, eos_token_id=1)
    return hf.Glm4vConfig(vision_config=vision, text_config=language, **tokens)


def aya_vision() -> Any:
    """Aya Vision: SigLIP at 364 px, 169 tokens a tile, attention beside the MLP, three sliding layers to a full."""
    vision = hf.SiglipVisionConfig(**encoder(image_size=364, patch_size=14, vision_use_head=False))
    language = hf.Cohere2Config(**text(sliding_window=512, num_hidden_layers=8, pad_token_id=0, eos_token_id=1))
    return hf.AyaVisionConfig(vision_config=vision, text_config=language, image_token_index=IMAGE)


def idefics2() -> Any:
    """Idefics2: pictures as they are up to 980 px, and a perceiver that makes 64 tokens of each."""
    vision = encoder(image_size=980, patch_size=14)
    perceiver = {"resampler_n_heads": 6, "resampler_head_dim": 64, "num_key_value_heads": 2, "hidden_size": 768}
    language = hf.MistralConfig(**text(sliding_window=None))
    return hf.Idefics2Config(
        vision_config=vision, perceiver_config=perceiver, text_config=language, image_token_id=IMAGE
    )


def lfm2_vl() -> Any:
    """LFM2-VL: SigLIP 2 at the picture's own size, short convolutions between layers with attention."""
    vision = hf.Siglip2VisionConfig(**encoder(num_patches=256, patch_size=16, vision_use_head=False))
    kinds = ["conv", "conv", "full_attention"] * 2
    language = hf.Lfm2Config(**text(layer_types=kinds, block_auto_adjust_ff_dim=False))
    sizes = {"projector_hidden_size": 768, "downsample_factor": 2}
    return hf.Lfm2VlConfig(vision_config=vision, text_config=language, image_token_id=IMAGE, **sizes)


def paligemma() -> Any:
    """PaliGemma 2 at 448 px: a token a patch, Gemma 2's four norms and bounded scores, every second layer sliding."""
    vision = hf.SiglipVisionConfig(**encoder(image_size=448, patch_size=14, vision_use_head=False))
    language = hf.Gemma2Config(**text(head_dim=128, sliding_window=512))
    sizes = {"projection_dim": 768, "image_token_index": IMAGE}
    return hf.PaliGemmaConfig(vision_config=vision, text_config=language, **sizes)


def gemma4() -> Any:
    """Gemma 4 E: embeddings a layer, caches that later layers read again, wide heads in full layers."""
    vision = {
        "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6, "num_attention_heads": 6,
        "num_key_value_heads": 6, "head_dim": 64,
    }  # fmt: skip
    kinds = ["sliding_attention", "sliding_attention", "full_attention"] * 2
    language = text(
        head_dim=128, global_head_dim=256, layer_types=kinds, sliding_window=512, num_kv_shared_layers=2,
        hidden_size_per_layer_input=64, vocab_size_per_layer_input=16000, use_double_wide_mlp=True,
    )  # fmt: skip
    tokens = {"image_token_id": IMAGE, "boi_token_id": 4, "eoi_token_id": 5, "audio_token_id": 6, "video_token_id": 7}
    return hf.Gemma4Config(vision_config=vision, text_config=language, audio_config=None, **tokens)


def masked(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """Pictures of one prompt with the mask of what is there."""
    pixels = tiles_of_a_prompt(model, one, sizes)["pixel_values"]
    there = torch.ones(pixels.shape[0], pixels.shape[1], *pixels.shape[-2:], dtype=torch.bool)
    return {"pixel_values": pixels, "pixel_attention_mask": there}


def _grid(one: Checkpoint, sizes: tuple[Size, ...], side: int) -> tuple[int, int, int]:
    """Pictures, and rows and columns of patches of each."""
    shapes = [tile.size for size in sizes for tile in one.family.layout(*size).tiles]
    width, height = shapes[0]
    return len(shapes), height // side, width // side


def shaped(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """Patches of pictures of one size, with their rows and columns."""
    side = model.config.vision_config.patch_size
    count, rows, columns = _grid(one, sizes, side)
    return {
        "pixel_values": torch.randn(count, rows * columns, 3 * side**2),
        "spatial_shapes": torch.tensor([(rows, columns)] * count),
        "pixel_attention_mask": torch.ones(count, rows * columns, dtype=torch.long),
    }


def placed(model: Any, one: Checkpoint, sizes: tuple[Size, ...]) -> Inputs:
    """Patches of pictures of one size, with the column and row of each."""
    side = model.config.vision_config.patch_size
    count, rows, columns = _grid(one, sizes, side)
    order = torch.arange(rows * columns)
    places = torch.stack([order % columns, order // columns], -1)
    return {
        "pixel_values": torch.rand(count, rows * columns, 3 * side**2),
        "image_position_ids": places[None].repeat(count, 1, 1),
    }


UNSEEN = (
    Case("glm-4.1v", "glm-4.1v-9b", glm4v, packed, squares(224, 448, 672, 896, 1512), "mm_token_type_ids"),
    Case("aya-vision", "aya-vision-8b", aya_vision, tiles, several((364, 364), 1, 2, 4, 8, 16)),
    Case("idefics2", "idefics2-8b", idefics2, masked, several((980, 980), 1, 2, 4, 8)),
    Case("lfm2-vl", "lfm2-vl-1.6b", lfm2_vl, shaped, several((512, 512), 1, 2, 4, 8)),
    Case("paligemma-2", "paligemma2-3b-448", paligemma, tiles, several((448, 448), 1, 2), "token_type_ids"),
    Case("gemma-4", "gemma-4-e4b", gemma4, placed, several((768, 768), 1, 2, 4, 8), "mm_token_type_ids"),
)
