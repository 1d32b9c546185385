"""Layers that choose their keys by an index: tiny models whose choice is a small one, and the pairs that it leaves."""

from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.costs.counted import counted
from tests.costs.test_kv_cache import answered, held
from tests.costs.tiny import Described, fresh
from tests.zoo.overrides import OVERRIDES
from vtok.costs import flops, weights
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.mixers import Indexed, Latent, Softmax
from vtok.costs.mixers.index import pools
from vtok.costs.pieces import parameters
from vtok.costs.runtimes import find_runtime

#: Sizes of which no two are alike.
INDEX = {"index_n_heads": 3, "index_head_dim": 20, "kv_lora_rank": 28, "qk_nope_head_dim": 12, "v_head_dim": 18}
RANKED = {**INDEX, "q_lora_rank": 40}
KIMI = {"linear_num_heads": 3, "linear_head_dim": 24, "linear_conv_kernel_dim": 3}
QWEN = {"indexer_budget": 15, "indexer_compress_ratio": 5, "indexer_n_heads": 3, "indexer_head_dim": 20, "hc_count": 3,
        "hc_lowrank": 10, "linear_num_value_heads": 4, "linear_key_head_dim": 12,
        "linear_value_head_dim": 20}  # fmt: skip
NGRAMS = {"ple_layer_ids": [1], "ngram_vocab_size_base": 50, "ple_embed_dim": 48, "heads_per_ngram": 4,
          "ple_conv_kernel_size": 3}  # fmt: skip
FOUR = {**INDEX, "num_hidden_layers": 4, "layer_types": None, "mlp_layer_types": None, "index_topk": 7}
SHARED = {**FOUR, "indexer_types": ["full", "shared", "full", "shared"]}
OTHERS = {"no_rope_layers": [1, 0, 1, 0], "kv_source_layers": [0, 1, 0, 1]}
SLIDING = {"num_attention_heads": 2, "num_key_value_heads": 2, "kv_lora_rank": 24, "head_dim": 32,
           "qk_nope_head_dim": 24, "qk_rope_head_dim": 8}  # fmt: skip
CASES = {
    "averaged pools": ("qwen4_exp", QWEN),
    "n-grams": ("qwen4_exp", {**QWEN, **NGRAMS}),
    "gated pools": ("glm5_next", {**RANKED, **KIMI, "index_topk": 15, "index_kpool": 5, "hc_mult": 3}),
    "shared by layers": ("hy_v4_vl", {**SHARED, **RANKED, "hc_mult": 3}),
    "latents of others": ("mistral_large4", {**SHARED, **OTHERS}),
    "latents of others, own indexes": ("mistral_large4", {**FOUR, **OTHERS, "indexer_types": ["full"] * 4}),
    "sliding": ("dots3_note", {"index_topk": 16, "sliding_window": 32, "per_layer_config": {"1": SLIDING}}),
}


@cache
def described(case: str) -> Described:
    name, text = CASES[case]
    base = OVERRIDES.get(name, {})
    return fresh(name, **{**base, "text_config": {**base.get("text_config", {}), **text}})


def prompt(one):
    inputs = one.tiny.inputs(texts=[100])
    return inputs, inputs["input_ids"].shape[1]


def expanded_again(layer, length):
    """FLOPs with which transformers expands the latent of every kept position again for a new token."""
    attention = layer.mixer.attention if isinstance(layer.mixer, Indexed) else layer.mixer
    if not isinstance(attention, Latent):
        return 0
    (value,) = (piece for piece in layer.pieces if getattr(piece, "tensor", "") == "value")
    return value.flops(min(length, attention.window - 1) if attention.window else length)


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_counted(case):
    one = described(case)
    text = one.tiny.model.model.language_model
    pieces = (*weights.layer_pieces(one.language), *one.language.embedding)
    assert parameters(pieces) == sum(part.numel() for part in text.parameters())


@pytest.mark.parametrize("case", CASES)
def test_flops_agree_with_torch(case):
    one = described(case)
    inputs, length = prompt(one)
    model, language, lengths = one.tiny.model, one.language, [length] * len(one.language.layers)
    read = counted(lambda: model(**inputs)) - counted(one.encode(inputs))
    ours = flops.prefill_linear(language, lengths) + flops.prefill_attention(language, lengths)
    assert ours + flops.head(language, length) == pytest.approx(read, rel=0.001)
    two, three = (counted(lambda new=new: model.generate(**inputs, max_new_tokens=new)) for new in (2, 3))
    again = sum(expanded_again(layer, length + 1) for layer in language.layers)
    expected = flops.decode(language, [length + 1] * len(language.layers)) + again
    assert expected == pytest.approx(three - two, rel=0.001)


@pytest.mark.parametrize("case", CASES)
def test_caches_are_exact(case):
    one = described(case)
    cache, length = answered(one, 5)
    lengths = [length + 4] * len(one.language.layers)
    assert held(cache) == (
        kv_bytes(one.language, lengths, 32, find_runtime("transformers")),
        state_bytes(one.language, 4),
    )


@pytest.mark.parametrize("case", CASES)
def test_attention_is_left_with_the_pairs_that_models_attend_to(case):
    one = described(case)
    inputs, length = prompt(one)
    with torch.no_grad():
        tables = one.tiny.model(**inputs, output_attentions=True, use_cache=False).attentions
    mixers = [layer.mixer for layer in one.language.layers if isinstance(layer.mixer, Indexed)]
    seen = [int((table[0, 0] > 0).sum()) for table in tables]
    assert set(seen) >= {mixer.attended(length, length) for mixer in mixers}
    assert all(mixer.attended(length, length) < length * (length + 1) // 2 for mixer in mixers)


ONE = Softmax(3, 3, 5, 7)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 5), st.integers(1, 8))
def test_pairs_against_their_sum(queries, before, pool, best):
    keys = queries + before
    visible = range(before + 1, keys + 1)
    assert pools(keys, pool) - pools(before, pool) == sum(one // pool for one in visible)
    left = sum(min(best, one // pool) * pool + one % pool for one in visible)
    mixer = Indexed(ONE, None, best * pool, pool)
    assert mixer.attended(queries, keys) == left
    assert mixer.needed(queries, keys) == 2 * 3 * (5 + 7) * left
