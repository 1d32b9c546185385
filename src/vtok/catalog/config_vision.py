"""Sizes of a vision encoder and of its projector, read from a ``config.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_codes import code_sizes
from vtok.catalog.config_groups import vision_experts
from vtok.catalog.config_hybrid import radio_sizes
from vtok.catalog.config_parts import (
    Config,
    indices_of,
    inner,
    kind_of,
    part_of,
    second_encoder,
    text_part,
    traits_of,
    vision_part,
    whole_number,
)
from vtok.catalog.config_resampler import read_layers, resampler_sizes
from vtok.catalog.config_timm import timm_sizes
from vtok.catalog.vision_sizes import VisionSizes

#: No MLP is wider than so many times its model.
_MOST_RATIO = 1000
# Under which names configurations carry each size; the first that is there counts.
_VISION_TRAITS = {"pool_head": "vision_use_head", "qkv_bias": "qkv_bias", "spare_patches": "spare_patches"}
_VISION = {
    "hidden": ("embed_dim", "hidden_size", "width", "d_model", "mm_embed_dim"),
    "layers": ("num_hidden_layers", "depth", "layers", "num_layers", "n_layers"),
    "heads": ("num_heads", "num_attention_heads", "attention_heads", "heads"),
    "kv_heads": ("num_key_value_heads",),
    "head_dim": ("head_dim",),
    "mlp": ("intermediate_size", "encoder_ffn_dim", "mlp_dim"),
    "patch": ("patch_size", "spatial_patch_size"),
    "temporal": ("temporal_patch_size", "patch_temporal"),
    "channels": ("num_channels", "in_channels", "in_chans", "n_channels"),
    "image": ("image_size",),
    "positions": ("num_position_embeddings", "position_embedding_size", "mm_posemb_size"),
    "tiles": ("max_num_tiles",),
    "global_layers": ("num_global_layers",),
    "window": ("window_size",),
    "conv": ("conv_kernel_size",),
    "merge": (
        "spatial_merge_size",
        "merge_kernel_size",
        "pooling_kernel_size",
        "merge_size",
        "hidden_stride",
        "scale_factor",
    ),
    "output": ("out_hidden_size", "output_channels", "adapter_out_dim"),
    "projector_mlp": ("projector_input_dim", "projection_hidden_dim", "projection_intermediate_size"),
    "words": ("vocab_size",),
    "indicators": ("num_visual_indicator_tokens",),
}
# What joins encoder and language model is told by the whole configuration.
_JOINT = {
    "merge": ("spatial_merge_size", "downsample_factor", "scale_factor", "projector_pooling_ratio"),
    "projector_mlp": ("projector_hidden_size", "projection_hidden_size", "alignment_intermediate_size"),
}


#: Projectors with an inner width that is one of the language model's.
_LIKE_TEXT = {"aya_vision": "hidden_size", "idefics2": "intermediate_size"}


#: Kinds whose configurations say of the encoder nothing, by the kind of the whole.
_OF_WHOLE = {"inkling_mm_model": "inkling_vision", "ernie4_5_moe_vl": "ernie4_5_vl_moe_vision"}


#: Encoders that transformers has under another name, as their makers publish them.
_ALSO = {"intern_vit_6b": "internvl_vision"}


#: Encoders of two, and the part that describes the first.
_FIRST = {"deepseek_ocr2_vision": "sam_config", "unlimited_ocr_vision": "sam_config"}


def vision_sizes(config: Config) -> VisionSizes:
    """The vision encoder's sizes as far as ``config``, a whole ``config.json``, tells them."""
    outer, whole = vision_part(config) or _patches_alone(config), inner(config)
    codes = code_sizes(outer)
    if codes:
        levels = len(codes.multipliers or ())
        patch = 2 ** (levels - 1) if levels else None
        channels = whole_number(outer, ("in_channels",))
        return VisionSizes(kind=kind_of(outer), patch=patch, channels=channels, projector=kind_of(whole), code=codes)
    second: dict[str, Any] = {
        name: vision_sizes({"vision_config": other}) for name, other in second_encoder(whole, outer).items()
    }
    part = part_of(outer, (_FIRST.get(str(kind_of(outer)), ""),)) or outer
    found: dict[str, Any] = {name: whole_number(part, keys) for name, keys in _VISION.items()}
    if part:
        found |= {name: found.get(name) or whole_number(whole, keys) for name, keys in _JOINT.items()}
        found["merge"] = found["merge"] or _merge(whole, part, found)
        layers = whole.get("vision_feature_layer")
        found["features"] = len(layers) if isinstance(layers, list) else read_layers(outer) or read_layers(whole)
        width = _LIKE_TEXT.get(str(kind_of(whole)))
        if found["projector_mlp"] is None and width:
            found["projector_mlp"] = whole_number(text_part(config), (width,))
    read, ratios = part.get("intermediate_layers_indices"), part.get("supported_aspect_ratios")
    if isinstance(read, list):
        found["features"] = 1 + len(read)
    found["ratios"] = len(ratios) if isinstance(ratios, list) and ratios else None
    ratio, hidden = part.get("mlp_ratio"), found["hidden"]
    if found["mlp"] is None and hidden and isinstance(ratio, int | float) and 0 < ratio < _MOST_RATIO:
        found["mlp"] = round(hidden * ratio)
    if found["output"] is None and "embed_dim" in part:
        found["output"] = whole_number(part, ("hidden_size",))
    found["positions"] = _positions(part, found["positions"])
    if found["words"] and found["indicators"]:
        found["words"] -= found["indicators"]
    full = indices_of(part.get("fullatt_block_indexes"))
    after = part.get("insert_layer_id", whole.get("insert_layer_id") if part else None)
    if isinstance(after, int):  # MiniCPM-V, which merges once within its encoder and once after it, or after it only
        within = whole.get("downsample_mode") != "4x"
        found["merged_after"] = after if within else None
        found["merge"] = 4 if within else 2
    if "mm_embed_dim" in part and found["merge"]:  # Gemma 4 12B, which embeds a square of patches at once
        found["patch"], found["merge"] = (found["patch"] or 0) * found["merge"] or None, 1
    bridge = indices_of(part.get("downsample_channels"))
    found["bridge"] = bridge[0] if bridge else None
    marked = indices_of(part.get("global_attn_indexes"))
    if marked:  # SAM, whose window is in patches
        full, found["window"] = marked, (found["window"] or 0) * (found["patch"] or 0) or None
    types = part.get("layer_types")
    if isinstance(types, list) and "pos_emb_height" in part:  # windows as large as the grid of learned positions
        full = tuple(index for index, one in enumerate(types) if one != "window_attention")
        found["window"] = (whole_number(part, ("pos_emb_height",)) or 0) * (found["patch"] or 0) or None
    elif isinstance(types, list) and "conv" in types:
        full = tuple(index for index, one in enumerate(types) if one != "conv")
    kind = _ALSO.get(str(kind_of(part)), kind_of(part)) or (_OF_WHOLE.get(str(kind_of(whole))) if part else None)
    if kind == "inkling_vision":  # which ends at the width of the language model
        found["output"] = whole_number(text_part(config), ("hidden_size",))
    if kind == "glm_image_vision":  # every patch becomes a code
        table = part_of(whole, ("vq_config",))
        found |= {"output": whole_number(table, ("embed_dim",)), "words": whole_number(table, ("num_embeddings",))}
    # Those of 6B have norms of queries and keys, and norms without a bias, where nothing else is said (OpenGVLab,
    # configuration_intern_vit.py).
    if kind_of(part) == "intern_vit_6b":
        found |= {"qk_norm": "all" if part.get("qk_normalization", True) else None}
        found |= {"norm_bias": part.get("norm_type", "rms_norm") != "rms_norm"}
    timm = timm_sizes(part) if "architecture" in part else {}
    return VisionSizes(
        experts=vision_experts(part),
        projector=_projector(whole) if part else None,
        full_layers=full,
        deepstack=indices_of(part.get("deepstack_visual_indexes")),
        resampler=None if second else resampler_sizes(whole) or resampler_sizes(outer),
        **traits_of(part, _VISION_TRAITS),
        **second,
        **{"kind": kind, **found, **timm, **radio_sizes(part)},
    )


def _patches_alone(config: Config) -> Config:
    """What the whole of Fuyu tells of its patches, which have no encoder; empty for all others."""
    if kind_of(config) != "fuyu":
        return {}
    width = text_part(config).get("hidden_size", config.get("hidden_size"))
    told = {key: config.get(key) for key in ("model_type", "patch_size", "num_channels")}
    return {**told, "hidden_size": width}


def _projector(whole: Config) -> str | None:
    """The kind of the whole; that of LFM2-VL comes with a norm before it and without."""
    kind = kind_of(whole)
    if whole.get("merger_times", 1) != 1:
        return None
    return f"{kind}_plain" if kind == "lfm2_vl" and whole.get("projector_use_layernorm") is False else kind


def _merge(whole: Config, part: Config, found: Mapping[str, Any]) -> int | None:
    """Patches a side of a token, from a ratio or from the number of tokens."""
    ratio = whole.get("downsample_ratio", part.get("pixel_shuffle_ratio"))
    if isinstance(ratio, int | float) and 0 < ratio <= 1:
        return round(1 / ratio)
    tokens = whole_number(whole, ("mm_tokens_per_image",))
    if tokens and found["image"] and found["patch"]:
        return int(found["image"] // found["patch"] // math.isqrt(tokens)) or None
    return None


def _positions(part: Config, told: int | None) -> int | None:
    """Learned position embeddings where the side of the picture does not tell how many."""
    if told and ("position_embedding_size" in part or "mm_posemb_size" in part):  # by row and by column
        return 2 * told
    grid = whole_number(part, ("posemb_grid_size",))
    if grid:  # one of a class token too
        return grid**2 + 1
    high, wide = whole_number(part, ("pos_emb_height",)), whole_number(part, ("pos_emb_width",))
    most, patch = whole_number(part, ("max_image_size",)), whole_number(part, ("patch_size",))
    if most and patch:  # one of a class token that is not there too
        return (most // patch) ** 2 + 1
    return told or (high * wide if high and wide else None) or whole_number(part, ("num_patches",))
