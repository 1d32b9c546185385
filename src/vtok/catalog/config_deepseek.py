"""What DeepSeek-OCR, DeepSeek-OCR 2 and Unlimited-OCR write in their ``config.json``, in transformers' words for it.

They come with code of their own, whose configuration names encoders and leaves most of their sizes to that code.
Sources: github.com/deepseek-ai/DeepSeek-OCR (236bdc25) DeepSeek-OCR-master/DeepSeek-OCR-vllm/deepencoder/; transformers
5.24, models/unlimited_ocr/ and models/deepseek_ocr2/, which have the same models as classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_parts import Config, part_of, text_part, vision_part

#: What a name of an encoder stands for, beside what the configuration tells of it.
_SAM = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "mlp_dim": 3072, "patch_size": 16,
    "image_size": 1024, "window_size": 14, "global_attn_indexes": [2, 5, 8, 11], "output_channels": 256,
    "downsample_channels": [512, 1024],
}  # fmt: skip
_CLIP = {
    "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096,
    "image_size": 224, "patch_size": 14, "spare_patches": True,
}  # fmt: skip
_QWEN = {
    "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
    "intermediate_size": 4864,
}  # fmt: skip
#: Their words for a size, and transformers'.
_WORDS = {"width": "hidden_size", "layers": "num_hidden_layers", "heads": "num_attention_heads", "dim": "hidden_size"}

#: By the name of the whole encoder: transformers' kind of the whole, the second encoder, its name and sizes.
_KINDS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "deeplip_b_l": ("unlimited_ocr", "unlimited_ocr_vision_encoder", "clip-l-14-224", _CLIP),
    "deepencoderv2": ("deepseek_ocr2", "deepseek_ocr2_vision_encoder", "qwen2-0-5b", _QWEN),
}


def encoder_name(config: Config) -> str:
    """What their own code calls the encoder; empty in other configurations."""
    found = vision_part(config).get("model_name")
    return found if isinstance(found, str) and found in _KINDS else ""


def in_transformers_words(config: Config) -> Config:
    """``config`` as transformers' class of the model would write it; as it is where it is of none of these."""
    name = encoder_name(config)
    if not name:
        return config
    kind, second, called, sizes = _KINDS[name]
    told = part_of(vision_part(config), ("width",))
    window = config.get("sliding_window") or text_part(config).get("sliding_window_size")
    text = {**text_part(config), "model_type": "unlimited_ocr_text" if window else "deepseek_ocr2_text"}
    vision = {
        "model_type": f"{kind}_vision",
        "sam_config": {**_SAM, **_renamed(told, "sam_vit_b"), "model_type": f"{kind}_sam_vision_model"},
        "encoder_config": {**sizes, **_renamed(told, called), "model_type": second},
    }
    text |= {"sliding_window": window} if window else {}
    return {"tie_word_embeddings": False, **config, "model_type": kind, "text_config": text, "vision_config": vision}


def _renamed(told: Config, name: str) -> dict[str, Any]:
    part = told.get(name)
    found = part if isinstance(part, Mapping) else {}
    return {_WORDS.get(str(key), str(key)): value for key, value in found.items()}
