"""Rows of attention, held against the whole map of the eager implementation."""

from typing import Any

import pytest
import torch

from tests.conftest import TOKENS, tiny_model
from vtok.reduction.method import Need
from vtok.vlm.adapters import adapter_of
from vtok.vlm.attention import received_weights, record, row_weights


def test_row_weights_are_softmax_of_q_times_k() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(2, 4, 5, 8, generator=generator) for _ in range(2))
    whole = (query @ key.mT / 8**0.5).softmax(-1)
    assert torch.allclose(row_weights(query, key, None, None, 0), whole[:, :, 0], atol=1e-6)
    assert torch.allclose(row_weights(query, key, None, None, -1), whole[:, :, -1], atol=1e-6)


def test_grouped_queries_and_masks() -> None:
    query, key = torch.randn(1, 4, 3, 8), torch.randn(1, 2, 3, 8)
    whole = query @ key.repeat_interleave(2, 1).mT * 0.5
    shown = torch.tensor([[True, False, True]] * 3)[None, None]
    expected = whole.masked_fill(~shown, float("-inf")).softmax(-1)[:, :, -1]
    assert torch.allclose(row_weights(query, key, shown, 0.5, -1), expected, atol=1e-6)
    added = torch.zeros(1, 1, 3, 3).masked_fill(~shown, float("-inf"))
    assert torch.allclose(row_weights(query, key, added, 0.5, -1), expected, atol=1e-6)


@pytest.mark.parametrize("part", ["vision_tower", "language_model"])
def test_recorded_rows_equal_the_eager_map(part: str, inputs: dict[str, torch.Tensor]) -> None:
    eager = tiny_model()
    eager.set_attn_implementation("eager")
    whole = eager(**inputs, output_attentions=True, return_dict=True)
    model = tiny_model()
    module = getattr(model.model, part)
    layers = module.encoder.layers if part == "vision_tower" else module.layers
    row = 0 if part == "vision_tower" else -1
    with record(module, [layer.self_attn for layer in layers], row) as recorder:
        plain = model(**inputs).logits
    assert torch.allclose(plain, whole.logits, atol=1e-4)
    if part == "language_model":
        for seen, expected in zip(recorder.weights, whole.attentions, strict=True):
            assert torch.allclose(seen[0], expected[:, :, row], atol=1e-5)
    else:
        tower = eager.model.vision_tower(inputs["pixel_values"], output_attentions=True)
        for seen, expected in zip(recorder.weights, tower.attentions, strict=True):
            assert torch.allclose(seen[0], expected[:, :, row], atol=1e-5)


@pytest.mark.parametrize("block", [1, 4, 256])
def test_received_attention_is_the_mean_over_all_rows(block: int) -> None:
    query, key = torch.randn(2, 4, 9, 3), torch.randn(2, 2, 9, 3)
    whole = (query @ key.repeat_interleave(2, 1).mT * 0.5).softmax(-1)
    assert torch.allclose(received_weights(query, key, 0.5, block), whole.mean(2), atol=1e-6)


def test_what_the_adapter_hands_to_methods(tiny: Any, inputs: dict[str, torch.Tensor]) -> None:
    wanted = frozenset({Need.CLS_ATTENTION, Need.FIRST_ATTENTION, Need.RECEIVED_ATTENTION, Need.KEYS, Need.FEATURES})
    pixels = {"pixel_values": inputs["pixel_values"]}
    seen = adapter_of(tiny).encode(tiny, pixels, wanted).seen[0]
    eager = tiny_model()
    eager.set_attn_implementation("eager")
    maps = eager.model.vision_tower(**pixels, output_attentions=True).attentions
    # The projector reads what the layer before the last gives.
    assert seen.cls_attention is not None
    assert torch.allclose(seen.cls_attention, maps[-2][0, :, 0, 1:], atol=1e-5)
    assert seen.first_attention is not None
    assert torch.allclose(seen.first_attention, maps[0][0, :, 0, 1:], atol=1e-5)
    assert seen.received_attention is not None
    assert torch.allclose(seen.received_attention, maps[-2][0].mean(1)[:, 1:], atol=1e-5)
    assert seen.keys is not None
    assert seen.keys.shape[:2] == (4, TOKENS)
    assert seen.has(wanted)
    assert not seen.has(frozenset({Need.TEXT}))


def test_the_models_own_attention_comes_back(tiny: Any, inputs: dict[str, torch.Tensor]) -> None:
    before = tiny.model.language_model.config._attn_implementation

    def fail() -> None:
        with record(tiny.model.language_model, [], row=-1):
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert tiny.model.language_model.config._attn_implementation == before
