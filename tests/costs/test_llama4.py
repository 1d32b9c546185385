"""Llama 4, whose whole fails in transformers 5.24: its encoder, projector and language model, each by itself."""

from functools import cache

import pytest
import torch
import transformers

from tests.costs.counted import counted
from tests.costs.test_parameters import numbers
from tests.costs.tiny import parts_of
from vtok.costs import flops, weights
from vtok.costs.seeing import Seeing

TEXT = {
    "vocab_size": 300, "hidden_size": 64, "intermediate_size": 48, "intermediate_size_mlp": 160, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "num_local_experts": 4,
    "interleave_moe_layer_step": 2, "pad_token_id": 0,
}  # fmt: skip
VISION = {
    "hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 3, "image_size": 112,
    "patch_size": 14, "pixel_shuffle_ratio": 0.5, "projector_input_dim": 80, "projector_output_dim": 80,
    "vision_output_dim": 80,
}  # fmt: skip
SEEN, LENGTH = Seeing(((8, 8),) * 3), 40


@cache
def model():
    torch.manual_seed(0)
    config = transformers.Llama4Config(text_config=TEXT, vision_config=VISION)
    made = transformers.Llama4ForConditionalGeneration(config).eval().requires_grad_(False)
    made.set_attn_implementation("eager")
    return made


def test_every_number_is_counted():
    assert weights.total_parameters(*parts_of(model())) == numbers(model().parameters())


def test_seeing_agrees_with_torch():
    one, joint, _ = parts_of(model())
    pixels = torch.randn(len(SEEN.tiles), 3, 112, 112)

    def seen():
        found = model().vision_model(pixels).last_hidden_state
        model().multi_modal_projector(found.view(-1, found.shape[-1]))

    assert one.flops(SEEN) + joint.flops(SEEN, one.class_tokens) == pytest.approx(counted(seen), rel=0.01)


def test_reading_agrees_with_torch():
    _, _, text = parts_of(model())
    lengths = [LENGTH] * len(text.layers)
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, LENGTH)
    ids = torch.randint(1, 200, (1, LENGTH))
    # All experts run on every position there; those that did not choose it have nothing to read.
    idle = flops_of_idle_experts(text)
    assert read + idle == pytest.approx(counted(lambda: model().language_model(input_ids=ids)), rel=0.01)


def flops_of_idle_experts(text):
    experts = [piece for layer in text.layers for piece in layer.pieces if getattr(piece, "copies", 1) > 1]
    return sum(2 * LENGTH * (one.copies - one.used) * one.inputs * one.outputs for one in experts)
