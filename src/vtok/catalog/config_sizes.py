"""Sizes of a language model and of a vision encoder, read from a ``config.json``."""

from __future__ import annotations

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
}
# What joins encoder and language model is told by the whole configuration.
_JOINT = {
    "merge": ("spatial_merge_size", "downsample_factor", "scale_factor"),
    "projector_mlp": ("projector_hidden_size", "projection_hidden_size"),
}
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
        **_mixture(part, found),
    )


def vision_sizes(config: Config) -> VisionSizes:
    """The vision encoder's sizes as far as ``config``, a whole ``config.json``, tells them."""
    part, whole = vision_part(config), _inner(config)
    found: dict[str, Any] = {name: _whole(part, keys) for name, keys in _VISION.items()}
    if part:
        found |= {name: found.get(name) or _whole(whole, keys) for name, keys in _JOINT.items()}
    ratio, hidden = part.get("mlp_ratio"), found["hidden"]
    if found["mlp"] is None and hidden and isinstance(ratio, int | float):
        found["mlp"] = round(hidden * ratio)
    return VisionSizes(
        kind=_kind(part),
        projector=_kind(whole) if part else None,
        full_layers=_indices(part.get("fullatt_block_indexes")),
        deepstack=_indices(part.get("deepstack_visual_indexes")),
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
    """Experts that serve every token come as a count in some configurations; none of them is a width of 0."""
    if found["shared_mlp"] is None and found["expert_mlp"]:
        count = _whole(part, ("n_shared_experts", "moe_num_shared_experts"))
        found["shared_mlp"] = count * found["expert_mlp"] if count else None
    return found


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
