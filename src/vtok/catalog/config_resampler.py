"""Sizes of a projector with queries of its own, read from a ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_parts import Config, part_of, whole_number

_PARTS = ("perceiver_config", "qformer_config", "adapter_config", "encoder_config")
_KEYS = {
    "queries": ("resampler_n_latents",),
    "resampler_hidden": ("hidden_size",),
    "resampler_layers": ("resampler_depth", "num_hidden_layers"),
    "resampler_heads": ("resampler_n_heads", "num_attention_heads"),
    "resampler_kv_heads": ("num_key_value_heads",),
    "resampler_head_dim": ("resampler_head_dim", "head_dim"),
    "resampler_mlp": ("intermediate_size",),
    "resampler_every": ("cross_attention_frequency",),
}


def resampler_sizes(config: Config) -> dict[str, Any]:
    """The fields of ``VisionSizes`` that describe such a projector; empty where ``config`` tells of none."""
    part = part_of(config, _PARTS)
    found = {name: whole_number(part, keys) for name, keys in _KEYS.items()} if part else {}
    queries = whole_number(config, ("num_query_tokens",))
    if queries:
        found["queries"] = queries
    read = part.get("vision_feature_layer")
    if isinstance(read, list):
        found["features"] = len(read)
    table = config.get("projector_patch_to_query_dict")
    return {**found, "queries_of": _table(table)} if isinstance(table, Mapping) else found


def _table(told: Mapping[Any, Any]) -> tuple[tuple[int, int], ...] | None:
    """So many queries for so many patches; JSON has the latter as text."""
    pairs = [(str(patches), queries) for patches, queries in told.items()]
    if not all(patches.isdecimal() and isinstance(queries, int) and queries > 0 for patches, queries in pairs):
        return None
    return tuple((int(patches), queries) for patches, queries in pairs) or None
