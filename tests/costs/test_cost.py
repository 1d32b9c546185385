"""``vtok.cost`` as a whole: parts that add up, what is unknown, what overflows, and what fewer tokens change."""

import json
from dataclasses import replace

import pytest

import vtok
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.devices import Device
from vtok.costs.request import Request
from vtok.costs.seconds import roofline
from vtok.errors import UsageError

CONFIG = {
    "model_type": "llava",
    "tie_word_embeddings": False,
    "text_config": {
        "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "intermediate_size": 11008, "vocab_size": 32064,
    },
    "vision_config": {
        "model_type": "clip_vision_model", "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096, "patch_size": 14, "image_size": 336,
    },
}  # fmt: skip
LLAVA = replace(find_checkpoint("llava-1.5-7b"), text=text_sizes(CONFIG), vision=vision_sizes(CONFIG))
CARD = Device("card", 12 * 2**30, 360e9, {"bf16": 51e12})
ONE = (336, 336)


def cost(picture=ONE, device=CARD, **asked):
    return vtok.cost(picture, LLAVA, device, **asked)


def test_the_numbers_that_everyone_knows():
    found = cost(text_tokens=24, new_tokens=0)
    assert (found.context.visual, found.context.prompt) == (576, 600)
    # 32 layers x 32 heads x (128 + 128) numbers x 2 bytes a position, and 7.06e9 parameters in all.
    assert found.memory.kv_cache == 600 * 32 * 32 * 256 * 2
    assert found.memory.weights == 2 * 7_063_427_072
    assert not found.missing


def test_sums_are_those_of_the_parts():
    data = cost().to_dict()
    memory = data["memory"]
    parts = ("kv_cache", "states", "activations", "logits", "overhead")
    assert memory["weights"] == sum(memory[part] for part in ("vision", "projector", "language", "embedding", "head"))
    assert memory["total"] == memory["weights"] + sum(memory[part] for part in parts)
    seconds = data["seconds"]
    first = sum(seconds[part]["low"] for part in ("vision", "projector", "prefill"))
    assert seconds["first_token"]["low"] == pytest.approx(first)
    assert seconds["total"]["high"] == pytest.approx(seconds["first_token"]["high"] + 127 * seconds["decode"]["high"])
    json.dumps(data)


def test_fewer_tokens_are_less_of_everything_but_weights():
    whole, quarter = cost(), cost(budget="25%")
    assert quarter.context.visual == 144
    assert quarter.context.visual_before == 576
    assert quarter.memory.weights == whole.memory.weights
    assert quarter.flops.vision == whole.flops.vision
    for part in ("linear", "attention", "decode"):
        assert getattr(quarter.flops, part) < getattr(whole.flops, part)
    assert quarter.memory.kv_cache == whole.memory.kv_cache * (144 + 64 + 127) // (576 + 64 + 127)


def test_at_a_layer_the_cache_is_cut_from_there():
    early, late = cost(budget=144), cost(budget=144, layer=16)
    assert late.memory.kv_cache == (cost().memory.kv_cache + early.memory.kv_cache) // 2
    assert late.context.visual == 576


def test_a_batch_and_several_pictures():
    one, many = cost(), cost([ONE, ONE, ONE], batch=2)
    assert many.context.visual == 3 * 576
    assert many.flops.vision == 6 * one.flops.vision
    assert many.memory.weights == one.memory.weights
    assert vtok.cost(Request((ONE,)), LLAVA, CARD) == one


def test_the_window_overflows():
    found = cost([ONE] * 8)
    assert found.context.overflow == 8 * 576 + 64 + 128 - 4096
    assert (found.context.window_of, found.fits) == ("the model", False)
    assert cost(context=512).context.window_of == "asked for"


def test_what_no_source_tells_is_unknown_and_so_is_what_rests_on_it():
    blind = replace(LLAVA, text=replace(LLAVA.text, vocabulary=None))
    found = vtok.cost(ONE, blind, CARD)
    assert found.memory.total is None
    assert found.memory.vision == cost().memory.vision
    assert found.seconds.first_token is None
    assert found.seconds.vision is not None
    assert found.missing == ("text.vocabulary",)


def test_without_a_device_there_are_no_seconds():
    found = cost(device=None)
    assert found.seconds is None
    assert found.fits is None
    assert found.memory.weights == cost().memory.weights


def test_a_device_without_a_bandwidth():
    found = cost(device=replace(CARD, bandwidth=None))
    assert found.seconds.decode is None
    assert "device.bandwidth" in found.missing


def test_a_roofline_is_the_larger_of_both():
    from vtok.catalog.formats import find_format

    form, device = find_format("bf16"), Device("d", 1, 100.0, {"bf16": 1000.0})
    device = replace(device, compute_attained=(0.5, 1.0), bandwidth_attained=(0.5, 1.0))
    computing, moving = roofline(device, form, 2000, 4000, 10), roofline(device, form, 20, 20, 400)
    assert (computing.low, computing.high) == (2, 8)
    assert (moving.low, moving.high) == (4, 8)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"context": 0}, "a context of 0"),
        ({"runtime": "word"}, "there is no runtime 'word'"),
        ({"weights": "q99"}, "no weight format 'q99'"),
        ({"kv": "q99"}, "no KV cache format 'q99'"),
        ({"pages": 3}, "a request has no such field.*pages"),
    ],
)
def test_what_makes_no_sense(asked, said):
    with pytest.raises(UsageError, match=said):
        cost(**asked)


def vision(**sizes):
    from vtok.catalog.vision_sizes import VisionSizes

    return VisionSizes("qwen3_vl_vision", patch=16, heads=16, positions=2304, merge=2, projector="qwen3_vl", **sizes)


@pytest.mark.parametrize(
    ("sizes", "logged"),
    [
        ({"hidden": 1024, "layers": 24, "mlp": 4096, "output": 2560}, 223.30),
        ({"hidden": 1152, "layers": 27, "mlp": 4304, "output": 4096, "deepstack": (8, 16, 24)}, 372.08),
    ],
)
def test_the_encoders_buffer_is_what_llama_cpp_logs(sizes, logged):
    """What llama.cpp logs for a picture of 1,472 x 1,472 px, as quoted in ggml-org/llama.cpp #22673 and #18181."""
    from vtok.costs.memory import encoder_buffer
    from vtok.costs.projector import projector
    from vtok.costs.seeing import Seeing
    from vtok.costs.towers import tower

    one = vision(**sizes)
    found = encoder_buffer(tower(one), projector(one, 4096), Seeing(((92, 92),)), 4)
    assert found / 2**20 == pytest.approx(logged, rel=0.05)


def test_a_micro_batch_is_what_llama_cpp_logs():
    """Its compute buffer for Qwen2.5-7B without a picture, 304.00 MiB: logits and a hidden state of 512 positions."""
    config = {
        "model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": False,
    }  # fmt: skip
    model = replace(LLAVA, text=text_sizes(config), runtime="llama.cpp", counted_by="its own")
    memory = vtok.cost([], model, CARD, runtime="llama.cpp", text_tokens=600).memory
    assert (memory.logits + memory.activations) / 2**20 == pytest.approx(304.00)
