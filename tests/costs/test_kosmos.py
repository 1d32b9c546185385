"""Kosmos-2, whose pictures become 64 queries that read the patches and themselves."""

from functools import cache

import pytest
import torch

from tests.costs.counted import counted
from tests.costs.test_kv_cache import held
from tests.costs.test_parameters import numbers
from tests.costs.tiny import parts_of
from vtok.costs import flops, weights
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.runtimes import find_runtime
from vtok.costs.seeing import Seeing

TEXT = {"vocab_size": 512, "embed_dim": 64, "layers": 2, "attention_heads": 4, "ffn_dim": 96}
VISION = {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2, "num_attention_heads": 3}
VISION |= {"image_size": 56, "patch_size": 14}
QUERIES, SEEN = 6, Seeing(((4, 4),))


@cache
def model():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.Kosmos2Config(text_config=TEXT, vision_config=VISION, latent_query_num=QUERIES)
    made = transformers.Kosmos2ForConditionalGeneration(config).eval().requires_grad_(False)
    made.set_attn_implementation("eager")
    return made


def inputs(length=40):
    marked = torch.zeros(1, length, dtype=torch.long)
    marked[0, 2 : 2 + QUERIES] = 1
    return {
        "input_ids": torch.randint(10, 500, (1, length)),
        "attention_mask": torch.ones(1, length, dtype=torch.long),
        "pixel_values": torch.randn(1, 3, 56, 56),
        "image_embeds_position_mask": marked,
    }


def test_every_number_is_counted():
    assert weights.total_parameters(*parts_of(model())) == numbers(model().parameters())


def test_prefill_agrees_with_torch():
    one, joint, text = parts_of(model())
    given, length = inputs(), 40
    seeing = counted(lambda: model().get_image_features(given["pixel_values"]))
    assert one.flops(SEEN) + joint.flops(SEEN, one.class_tokens) == pytest.approx(seeing, rel=0.01)
    lengths = [length] * len(text.layers)
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, length)
    assert read == pytest.approx(counted(lambda: model()(**given)) - seeing, rel=0.01)


def test_the_cache_is_that_of_transformers():
    _, _, text = parts_of(model())
    output = model().generate(
        **inputs(), max_new_tokens=5, min_new_tokens=5, do_sample=False, return_dict_in_generate=True
    )  # fmt: skip
    cache = getattr(output, "cache", None) or output.past_key_values
    assert held(cache) == (kv_bytes(text, [44] * len(text.layers), 32, find_runtime("transformers")), 0)
