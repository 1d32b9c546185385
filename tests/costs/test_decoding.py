"""FLOPs of one new token against torch's own counter, on tiny models of every class that is described."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.costs.tiny import DESCRIBED, described, fresh
from vtok.costs import flops

#: Classes that hand answering over to their language model.
HANDS_OVER = ("blip_2", "instructblip")


def counted(one, inputs, number=1):
    """FLOPs of the pass that reads new token ``number`` of an answer."""
    starts, model = [], one.tiny.model
    reader = model.language_model if one.tiny.name in HANDS_OVER else model
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        hook = reader.register_forward_pre_hook(lambda *_: starts.append(counter.get_total_flops()))
        model.generate(**inputs, max_new_tokens=number + 1, min_new_tokens=number + 1, do_sample=False)
        hook.remove()
    assert len(starts) == number + 1
    return counter.get_total_flops() - starts[number]


def expected(one, inputs, number=1):
    layers, before = one.language.layers, inputs["input_ids"].shape[1] + number - 1
    found = flops.decode(one.language, [before] * len(layers), new=number - 1)
    latent = sum(1 for layer in layers if layer.mixer.compressed < layer.mixer.stored)
    if latent:  # transformers expands the latent of every position again for each new token
        wide = one.text.heads * (one.text.plain_dim + one.text.value_dim)
        found += 2 * before * one.text.kv_rank * wide * latent
    return found


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_new_token_agrees_with_torch(name):
    one = described(name)
    inputs = one.tiny.inputs(texts=[40])
    assert expected(one, inputs) == pytest.approx(counted(one, inputs), rel=0.01)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gemma3", {"sliding_window": 3}),
        ("cohere2_vision", {"sliding_window": 3}),
        ("unlimited_ocr", {"sliding_window": 3}),
        ("inkling", {"sliding_window_size": 3}),
        ("lfm3_vl", {"sliding_window": 3, "layer_types": ["sliding_attention", "conv"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_behind_a_full_window_too(name, text):
    one = fresh(name, text_config=text)
    inputs = one.tiny.inputs(texts=[40])
    assert expected(one, inputs, 6) == counted(one, inputs, 6)
