"""Sizes from configurations that keep them in unusual places: ERNIE 4.5 VL, Fuyu, Gemma 4 12B, Granite Vision 4."""

import pytest

from vtok.catalog.architectures import complete_text, complete_vision
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes

# From baidu/ERNIE-4.5-VL-28B-A3B-PT, whose configuration is flat and names no kind of encoder.
ERNIE = {
    "model_type": "ernie4_5_moe_vl", "hidden_size": 2560, "intermediate_size": 12288,
    "moe_intermediate_size": [1536, 512], "moe_k": 6, "moe_layer_start_index": [1, 1], "moe_layer_end_index": [29, 28],
    "moe_num_experts": [64, 64], "moe_num_shared_experts": 2, "num_attention_heads": 20, "num_hidden_layers": 28,
    "num_key_value_heads": 4, "vocab_size": 103424, "tie_word_embeddings": True,
    "vision_config": {"depth": 32, "embed_dim": 1280, "hidden_size": 1280, "in_channels": 3, "mlp_ratio": 4,
                      "num_heads": 16, "patch_size": 14, "spatial_merge_size": 2},
}  # fmt: skip


def test_pictures_have_experts_of_their_own():
    text, vision = text_sizes(ERNIE), vision_sizes(ERNIE)
    assert (text.kind, text.experts, text.active_experts) == ("ernie4_5_vl_moe_text", 64, 6)
    assert (text.expert_mlp, text.visual_expert_mlp, text.shared_mlp, text.dense_layers) == (1536, 512, 3072, 1)
    assert (vision.kind, vision.mlp, vision.merge) == ("ernie4_5_vl_moe_vision", 5120, 2)


def test_pictures_whose_experts_are_as_wide_as_those_of_words_have_their_own():
    assert text_sizes({**ERNIE, "moe_intermediate_size": [96, 96]}).visual_expert_mlp == 96
    assert text_sizes({**ERNIE, "moe_intermediate_size": 96}).visual_expert_mlp is None


FLAT = {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 96, "vocab_size": 512}


@pytest.mark.parametrize("text", [FLAT, {"text_config": {"model_type": "persimmon", **FLAT}}])
def test_patches_of_fuyu(text):
    config = {"model_type": "fuyu", "patch_size": 30, "num_channels": 3, **text}
    sizes, vision = text_sizes(config), complete_vision(vision_sizes(config))
    assert (sizes.kind, sizes.layers, sizes.head_dim) == ("persimmon", 2, 16)
    assert (vision.kind, vision.hidden, vision.patch, vision.layers, vision.projector) == ("fuyu", 64, 30, 0, "fuyu")


def test_the_class_has_what_fuyu_leaves_out():
    # adept/fuyu-8b names no size of its language model in the part for it.
    config = {"model_type": "fuyu", "patch_size": 30, "text_config": {"model_type": "persimmon"}}
    assert complete_text(text_sizes(config)).hidden == complete_vision(vision_sizes(config)).hidden == 4096


def test_a_square_of_patches_is_embedded_at_once():
    part = {"model_type": "gemma4_unified_vision", "patch_size": 16, "pooling_kernel_size": 3, "mm_embed_dim": 3840}
    vision = vision_sizes({"model_type": "gemma4_unified", "vision_config": {**part, "mm_posemb_size": 1120}})
    assert (vision.hidden, vision.patch, vision.merge, vision.positions) == (3840, 48, 1, 2240)


def test_a_class_that_makes_a_language_model_of_its_own():
    # ibm-granite/granite-4.0-3b-vision says of its language model that it is a hybrid, all of whose layers attend.
    text = {"model_type": "granitemoehybrid", "layer_types": ["attention"] * 4, "num_hidden_layers": 4}
    sizes = text_sizes({"model_type": "granite4_vision", "text_config": text})
    assert (sizes.kind, sizes.attention) == ("granite4_vision_text", "full")
