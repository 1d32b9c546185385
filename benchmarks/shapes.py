"""Random-weight models of the widths that people run, with few layers, and one prompt about one picture for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

IMAGE, WORDS = 3, 40


@dataclass(frozen=True)
class Shape:
    """A model, its prompt with one picture of ``tokens`` visual tokens, and the same prompt with fewer of them."""

    name: str
    model: Any
    inputs: dict[str, Any]
    tokens: int

    def prompt(self, count: int) -> torch.Tensor:
        """(1, n) ids of a prompt that never had more than ``count`` visual tokens."""
        return prompt(count, self.model.device)


def prompt(count: int, device: Any) -> torch.Tensor:
    return torch.tensor([[1, 4, *[IMAGE] * count, *range(10, 10 + WORDS)]], device=device)


def llava(layers: int, width: int, device: str) -> Shape:
    """LLaVA-1.5-7B: 576 tokens; its tower has 24 layers to the language model's 32, here in the same proportion."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    heads = max(1, width // 128)
    text = LlamaConfig(
        vocab_size=1000, hidden_size=width, intermediate_size=int(width * 2.6875), num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=4096,
    )  # fmt: skip
    tower = max(64, width // 4)
    vision = CLIPVisionConfig(
        hidden_size=tower, intermediate_size=4 * tower, num_hidden_layers=max(2, layers * 3 // 4), image_size=336,
        num_attention_heads=tower // 64, patch_size=14,
    )  # fmt: skip
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=IMAGE)
    model = _made(LlavaForConditionalGeneration, config, device)
    ids = prompt(576, device)
    pixels = torch.randn(1, 3, 336, 336, device=device, dtype=model.dtype)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}
    return Shape("LLaVA-1.5-7B", model, inputs, 576)


def qwen(layers: int, width: int, device: str) -> Shape:
    """Qwen2.5-VL-7B: a picture of 672 x 672 px, 576 tokens; its tower has 32 layers to the language model's 28."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tower = max(64, width * 5 // 14 // 16 * 16)
    heads = max(1, width // 128)
    text = {
        "vocab_size": 1000, "hidden_size": width, "intermediate_size": width * 37 // 7, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": max(1, heads // 7), "head_dim": 128,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    }  # fmt: skip
    vision = {
        "hidden_size": tower, "intermediate_size": tower * 8 // 3, "depth": layers, "out_hidden_size": width,
        "num_heads": 16, "fullatt_block_indexes": [layers - 1],
    }  # fmt: skip
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, image_token_id=IMAGE)
    model = _made(Qwen2_5_VLForConditionalGeneration, config, device)
    ids = prompt(576, device)
    inputs = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "mm_token_type_ids": (ids == IMAGE).long(),
        "pixel_values": torch.randn(48 * 48, 3 * 2 * 14 * 14, device=device, dtype=model.dtype),
        "image_grid_thw": torch.tensor([[1, 48, 48]], device=device),
    }
    return Shape("Qwen2.5-VL-7B", model, inputs, 576)


def _made(kind: Any, config: Any, device: str) -> Any:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            model = kind(config).eval()
    finally:
        torch.set_default_dtype(torch.float32)
    model.generation_config.eos_token_id = None
    return model
