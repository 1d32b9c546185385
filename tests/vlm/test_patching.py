"""Patches that leave before the encoder, held against the whole encoder with those patches hidden from each other."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AttentionInterface

import vtok
from tests import zoo
from tests.vlm.oracle import greedy, hidden, short_logits
from tests.vlm.proof import kept_columns, recurrent
from vtok.errors import MethodError
from vtok.reduction.chain import Step
from vtok.reduction.method import Stage
from vtok.reduction.methods.pixelprune import PixelPrune
from vtok.vlm.adapters import adapter_of
from vtok.vlm.patching import PACKED, chosen, encode, packed_tower
from vtok.vlm.towers import window_order

#: Larger than a window of Qwen2.5's encoder, and one that is smaller.
PROMPT = [[(6, 5), (3, 4)]]
FOLDERS = tuple(name for name in zoo.names() if zoo.build(name).model.config.model_type in PACKED)


def repeated(tiny: zoo.Tiny) -> dict[str, Any]:
    """Two pictures, most groups of whose patches are as the one before them; a corner of the first is blank."""
    inputs = tiny.inputs(PROMPT)
    groups = inputs["pixel_values"].clone().view(30 + 12, -1)
    for index in (1, 2, 3, 7, 8, 12, 26, 27, 28, 29, 31, 33, 38, 39):
        groups[index] = groups[index - 1]
    groups[[5, 6, 10, 11, 15, 16]] = groups[0].clone()
    return {**inputs, "pixel_values": groups.view_as(inputs["pixel_values"])}


def pictures(tiny: zoo.Tiny) -> dict[str, Any]:
    inputs = repeated(tiny)
    return {name: inputs[name] for name in ("pixel_values", "image_grid_thw")}


@contextmanager
def blind(model: Any, gone: Tensor, grids: Tensor) -> Iterator[None]:
    """Inside, no patch of the encoder attends to those in ``gone`` (groups,), but to itself."""
    tower = packed_tower(model)
    parts = (part for part in tower.modules() if hasattr(getattr(part, "config", None), "_attn_implementation"))
    configs = {id(part.config): part.config for part in parts}.values()
    unit = tower.spatial_merge_size**2
    if hasattr(tower, "window_size"):
        gone = gone[window_order(tower, grids)[0]]
    patches, place = gone.repeat_interleave(unit), [0]

    def attend(module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, **kwargs: Any) -> Any:
        count = key.shape[2]
        assert attention_mask is None
        out = patches[place[0] : place[0] + count]
        place[0] = (place[0] + count) % patches.numel()
        hide = torch.zeros(count, count).masked_fill(out[None] & ~torch.eye(count).bool(), -1e9)
        own = sys.modules[type(module).__module__].eager_attention_forward
        return own(module, query, key, value, hide[None, None], **kwargs)

    AttentionInterface.register("vtok_blind", attend)
    before = [config._attn_implementation for config in configs]
    for config in configs:
        config._attn_implementation = "vtok_blind"
    try:
        yield
    finally:
        for config, own in zip(configs, before, strict=True):
            config._attn_implementation = own


def close(ours: Tensor, theirs: Tensor, tolerance: float = 1e-5) -> None:
    """Equal to float32's tolerance at the size of the values."""
    assert float((ours - theirs).abs().max()) < tolerance * max(1.0, float(theirs.abs().max()))


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_encoder_gives_what_it_gives_when_it_cannot_see_the_rest(folder: str) -> None:
    tiny = zoo.build(folder)
    model, adapter, inputs = tiny.model, adapter_of(tiny.model), pictures(tiny)
    selections = chosen(model, inputs, Step(PixelPrune()))
    assert [one.before for one in selections] == [30, 12]
    assert [one.after for one in selections] == [16, 9]
    with torch.no_grad():
        ours = encode(adapter, model, inputs, selections, frozenset())
        with blind(model, torch.cat([one.slot < 0 for one in selections]), inputs["image_grid_thw"]):
            theirs = adapter.encode(model, inputs)
    for index, selection in enumerate(selections):
        close(ours.rows[index], theirs.rows[index][selection.kept])
        assert ours.pictures[index] == theirs.pictures[index]
        deep = zip(*(getattr(one.output, "deepstack_features", None) or () for one in (ours, theirs)), strict=True)
        for mine, whole in deep:
            close(mine[index][selection.kept], whole[index][selection.kept])
    assert ours.output.last_hidden_state.shape[-2] in (25 * 4, 25)


def cut_exactly(tiny: zoo.Tiny, method: str, inputs: dict[str, Any]) -> list[int]:
    """Answer inside the block, hold it against the whole prompt with the patches and positions hidden that left."""
    model = tiny.model
    with vtok.reduce(model, method) as reduction:
        _, logits, _ = greedy(model, inputs, 3)
    first = chosen(model, inputs, reduction.chain.at(Stage.PATCHES)[0])
    keep = kept_columns(model, inputs, reduction.images)
    with blind(model, torch.cat([one.slot < 0 for one in first]), inputs["image_grid_thw"]):
        if recurrent(model):
            expected = short_logits(model, inputs, keep, 3)
        else:
            with hidden(model, ~keep):
                expected = greedy(model, inputs, 3)[1]
    close(logits.clamp(min=-1e4), expected.clamp(min=-1e4), 1e-4)
    assert [one.before for one in reduction.selections] == [30, 12]
    return [one.after for one in reduction.selections]


@pytest.mark.parametrize("folder", FOLDERS)
def test_answers_are_those_of_the_whole_prompt_without_what_left(folder: str) -> None:
    tiny = zoo.build(folder)
    assert cut_exactly(tiny, "pixelprune", repeated(tiny)) == [16, 9]


@pytest.mark.parametrize("folder", ["qwen2_5_vl", "qwen3_vl"])
@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("pixelprune:7", 7), ("pixelprune | random:5", 5), ("pixelprune | random:25%", (7, 3)),
        ("pixelprune | visionzip(contextual=0.0):6", 6), ("pixelprune | cdpruner:8", 8),
        ("pixelprune | divprune:200", 0),
    ],
)  # fmt: skip
def test_budgets_and_methods_behind_it(folder: str, method: str, left: Any) -> None:
    counts = cut_exactly(zoo.build(folder), method, repeated(zoo.build(folder)))
    assert tuple(counts) == (left if isinstance(left, tuple) else (left, left) if left else (16, 9))


def test_batches_of_unequal_prompts_and_a_layer_behind_it() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = tiny.inputs([[(6, 5)], [(3, 4)], []], texts=[3, 6, 2])
    inputs["pixel_values"] = repeated(tiny)["pixel_values"]
    plain, hooks = greedy(tiny.model, inputs, 3)[1], count_hooks(tiny.model)
    with vtok.reduce(tiny.model, "pixelprune") as reduction:
        logits = greedy(tiny.model, inputs, 3)[1]
    keep = kept_columns(tiny.model, inputs, reduction.images)
    gone = torch.cat([one.slot < 0 for one in reduction.selections])
    with (
        blind(tiny.model, gone, inputs["image_grid_thw"]),
        hidden(tiny.model, ~keep & inputs["attention_mask"].bool()),
    ):
        close(logits, greedy(tiny.model, inputs, 3)[1], 1e-4)
    with vtok.reduce(tiny.model, "pixelprune | fastv:3@1") as reduction:
        cache = greedy(tiny.model, inputs, 1)[2]
    assert [one.after for one in reduction.selections] == [16, 9]
    assert cache.get_seq_length(0) > cache.get_seq_length(1)
    assert count_hooks(tiny.model) == hooks
    close(greedy(tiny.model, inputs, 3)[1], plain, 1e-9)


def count_hooks(model: Any) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


def test_where_nothing_repeats_nothing_changes() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = tiny.inputs(PROMPT)
    plain = greedy(tiny.model, inputs, 2)[1]
    for method in ("pixelprune", "pixelprune:100%", "pixelprune:200"):
        with vtok.reduce(tiny.model, method) as reduction:
            assert torch.equal(greedy(tiny.model, inputs, 2)[1], plain)
        assert [one.after for one in reduction.selections] == [30, 12]


def test_an_empty_window_is_gone() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = tiny.inputs([[(4, 8)]])
    groups = inputs["pixel_values"].view(32, -1)
    placed = groups.clone().view(4, 8, -1)
    # The right window repeats what is left of it; the left one is as it was.
    placed[:, 4:] = placed[:, 3:4]
    inputs["pixel_values"] = placed.view_as(inputs["pixel_values"])
    lengths: list[int] = []
    block = packed_tower(tiny.model).blocks[0]
    hook = block.register_forward_pre_hook(
        lambda _, args, kwargs: lengths.extend(kwargs["cu_seqlens"].tolist()), with_kwargs=True
    )
    with vtok.reduce(tiny.model, "pixelprune") as reduction, torch.no_grad():
        tiny.model(**inputs)
    hook.remove()
    assert reduction.selections[0].kept.tolist() == [row * 8 + column for row in range(4) for column in range(4)]
    assert lengths == [0, 64]


def test_the_docs_name_every_family_that_lets_patches_go() -> None:
    text = (Path(__file__).parents[2] / "docs" / "families.md").read_text(encoding="utf-8")
    section = text.partition("## Before the encoder")[2].partition("model types ")[2].partition(". ")[0]
    assert tuple(section.replace("`", "").replace(",", " ").split()) == PACKED


def test_what_cannot_be_is_refused_in_words() -> None:
    for folder in ("llava_next", "paddleocr_vl", "smolvlm"):
        with pytest.raises(MethodError, match=r"do not let anyone do; those of type .*qwen2_5_vl"):
            vtok.reduce(zoo.build(folder).model, "pixelprune").__enter__()
    with pytest.raises(MethodError, match="pool goes by rows and columns, which are gone behind pixelprune"):
        vtok.reduce(zoo.build("qwen2_5_vl").model, "pixelprune | pool:4").__enter__()
