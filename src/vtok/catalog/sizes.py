"""The sizes of a language model and of a vision encoder, and how to read them from a ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TextSizes:
    """A language model; what no source tells is None.

    ``hidden``, ``mlp``, ``head_dim`` and ``expert_mlp`` are widths, ``vocabulary`` is in tokens; the rest are counts.
    ``experts`` of which ``active_experts`` serve a token are those of a mixture, each ``expert_mlp`` wide.
    """

    hidden: int | None = None
    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    mlp: int | None = None
    vocabulary: int | None = None
    experts: int | None = None
    active_experts: int | None = None
    expert_mlp: int | None = None


@dataclass(frozen=True)
class VisionSizes:
    """A vision encoder; what no source tells is None. ``patch`` is a side in px."""

    hidden: int | None = None
    layers: int | None = None
    heads: int | None = None
    mlp: int | None = None
    patch: int | None = None


Config = Mapping[str, Any]

# Under which names configurations carry each size; the first that is there counts.
_TEXT = {
    "hidden": ("hidden_size", "d_model", "n_embd"),
    "layers": ("num_hidden_layers", "num_layers", "n_layer", "decoder_layers"),
    "heads": ("num_attention_heads", "num_heads", "n_head", "decoder_attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
    "head_dim": ("head_dim",),
    "mlp": ("intermediate_size", "ffn_hidden_size", "ffn_dim", "decoder_ffn_dim"),
    "vocabulary": ("vocab_size",),
    "experts": ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"),
    "active_experts": ("num_experts_per_tok", "moe_k", "moe_topk", "top_k_experts"),
    "expert_mlp": ("moe_intermediate_size",),
}
_VISION = {
    "hidden": ("embed_dim", "hidden_size", "width", "d_model"),
    "layers": ("depth", "num_hidden_layers", "layers", "num_layers"),
    "heads": ("num_heads", "num_attention_heads", "attention_heads", "heads"),
    "mlp": ("intermediate_size", "encoder_ffn_dim", "mlp_dim"),
    "patch": ("patch_size", "spatial_patch_size"),
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
    found = {name: _whole(part, keys) for name, keys in _TEXT.items()}
    if found["kv_heads"] is None:
        found["kv_heads"] = found["heads"]
    hidden, heads = found["hidden"], found["heads"]
    if found["head_dim"] is None and hidden and heads and hidden % heads == 0:
        found["head_dim"] = hidden // heads
    return TextSizes(**found)


def vision_sizes(config: Config) -> VisionSizes:
    """The vision encoder's sizes as far as ``config``, a whole ``config.json``, tells them."""
    part = vision_part(config)
    found = {name: _whole(part, keys) for name, keys in _VISION.items()}
    ratio, hidden = part.get("mlp_ratio"), found["hidden"]
    if found["mlp"] is None and hidden and isinstance(ratio, int | float):
        found["mlp"] = round(hidden * ratio)
    return VisionSizes(**found)


def context_of(config: Config) -> int | None:
    """The longest sequence in tokens that ``config`` tells of."""
    found = _whole(text_part(config), _CONTEXT)
    return found if found is not None else _whole(config, _CONTEXT)


def known(sizes: TextSizes | VisionSizes) -> dict[str, int]:
    """The sizes that are known, by name, in their order."""
    values = {field.name: getattr(sizes, field.name) for field in fields(sizes)}
    return {name: value for name, value in values.items() if value is not None}


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
