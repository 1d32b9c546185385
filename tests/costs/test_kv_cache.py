"""Bytes of caches and states against the tensors in transformers' own cache, after a prompt and after an answer."""

import pytest
import torch

from tests import zoo
from tests.costs.tiny import DESCRIBED, Described, described
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.runtimes import find_runtime

RUNTIME = find_runtime("transformers")
NEW = 5


def held(cache):
    """Bytes of keys and values, and of states, in a cache of transformers."""
    kept = stated = 0
    for layer in cache.layers:
        for name in ("keys", "values", "indexer_keys", "idx_keys", "prefill_keys", "prefill_values"):
            tensor = getattr(layer, name, None)
            kept += tensor.nbytes if isinstance(tensor, torch.Tensor) else 0
        for name in ("conv_states", "recurrent_states"):
            states = getattr(layer, name, None) or {}
            stated += sum(
                one.nbytes for one in (states.values() if isinstance(states, dict) else states) if one is not None
            )
    return kept, stated


def answered(one: Described, new: int):
    """The cache after ``new`` tokens, and the positions of the prompt."""
    inputs = one.tiny.inputs(texts=[40])
    output = one.tiny.model.generate(**inputs, max_new_tokens=new, do_sample=False, return_dict_in_generate=True)
    cache = getattr(output, "cache", None)
    return output.past_key_values if cache is None else cache, inputs["input_ids"].shape[1]


def check(one: Described):
    cache, prompt = answered(one, NEW)
    lengths = [prompt + NEW - 1] * len(one.language.layers)
    expected = kv_bytes(one.language, lengths, 32, RUNTIME, new=NEW - 1)
    assert held(cache) == (expected, state_bytes(one.language, 4))


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_class(name):
    check(described(name))


def changed(name, **text):
    tiny = zoo.fresh(name, text_config=text)
    config = tiny.model.config.to_dict()
    return Described(tiny, text_sizes(config), vision_sizes(config))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("llava", {"num_key_value_heads": 1}),
        ("llava", {"num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 24}),
        ("gemma3", {"sliding_window": 16, "num_hidden_layers": 7, "layer_types": None}),
        ("gemma3", {"sliding_window": 16, "layer_types": ["full_attention", "sliding_attention"]}),
        ("gemma4", {"sliding_window": 12, "global_head_dim": 40, "num_hidden_layers": 6, "layer_types": None}),
        ("gemma4", {"num_hidden_layers": 4, "num_kv_shared_layers": 2,
                    "layer_types": ["sliding_attention", "full_attention"] * 2}),
        ("qwen3_5", {"num_hidden_layers": 8, "layer_types": None}),
        ("lfm2_vl", {"num_hidden_layers": 4, "layer_types": ["conv", "full_attention", "conv", "conv"]}),
        ("cohere2_vision", {"sliding_window": 10, "num_hidden_layers": 5, "layer_types": None}),
        ("kimi_k25", {"num_hidden_layers": 5, "head_dim": 8}),
        ("unlimited_ocr", {"sliding_window": 3}),
        ("inkling", {"sliding_window_size": 16, "num_hidden_layers": 3, "swa_num_key_value_heads": 4,
                     "layer_types": ["hybrid", "hybrid_sliding", "hybrid"], "conv_kernel_size": 3}),
        ("inkling2_loop", {"num_hidden_layers": 3, "n_layers_per_attn_res_block": 1, "loop_layer_index_start": 1,
                           "loop_layer_index_end": 3, "loop_num_passes": 2, "sliding_window_size": 16}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_every_kind_of_cache(name, text):
    check(changed(name, **text))
