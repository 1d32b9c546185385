"""What lives while residual streams are read and written, against the tensors of transformers' classes in bf16."""

import pytest
import torch
from transformers.models.glm5_next import modeling_glm5_next as glm
from transformers.models.hy_v4_vl import modeling_hy_v4_vl as hy
from transformers.models.qwen4_exp import modeling_qwen4_exp as qwen

from tests.costs.living import Living
from vtok.catalog.config_text import text_sizes
from vtok.costs.language import language
from vtok.costs.memory import language_activations

WIDTH, LENGTH = 512, 256
ALIKE = {"vocab_size": 64, "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
LATENT = {"intermediate_size": 64, "q_lora_rank": 8, "kv_lora_rank": 8, "qk_nope_head_dim": 8, "v_head_dim": 8,
          "index_head_dim": 8, "index_n_heads": 1, "index_topk": 16, "mlp_layer_types": ["dense"] * 2,
          "layer_types": ["indexed_attention"] * 2}  # fmt: skip
ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
SPARSE = {"head_dim": 8, "num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 8,
          "shared_expert_intermediate_size": 8, "layer_types": ["indexed_attention"] * 2, "indexer_n_heads": 1,
          "indexer_kv_heads": 1, "indexer_head_dim": 8, "indexer_budget": 8, "indexer_compress_ratio": 4,
          "hc_lowrank": 8}  # fmt: skip
CLASSES = {
    "separate": (hy.HYV4VLTextModel, {**LATENT, "qk_rope_head_dim": 8, "rope_parameters": ROPE}, "hc_mult"),
    "mixed": (glm.Glm5NextTextModel, LATENT, "hc_mult"),
    "low rank": (qwen.Qwen4ExpTextModel, SPARSE, "hc_count"),
}


def lived(kind, count):
    """Bytes that the class has at most while it reads, and those that are worked out."""
    cls, settings, name = CLASSES[kind]
    config = cls.config_class(**{**ALIKE, **settings, name: count})
    model = cls(config).to(torch.bfloat16).eval()
    embedded = torch.randn(1, LENGTH, WIDTH, dtype=torch.bfloat16)
    with torch.no_grad(), Living(model.parameters()) as living:
        model(inputs_embeds=embedded, use_cache=False)
    found = language(text_sizes({**config.to_dict(), "tie_word_embeddings": False}))
    return living.most, language_activations(found, [LENGTH] * 2, 2)


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_stream_more_takes(kind):
    (few, our_few), (many, our_many) = lived(kind, 4), lived(kind, 8)
    assert our_many - our_few == pytest.approx(many - few, rel=0.02)
    # What entered the model is not among the tensors that it makes.
    assert our_few - 2 * LENGTH * WIDTH == pytest.approx(few, rel=0.05)
