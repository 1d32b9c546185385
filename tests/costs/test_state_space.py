"""Nemotron 3 Omni: layers that are a state space, attention or experts alone, and RADIO's encoder before them."""

from functools import cache

import pytest
import torch

from tests.costs.counted import counted
from tests.costs.test_kv_cache import held
from tests.costs.test_parameters import numbers
from tests.costs.tiny import parts_of
from vtok.costs import flops, weights
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.pieces import parameters
from vtok.costs.runtimes import find_runtime
from vtok.costs.seeing import Seeing

TEXT = {
    "model_type": "nemotron_h", "vocab_size": 512, "hidden_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 24, "mamba_num_heads": 8, "mamba_head_dim": 16, "n_groups": 2,
    "ssm_state_size": 32, "conv_kernel": 4, "chunk_size": 16, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 48, "moe_shared_expert_intermediate_size": 80, "hybrid_override_pattern": "MEM*E",
}  # fmt: skip
VISION = {
    "model_type": "radio", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_img_size": 128,
    "video_temporal_patch_size": 2, "num_cls_tokens": 2, "num_registers": 3, "summary_idxs": [0, 1],
}  # fmt: skip
SEEN = Seeing(((4, 6),))


@cache
def model():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    joined = {"vision_hidden_size": 64, "projector_hidden_size": 96, "image_token_id": 10}
    config = transformers.AutoConfig.for_model("nemotron_h_omni", text_config=TEXT, vision_config=VISION, **joined)
    module = pytest.importorskip("transformers.models.nemotron_h_omni.modeling_nemotron_h_omni")
    made = module.NemotronH_Omni_Reasoning_V3(config).eval().requires_grad_(False)
    made.set_attn_implementation("eager")
    made.set_experts_implementation("eager")
    return made


def inputs(length=40):
    ids = torch.randint(20, 500, (1, length))
    ids[0, 1:7] = 10
    patches = torch.randn(SEEN.patches, 3 * 16 * 16)
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": patches,
        "image_grid_hw": torch.tensor(SEEN.tiles),
    }


def test_every_number_is_counted():
    one, joint, text = parts_of(model())
    assert parameters(one.pieces) == numbers(model().vision_model.parameters())
    assert parameters(joint.pieces) == numbers(model().multi_modal_projector.parameters())
    found = parameters((*weights.layer_pieces(text), *text.embedding)) + text.head.parameters
    assert found == numbers(model().language_model.parameters())


def test_prefill_agrees_with_torch():
    one, joint, text = parts_of(model())
    given, length = inputs(), 40
    seeing = counted(lambda: model().get_image_features(given["pixel_values"], given["image_grid_hw"]))
    assert one.flops(SEEN) + joint.flops(SEEN, one.class_tokens) == pytest.approx(seeing, rel=0.01)
    lengths = [length] * len(text.layers)
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, length)
    assert read == pytest.approx(counted(lambda: model()(**given)) - seeing, rel=0.01)


def test_decoding_agrees_with_torch():
    _, _, text = parts_of(model())
    given = {name: value for name, value in inputs().items() if name in ("input_ids", "attention_mask")}
    given["input_ids"] = given["input_ids"].clamp(min=20)

    def said(new):
        return lambda: model().generate(**given, max_new_tokens=new, min_new_tokens=new, do_sample=False)

    expected = flops.decode(text, [41] * len(text.layers))
    assert expected == pytest.approx(counted(said(3)) - counted(said(2)), rel=0.01)


def test_caches_and_states_are_those_of_transformers():
    _, _, text = parts_of(model())
    ids = inputs()["input_ids"].clamp(min=20)
    output = model().generate(
        ids, max_new_tokens=5, min_new_tokens=5, do_sample=False, return_dict_in_generate=True
    )  # fmt: skip
    cache = getattr(output, "cache", None) or output.past_key_values
    expected = kv_bytes(text, [44] * len(text.layers), 32, find_runtime("transformers")), state_bytes(text, 4)
    assert held(cache) == expected
