"""What the generic shrinking cannot know, by model folder: settings that must agree with each other, and big rests."""

from __future__ import annotations

from typing import Any

_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
#: Rotary sections for time, height and width, where the model has them and the default configuration does not.
_MROPE = {"text_config": {"rope_parameters": {**_ROPE, "mrope_section": [2, 3, 3]}}}
_HALF = {"text_config": {"rope_parameters": {**_ROPE, "mrope_section": [2, 1, 1], "partial_rotary_factor": 0.5}}}
#: A recurrent layer and an attending one.
_MIXED = {"text_config": {"layer_types": ["linear_attention", "full_attention"]}}
_VQ = {
    "base_channels": 32, "channel_multiplier": (1, 2), "num_res_blocks": 1, "num_embeddings": 26, "embed_dim": 16,
    "latent_channels": 16, "resolution": 32, "attn_resolutions": None,
}  # fmt: skip
#: Names of image tokens in a vocabulary, as Chameleon spells them.
_CODES = {f"IMGIMG{chr(65 + i // 10)}{chr(65 + i % 10)}Z": 400 + i for i in range(26)}
_TILES = {"vision_config": {"image_size": 32, "patch_size": 8}, "image_grid_pinpoints": [[32, 64], [64, 32], [64, 64]]}
_SQUARE = {"vision_config": {"image_size": 64, "patch_size": 16}}
_SAM = {"image_size": 128, "patch_size": 16, "output_channels": 32, "window_size": 4}

OVERRIDES: dict[str, dict[str, Any]] = {
    "apertus1p5": {
        "audio_config": {
            "codebook_dim": 64, "codebook_size": 64, "decoder_hidden_size": 64, "decoder_intermediate_size": 96,
            "decoder_num_layers": 1, "num_filters": 4,
        },
        "vision_config": {
            "base_channels": 32, "channel_multiplier": (1, 2), "num_res_blocks": 1, "codebook_size": 32,
            "embed_dim": 16, "latent_channels": 16, "resolution": 32, "spatial_scale_factor": 2,
        },
        "image_token_offset": 400, "audio_token_offset": 432,
    },
    "aria": {"projector_patch_to_query_dict": {16: 8}, "vision_config": {"image_size": 64, "patch_size": 16}},
    "aya_vision": {"vision_config": {"image_size": 64, "patch_size": 8}},
    "blip_2": {**_SQUARE, "num_query_tokens": 6, "image_token_index": 10},
    "chameleon": {"vq_config": _VQ, "vocabulary_map": {"<image>": 10, **_CODES}, "image_token_id": 10},
    "cohere2_vision": {"vision_config": {"image_size": 64, "patch_size": 8}},
    "cohere_compass": {"text_config": {"rope_parameters": {"full_attention": _ROPE, "sliding_attention": _ROPE}}},
    "deepseek_ocr2": {
        "vision_config": {
            "sam_config": {**_SAM, "downsample_channels": [48, 64]},
            "encoder_config": {"hidden_size": 64},
        },
        "text_config": {
            "mlp_layer_types": ["dense", "sparse"], "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1,
        },
    },
    "deepseek_vl": _SQUARE,
    "deepseek_vl_hybrid": {**_SQUARE, "high_res_vision_config": _SAM},
    "dots3_note": {
        "text_config": {
            "layer_types": ["indexed_attention", "sliding_attention"], "mlp_layer_types": ["dense", "sparse"],
            "per_layer_config": {
                "1": {
                    "num_attention_heads": 4, "num_key_value_heads": 4, "q_lora_rank": 16, "kv_lora_rank": 16,
                    "head_dim": 24, "qk_nope_head_dim": 16, "v_head_dim": 16, "qk_rope_head_dim": 8,
                }
            },
            "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 24, "shared_experts_intermediate_size": 96,
        },
        "audio_config": {
            "adapter_input_size": 64, "adapter_out_dim": 64, "head_dim": 16, "downsample_hidden_size": 16,
            "conv_output_size": 256,
        },
        "vision_config": {
            "adapter_in_dim": 64, "adapter_out_dim": 64, "mlp_layer_types": ["dense", "sparse"], "per_layer_config": {},
        },
    },
    "emu3": {
        "vq_config": {
            "base_channels": 32, "channel_multiplier": (1, 2), "num_res_blocks": 1, "codebook_size": 26,
            "hidden_size": 64, "num_attention_heads": 1,
        },
        "vocabulary_map": {
            "<image>": 10, "<|extra_200|>": 399, **{f"<|visual token {i:06d}|>": 400 + i for i in range(26)},
        },
        "image_token_id": 10,
    },
    "ernie4_5_vl_moe": {
        "text_config": {"moe_intermediate_size": [96, 48], "rope_parameters": {**_ROPE, "mrope_section": [3, 3, 2]}}
    },
    "fast_vlm": {
        "vision_config": {
            "architecture": "fastvit_mci3", "hidden_size": 128,
            "model_args": {"inference_mode": True, "layers": [1, 2, 1, 2, 1], "embed_dims": [32, 32, 64, 64, 64]},
        }
    },
    "gemma3n": {
        "text_config": {
            "num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2, "laurel_rank": 8,
            "num_kv_shared_layers": 2, "intermediate_size": 96, "vocab_size_per_layer_input": 512,
            "hidden_size_per_layer_input": 16, "activation_sparsity_pattern": [0.95, 0.0, 0.0, 0.0],
        },
        "vision_config": {
            "model_args": {"channel_multiplier": 0.0625, "msfa_output_resolution": 4}, "hidden_size": 2048,
            "vocab_offset": 400, "vocab_size": 8,
        },
        "audio_config": {
            "conf_num_hidden_layers": 1, "conf_num_attention_heads": 4, "vocab_offset": 408, "vocab_size": 8,
        },
        "vision_soft_tokens_per_image": 16,
    },
    "perception_lm": {
        "vision_config": {
            "architecture": "vit_pe_core_large_patch14_336",
            "model_args": {
                "embed_dim": 64, "depth": 2, "num_heads": 4, "img_size": [56, 56], "global_pool": "",
                "use_post_transformer_norm": False, "init_values": 0.1, "ref_feat_shape": [4, 4],
            },
        },
        "projector_pooling_ratio": 2,
    },
    "gemma3": {"vision_config": {"image_size": 64, "patch_size": 8}, "mm_tokens_per_image": 16},
    "gemma4_unified": {
        "vision_config": {"mm_embed_dim": 64, "mm_posemb_size": 64, "output_proj_dims": 64, "patch_size": 4},
        "text_config": {"global_head_dim": 16, "num_global_key_value_heads": 2},
    },
    "gemma4": {"text_config": {"vocab_size_per_layer_input": 512, "hidden_size_per_layer_input": 16}},
    "glm5_next": {
        "text_config": {
            "num_key_value_heads": 4, "linear_head_dim": 16, "linear_num_heads": 4, "qk_head_dim": 16,
            "layer_types": ["linear_attention", "indexed_attention"],
        }
    },
    "got_ocr2": {"vision_config": _SAM},
    "granite4_vision": {
        **_TILES, "deepstack_layer_map": [[-1, 0]], "downsample_rate": "1/2", "spatial_target_layers": [1],
        "qformer_config": {"num_hidden_layers": 1},
    },
    "granite_docling": {"vision_config": {"image_size": 128, "patch_size": 16}},
    "hunyuan_vl": {
        "text_config": {"head_dim": 16, "rope_parameters": {**_ROPE, "mrope_section": [2, 2, 2, 2]}},
        "im_start_id": 90, "im_end_id": 91, "im_newline_id": 92,
    },
    "idefics2": {"vision_config": {"image_size": 64, "patch_size": 16}, "perceiver_config": {"resampler_n_latents": 8}},
    "idefics3": {"vision_config": {"image_size": 64, "patch_size": 8}, "scale_factor": 2},
    "instructblip": {**_SQUARE, "num_query_tokens": 6, "image_token_index": 10},
    "internvl": {"vision_config": {"image_size": [64, 64], "patch_size": [8, 8]}, "image_seq_length": 16},
    "janus": {
        **_SQUARE,
        "vq_config": {
            "num_embeddings": 64, "latent_channels": 32, "image_token_embed_dim": 64, "base_channels": 32,
            "channel_multiplier": [1, 2], "num_res_blocks": 1,
        },
    },
    "llava": _SQUARE,
    "llava_next": _TILES,
    "llava_next_video": _TILES,
    "llava_onevision": _TILES,
    "molmo2": {"adapter_config": {"vision_feature_layer": [1, 0]}},
    "muse_glimmer": {"out_hidden_size": 256},
    "muse_spark": {
        "out_hidden_size": 256,
        "audio_config": {"num_hidden_layers": 2, "patch_sizes": (4, 4), "hidden_sizes": (32, 64), "depths": (1, 1)},
    },
    "ovis2": {"vision_config": {"image_size": 64, "patch_size": 8}},
    "paligemma": _SQUARE,
    "qianfan_ocr": {"vision_config": {"image_size": [64, 64], "patch_size": [8, 8]}, "image_seq_length": 16},
    "smolvlm": {"vision_config": {"image_size": 64, "patch_size": 8}, "scale_factor": 2},
    "step3p7": {"text_config": {"sliding_window": 4096}, "vision_config": {"image_size": 128, "patch_size": 8}},
    "unlimited_ocr": {"vision_config": {"sam_config": {**_SAM, "downsample_channels": [48, 64]}}},
    "video_llava": _SQUARE,
    "vipllava": {**_SQUARE, "vision_feature_layer": [-1, -2]},
    "glm46v": _MROPE,
    "glm4v": _MROPE,
    "glm4v_moe": _HALF,
    "glm_ocr": _MROPE,
    "paddleocr_vl": _MROPE,
    "qwen2_vl": _MROPE,
    "qwen2_5_vl": _MROPE,
    "qwen3_5": _MIXED,
    "qwen3_5_moe": _MIXED,
    "qwen4_exp": {
        "text_config": {
            "layer_types": ["linear_attention", "full_attention"], "indexer_budget": 2048, "indexer_compress_ratio": 4,
            "indexer_head_dim": 16, "indexer_kv_heads": 1, "indexer_n_heads": 2,
        }
    },
    "kimi_k25": {"text_config": {"head_dim": 8}},
    "minicpm_ocr": {**_MIXED, "image_token_id": 10},
    "minicpmv4_6": {**_MIXED, "image_token_id": 10},
    "minicpmv4_7": {**_MIXED, "image_token_id": 10},
    "lfm2_vl": {"text_config": {"layer_types": ["conv", "full_attention"]}},
    "lfm3_vl": {"text_config": {"layer_types": ["conv", "full_attention"]}},
    "qwen2_5_omni": {**_MROPE, "vision_start_token_id": 90, "vision_end_token_id": 91},
    "qwen3_omni_moe": {
        "audio_config": {"downsample_hidden_size": 16}, "vision_start_token_id": 90, "vision_end_token_id": 91,
    },
}  # fmt: skip
