"""Which visual token each patch of an encoder belongs to, held against the models of every family that is watched."""

from typing import Any

import pytest
import torch
from torch import Tensor

import vtok
from tests import zoo
from vtok.reduction.method import Need
from vtok.vlm.adapters import adapter_of
from vtok.vlm.adapters.base import PIXELS
from vtok.vlm.towers import BLOCKS, ROWS, Places, behind, offers, watched

PROMPTS = [[(2, 4), (4, 4)], [(4, 2)]]
#: Pictures of more tokens than 4 x 4, a window of Qwen2.5's encoder.
SEVERAL_WINDOWS = [[(3, 6), (6, 5)]]
WATCHED = tuple(name for name in zoo.names() if offers(zoo.build(name).model))


def pictures(name: str, prompts: Any = PROMPTS) -> tuple[Any, Any, dict[str, Any], Tensor]:
    tiny = zoo.build(name)
    adapter, inputs = adapter_of(tiny.model), tiny.inputs(prompts)
    names = (*PIXELS, *adapter.image_inputs(tiny.model))
    return tiny.model, adapter, {one: inputs[one] for one in names if inputs.get(one) is not None}, inputs["input_ids"]


def rows(model: Any, adapter: Any, inputs: dict[str, Any], ids: Tensor) -> list[Tensor]:
    with torch.no_grad():
        return list(adapter.units(model, adapter.encode(model, inputs, frozenset(), ids).output))


def bumped(module: Any, batch: int, patch: int) -> Any:
    """A hook that changes what the attention ``module`` gives for one patch."""

    def hook(_: Any, args: Any, output: Any) -> Any:
        first = (output[0] if isinstance(output, tuple) else output).clone()
        place = first[patch] if first.ndim == 2 else first[batch, patch]
        place += 5 * torch.randn(place.shape, generator=torch.Generator().manual_seed(0))
        return (first, *output[1:]) if isinstance(output, tuple) else first

    return module.register_forward_hook(hook)


@pytest.mark.parametrize(
    ("name", "prompts"),
    [(name, PROMPTS) for name in WATCHED] + [(name, SEVERAL_WINDOWS) for name in ("qwen2_5_vl", "exaone4_5")],
)
def test_a_patch_changes_the_token_that_it_is_said_to_be_part_of(name: str, prompts: Any) -> None:
    model, adapter, inputs, ids = pictures(name, prompts)
    with watched(model) as calls:
        whole = rows(model, adapter, inputs, ids)
    counts = [unit.shape[0] for unit in whole]
    grids = [adapter.part(model, inputs, index, count).grids for index, count in enumerate(counts)]
    places = Places(model, counts, [one[0] if len(one) == 1 else None for one in grids], inputs)
    module, made = calls.layers[0]
    shapes = [query.shape[::2] for query, *_ in made]
    before = 0
    for call, (batch, patches) in enumerate(shapes):
        for patch in (patches - 1, patches // 2 + 1):
            marked = [torch.zeros(*shape) for shape in shapes]
            marked[call][batch - 1, patch] = 1
            said = torch.cat(places.by_unit(marked)).nonzero().flatten().tolist()
            handle = bumped(module, batch - 1, before + patch)
            changed = rows(model, adapter, inputs, ids)
            handle.remove()
            differs = (torch.cat(changed) - torch.cat(whole)).abs().amax(-1) > 1e-6
            assert differs.nonzero().flatten().tolist() == said
        before += patches


@pytest.mark.parametrize("name", ["qwen2_5_vl", "internvl", "gemma3", "mistral3", "smolvlm"])
def test_what_methods_see_has_one_value_a_token(name: str) -> None:
    model, adapter, inputs, ids = pictures(name)
    wanted = offers(model)
    for seen in adapter.encode(model, inputs, wanted, ids).seen:
        assert seen.has(wanted)
        assert seen.received_attention is not None
        assert seen.keys is not None
        assert seen.received_attention.shape[1] == seen.keys.shape[1] == seen.count
        assert bool((seen.received_attention > 0).all())


@pytest.mark.parametrize("name", ["mistral3", "qwen3_vl"])
def test_one_picture_beside_others_is_seen_as_alone(name: str) -> None:
    model, adapter, inputs, ids = pictures(name)
    both = adapter.encode(model, inputs, offers(model), ids).seen
    tiny = zoo.build(name)
    alone = tiny.inputs(PROMPTS[1:])
    names = [one for one in inputs if one in alone]
    lone = {one: alone[one] for one in names}
    # The last picture of the batch, on its own.
    lone["pixel_values"] = inputs["pixel_values"][-lone["pixel_values"].shape[0] :]
    seen = adapter.encode(model, lone, offers(model), alone["input_ids"]).seen[0]
    for field in ("received_attention", "keys", "vectors"):
        assert torch.allclose(getattr(both[-1], field), getattr(seen, field), atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "qwen2_5_vl",
        "qwen3_vl",
        "internvl",
        "gemma3",
        "mistral3",
        "smolvlm",
        "vipllava",
        "llava_next",
        "llava_onevision",
    ],
)
@pytest.mark.parametrize("method", ["visionzip", "fastervlm", "vispruner", "prumerge", "tome", "holov", "scope"])
def test_methods_that_read_attention_run(name: str, method: str) -> None:
    tiny = zoo.build(name)
    inputs = tiny.inputs([[(4, 4)], []])
    with vtok.reduce(tiny.model, method, "50%") as reduction:
        tiny.model(**inputs)
    (selection,) = reduction.selections
    assert selection.after == selection.before // 2


def test_a_model_whose_projector_reads_further_up() -> None:
    assert behind(zoo.build("vipllava").model) == 1
    assert behind(zoo.build("llava_next").model) == 2
    assert behind(zoo.build("qwen2_vl").model) == 1


def test_attention_is_put_back_after_an_error() -> None:
    model = zoo.build("gemma3").model
    configs = [
        part.config
        for part in model.model.vision_tower.modules()
        if hasattr(getattr(part, "config", None), "_attn_implementation")
    ]
    before = [config._attn_implementation for config in configs]

    def fail() -> None:
        with watched(model):
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert [config._attn_implementation for config in configs] == before


def test_nothing_is_offered_where_patches_are_not_understood() -> None:
    assert not ROWS & BLOCKS
    assert offers(zoo.build("llava_next").model) == frozenset()
    assert Need.CLS_ATTENTION in offers(zoo.build("internvl").model)
    assert Need.CLS_ATTENTION not in offers(zoo.build("gemma3").model)
