"""Sizes of a projector with queries of its own, read from a ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_parts import Config, part_of, text_part, vision_part, whole_number
from vtok.catalog.resampler_sizes import ResamplerSizes

_PARTS = ("perceiver_config", "qformer_config", "adapter_config", "encoder_config")
_KEYS = {
    "queries": ("resampler_n_latents",),
    "hidden": ("hidden_size",),
    "layers": ("resampler_depth", "num_hidden_layers"),
    "heads": ("resampler_n_heads", "num_attention_heads"),
    "kv_heads": ("num_key_value_heads",),
    "head_dim": ("resampler_head_dim", "head_dim"),
    "mlp": ("intermediate_size",),
    "every": ("cross_attention_frequency",),
    "vocabulary": ("vocab_size",),
    "positions": ("max_position_embeddings",),
}
#: transformers 5.24, models/granite4_vision/configuration_granite4_vision.py: what it has where nothing is said, the
#: width of a head, and how many read corners of squares.
_WINDOWED = {"layers": 1, "mlp": 3072, "every": 1}
_WINDOWED_HEAD, _CORNERS = 64, 4


def resampler_sizes(config: Config) -> ResamplerSizes | None:
    """The sizes of such a projector; None where ``config`` tells of none."""
    part = part_of(config, _PARTS)
    found: dict[str, Any] = {name: whole_number(part, keys) for name, keys in _KEYS.items()} if part else {}
    queries = whole_number(config, ("num_query_tokens",))
    if queries:
        found["queries"] = queries
    latents = whole_number(config, ("latent_query_num",))
    if latents:  # Kosmos-2, which reads with heads as its language model has
        found |= {"queries": latents, "heads": whole_number(text_part(config), ("attention_heads",))}
    table = config.get("projector_patch_to_query_dict")
    if isinstance(table, Mapping):
        found["queries_of"] = _table(table)
    if isinstance(config.get("downsample_rate"), str):
        found |= _windows(config, found)
    return ResamplerSizes(**found) if found else None


def read_layers(config: Config) -> int | None:
    """How many outputs of the encoder such a projector reads; None where its part of ``config`` does not tell."""
    layers = part_of(config, _PARTS).get("vision_feature_layer")
    return len(layers) if isinstance(layers, list) else None


def _table(told: Mapping[Any, Any]) -> tuple[tuple[int, int], ...] | None:
    """So many queries for so many patches; JSON has the latter as text."""
    pairs = [(str(patches), queries) for patches, queries in told.items()]
    if not all(patches.isdecimal() and isinstance(queries, int) and queries > 0 for patches, queries in pairs):
        return None
    return tuple((int(patches), queries) for patches, queries in pairs) or None


def _windows(config: Config, told: Mapping[str, Any]) -> dict[str, Any]:
    """Granite Vision 4: a rate such as "4/8" has the sides of the queries and of the patches of a window."""
    hidden = whole_number(vision_part(config), ("hidden_size",))
    queries, _, patches = config["downsample_rate"].partition("/")
    if hidden is None or not (queries.isdecimal() and patches.isdecimal()):
        return {}
    layers, corners = config.get("deepstack_layer_map") or (), config.get("spatial_target_layers")
    return {
        **{name: told.get(name) or size for name, size in _WINDOWED.items()},
        "hidden": hidden,
        "heads": hidden // _WINDOWED_HEAD,
        "queries": int(queries) ** 2,
        "window": int(patches),
        "copies": len(layers) + _CORNERS,
        "used": len(layers) + (len(corners) if isinstance(corners, list) else _CORNERS),
    }
