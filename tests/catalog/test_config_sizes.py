"""Sizes from configurations whose layers are not all alike, and whose heads are not hidden / heads."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.sizes import filled, from_table, known
from vtok.catalog.text_sizes import TextSizes


@pytest.mark.parametrize(
    ("config", "pattern"),
    [
        ({"sliding_window_pattern": 6}, "5 sliding, 1 full"),
        ({"full_attention_interval": 4}, "3 linear, 1 full"),
        ({"layer_types": ["full_attention"] * 4}, "full"),
        ({"layer_types": ["linear_attention"] * 2 + ["full_attention", "conv"]}, "2 linear, 1 full, 1 conv"),
        ({"full_attn_idxs": [2]}, "2 conv, 1 full, 1 conv"),
        ({"cross_attention_layers": [1, 3]}, "1 full, 1 cross, 1 full, 1 cross"),
        ({}, None),
    ],
)  # fmt: skip
def test_which_layer_does_what(config, pattern):
    assert text_sizes({"text_config": {"num_hidden_layers": 4, **config}}).attention == pattern


def test_heads_that_are_not_hidden_by_heads():
    text = {"hidden_size": 2560, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256}
    assert text_sizes({"text_config": text}).head_dim == 256


def test_latent_attention_and_shared_experts():
    text = {"kv_lora_rank": 512, "qk_rope_head_dim": 64, "n_routed_experts": 64, "moe_intermediate_size": 1408}
    sizes = text_sizes({**text, "n_shared_experts": 2})
    assert (sizes.kv_rank, sizes.rope_dim, sizes.shared_mlp) == (512, 64, 2816)


def test_vision_with_windows():
    part = {"model_type": "qwen2_5_vl", "window_size": 112, "fullatt_block_indexes": [7, 15], "spatial_merge_size": 2}
    sizes = vision_sizes({"model_type": "qwen2_5_vl", "vision_config": part})
    assert known(sizes) == {
        "kind": "qwen2_5_vl",
        "window": 112,
        "full_layers": (7, 15),
        "merge": 2,
        "projector": "qwen2_5_vl",
    }


def test_layers_are_the_encoders_where_depth_is_its_aligners():
    # Janus, transformers' configuration_janus.py.
    vision = {"model_type": "janus_vision_model", "hidden_size": 1024, "num_hidden_layers": 24, "depth": 2}
    assert vision_sizes({"model_type": "janus", "vision_config": vision}).layers == 24


@pytest.mark.parametrize(("mode", "merge", "after"), [({}, 4, 6), ({"downsample_mode": "4x"}, 2, None)])
def test_where_the_whole_says_after_which_layer_patches_are_merged(mode, merge, after):
    # As in the config.json of MiniCPM-V 4.6.
    whole = {"model_type": "minicpmv4_6", "insert_layer_id": 6, "vision_config": {"hidden_size": 1152}, **mode}
    sizes = vision_sizes(whole)
    assert (sizes.merge, sizes.merged_after) == (merge, after)


def test_layers_by_letters_and_a_state_space():
    # As in the config.json of Nemotron 3 Nano.
    part = {"model_type": "nemotron_h", "hybrid_override_pattern": "MEM*-", "mamba_num_heads": 64, "chunk_size": 128}
    sizes = text_sizes({"model_type": "nemotron_h_omni", "text_config": part})
    assert (sizes.layers, sizes.attention) == (5, "1 mamba, 1 feed, 1 mamba, 1 full, 1 feed")
    assert known(sizes)["state_space"] == {"heads": 64, "chunk": 128}
    assert text_sizes({"text_config": {**part, "hybrid_override_pattern": "M?"}}).attention is None
    assert text_sizes({"text_config": {"chunk_size": 128}}).state_space is None


def test_what_stands_beside_the_patches_of_radio():
    part = {"model_type": "radio", "patch_size": 16, "max_img_size": 2048, "num_cls_tokens": 3, "num_registers": 7}
    sizes = vision_sizes({"model_type": "nemotron_h_omni", "vision_config": part})
    assert (sizes.positions, known(sizes.radio)) == (16384, {"summaries": 10})


def test_the_whole_decides_whether_the_head_is_tied():
    inner = {"tie_word_embeddings": False}
    assert text_sizes({"tie_word_embeddings": True, "text_config": inner}).tied is True
    assert text_sizes({"text_config": inner}).tied is False


def test_tables():
    assert from_table(TextSizes, {"layer_kv_heads": [1, 2]}).layer_kv_heads == (1, 2)
    with pytest.raises(TypeError, match="hiden"):
        from_table(TextSizes, {"hiden": 3})


@dataclass(frozen=True)
class Room:
    width: int | None = None
    tiled: bool | None = None
    sides: tuple[int, ...] | None = None


@dataclass(frozen=True)
class House:
    rooms: int | None = None
    room: Room | None = None


def test_a_table_in_a_table_is_a_group():
    house = from_table(House, {"room": {"width": 3, "sides": [1, 2]}})
    assert house == House(room=Room(width=3, sides=(1, 2)))
    assert known(house) == {"room": {"width": 3, "sides": (1, 2)}}
    with pytest.raises(TypeError, match="widht"):
        from_table(House, {"room": {"widht": 3}})


def test_what_is_not_told_is_filled_in_within_groups_too():
    alike = House(rooms=4, room=Room(width=3, tiled=True))
    assert filled(House(room=Room(width=5, tiled=None)), alike) == House(4, Room(5, True))
    assert filled(House(room=Room(tiled=False)), alike) == House(4, Room(3, False))
    assert filled(House(rooms=2), alike) == House(2, Room(3, True))
    assert filled(House(rooms=2, room=Room(width=1)), House()) == House(2, Room(1))
