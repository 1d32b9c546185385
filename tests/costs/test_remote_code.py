"""Checkpoints that transformers has no class for: their parts against its classes of these, and published totals.

The totals are those of the checkpoints' own tensors, so that what joins the parts is held as well.
"""

import pytest
import torch

from tests.costs.test_parameters import ELSEWHERE
from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.costs import weights
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.towers import tower

#: What reads sound in it is added here.
SOUNDING = "nemotron-3-nano-omni-30b-a3b"
PUBLISHED = [
    one
    for one in checkpoints()
    if one.sources.get("parameters", "").startswith("published") and one.name not in set(ELSEWHERE) - {SOUNDING}
]
SO400M = {"hidden_size": 1152, "num_hidden_layers": 27, "num_attention_heads": 16, "intermediate_size": 4304}
DEEPSEEK = {
    "hidden_size": 2560, "num_hidden_layers": 30, "num_attention_heads": 32, "intermediate_size": 12288,
    "vocab_size": 129280, "n_routed_experts": 72, "n_shared_experts": 2, "num_experts_per_tok": 6,
    "moe_intermediate_size": 1536, "first_k_dense_replace": 1, "kv_lora_rank": 512,
    "q_lora_rank": None, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
}  # fmt: skip
LLAMA = {
    "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256,
}  # fmt: skip
QWEN = {
    "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
    "intermediate_size": 18944, "vocab_size": 152064,
}  # fmt: skip
PARAKEET = {
    "hidden_size": 1024, "num_attention_heads": 8, "num_hidden_layers": 24, "intermediate_size": 4096,
    "conv_kernel_size": 9, "subsampling_conv_channels": 256, "num_mel_bins": 128, "attention_bias": False,
    "convolution_bias": False,
}  # fmt: skip
CLIP = {
    "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096, "patch_size": 14, "image_size": 336,
}  # fmt: skip


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_the_parts_add_up_to_what_is_published(one):
    parts = tower(one.vision), projector(one.vision, one.text.hidden), language(one.text)
    assert weights.total_parameters(*parts) + beside(one.name) == one.parameters


def beside(name):
    """What a published total has beside what reads pictures: Nemotron's audio encoder and its projector."""
    if name != SOUNDING:
        return 0
    joined = 1024 + 1024 * 4096 + 4096 * 2688
    return numbers("ParakeetEncoder", "ParakeetEncoderConfig", PARAKEET) + joined


@pytest.mark.parametrize(("name", "kind", "config"), [("deepseek-vl2", "DeepseekV2", DEEPSEEK)])
def test_the_language_model_is_the_class_of_its_kind(name, kind, config):
    found = language(find_checkpoint(name).text)
    held = parameters((*weights.layer_pieces(found), *found.embedding)) + found.head.parameters
    assert held == numbers(f"{kind}ForCausalLM", f"{kind}Config", config)


@pytest.mark.parametrize(
    ("name", "config"), [("deepseek-vl2", {**SO400M, "patch_size": 14, "image_size": 384})]
)  # fmt: skip
def test_the_encoder_is_the_class_of_its_kind(name, config):
    held = parameters(tower(find_checkpoint(name).vision).pieces)
    assert held == numbers("SiglipVisionModel", "SiglipVisionConfig", config)


def numbers(kind, config, sizes):
    """How many parameters a class of transformers has, counted without making them."""
    transformers = pytest.importorskip("transformers")
    with torch.device("meta"):
        model = getattr(transformers, kind)(getattr(transformers, config)(**sizes))
    return sum(part.numel() for part in model.parameters())


def test_deepseek_vl2_joins_them_with_two_matrices_and_two_vectors():
    one = find_checkpoint("deepseek-vl2")
    held = parameters(projector(one.vision, one.text.hidden).pieces)
    assert held == (4 * 1152 + 1) * 2560 + (2560 + 1) * 2560 + 2 * 2560


def test_minicpm_v_2_5_has_a_wider_language_model_and_more_queries():
    one = find_checkpoint("minicpm-v-2.5")
    found = language(one.text)
    held = parameters((*weights.layer_pieces(found), *found.embedding)) + found.head.parameters
    assert held == numbers("LlamaForCausalLM", "LlamaConfig", LLAMA)
    # 96 queries; the patches' own matrix; torch's four; three norms; one at the end.
    width = 4096
    joined = 96 * width + 1152 * width + 4 * (width + 1) * width + 6 * width + width**2
    assert parameters(projector(one.vision, width).pieces) == joined


def test_molmo_reads_squares_of_patches_in_two_layers_outputs():
    one = find_checkpoint("molmo-7b-d")
    held = parameters(projector(one.vision, one.text.hidden).pieces)
    attention = 3 * (2048 + 1) * 1024 + (1024 + 1) * 1024
    assert held == attention + 2 * 1024 * 18944 + 18944 * 3584 + 2 * 2048
    # A Qwen2 7B with 128 tokens more, and CLIP's encoder of 23 layers without what follows them.
    found = language(one.text)
    text = parameters((*weights.layer_pieces(found), *found.embedding)) + found.head.parameters
    assert text == numbers("Qwen2ForCausalLM", "Qwen2Config", QWEN) + 128 * 3584
    clip = numbers("CLIPVisionModel", "CLIPVisionConfig", {**CLIP, "num_hidden_layers": 23})
    assert parameters(tower(one.vision).pieces) == clip - 2 * 1024


def test_phi_4_multimodal_has_adapters_beside_the_class_of_transformers():
    transformers = pytest.importorskip("transformers")
    one = find_checkpoint("phi-4-multimodal")
    config = transformers.Phi4MultimodalConfig(num_attention_heads=24, tie_word_embeddings=True)
    with torch.device("meta"):
        made = transformers.Phi4MultimodalForCausalLM(config)
    audio = made.model.embed_tokens_extend.audio_embed
    known = sum(part.numel() for part in made.parameters()) - sum(part.numel() for part in audio.parameters())
    # Of rank 256 for pictures, of rank 320 for sound: queries, keys and values; output; both halves of the MLP.
    beside = 32 * (256 + 320) * ((3072 + 5120) + (3072 + 3072) + (3072 + 16384) + (8192 + 3072))
    parts = tower(one.vision), projector(one.vision, one.text.hidden), language(one.text)
    assert weights.total_parameters(*parts) == known + beside
    # A token goes through those for pictures alone.
    layer = parts[2].layers[0]
    assert layer.flops(1) == 2 * (3072 * 5120 + 3072 * 3072 + 3 * 3072 * 8192 + beside // 32 * 256 // 576)
