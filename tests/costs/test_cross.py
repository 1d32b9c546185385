"""Llama 3.2 Vision, whose pictures stand beside the sequence: cross-attention, tiles that see each other, gates."""

from functools import cache

import pytest
import torch

import vtok
from tests.costs.counted import counted
from tests.costs.test_kv_cache import held
from tests.costs.test_parameters import numbers, parts
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs import flops, weights
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.runtimes import find_runtime
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower

TEXT = {
    "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 96, "cross_attention_layers": [1], "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
VISION = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_global_layers": 2, "attention_heads": 4,
    "image_size": 64, "patch_size": 16, "max_num_tiles": 4, "intermediate_layers_indices": [0, 2],
    "vision_output_dim": 192, "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1], [2, 2], [1, 3], [3, 1]],
}  # fmt: skip
SEEN = Seeing(((4, 4),) * 4)


@cache
def model():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.MllamaConfig(vision_config=VISION, text_config=TEXT, image_token_index=10)
    made = transformers.MllamaForConditionalGeneration(config).eval().requires_grad_(False)
    made.set_attn_implementation("eager")
    return made


def parts_of():
    config = model().config.to_dict()
    vision, text = vision_sizes(config), text_sizes(config)
    one = tower(vision)
    return one, projector(vision, text.hidden), language(text, one.looked(SEEN))


def inputs(length=40):
    ids = torch.randint(20, 500, (1, length))
    ids[0, 1] = 10
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn(1, 1, 4, 3, 64, 64),
        "aspect_ratio_ids": torch.tensor([[4]]),
        "aspect_ratio_mask": torch.ones(1, 1, 4, dtype=torch.long),
        "cross_attention_mask": torch.ones(1, length, 1, 4, dtype=torch.long),
    }


def test_every_number_is_counted():
    one, joint, text = parts_of()
    layers, tables, seeing = parts(model())
    assert parameters(weights.layer_pieces(text)) == numbers(layers)
    assert parameters(text.embedding) == numbers(tables)
    assert parameters(one.pieces) + parameters(joint.pieces) == numbers(seeing)
    assert weights.total_parameters(one, joint, text) == numbers(model().parameters())


def test_prefill_agrees_with_torch():
    one, joint, text = parts_of()
    given, length = inputs(), 40
    encoder = one.flops(SEEN)
    names = ("pixel_values", "aspect_ratio_ids", "aspect_ratio_mask")
    assert encoder == pytest.approx(
        counted(lambda: model().model.vision_model(**{name: given[name] for name in names})), rel=0.01
    )
    lengths = [length] * 3
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, length)
    whole = encoder + joint.flops(SEEN, one.class_tokens) + read
    assert whole == pytest.approx(counted(lambda: model()(**given)), rel=0.01)


def test_without_a_picture_layers_are_skipped():
    text = language(text_sizes(model().config.to_dict()))
    ids = inputs()["input_ids"].clamp(min=20)
    lengths = [40] * 3
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, 40)
    assert read == pytest.approx(counted(lambda: model()(input_ids=ids)), rel=0.01)


def test_the_cache_holds_the_picture_in_layers_that_look_at_it():
    _, _, text = parts_of()
    output = model().generate(
        **inputs(), max_new_tokens=5, min_new_tokens=5, do_sample=False, return_dict_in_generate=True
    )
    cache = getattr(output, "cache", None) or output.past_key_values
    kept, stated = held(cache)
    assert (kept, stated) == (kv_bytes(text, [44] * 3, 32, find_runtime("transformers")), 0)


def test_the_catalog_s_know_what_a_picture_costs():
    one = vtok.cost((1000, 800), "llama-3.2-11b-vision")
    two, none = vtok.cost([(1000, 800)] * 2, "llama-3.2-11b-vision"), vtok.cost([], "llama-3.2-11b-vision")
    # Eight layers keep 4 tiles of 1,601 positions, 8 heads of 128 numbers for keys and values each, in two bytes.
    picture = 8 * 4 * 1601 * 2 * 8 * 128 * 2
    text = 32 * 2 * 8 * 128 * 2
    assert one.memory.kv_cache - none.memory.kv_cache == picture + text
    assert two.memory.kv_cache - one.memory.kv_cache == picture + text
    assert none.flops.linear < one.flops.linear
