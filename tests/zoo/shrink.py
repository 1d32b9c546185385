"""A configuration of transformers made tiny: the same architecture and geometry, small widths, few layers.

Every width is the same, so that what one part hands to the next fits without knowing the family. What is left to the
configuration's own defaults (lists with an entry a layer, for instance) follows the new sizes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig

WIDTH, HEADS, HEAD_DIM, KV_HEADS, LAYERS, INNER, VOCABULARY = 64, 4, 16, 2, 2, 96, 512

#: The new value of a setting, by name; one that is smaller already, None, or not a number stays.
SIZES = {
    **dict.fromkeys(
        (
            "hidden_size", "d_model", "embed_dim", "out_hidden_size", "projection_dim", "encoder_hidden_size",
            "text_hidden_size", "projector_hidden_size", "word_embed_proj_dim", "embedding_size", "output_dim",
            "vision_output_dim", "projection_hidden_size", "merged_hidden_size", "moe_hidden_size",
        ),
        WIDTH,
    ),
    **dict.fromkeys(
        (
            "intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size", "mlp_dim", "ffn_dim",
            "encoder_ffn_dim", "intermediate_size_mlp", "shared_intermediate_size", "dense_intermediate_size",
            "shared_experts_intermediate_size", "share_expert_dim", "alignment_intermediate_size",
            "projection_intermediate_size", "projection_hidden_dim", "block_ffn_dim",
        ),
        INNER,
    ),
    **dict.fromkeys(("num_attention_heads", "num_heads", "encoder_attention_heads"), HEADS),
    **dict.fromkeys(("num_key_value_heads", "swa_num_key_value_heads"), KV_HEADS),
    **dict.fromkeys(
        (
            "head_dim", "global_head_dim", "v_head_dim", "qk_nope_head_dim", "kv_lora_rank", "q_lora_rank",
            "swa_head_dim", "index_head_dim", "linear_key_head_dim", "linear_value_head_dim",
        ),
        HEAD_DIM,
    ),
    "qk_rope_head_dim": 8,
    **dict.fromkeys(("num_hidden_layers", "depth", "encoder_layers", "num_layers", "n_layers"), LAYERS),
    **dict.fromkeys(("vocab_size", "unpadded_vocab_size"), VOCABULARY),
    **dict.fromkeys(("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "moe_topk", "moe_k"), 2),
    **dict.fromkeys(("linear_num_key_heads", "linear_num_value_heads", "index_n_heads"), 2),
    **dict.fromkeys(("n_group", "topk_group"), 1),
    "max_position_embeddings": 4096,
}  # fmt: skip

#: The placeholder of every model here; the other special tokens follow it.
IMAGE_TOKEN = 10
#: Tokens with a fixed meaning.
ENDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
#: Lists of layers to pick out: the last of two.
INDICES = ("fullatt_block_indexes", "deepstack_visual_indexes", "global_attn_indexes")


def shrink(config: PreTrainedConfig, **overrides: Any) -> PreTrainedConfig:
    """A tiny configuration of the same class; ``overrides`` (dicts for the parts) have the last word."""
    return type(config)(**_merged(_small(config), overrides))


def _small(config: PreTrainedConfig) -> dict[str, Any]:
    values: dict[str, Any] = {}
    markers = iter(range(IMAGE_TOKEN + 1, 100))
    for name, value in _settings(config).items():
        if isinstance(value, PreTrainedConfig):
            values[name] = {"model_type": value.model_type, **_small(value)}
        elif isinstance(value, int) and not isinstance(value, bool) and name in SIZES:
            values[name] = min(value, SIZES[name])
        elif name in ENDS:
            values[name] = ENDS[name]
        elif name in ("image_token_id", "image_token_index", "image_patch_id"):
            values[name] = IMAGE_TOKEN
        elif name.endswith(("_token_id", "_token_index")) and value is not None:
            values[name] = next(markers)
        elif name in INDICES and value:
            values[name] = [LAYERS - 1]
        elif name == "rope_parameters" and isinstance(value, Mapping):
            values[name] = _rope(value, config)
    heads = vars(config).get("num_attention_heads")
    if heads is not None and vars(config).get("num_key_value_heads") == heads:
        values["num_key_value_heads"] = values.get("num_attention_heads", heads)
    return values


def _settings(config: PreTrainedConfig) -> dict[str, Any]:
    """All settings; a vision part that is off by default is on here."""
    settings = dict(vars(config))
    for name, part in type(config).sub_configs.items():
        if name == "vision_config" and settings.get(name) is None:
            settings[name] = part()
    return settings


def _rope(value: Mapping[str, Any], config: PreTrainedConfig) -> dict[str, Any]:
    """The parts of a head that turn with time, height and width, in their old proportions."""
    scaled: dict[str, Any] = {}
    for name, part in value.items():
        if isinstance(part, Mapping):
            scaled[name] = _rope(part, config)
        elif name == "mrope_section":
            turning = SIZES["qk_rope_head_dim"] if vars(config).get("qk_rope_head_dim") else HEAD_DIM
            half = int(turning * (value.get("partial_rotary_factor") or 1.0)) // 2
            rest = [max(1, one * half // sum(part)) for one in part[1:]]
            scaled[name] = [half - sum(rest), *rest]
        else:
            scaled[name] = part
    return scaled


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _merged(merged[name], value) if both else value
    return merged
