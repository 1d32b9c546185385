"""Checkpoints that transformers has no class for: their parts against its classes of these, and published totals.

The totals are those of the checkpoints' own tensors, so that what joins the parts is held as well.
"""

import pytest
import torch

from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.costs import weights
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.towers import tower

PUBLISHED = [one for one in checkpoints() if one.sources.get("parameters", "").startswith("published")]
SO400M = {"hidden_size": 1152, "num_hidden_layers": 27, "num_attention_heads": 16, "intermediate_size": 4304}
DEEPSEEK = {
    "hidden_size": 2560, "num_hidden_layers": 30, "num_attention_heads": 32, "intermediate_size": 12288,
    "vocab_size": 129280, "n_routed_experts": 72, "n_shared_experts": 2, "num_experts_per_tok": 6,
    "moe_intermediate_size": 1536, "first_k_dense_replace": 1, "kv_lora_rank": 512,
    "q_lora_rank": None, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
}  # fmt: skip


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_the_parts_add_up_to_what_is_published(one):
    parts = tower(one.vision), projector(one.vision, one.text.hidden), language(one.text)
    assert weights.total_parameters(*parts) == one.parameters


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
