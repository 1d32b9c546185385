"""Gemma 3n's language model, whose class needs no timm: tiny ones in full, the real ones without their weights."""

from dataclasses import replace

import pytest
import torch
import transformers

from tests.costs.counted import counted
from tests.costs.living import Living
from tests.costs.test_kv_cache import RUNTIME, held
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.formats import find_format
from vtok.costs import flops, memory, weights
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.towers import tower

SHAPE = {
    "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 24, "vocab_size": 512,
    "vocab_size_per_layer_input": 500, "hidden_size_per_layer_input": 16, "laurel_rank": 8, "sliding_window": 16,
}  # fmt: skip
PAIRS = ["sliding_attention", "full_attention"]
TINY = {
    "plain": {"num_hidden_layers": 2, "intermediate_size": 96, "num_kv_shared_layers": 0, "layer_types": PAIRS},
    "reused": {"num_hidden_layers": 6, "intermediate_size": 96, "num_kv_shared_layers": 2, "layer_types": PAIRS * 3},
    "two streams": {"num_hidden_layers": 2, "intermediate_size": 96, "num_kv_shared_layers": 0, "altup_num_inputs": 2,
                    "layer_types": PAIRS},
    "widths of their own": {"num_hidden_layers": 4, "intermediate_size": [96, 96, 64, 128], "num_kv_shared_layers": 2,
                            "layer_types": PAIRS * 2},
}  # fmt: skip
LENGTH, NEW = 40, 5


def made(config, device="cpu"):
    torch.manual_seed(0)
    with torch.device(device):
        model = transformers.Gemma3nForCausalLM(config).eval().requires_grad_(False)
    model.set_attn_implementation("eager")
    model.generation_config.eos_token_id = None
    return model, language(text_sizes(config.to_dict()))


@pytest.fixture(params=TINY)
def tiny(request):
    return made(transformers.Gemma3nTextConfig(**SHAPE, **TINY[request.param]))


def numbers(model):
    return sum(one.numel() for one in model.parameters())


def held_numbers(described):
    return parameters(weights.layer_pieces(described)) + parameters(described.embedding)


def test_every_number_is_counted(tiny):
    model, described = tiny
    assert described.tied
    assert held_numbers(described) == numbers(model)


def test_prefill_and_decoding_agree_with_torch(tiny):
    model, described = tiny
    ids, count = torch.arange(LENGTH)[None], len(described.layers)
    expected = flops.prefill_linear(described, [LENGTH] * count) + flops.prefill_attention(described, [LENGTH] * count)
    assert expected + flops.head(described, LENGTH) == counted(lambda: model(ids))
    cache = model(ids, use_cache=True).cache
    after = counted(lambda: model(ids[:, -1:], cache=cache))
    # A sliding layer looks at its window alone, which this counts in full.
    assert after <= flops.decode(described, [LENGTH] * count) <= 1.1 * after


def test_caches_are_those_of_layers_that_have_one(tiny):
    model, described = tiny
    asked = {"max_new_tokens": NEW, "do_sample": False, "return_dict_in_generate": True}
    output = model.generate(torch.arange(LENGTH)[None], **asked)
    lengths = [LENGTH + NEW - 1] * len(described.layers)
    cache = getattr(output, "cache", None) or output.past_key_values
    assert held(cache) == (kv_bytes(described, lengths, 32, RUNTIME), 0)


@pytest.mark.parametrize(("name", "layers", "mlp", "reused"), [("e2b", 30, 8192, 10), ("e4b", 35, 16384, 15)])
def test_real_sizes(name, layers, mlp, reused, monkeypatch):
    config = transformers.Gemma3nTextConfig(
        num_hidden_layers=layers, intermediate_size=mlp, num_kv_shared_layers=reused
    )
    # Without weights nothing can be checked by its value.
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", False)
    model, described = made(config, "meta")
    assert language(find_checkpoint(f"gemma-3n-{name}").text) == described
    assert held_numbers(described) == numbers(model)
    mask = torch.zeros(1, 1, LENGTH, LENGTH, device="meta")
    ids = torch.zeros(1, LENGTH, dtype=torch.long, device="meta")
    masks = {"full_attention": mask, "sliding_attention": mask}
    lengths = [LENGTH] * layers
    expected = flops.prefill_linear(described, lengths) + flops.prefill_attention(described, lengths)
    found = counted(lambda: model(ids, attention_mask=masks, use_cache=False))
    assert expected + flops.head(described, LENGTH) == found


@pytest.mark.parametrize("name", ["gemma-3n-e2b", "gemma-3n-e4b"])
def test_published_files_hold_as_many(name):
    one = find_checkpoint(name)
    text = one.text
    found = weights.total_parameters(tower(one.vision), projector(one.vision, text.hidden), language(text))
    with torch.device("meta"):
        audio = transformers.Gemma3nAudioConfig()
        encoder = numbers(transformers.Gemma3nAudioEncoder(audio))
    embedder = (audio.vocab_size + 2 + text.hidden) * audio.hidden_size
    # The files still hold keys and values of layers that make none.
    unused = text.reused * (2 * text.hidden * text.kv_heads * text.head_dim + text.head_dim)
    assert one.parameters == found + encoder + embedder + unused


@pytest.mark.parametrize(("length", "hidden", "inner"), [(256, 256, 2048), (256, 512, 4096), (384, 256, 512)])
def test_what_lives_at_once(length, hidden, inner):
    width = hidden // 8
    shape = {**SHAPE, "hidden_size": hidden, "head_dim": width, "hidden_size_per_layer_input": width}
    config = transformers.Gemma3nTextConfig(**shape, **{**TINY["reused"], "intermediate_size": inner})
    model, described = made(config)
    model.set_attn_implementation("sdpa")
    ids = torch.zeros(1, length, dtype=torch.long)
    with torch.no_grad(), Living([*model.parameters(), *model.buffers(), ids]) as living:
        model.model(ids, use_cache=False)
    found = memory.language_activations(described, [length] * len(described.layers), 4)
    assert found == pytest.approx(living.most, rel=0.03)


def test_a_published_gguf_file_is_as_large():
    text = find_checkpoint("gemma-3n-e2b").text
    form, described = find_format("q8_0"), language(text)
    found = weights.language_bytes(described, form) + weights.embedding_bytes(described, form)
    unused = 2 * text.reused * form.bytes_of("key", (text.kv_heads * text.head_dim, text.hidden))
    # ggml-org/gemma-3n-E2B-it-GGUF (989cffaba2), gemma-3n-E2B-it-Q8_0.gguf; beside tensors it has its tokens as text.
    assert 0 < 4788112064 - found - unused < 8e6


def test_a_card_has_the_tables_of_llama_cpp_only_where_they_are_the_head():
    described, form = language(find_checkpoint("gemma-3n-e2b").text), find_format("q8_0")
    table = form.bytes_of("head", (262400, 2048))
    assert weights.embedding_bytes(described, form, tables=False) == table
    assert weights.embedding_bytes(described, form) == table + form.bytes_of("embedding", (262144, 30 * 256))
    untied = replace(described, tied=False)
    assert weights.embedding_bytes(untied, form, tables=False) == 0
