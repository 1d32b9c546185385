"""Checkpoint directories of models whose encoder comes from timm cost what the catalog's entries of these cost."""

import json

import pytest

import vtok

GEMMA = {
    "model_type": "gemma3n",
    "text_config": {
        "model_type": "gemma3n_text", "hidden_size": 2048, "num_hidden_layers": 30, "num_attention_heads": 8,
        "num_key_value_heads": 2, "head_dim": 256, "intermediate_size": [8192] * 30, "vocab_size": 262400,
        "layer_types": (["sliding_attention"] * 4 + ["full_attention"]) * 6, "sliding_window": 512,
        "num_kv_shared_layers": 10, "hidden_size_per_layer_input": 256, "vocab_size_per_layer_input": 262144,
        "altup_num_inputs": 4, "laurel_rank": 64, "max_position_embeddings": 32768,
    },
    "vision_config": {
        "model_type": "gemma3n_vision", "architecture": "mobilenetv5_300m_enc", "hidden_size": 2048,
        "vocab_size": 128, "model_args": None,
    },
    "tie_word_embeddings": True,
}  # fmt: skip
FAST = {
    "model_type": "fast_vlm",
    "text_config": {
        "model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14,
        "num_key_value_heads": 2, "intermediate_size": 4864, "vocab_size": 152000, "tie_word_embeddings": True,
        "max_position_embeddings": 131072,
    },
    "vision_config": {
        "model_type": "timm_wrapper", "architecture": "fastvit_mci3", "hidden_size": 3072, "num_features": 3072,
        "model_args": {"inference_mode": True},
    },
}  # fmt: skip
PERCEPTION = {
    "model_type": "perception_lm",
    "text_config": {
        "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "tie_word_embeddings": False,
        "max_position_embeddings": 11520,
    },
    "vision_config": {
        "model_type": "timm_wrapper", "architecture": "vit_pe_core_gigantic_patch14_448",
        "model_args": {
            "embed_dim": 1536, "depth": 47, "img_size": [448, 448], "global_pool": "", "init_values": 0.1,
            "use_post_transformer_norm": False, "ref_feat_shape": [32, 32],
        },
    },
    "projector_pooling_ratio": 2, "vision_use_cls_token": False,
}  # fmt: skip
CASES = {
    "gemma-3n-e2b": (GEMMA, {"size": {"height": 768, "width": 768}}, {"image_seq_length": 256}),
    "fastvlm-0.5b": (
        FAST, {"size": {"shortest_edge": 1024}, "crop_size": {"height": 1024, "width": 1024}},
        {"patch_size": 64, "num_additional_image_tokens": 0},
    ),
    "perception-lm-8b": (
        PERCEPTION, {"tile_size": 448, "max_num_tiles": 36, "vision_input_type": "thumb+tile"},
        {"patch_size": 14, "pooling_ratio": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_directory_costs_what_its_entry_costs(name, tmp_path):
    for file, content in zip(("config", "preprocessor_config", "processor_config"), CASES[name], strict=True):
        (tmp_path / f"{file}.json").write_text(json.dumps(content))
    one, other = (vtok.cost((1024, 768), model=model) for model in (tmp_path, name))
    assert (one.memory, one.flops, one.moved) == (other.memory, other.flops, other.moved)
    assert one.context.window == other.context.window
    assert one.missing == other.missing
    assert None not in (one.flops.vision, one.memory.vision, one.memory.activations)
