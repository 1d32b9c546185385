"""What lives at once in layers with an index, and in Kimi delta attention, against transformers' tensors in bf16."""

import pytest
import torch
import transformers

from tests.costs.living import Living
from vtok.catalog.config_text import text_sizes
from vtok.costs.language import language
from vtok.costs.memory import language_activations

WIDTH = 512
ALIKE = {"vocab_size": 64, "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 4, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "intermediate_size": 256,
         "kv_lora_rank": 32, "qk_nope_head_dim": 64, "v_head_dim": 64, "index_head_dim": 64, "index_n_heads": 4,
         "index_topk": 64, "mlp_layer_types": ["dense"] * 2}  # fmt: skip
RANK = {"q_lora_rank": 128, "layer_types": ["indexed_attention"] * 2}
ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [12, 10, 10]}
KIMI = {"q_lora_rank": 128, "layer_types": ["linear_attention"] * 2, "linear_num_heads": 4, "linear_head_dim": 32}
CASES = {
    "latent": ("Dots3Note", {**RANK, "qk_rope_head_dim": 32, "head_dim": 96}),
    "streams": ("HYV4VL", {**RANK, "qk_rope_head_dim": 64, "rope_parameters": ROPE}),
    "hidden": ("MistralLarge4", {"qk_rope_head_dim": 64}),
    "gated": ("Glm5Next", RANK),
    "kimi": ("Glm5Next", KIMI),
}


@pytest.mark.parametrize("length", [256, 640])
@pytest.mark.parametrize("case", CASES)
def test_what_lives_at_once(case, length):
    name, own = CASES[case]
    config = getattr(transformers, f"{name}TextConfig")(**{**ALIKE, **own})
    model = getattr(transformers, f"{name}TextModel")(config).to(torch.bfloat16).eval()
    embedded = torch.randn(1, length, WIDTH, dtype=torch.bfloat16)
    with torch.no_grad(), Living((*model.parameters(), embedded)) as living:
        model(inputs_embeds=embedded, use_cache=False)
    found = language(text_sizes({**config.to_dict(), "tie_word_embeddings": False}))
    # What entered the model is not among the tensors that it makes.
    ours = language_activations(found, [length] * 2, 2, tables=True) - 2 * length * WIDTH
    assert ours == pytest.approx(living.most, rel=0.18)
