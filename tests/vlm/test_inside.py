"""Methods inside the language model: held against the full sequence with what left hidden from its layer on."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

import vtok
from tests import zoo
from tests.vlm.oracle import greedy, hidden
from tests.vlm.proof import Scattered, assert_close, attending, inputs_of, recurrent
from tests.vlm.test_families_in_use import cache_name, extended
from tests.zoo.overrides import OVERRIDES
from vtok.errors import MethodError, ModelError
from vtok.vlm.families import refused

#: Two cannot be told apart by a name: recycling merges what it drops.
ONE_CUT = (
    "horizon:5@2",
    "fastv:5@2",
    "keynorm:5@2",
    "dart(visual=2, textual=2):5@2",
    "vtw@2",
    "sparsevlm(recycled=0):5",
)
FAMILIES = ("llava", "qwen2_5_vl", "qwen3_vl", "gemma3", "llava_next", "idefics3")
UNEQUAL = [[(2, 3), (4, 4)], [(3, 3)], []]


@cache
def deep(name: str) -> zoo.Tiny:
    """A tiny model with four layers in its language model."""
    return zoo.fresh(name, **_merge(name, {"text_config": {"num_hidden_layers": 4}}))


def _merge(name: str, more: dict[str, Any]) -> dict[str, Any]:
    own = OVERRIDES.get(name, {})
    return {**own, **{key: {**own.get(key, {}), **value} for key, value in more.items()}}


def gone_by_layer(inputs: dict[str, Any], reduction: Any) -> list[tuple[int, Tensor]]:
    """(layer, (b, n) bool): the positions of the full prompt that are hidden from each acting layer on."""
    row, column = (inputs["input_ids"] == zoo.IMAGE_TOKEN).nonzero(as_tuple=True)
    hide = torch.zeros_like(inputs["input_ids"], dtype=torch.bool)
    found, start, standing = [], 0, []
    for image in reduction.images:
        content = image.picture.content[image.selection.kept] + start
        standing.append((row[content], column[content]))
        gone = torch.ones(image.picture.count, dtype=torch.bool)
        gone[image.kept.kept] = False
        hide[row[start : start + gone.numel()][gone], column[start : start + gone.numel()][gone]] = True
        start += image.picture.count
    found.append((0, hide.clone()))
    for layer, selections in reduction.layers:
        for number, selection in enumerate(selections):
            rows, columns = standing[number]
            kept = reduction.kept_at(layer, number)
            stays = torch.zeros(rows.numel(), dtype=torch.bool)
            stays[kept] = True
            hide[rows[~stays], columns[~stays]] = True
            standing[number] = (rows[stays], columns[stays])
            assert selection is None or selection.after == int(stays.sum())
        found.append((layer, hide.clone()))
    return found


def hold(tiny: zoo.Tiny, inputs: dict[str, Any], spec: Any, steps: int = 4) -> Any:
    """One answer under ``spec``, held against the oracle in every step; returns the reduction and the cache."""
    with vtok.reduce(tiny.model, spec) as reduction:
        _, logits, cache = greedy(tiny.model, inputs, steps)
    gone = gone_by_layer(inputs, reduction)
    with hidden(tiny.model, gone):
        expected = greedy(tiny.model, inputs, steps)[1]
    assert_close(logits, expected)
    real = inputs["attention_mask"].bool()
    for layer in attending(cache):
        hides = [hide for start, hide in gone if start <= layer]
        width = int((real & ~hides[-1]).sum(-1).max())
        assert cache.get_seq_length(layer) == width + steps - 1
    return reduction, cache


@pytest.mark.parametrize("spec", ONE_CUT)
@pytest.mark.parametrize("name", FAMILIES)
def test_what_leaves_is_hidden_from_its_layer_on(name: str, spec: str) -> None:
    tiny = deep(name)
    hold(tiny, inputs_of(tiny), spec)


@pytest.mark.parametrize(
    "spec", ["pyramiddrop:25%", "pyramiddrop(ahead=false):25%", "random:8 | fastv:5@1 | horizon:2@3"]
)
@pytest.mark.parametrize("name", FAMILIES)
def test_stages_and_chains(name: str, spec: str) -> None:
    tiny = deep(name)
    reduction, _ = hold(tiny, inputs_of(tiny), spec)
    assert len(reduction.layers) >= 2


@pytest.mark.parametrize("name", FAMILIES)
def test_batches_of_unequal_prompts(name: str) -> None:
    tiny = deep(name)
    hold(tiny, tiny.inputs(UNEQUAL, texts=[3, 6, 2]), "fastv:4@2")


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.classes()[name] not in refused()])
def test_every_class_whose_layers_can_be_reached(name: str) -> None:
    tiny = zoo.build(name)
    if recurrent(tiny.model):
        with pytest.raises((MethodError, ModelError)), vtok.reduce(tiny.model, "fastv:3@1"):
            pass
        return
    hold(tiny, inputs_of(tiny), "fastv:3@1", 3)


def test_merged_tokens_stand_in_the_hidden_states() -> None:
    tiny = deep("llava")
    inputs = inputs_of(tiny)
    with vtok.reduce(tiny.model, "sparsevlm(recycled=0.5):6") as reduction:
        _, merged, _ = greedy(tiny.model, inputs, 2)
    assert any(one is not None and one.merges for _, selections in reduction.layers for one in selections)
    with vtok.reduce(tiny.model, "sparsevlm(recycled=0):6"):
        _, plain, _ = greedy(tiny.model, inputs, 2)
    assert not torch.allclose(merged, plain)


def test_keeping_everything_changes_nothing() -> None:
    tiny = deep("qwen2_5_vl")
    inputs = inputs_of(tiny)
    plain = greedy(tiny.model, inputs, 3)[1]
    with vtok.reduce(tiny.model, "fastv:100%@1"):
        assert_close(greedy(tiny.model, inputs, 3)[1], plain)


def test_beams_and_no_cache() -> None:
    tiny = deep("qwen2_5_vl")
    inputs = tiny.inputs([[(2, 3)], [(3, 3)]])
    options = {"max_new_tokens": 3, "num_beams": 3, "do_sample": False}
    with vtok.reduce(tiny.model, "fastv:3@2") as reduction:
        beams = tiny.model.generate(**inputs, **options)
        gone = gone_by_layer(inputs, reduction)
        uncached = tiny.model.generate(**inputs, max_new_tokens=3, do_sample=False, use_cache=False)
        cached = tiny.model.generate(**inputs, max_new_tokens=3, do_sample=False)
    assert torch.equal(uncached[0], cached[0])
    with hidden(tiny.model, [(layer, hide.repeat_interleave(3, 0)) for layer, hide in gone]):
        assert torch.equal(beams, tiny.model.generate(**inputs, **options))


def test_a_chat_goes_on_over_the_cache() -> None:
    tiny = deep("qwen2_5_vl")
    inputs = inputs_of(tiny)
    with vtok.reduce(tiny.model, "random:8 | fastv:4@2") as reduction:
        said, _, cache = greedy(tiny.model, inputs, 2)
        gone = gone_by_layer(inputs, reduction)
        longer = extended(inputs, torch.cat([said, torch.tensor([[201, 202]])], 1))
        _, logits, _ = greedy(tiny.model, {**longer, cache_name(tiny.model): cache}, 2)
    with hidden(tiny.model, gone):
        assert_close(logits, greedy(tiny.model, longer, 2)[1])


def test_a_plain_forward_keeps_its_length_and_text_alone_is_untouched() -> None:
    tiny = deep("llava")
    inputs, text = inputs_of(tiny), tiny.inputs([[]])
    plain = greedy(tiny.model, text, 2)[1]
    with vtok.reduce(tiny.model, "fastv:4@2"), torch.no_grad():
        assert tiny.model(**inputs).logits.shape[1] == inputs["input_ids"].shape[1]
        assert torch.equal(greedy(tiny.model, text, 2)[1], plain)


@pytest.mark.parametrize(
    ("name", "spec", "said"),
    [
        ("llava", "fastv:4@9", "cannot act at layer 9: this model has layers 1 to 1"),
        ("llava", "horizon:4@0", "acts before the first layer"),
        ("qwen3_5", "fastv:4@1", "carry a state from token to token"),
        ("llava", "pyramiddrop:4", "4 stages, but this model only 2 layers"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(name: str, spec: str, said: str) -> None:
    model = zoo.build(name).model
    with pytest.raises(MethodError, match=said), vtok.reduce(model, spec):
        pass
    assert "generate" not in vars(model)


def test_static_caches_are_refused() -> None:
    tiny = zoo.build("llava")
    with vtok.reduce(tiny.model, "fastv:4@1"), pytest.raises(MethodError, match="static or compiled cache"):
        tiny.model.generate(**tiny.inputs(), max_new_tokens=1, cache_implementation="static")


def test_no_hook_is_left_behind() -> None:
    tiny = deep("llava")
    layers = tiny.model.model.language_model.layers

    def fail() -> None:
        with vtok.reduce(tiny.model, "fastv:4@2"):
            greedy(tiny.model, tiny.inputs(), 2)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert not any(len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in layers)
    assert tiny.model.model.language_model.config._attn_implementation == "sdpa"


def test_a_token_method_first_leaves_the_prompt_short() -> None:
    tiny = deep("qwen2_5_vl")
    inputs = inputs_of(tiny)
    with vtok.reduce(tiny.model, Scattered(), "50%"):
        _, _, cache = greedy(tiny.model, inputs, 2)
    short = cache.layers[0].keys.shape[-2]
    with vtok.reduce(tiny.model, "random:50% | vtw@2"):
        _, _, cache = greedy(tiny.model, inputs, 2)
    assert [layer.keys.shape[-2] for layer in cache.layers] == [short, short, *[short - 9] * 2]
