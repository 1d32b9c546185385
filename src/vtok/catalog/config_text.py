"""Sizes of a language model, read from a ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_experts import mixture
from vtok.catalog.config_groups import groups_of
from vtok.catalog.config_hybrid import hybrid_layers, state_space
from vtok.catalog.config_parts import Config, kind_of, text_part, traits_of, whole_number
from vtok.catalog.patterns import runs
from vtok.catalog.text_sizes import TextSizes

# Under which names configurations carry each size; the first that is there counts.
_TEXT = {
    "hidden": ("hidden_size", "d_model", "n_embd", "embed_dim"),
    "layers": ("num_hidden_layers", "num_layers", "n_layer", "decoder_layers", "layers"),
    "heads": ("num_attention_heads", "num_heads", "n_head", "decoder_attention_heads", "attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
    "head_dim": ("head_dim",),
    "mlp": ("dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "ffn_dim",
            "decoder_ffn_dim"),
    "vocabulary": ("vocab_size",),
    "extra_tokens": ("additional_vocab_size",),
    "experts": ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"),
    "active_experts": ("num_experts_per_tok", "moe_k", "moe_topk", "top_k_experts"),
    "expert_mlp": ("moe_intermediate_size",),
    "expert_hidden": ("moe_hidden_size",),
    "shared_mlp": ("shared_expert_intermediate_size", "shared_intermediate_size", "share_expert_dim",
                   "moe_shared_expert_intermediate_size"),
    "dense_layers": ("first_k_dense_replace", "dense_mlp_idx", "moe_layer_start_index"),
    "expert_every": ("interleave_moe_layer_step", "decoder_sparse_step"),
    "window": ("sliding_window", "attention_chunk_size", "sliding_window_size"),
    "full_kv_heads": ("num_global_key_value_heads",),
    "full_head_dim": ("global_head_dim",),
    "reused": ("num_kv_shared_layers",),
    "kv_rank": ("kv_lora_rank",),
    "query_rank": ("q_lora_rank",),
    "rope_dim": ("qk_rope_head_dim",),
    "plain_dim": ("qk_nope_head_dim",),
    "value_dim": ("v_head_dim",),
    "linear_key_heads": ("linear_num_key_heads", "linear_num_heads"),
    "linear_value_heads": ("linear_num_value_heads", "linear_num_heads"),
    "linear_key_dim": ("linear_key_head_dim", "linear_head_dim"),
    "linear_value_dim": ("linear_value_head_dim", "linear_head_dim"),
    "conv": ("linear_conv_kernel_dim", "conv_L_cache", "conv_kernel_size", "sconv_kernel_size"),
    "layer_hidden": ("hidden_size_per_layer_input",),
    "layer_vocabulary": ("vocab_size_per_layer_input",),
    "block": ("n_layers_per_attn_res_block",),
}  # fmt: skip
_TEXT_TRAITS = {
    "mlp_bias": "mlp_bias", "k_is_v": "attention_k_eq_v", "conv_bias": "conv_bias", "head_gate": "use_attention_gate",
}  # fmt: skip
#: Kinds whose configurations say of the part nothing, by the kind of the whole.
_OF_WHOLE = {"inkling_mm_model": "inkling_text"}
#: Kinds whose head is smaller than their vocabulary, before which it was padded or of which it knows a part alone.
_HEADED = {
    "inkling2_text": "unpadded_vocab_size",
    "inkling2_loop_text": "unpadded_vocab_size",
    "glm_image_text": "vision_vocab_size",
    "apertus1p5_text": "output_vocab_size",
}
#: Kinds whose activation is xIELU where their configuration doesn't say otherwise.
_XIELU = ("apertus1p5_text",)
#: Kinds whose matrices of attention all have a bias where their configuration says so.
_BIASED = ("lfm3",)
#: Kinds of the whole whose class makes a language model of its own, whatever the part of the configuration says of it,
#: or that were published before there was such a part.
_SET_BY_WHOLE = {
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "granite4_vision": "granite4_vision_text",
    "fuyu": "persimmon",
    "ernie4_5_moe_vl": "ernie4_5_vl_moe_text",
}
#: Kinds with learned positions, and how many they have beyond the longest sequence.
_LEARNED = {"opt": 2}
#: Where sliding layers have heads of their own.
_SLIDING = {
    "heads": ("num_sliding_attention_heads", "swa_num_attention_heads"),
    "kv_heads": ("swa_num_key_value_heads",),
    "head_dim": ("swa_head_dim",),
}
_LAYER_TYPES = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "sliding",
    "chunked_attention": "chunked",
    "linear_attention": "linear",
    "minimax_m3_sparse": "indexed",
    "indexed_attention": "indexed",
    "conv": "conv",
    "reference_sliding_attention": "reference",
}
#: Lists of layers by number: of what kind those are, and the others.
_MARKED = (
    ("full_attn_idxs", "full", "conv"),
    ("cross_attention_layers", "cross", "full"),
    ("local_layer_ids", "hybrid_sliding", "hybrid"),
)
_CONTEXT = ("max_position_embeddings", "max_sequence_length", "seq_length", "model_max_length")


def text_sizes(config: Config) -> TextSizes:
    """The language model's sizes as far as ``config``, a whole ``config.json``, tells them."""
    part = text_part(config)
    found: dict[str, Any] = {name: whole_number(part, keys) for name, keys in _TEXT.items()}
    found["layers"] = found["layers"] or len(hybrid_layers(part) or ()) or None
    if found["kv_heads"] is None:
        found["kv_heads"] = found["heads"]
    hidden, heads = found["hidden"], found["heads"]
    if kind_of(part) in _LEARNED:
        found["positions"] = (whole_number(part, _CONTEXT) or 0) + _LEARNED[str(kind_of(part))] or None
    if found["head_dim"] is None and hidden and heads and hidden % heads == 0:
        found["head_dim"] = hidden // heads
    kind = kind_of(part) or _OF_WHOLE.get(str(kind_of(config)))
    if kind in _HEADED:
        found["head_vocabulary"] = whole_number(part, (_HEADED[kind],))
    if kind in _BIASED:
        found["qkv_bias"] = found["output_bias"] = part.get("attention_bias")
    if kind in _XIELU and "hidden_act" in part:
        found["xielu"] = part["hidden_act"] == "xielu"
    return TextSizes(
        kind=_SET_BY_WHOLE.get(str(kind_of(config)), kind),
        attention=_attention(part, found["layers"]),
        tied=_tied(config, part),
        **traits_of(part, _TEXT_TRAITS),
        state_space=state_space(part),
        **groups_of(part),
        **_unlike(part, mixture(part, found)),
    )


def context_of(config: Config) -> int | None:
    """The longest sequence in tokens that ``config`` tells of."""
    found = whole_number(text_part(config), _CONTEXT)
    return found if found is not None else whole_number(config, _CONTEXT)


def _tied(config: Config, part: Config) -> bool | None:
    """The whole configuration decides; what it leaves out, the language model's part may tell."""
    for one in (config, part):
        if isinstance(one.get("tie_word_embeddings"), bool):
            return bool(one["tie_word_embeddings"])
    return None


def _unlike(part: Config, found: dict[str, Any]) -> dict[str, Any]:
    """Widths that are worked out from others: layers with heads of their own, and the MLP of LFM2."""
    own = part.get("per_layer_config")
    if isinstance(own, Mapping) and own and not found["kv_rank"]:
        alike = [one for one in own.values() if isinstance(one, Mapping)]
        found["full_head_dim"] = whole_number({"all": [one.get("head_dim") for one in alike]}, ("all",))
        found["full_kv_heads"] = whole_number({"all": [one.get("num_key_value_heads") for one in alike]}, ("all",))
    if part.get("block_auto_adjust_ff_dim") and found["mlp"]:
        inner, multiple = 2 * found["mlp"] // 3, whole_number(part, ("block_multiple_of",)) or 256
        inner = int(float(part.get("block_ffn_dim_multiplier") or 1) * inner)
        found["mlp"] = -(-inner // multiple) * multiple
    for name, keys in _SLIDING.items():
        sliding = whole_number(part, keys)
        if sliding:
            found[f"full_{name}"], found[name] = found[name], sliding
    if part.get("use_sandwich_norm") is False:
        found["norms"] = 2
    widths = part.get("intermediate_size")
    if isinstance(widths, list) and found["mlp"] is None:
        found["layer_mlp"] = tuple(widths) if all(isinstance(one, int) for one in widths) else None
    linear = part.get("linear_attn_config")
    if isinstance(linear, Mapping):
        found["linear_key_heads"] = found["linear_value_heads"] = whole_number(linear, ("num_heads",))
        found["linear_key_dim"] = found["linear_value_dim"] = whole_number(linear, ("head_dim",))
        found["conv"] = whole_number(linear, ("short_conv_kernel_size",))
    if part.get("use_double_wide_mlp") and found["mlp"]:
        found["reused_mlp"] = 2 * found["mlp"]
    return found


def _attention(part: Config, layers: int | None) -> str | None:
    """The pattern of layers in the notation of ``TextSizes``; None where the kind of model alone decides."""
    hybrid = hybrid_layers(part)
    if hybrid:
        return runs(hybrid[:layers])
    types = part.get("layer_types")
    if isinstance(types, list) and types:
        words = [one if isinstance(one, str) and one.isidentifier() else "unknown" for one in types]
        return runs([_LAYER_TYPES.get(one, one) for one in words][:layers])
    every = whole_number(part, ("sliding_window_pattern",))
    if every:
        return f"{every - 1} sliding, 1 full" if every > 1 else "full"
    every = whole_number(part, ("full_attention_interval",))
    if every:
        return f"{every - 1} linear, 1 full" if every > 1 else "full"
    for key, inside, outside in _MARKED:
        marked = part.get(key)
        if isinstance(marked, list) and layers:
            return runs([inside if index in marked else outside for index in range(layers)])
    return None
