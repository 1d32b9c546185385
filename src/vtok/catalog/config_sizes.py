"""Sizes of a language model and of a vision encoder, read from a ``config.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from vtok.catalog.sizes import TextSizes, VisionSizes

Config = Mapping[str, Any]

# Under which names configurations carry each size; the first that is there counts.
_TEXT = {
    "hidden": ("hidden_size", "d_model", "n_embd"),
    "layers": ("num_hidden_layers", "num_layers", "n_layer", "decoder_layers"),
    "heads": ("num_attention_heads", "num_heads", "n_head", "decoder_attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
    "head_dim": ("head_dim",),
    "mlp": ("dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "ffn_dim",
            "decoder_ffn_dim"),
    "vocabulary": ("vocab_size",),
    "experts": ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"),
    "active_experts": ("num_experts_per_tok", "moe_k", "moe_topk", "top_k_experts"),
    "expert_mlp": ("moe_intermediate_size",),
    "shared_mlp": ("shared_expert_intermediate_size", "shared_intermediate_size"),
    "dense_layers": ("first_k_dense_replace",),
    "expert_every": ("interleave_moe_layer_step", "decoder_sparse_step"),
    "window": ("sliding_window", "attention_chunk_size"),
    "full_kv_heads": ("num_global_key_value_heads",),
    "full_head_dim": ("global_head_dim",),
    "reused": ("num_kv_shared_layers",),
    "kv_rank": ("kv_lora_rank",),
    "query_rank": ("q_lora_rank",),
    "rope_dim": ("qk_rope_head_dim",),
    "plain_dim": ("qk_nope_head_dim",),
    "value_dim": ("v_head_dim",),
    "linear_key_heads": ("linear_num_key_heads",),
    "linear_value_heads": ("linear_num_value_heads",),
    "linear_key_dim": ("linear_key_head_dim",),
    "linear_value_dim": ("linear_value_head_dim",),
    "conv": ("linear_conv_kernel_dim", "conv_L_cache"),
    "layer_hidden": ("hidden_size_per_layer_input",),
    "layer_vocabulary": ("vocab_size_per_layer_input",),
}  # fmt: skip
_TEXT_TRAITS = {"mlp_bias": "mlp_bias", "k_is_v": "attention_k_eq_v"}
_VISION_TRAITS = {"pool_head": "vision_use_head"}
_VISION = {
    "hidden": ("embed_dim", "hidden_size", "width", "d_model"),
    "layers": ("depth", "num_hidden_layers", "layers", "num_layers"),
    "heads": ("num_heads", "num_attention_heads", "attention_heads", "heads"),
    "kv_heads": ("num_key_value_heads",),
    "head_dim": ("head_dim",),
    "mlp": ("intermediate_size", "encoder_ffn_dim", "mlp_dim"),
    "patch": ("patch_size", "spatial_patch_size"),
    "temporal": ("temporal_patch_size",),
    "channels": ("num_channels", "in_channels", "in_chans"),
    "image": ("image_size",),
    "positions": ("num_position_embeddings", "position_embedding_size"),
    "window": ("window_size",),
    "merge": ("spatial_merge_size", "merge_kernel_size", "pooling_kernel_size"),
    "output": ("out_hidden_size",),
    "projector_mlp": ("projector_input_dim",),
}
# What joins encoder and language model is told by the whole configuration.
_JOINT = {
    "merge": ("spatial_merge_size", "downsample_factor", "scale_factor"),
    "projector_mlp": ("projector_hidden_size", "projection_hidden_size", "alignment_intermediate_size"),
}
#: Kinds with one expert that serves every token, of which their configurations say nothing.
_ALWAYS_SHARED = {"llama4_text": 1}
_LAYER_TYPES = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "sliding",
    "chunked_attention": "chunked",
    "linear_attention": "linear",
    "conv": "conv",
}
_TEXT_PARTS = ("text_config", "llm_config", "language_config", "language_model_config")
_VISION_PARTS = ("vision_config", "vision_tower_config", "vit_config", "vision_encoder_config")
_CONTEXT = ("max_position_embeddings", "max_sequence_length", "seq_length", "model_max_length")


def text_part(config: Config) -> Config:
    """The part of a configuration that describes the language model, which may be all of it."""
    return _part(_inner(config), _TEXT_PARTS) or config


def vision_part(config: Config) -> Config:
    """The part of a configuration that describes the vision encoder; empty when there is none."""
    return _part(_inner(config), _VISION_PARTS)


def text_sizes(config: Config) -> TextSizes:
    """The language model's sizes as far as ``config``, a whole ``config.json``, tells them."""
    part = text_part(config)
    found: dict[str, Any] = {name: _whole(part, keys) for name, keys in _TEXT.items()}
    if found["kv_heads"] is None:
        found["kv_heads"] = found["heads"]
    hidden, heads = found["hidden"], found["heads"]
    if found["head_dim"] is None and hidden and heads and hidden % heads == 0:
        found["head_dim"] = hidden // heads
    return TextSizes(
        kind=_kind(part),
        attention=_attention(part, found["layers"]),
        tied=_tied(config, part),
        **_traits(part, _TEXT_TRAITS),
        **_unlike(part, _mixture(part, found)),
    )


def vision_sizes(config: Config) -> VisionSizes:
    """The vision encoder's sizes as far as ``config``, a whole ``config.json``, tells them."""
    part, whole = vision_part(config), _inner(config)
    found: dict[str, Any] = {name: _whole(part, keys) for name, keys in _VISION.items()}
    if part:
        found |= {name: found.get(name) or _whole(whole, keys) for name, keys in _JOINT.items()}
        found["merge"] = found["merge"] or _merge(whole, part, found)
        layers = whole.get("vision_feature_layer")
        found["features"] = len(layers) if isinstance(layers, list) else None
        if found["projector_mlp"] is None and whole.get("model_type") == "aya_vision":
            found["projector_mlp"] = _whole(text_part(config), ("hidden_size",))
    ratio, hidden = part.get("mlp_ratio"), found["hidden"]
    if found["mlp"] is None and hidden and isinstance(ratio, int | float):
        found["mlp"] = round(hidden * ratio)
    if found["output"] is None and "embed_dim" in part:
        found["output"] = _whole(part, ("hidden_size",))
    found["positions"] = _positions(part, found["positions"])
    return VisionSizes(
        kind=_kind(part),
        projector=_projector(whole) if part else None,
        full_layers=_indices(part.get("fullatt_block_indexes")),
        deepstack=_indices(part.get("deepstack_visual_indexes")),
        **_traits(part, _VISION_TRAITS),
        **found,
    )


def context_of(config: Config) -> int | None:
    """The longest sequence in tokens that ``config`` tells of."""
    found = _whole(text_part(config), _CONTEXT)
    return found if found is not None else _whole(config, _CONTEXT)


def _inner(config: Config) -> Config:
    """Omni models wrap what reads pictures in a thinker."""
    inner = config.get("thinker_config")
    return inner if isinstance(inner, Mapping) else config


def _part(config: Config, names: tuple[str, ...]) -> Config:
    for name in names:
        part = config.get(name)
        if isinstance(part, Mapping):
            return part
    return {}


def _whole(part: Config, keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = part.get(key)
        if isinstance(value, Mapping):
            value = value.get("height")
        if isinstance(value, list | tuple) and value and all(one == value[0] for one in value):
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _kind(part: Config) -> str | None:
    kind = part.get("model_type")
    return kind if isinstance(kind, str) and kind else None


def _projector(whole: Config) -> str | None:
    """The kind of the whole; that of LFM2-VL comes with a norm before it and without."""
    kind = _kind(whole)
    return f"{kind}_plain" if kind == "lfm2_vl" and whole.get("projector_use_layernorm") is False else kind


def _tied(config: Config, part: Config) -> bool | None:
    """The whole configuration decides; what it leaves out, the language model's part may tell."""
    for one in (config, part):
        if isinstance(one.get("tie_word_embeddings"), bool):
            return bool(one["tie_word_embeddings"])
    return None


def _traits(part: Config, names: Mapping[str, str]) -> dict[str, Any]:
    values = {name: part.get(key) for name, key in names.items()}
    return {name: value if isinstance(value, bool) else None for name, value in values.items()}


def _mixture(part: Config, found: dict[str, Any]) -> dict[str, Any]:
    """What is said of experts in other words: shared ones as a count, plain layers in a list, the MLP's own width."""
    if not found["experts"]:
        return found
    if found["expert_mlp"] is None:
        found["expert_mlp"] = _whole(part, ("intermediate_size",))
    if found["shared_mlp"] is None and found["expert_mlp"]:
        count = _whole(part, ("n_shared_experts", "moe_num_shared_experts")) or _ALWAYS_SHARED.get(str(_kind(part)), 0)
        found["shared_mlp"] = count * found["expert_mlp"] or None
    kinds = part.get("mlp_layer_types")
    if found["dense_layers"] is None and isinstance(kinds, list) and "sparse" in kinds:
        found["dense_layers"] = kinds.index("sparse") or None
    return found


def _unlike(part: Config, found: dict[str, Any]) -> dict[str, Any]:
    """Widths that are worked out from others: layers with heads of their own, and the MLP of LFM2."""
    own = part.get("per_layer_config")
    if isinstance(own, Mapping) and own:
        alike = [one for one in own.values() if isinstance(one, Mapping)]
        found["full_head_dim"] = _whole({"all": [one.get("head_dim") for one in alike]}, ("all",))
        found["full_kv_heads"] = _whole({"all": [one.get("num_key_value_heads") for one in alike]}, ("all",))
    if part.get("block_auto_adjust_ff_dim") and found["mlp"]:
        inner, multiple = 2 * found["mlp"] // 3, _whole(part, ("block_multiple_of",)) or 256
        inner = int(float(part.get("block_ffn_dim_multiplier") or 1) * inner)
        found["mlp"] = -(-inner // multiple) * multiple
    if part.get("use_double_wide_mlp") and found["mlp"]:
        found["reused_mlp"] = 2 * found["mlp"]
    return found


def _merge(whole: Config, part: Config, found: Mapping[str, Any]) -> int | None:
    """Patches a side of a token, from a ratio or from the number of tokens."""
    ratio = whole.get("downsample_ratio", part.get("pixel_shuffle_ratio"))
    if isinstance(ratio, int | float) and 0 < ratio <= 1:
        return round(1 / ratio)
    tokens = _whole(whole, ("mm_tokens_per_image",))
    if tokens and found["image"] and found["patch"]:
        return int(found["image"] // found["patch"] // math.isqrt(tokens)) or None
    return None


def _positions(part: Config, told: int | None) -> int | None:
    """Learned position embeddings where the side of the picture does not tell how many."""
    if told and "position_embedding_size" in part:
        return 2 * told
    high, wide = _whole(part, ("pos_emb_height",)), _whole(part, ("pos_emb_width",))
    return told or (high * wide if high and wide else None) or _whole(part, ("num_patches",))


def _attention(part: Config, layers: int | None) -> str | None:
    """The pattern of layers in the notation of ``TextSizes``; None where the kind of model alone decides."""
    types = part.get("layer_types")
    if isinstance(types, list) and types:
        names = [_LAYER_TYPES.get(str(one), str(one)) for one in types]
        return _runs(names[:layers])
    every = _whole(part, ("sliding_window_pattern",))
    if every:
        return f"{every - 1} sliding, 1 full" if every > 1 else "full"
    every = _whole(part, ("full_attention_interval",))
    if every:
        return f"{every - 1} linear, 1 full" if every > 1 else "full"
    for key, inside, outside in (("full_attn_idxs", "full", "conv"), ("cross_attention_layers", "cross", "full")):
        marked = part.get(key)
        if isinstance(marked, list) and layers:
            return _runs([inside if index in marked else outside for index in range(layers)])
    return None


def _runs(names: list[str]) -> str:
    runs = [(name, len(list(group))) for name, group in groupby(names)]
    return runs[0][0] if len(runs) == 1 else ", ".join(f"{count} {name}" for name, count in runs)


def _indices(value: Any) -> tuple[int, ...] | None:
    return tuple(int(one) for one in value) if isinstance(value, list) and value else None
