"""Models whose layers choose their keys by an index at their real widths, on the meta device, without weights."""

import pytest
import torch
import transformers

from tests.costs.counted import counted
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs import flops, weights
from vtok.costs.language import language
from vtok.costs.projector import projector
from vtok.costs.towers import tower

#: Figures that Qwen4-Exp's defaults leave open; two of its layers look n-grams up.
OPEN = {"indexer_n_heads": 4, "indexer_kv_heads": 1, "indexer_head_dim": 256, "indexer_budget": 2048,
        "indexer_compress_ratio": 16, "ple_layer_ids": [3, 9], "eos_token_id": 1}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [("Dots3Note", {}), ("Qwen4Exp", OPEN)])
def test_parameters_at_the_sizes_of_the_class(name, text):
    config = getattr(transformers, f"{name}Config")(text_config=text)
    with torch.device("meta"):
        model = getattr(transformers, f"{name}ForConditionalGeneration")(config)
    told = config.to_dict()
    sizes, seen = text_sizes(told), vision_sizes(told)
    parts = tower(seen), projector(seen, sizes.hidden), language(sizes)
    heard = sum(part.numel() for key, part in model.named_parameters() if "audio_tower" in key)
    assert weights.total_parameters(*parts) == sum(part.numel() for part in model.parameters()) - heard


@pytest.mark.parametrize("name", ["Dots3Note", "HYV4VL", "MistralLarge4"])
def test_flops_at_the_widths_of_the_class(name):
    layers, length = 6, 300
    few = {"num_hidden_layers": layers, "mlp_layer_types": ["dense"] * layers, "index_topk": 64, "sliding_window": 128}
    config = getattr(transformers, f"{name}TextConfig")(**few)
    config._attn_implementation = "eager"
    with torch.device("meta"):
        model = getattr(transformers, f"{name}TextModel")(config).requires_grad_(False)
        embedded = torch.empty(1, length, config.hidden_size)
        places, mask = torch.arange(length)[None], torch.zeros(1, 1, length, length)
    masks = dict.fromkeys(("indexed_attention", "sliding_attention"), mask)
    given = {"inputs_embeds": embedded, "position_ids": places, "attention_mask": masks, "use_cache": False}
    read = counted(lambda: model(**given))
    found = language(text_sizes(config.to_dict()))
    lengths = [length] * layers
    assert flops.prefill_linear(found, lengths) + flops.prefill_attention(found, lengths) == pytest.approx(
        read, rel=0.001
    )
