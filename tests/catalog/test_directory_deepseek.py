"""Directories of DeepSeek-OCR and its kin as their own code writes them, against the catalog."""

import json

import pytest

import vtok
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.config_deepseek import in_transformers_words
from vtok.catalog.directory import read_directory
from vtok.catalog.sizes import known

TEXT = {
    "first_k_dense_replace": 1, "hidden_size": 1280, "intermediate_size": 6848, "kv_lora_rank": None,
    "moe_intermediate_size": 896, "n_routed_experts": 64, "n_shared_experts": 2, "num_attention_heads": 10,
    "num_experts_per_tok": 6, "num_hidden_layers": 12, "num_key_value_heads": 10, "q_lora_rank": None,
    "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "use_mla": False, "v_head_dim": 0, "vocab_size": 129280,
}  # fmt: skip
SAM = {"downsample_channels": [512, 1024], "global_attn_indexes": [2, 5, 8, 11], "heads": 12, "layers": 12}
SAM |= {"width": 768}
CLIP = {"heads": 16, "image_size": 224, "layers": 24, "patch_size": 14, "width": 1024}
VISION = {"image_size": 1024, "mlp_ratio": 3.7362, "model_type": "vision"}
FIRST = {**VISION, "model_name": "deeplip_b_l", "width": {"clip-l-14-224": CLIP, "sam_vit_b": SAM}}
SECOND = {**VISION, "model_name": "deepencoderv2", "width": {"qwen2-0-5b": {"dim": 896}, "sam_vit_b": SAM}}
WINDOW = {"sliding_window_size": 128, "sliding_window": 128}

KINDS = {
    "deepseek-ocr": ("deepseek_vl_v2", {**TEXT, "max_position_embeddings": 8192}, FIRST, {}),
    "unlimited-ocr": ("unlimited-ocr", {**TEXT, "max_position_embeddings": 32768}, FIRST, WINDOW),
    "deepseek-ocr-2": ("deepseek_vl_v2", {**TEXT, "max_position_embeddings": 8192}, SECOND, {}),
}


@pytest.fixture(params=KINDS)
def pair(request, tmp_path):
    """The checkpoint of the catalog, and the directory of it."""
    kind, language, vision, beside = KINDS[request.param]
    config = {"model_type": kind, "language_config": language, "vision_config": vision, **beside}
    processor = {"candidate_resolutions": [[1024, 1024]], "downsample_ratio": 4, "patch_size": 16}
    for name, part in {"config": config, "processor_config": processor}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(part))
    return find_checkpoint(request.param), tmp_path


@pytest.mark.parametrize("size", [(1600, 1200), (300, 200), (900, 4000)])
def test_they_count_as_the_catalog_does(pair, size):
    one, path = pair
    assert read_directory(path).family.layout(*size) == one.family.layout(*size)


def test_they_have_the_sizes_of_the_catalog(pair):
    one, path = pair
    found = read_directory(path)
    if one.context:
        assert found.context == one.context
    for ours, read in ((known(one.text), known(found.text)), (known(one.vision), known(found.vision))):
        ours.pop("attention", None)
        for size, value in ours.items():
            told = read[size]
            assert ({key: told.get(key) for key in value} if isinstance(value, dict) else told) == value, size


def test_they_cost_what_the_catalog_says(pair):
    one, path = pair
    named, read = (vtok.cost((1600, 1200), model, "rtx-4090") for model in (one.name, str(path)))
    assert read.flops == named.flops
    assert read.missing == ()
    spare = (
        2 * 3 * 14**2 * 1024 if one.name == "unlimited-ocr" else 0
    )  # its files hold it, transformers' class does not
    assert read.memory.total == named.memory.total + spare


def test_other_configurations_stay_as_they_are():
    for config in ({}, {"vision_config": {"model_name": ["deeplip_b_l"]}}, {"vision_config": {"model_name": "siglip"}}):
        assert in_transformers_words(config) is config
