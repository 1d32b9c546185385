"""Sizes and parameters in the catalog against transformers' own classes, made with the catalog's sizes."""

import pytest
from building import config_of, layers_of, parameters_of

from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.sizes import known

# What the catalog does not hold of the encoders, by the class of model: transformers' names for it.
NO_HEAD = {"vision_config.vision_use_head": False}
BIASED = {"vision_config.attention_bias": True}
NORMED = {"vision_config.use_qk_norm": True, "vision_config.norm_type": "rms_norm"}
MOONLIGHT = {"text_config.q_lora_rank": None, "text_config.n_shared_experts": 2}
# The class makes an MLP of two thirds of the width that it is told; the catalog has what comes out.
THIRDED = {**NO_HEAD, "text_config.block_auto_adjust_ff_dim": False}
STRIDED = {"vision_config.vocab_size": 65536, "vision_config.hidden_stride": 2, "hidden_size": 896}
CROPPED = {"vision_config.image_size": 560}
# Of positions the class has a table an axis.
STANDARD = {"text_config.hidden_size_per_layer_input": 0, "vision_config.standardize": True}
STANDARD |= {"vision_config.position_embedding_size": 10240}
MIXED = {**STANDARD, "text_config.enable_moe_block": True, "text_config.top_k_experts": 8}

CHOOSING = {"text_config.layer_types": ["full_attention"] * 3 + ["minimax_m3_sparse"] * 57}
CHOOSING |= {"text_config.mlp_layer_types": ["dense"] * 3 + ["sparse"] * 57}
# An encoder of two, of which the catalog has the first as the encoder and the second as what reads its patches.
SECOND = {"hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2}
SECOND |= {"intermediate_size": 4864, "vocab_size": 1}
TWO = {"vision_config": {"sam_config": {}, "encoder_config": SECOND}}
TWO |= {"text_config.mlp_layer_types": ["dense"] + ["sparse"] * 11}

# The classes read which token stands for a picture in a table of words.
WORDS = {"vocabulary_map": {"<image>": 3}}
SWIN = {**WORDS, "swin_norm": True, "model_parallel_size": 4}

# Names or the beginnings of names, the class in transformers, what the catalog does not hold.
APART = {
    "text_config.moe_intermediate_size": [3584, 1536], "text_config.moe_num_shared_experts": 0,
    "text_config.mlp_layer_types": ["dense"] * 3 + ["sparse"] * 51,
}  # fmt: skip
# Layers that slide have heads of their own.
SLIDING = {"text_config.num_key_value_heads": 8}
SLIDING |= {"text_config.mlp_layer_types": ["dense"] * 2 + ["sparse"] * 64}
SMALL = {"text_config.swa_num_attention_heads": 32, "text_config.swa_num_key_value_heads": 8}
SMALL |= {"text_config.mlp_layer_types": ["dense"] * 2 + ["sparse"] * 40}
# Squares of three by three patches are embedded at once.
EMBEDDED = {
    "vision_config.patch_size": 16, "vision_config.pooling_kernel_size": 3, "vision_config.mm_posemb_size": 1120,
}  # fmt: skip
WINDOWS = {
    "downsample_rate": "4/8", "deepstack_layer_map": [[-19, 9], [-13, 6], [-7, 3], [-1, 0]],
    "spatial_target_layers": [12, 15, 18, 21],
}  # fmt: skip
CLASSES = [
    (["vtok-mini", "llava-1.5-7b", "llava-1.5-13b", "pixtral-12b"], "Llava", {}),
    (["llava-1.6-mistral-7b", "llava-1.6-vicuna-7b"], "LlavaNext", {}),
    (["llava-next-video"], "LlavaNextVideo", {}),
    (["vip-llava"], "VipLlava", {}),
    (["llava-onevision-"], "LlavaOnevision", NO_HEAD),
    (["qwen2-vl-2b"], "Qwen2VL", {"vision_config.hidden_size": 1536}),
    (["qwen2-vl-7b"], "Qwen2VL", {"vision_config.hidden_size": 3584}),
    (["qwen2-vl-72b"], "Qwen2VL", {"vision_config.hidden_size": 8192}),
    (["qwen2.5-vl", "olmocr-2"], "Qwen2_5_VL", {}),
    (["qwen3-vl-2b", "qwen3-vl-4b", "qwen3-vl-8b", "qwen3-vl-32b"], "Qwen3VL", {}),
    (["qwen3-vl-30b", "qwen3-vl-235b"], "Qwen3VLMoe", {}),
    (["qwen3.5-9b", "qwen3.5-27b"], "Qwen3_5", {}),
    (["qwen3.5-35b"], "Qwen3_5Moe", {}),
    (["internvl2-2b", "internvl2-8b", "internvl2.5-1b", "internvl2.5-2b", "internvl2.5-8b"], "InternVL", BIASED),
    (["internvl3-2b"], "InternVL", BIASED),
    (["internvl2-26b", "internvl2-76b"], "InternVL", NORMED),
    (["internvl2.5-4b", "internvl3-1b", "internvl3-8b", "internvl3-14b"], "InternVL", BIASED),
    (["internvl3.5-1b", "internvl3.5-2b", "internvl3.5-4b", "internvl3.5-8b", "internvl3.5-14b"], "InternVL", BIASED),
    (["internvl3.5-30b"], "InternVL", {**BIASED, "text_config.head_dim": 128}),
    (["internvl2.5-38b", "internvl2.5-78b", "internvl3-38b", "internvl3-78b", "internvl3.5-38b"], "InternVL", NORMED),
    (["internvl3.5-241b"], "InternVL", {**NORMED, "text_config.head_dim": 128}),
    (["gemma-3-"], "Gemma3", NO_HEAD),
    (["gemma-4-26b"], "Gemma4", MIXED),
    (["gemma-4-31b"], "Gemma4", STANDARD),
    (["paligemma-3b"], "PaliGemma", NO_HEAD),
    (["paligemma2-3b"], "PaliGemma", {**NO_HEAD, "projection_dim": 2304}),
    (["paligemma2-10b"], "PaliGemma", {**NO_HEAD, "projection_dim": 3584}),
    (["paligemma2-28b"], "PaliGemma", {**NO_HEAD, "projection_dim": 4608}),
    (["lightonocr-1b"], "LightOnOcr", {}),
    (["mistral-small-3.1"], "Mistral3", {}),
    (["mistral-large-4"], "MistralLarge4", {}),
    (["glm-4.1v"], "Glm4v", {}),
    (["glm-5.3-flash"], "Glm5Next", {}),
    (["glm-image"], "GlmImage", {}),
    (["cosmos3-edge"], "Cosmos3Edge", {}),
    (["llama-3.2-"], "Mllama", CROPPED),
    (["llama-4-"], "Llama4", {"text_config.intermediate_size": 8192, "vision_config.vision_output_dim": 4096}),
    (["ernie-4.5-vl-28b"], "Ernie4_5_VLMoe", {"text_config.moe_intermediate_size": [1536, 512]}),
    (["ernie-4.5-vl-424b"], "Ernie4_5_VLMoe", APART),
    (["gemma-4-12b"], "Gemma4Unified", EMBEDDED),
    (["granite-4.0-3b-vision"], "Granite4Vision", WINDOWS),
    (["instructblip-vicuna"], "InstructBlip", {"qformer_config": {"vocab_size": 30523}}),
    (["hy4-vl"], "HYV4VL", {}),
    (["step-3.7-flash"], "Step3p7", {}),
    (["muse-glimmer"], "MuseGlimmer", {}),
    (["muse-spark"], "MuseSpark", {}),
    (["unlimited-ocr"], "UnlimitedOcr", {}),
    (["deepseek-vl-7b"], "DeepseekVLHybrid", NO_HEAD),
    (["granite-docling"], "GraniteDocling", {}),
    (["molmo2-8b"], "Molmo2", {"adapter_config": {"intermediate_size": 12288, "text_hidden_size": 4096}}),
    (["minicpm-v-4.6"], "MiniCPMV4_6", {}),
    (["kosmos-2"], "Kosmos2", {}),
    (["minimax-m3"], "MiniMaxM3VL", CHOOSING),
    (["inkling"], "Inkling", SLIDING),
    (["inkling-small"], "Inkling", SMALL),
    (["inkling-2-small"], "Inkling2", {}),
    (["inkling-2-mini"], "Inkling2Loop", {"vision_config.text_hidden_size": 2304}),
    (["deepseek-vl-1.3b"], "DeepseekVL", NO_HEAD),
    (["deepseek-ocr-2"], "DeepseekOcr2", TWO),
    (["janus-pro-1b"], "Janus", {}),
    (["blip2-opt-2.7b"], "Blip2", {}),
    (["fuyu-8b"], "Fuyu", {}),
    (["idefics3-8b", "smolvlm-"], "Idefics3", {}),
    (["smolvlm2-"], "SmolVLM", {}),
    (["kimi-vl"], "Kimi_K25", MOONLIGHT),
    (["kimi-k2.5", "kimi-k2.6"], "Kimi_K25", {}),
    (["lfm2-vl"], "Lfm2Vl", THIRDED),
    (["lfm2.5-vl"], "Lfm2Vl", {**THIRDED, "projector_use_layernorm": False}),
    (["exaone-4.5"], "Exaone4_5_", {}),
    (["glm-4.5v", "glm-4.6v"], "Glm4vMoe", {"text_config.head_dim": 128}),
    (["command-a-vision"], "Cohere2Vision", NO_HEAD),
    (["videollama3"], "VideoLlama3", {}),
    (["qianfan"], "QianfanOCR", BIASED),
    (["paddleocr-vl"], "PaddleOCRVL", {"text_config.tie_word_embeddings": False}),
    (["aria"], "Aria", {"text_config.moe_num_shared_experts": 2}),
    (["ovis2"], "Ovis2", STRIDED),
    (["got-ocr2"], "GotOcr2", {"vision_config.window_size": 14}),
    (["hunyuanocr"], "HunYuanVL", {}),
    (["idefics2"], "Idefics2", {}),
    (["chameleon-7b"], "Chameleon", WORDS),
    (["chameleon-30b"], "Chameleon", SWIN),
    (["emu3-chat"], "Emu3", WORDS),
    (["aya-vision"], "AyaVision", {**NO_HEAD, "alignment_intermediate_size": 28672}),
]
# What reads sound, which the catalog's totals leave out, by the class.
SOUND = {"Inkling": "audio_tower"}
CASES = {
    one.name: (name, changed)
    for names, name, changed in CLASSES
    for one in checkpoints()
    if one.name.startswith(tuple(names)) and one.sources.get("parameters", "").startswith("counted")
}
# What the configuration of a class has no field for, and the catalog knows from elsewhere.
BESIDE = {"expert_mlp", "shared_mlp", "merge", "output", "qkv_bias", "qk_norm", "norm_bias", "full_kv_heads"}
BESIDE |= {"full_head_dim", "head_dim"}


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_what_the_class_has(name):
    kind, changed = CASES[name]
    one = find_checkpoint(name)
    assert parameters_of(config_of(one, kind, **changed), kind, SOUND.get(kind)) == one.parameters


def test_every_total_is_held_here_or_published():
    totals = {one.name: one.sources["parameters"] for one in checkpoints() if one.parameters}
    assert {name for name, source in totals.items() if source.startswith("counted on the class")} == set(CASES)
    assert all(source.startswith("published: ") for name, source in totals.items() if name not in CASES)


def test_deepseek_ocr_has_what_unlimited_ocr_has_and_an_embedding_of_pixels_that_it_never_uses():
    assert find_checkpoint("deepseek-ocr").parameters - find_checkpoint("unlimited-ocr").parameters == 3 * 14**2 * 1024


@pytest.mark.parametrize("name", CASES)
def test_a_directory_of_the_model_tells_the_same_sizes(name):
    kind, changed = CASES[name]
    one, made = find_checkpoint(name), config_of(find_checkpoint(name), CASES[name][0], **changed).to_dict()
    assert kind
    for ours, read in ((one.text, text_sizes(made)), (one.vision, vision_sizes(made))):
        ours, read = known(ours), known(read)
        if "attention" in ours:
            assert layers_of(ours.pop("attention"), one.text.layers) == layers_of(read["attention"], one.text.layers)
        for size, value in ours.items():
            if size in read or size not in BESIDE:
                assert shared(read.get(size), value) == value, size


def shared(read, ours):
    """What was read, of a group of sizes those alone that the catalog has."""
    return {name: read.get(name) for name in ours} if isinstance(ours, dict) and isinstance(read, dict) else read
