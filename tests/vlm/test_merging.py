"""Merging inside the encoder, held against a plain loop over its layers, and against the plain model."""

import math
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

import vtok
from tests import zoo
from tests.conftest import TOKENS, tiny_model
from tests.vlm.oracle import greedy
from vtok.errors import BudgetError, MethodError
from vtok.reduction.registry import parse_chain
from vtok.vlm.adapters import adapter_of
from vtok.vlm.merging import encode, in_order
from vtok.vlm.pipeline import VLM

Inputs = dict[str, Tensor]


def siglip() -> Any:
    from transformers import LlavaConfig, LlavaForConditionalGeneration, SiglipVisionConfig

    from tests.conftest import tiny_config

    tower = SiglipVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=4, num_attention_heads=4, image_size=84, patch_size=14
    )
    config = LlavaConfig(
        vision_config=tower, text_config=tiny_config().text_config, image_token_index=3,
        vision_feature_layer=-1, vision_feature_select_strategy="full",
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "embed" not in name:
                parameter.mul_(2)
    return model


def merged_once(x: Tensor, keys: Tensor, groups: list[list[int]], merges: int, cls: bool) -> tuple[Tensor, Any]:
    """One round over ``groups``, the first places that each row of ``x`` (m, d) stands for; loops, as one reads it."""
    unit = normalize(keys, dim=-1)
    drawn = []
    for a in range(0, len(groups), 2):
        likeness, b = max((float(unit[a] @ unit[b]), -b) for b in range(1, len(groups), 2))
        if not (cls and a == 0):
            drawn.append((-likeness, a, -b))
    into = {a: b for _, a, b in sorted(drawn)[:merges]}
    rows = []
    for row in set(range(len(groups))) - into.keys():
        parts = [row, *(a for a, b in into.items() if b == row)]
        whole = sorted(place for part in parts for place in groups[part])
        total = sum(x[part] * len(groups[part]) for part in parts)
        rows.append((whole, total / len(whole)))
    rows.sort(key=lambda one: one[0][0])
    return torch.stack([vector for _, vector in rows]), [whole for whole, _ in rows]


@torch.no_grad()
def reference(model: Any, pixels: Tensor, plan: tuple[int, ...], weighed: bool) -> tuple[Tensor, list[list[int]]]:
    """The projector's output for one picture (3, h, w), and the places (CLS among them) in each of its rows."""
    tower = model.model.vision_tower
    cls = tower.config.model_type == "clip_vision_model"
    x = tower.embeddings(pixels[None])[0]
    x = tower.pre_layrnorm(x) if cls else x
    groups, heads = [[place] for place in range(len(x))], tower.config.num_attention_heads
    for layer, merges in zip(tower.encoder.layers, plan, strict=False):
        normed, attention = layer.layer_norm1(x), layer.self_attn
        q, k, v = (
            part(normed).view(len(x), heads, -1).transpose(0, 1)
            for part in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        weight = torch.tensor([math.log(len(group)) for group in groups], dtype=x.dtype)
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]) + weighed * weight
        x = x + attention.out_proj((scores.softmax(-1) @ v).transpose(0, 1).flatten(1))
        if merges:
            x, groups = merged_once(x, k.mean(0), groups, merges, cls)
        x = x + layer.mlp(layer.layer_norm2(x))
    if cls:
        x, groups = x[1:], [[place - 1 for place in group] for group in groups[1:]]
    return model.model.multi_modal_projector(x), groups


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("weighed", [True, False])
@pytest.mark.parametrize(("made", "plan"), [("clip", (8, 8)), ("clip", (12, 11)), ("siglip", (6, 6, 6, 6))])
def test_the_encoder_is_that_of_a_plain_loop(made: str, plan: tuple[int, ...], weighed: bool, attention: str) -> None:
    model = tiny_model() if made == "clip" else siglip()
    # In double precision, so that nothing but a mistake can tell the two apart.
    model = model.double()
    model.set_attn_implementation(attention)
    pixels = torch.randn(2, 3, 84, 84, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    budget = TOKENS - sum(plan)
    step = parse_chain(f"tome_tower(proportional={str(weighed).lower()}):{budget}").steps[0]
    assert step.method.schedule(TOKENS, len(plan), budget) == plan
    with torch.no_grad():
        encoding, selections = encode(adapter_of(model), model, {"pixel_values": pixels}, step, frozenset())
    for one, rows, selection in zip(pixels, encoding.rows, selections, strict=True):
        vectors, groups = reference(model, one, plan, weighed)
        assert selection.kept.tolist() == [group[0] for group in groups]
        for slot, group in enumerate(groups):
            assert (selection.slot == slot).nonzero().flatten().tolist() == group
            assert selection.weight[group].tolist() == pytest.approx([1 / len(group)] * len(group))
        assert torch.allclose(rows, vectors, atol=1e-5, rtol=1e-5)
    assert any(len(group) > 2 for group in groups)


def test_survivors_are_in_the_order_of_their_first_places() -> None:
    # 2 goes into 3 and 4 into 1; they stand for the places 5, 0, 2, 7, 1: groups {5}, {0, 1}, {2, 7}.
    assert in_order(torch.tensor([0, 1, 3, 3, 1]), torch.tensor([5, 0, 2, 7, 1])).tolist() == [2, 0, 1, 1, 0]


def test_nothing_to_merge_changes_nothing(tiny: Any, inputs: Inputs) -> None:
    plain = greedy(tiny, inputs, 4)[1]
    for budget in ("100%", TOKENS):
        with vtok.reduce(tiny, "tome_tower", budget):
            assert torch.equal(greedy(tiny, inputs, 4)[1], plain)


def test_in_use(tiny: Any, inputs: Inputs, tiny_vlm: VLM, picture: Image.Image) -> None:
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in tiny.modules())
    for method, left in (("tome_tower:20", 20), ("tome_tower:20 | divprune:6", 6), ("tome_tower:50% | trim:7", 7)):
        with vtok.reduce(tiny, method) as reduction:
            _, _, cache = greedy(tiny, inputs, 3)
        assert [one.after for one in reduction.selections] == [left]
        assert cache.get_seq_length() == inputs["input_ids"].shape[1] - TOKENS + left + 2
    whole = tiny_vlm.prepare(picture)
    cut = tiny_vlm.cut(whole, "tome_tower", 20)
    assert cut.reduced.grid == (6, 6)
    again = tiny_vlm.reduce(tiny_vlm.encode([whole]), "tome_tower", 20)[0]
    assert torch.equal(again.reduced.vectors, cut.reduced.vectors)
    assert torch.equal(again.reduced.selection.slot, cut.reduced.selection.slot)
    assert tiny_vlm.ask(picture, "What?", method="tome_tower", budget=20, max_new_tokens=1).ledger.visual_after == 20
    assert sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in tiny.modules()) == hooks
    assert tiny.model.vision_tower.config._attn_implementation == "sdpa"


def test_what_cannot_be_is_refused_in_words(tiny: Any, inputs: Inputs) -> None:
    for method, error, words in (
        ("tome_tower:2", BudgetError, "leaves at least 9 of 36"),
        ("tome_tower:20 | pool:9", MethodError, "rows and columns, which are gone behind tome_tower"),
        ("tome_tower:20 | visionzip:9", MethodError, "visionzip reads the encoder's attention"),
        ("tome_tower:20 | tome:9", MethodError, "whose tokens are merged behind tome_tower"),
        ("downsample:20 | tome_tower:9", MethodError, "gives another grid"),
    ):
        with pytest.raises(error, match=words), vtok.reduce(tiny, method):
            tiny(**inputs)
    with pytest.raises(MethodError, match="'qwen2_5_vl'; take tome, which merges behind the encoder"):
        vtok.reduce(zoo.build("qwen2_5_vl").model, "tome_tower:4").__enter__()
    other = tiny_model()
    other.model.vision_tower.config._attn_implementation = "flash_attention_2"
    with pytest.raises(MethodError, match="which 'flash_attention_2' does not let anyone do"):
        vtok.reduce(other, "tome_tower:20").__enter__()


def test_half_precision(inputs: Inputs) -> None:
    model = tiny_model().to(torch.bfloat16)
    low = {**inputs, "pixel_values": inputs["pixel_values"].bfloat16()}
    with vtok.reduce(model, "tome_tower", 20) as reduction:
        assert greedy(model, low, 2)[1].isfinite().any()
    assert reduction.images[0].vectors.dtype == torch.bfloat16
    assert reduction.selections[0].after == 20
