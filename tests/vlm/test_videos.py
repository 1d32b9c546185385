"""Videos inside ``vtok.reduce``: held against the masked oracle, beside pictures too, or refused in words."""

import inspect
from typing import Any

import pytest
import torch

import vtok
from tests import zoo
from tests.conftest import tiny_model
from tests.vlm.oracle import greedy, hidden
from tests.vlm.proof import Scattered, assert_close, kept_columns, prove_videos
from tests.zoo.videos import prompts_with_videos
from vtok.errors import BudgetError, MethodError
from vtok.vlm.adapters import videos_for
from vtok.vlm.carried import words_for
from vtok.vlm.families import reducible

FOLDERS = [name for name in zoo.names() if videos_for(zoo.build(name).model.config.model_type)]
#: M-RoPE with seconds, time stamps with DeepStack, squares with a newline behind them.
KINDS = ("qwen2_5_vl", "qwen3_vl", "llava_onevision")
METHOD = Scattered()


@pytest.fixture(params=KINDS)
def tiny(request: pytest.FixtureRequest) -> zoo.Tiny:
    return zoo.build(request.param)


def said_by_the_oracle(tiny: zoo.Tiny, inputs: dict[str, Any], reduction: Any, steps: int) -> torch.Tensor:
    keep = kept_columns(tiny.model, inputs, reduction.images, reduction.videos)
    with hidden(tiny.model, ~keep & inputs["attention_mask"].bool()):
        return greedy(tiny.model, inputs, steps)[1]


@pytest.mark.parametrize("folder", FOLDERS)
def test_any_selection_equals_the_oracle_and_all_of_it_the_plain_model(folder: str) -> None:
    prove_videos(folder)


def test_the_classes_listed_are_those_proven() -> None:
    assert {one.name for one in reducible() if one.videos} == {zoo.classes()[folder] for folder in FOLDERS}


@pytest.mark.parametrize("folder", ["qwen2_vl", *KINDS])
def test_evs_keeps_the_first_frame_and_leaves_pictures_alone(folder: str) -> None:
    tiny = zoo.build(folder)
    inputs = prompts_with_videos(tiny, [[(4, 2, 3)]], pictures=[[(2, 3)]])
    with vtok.reduce(tiny.model, "evs", "50%") as reduction:
        _, logits, _ = greedy(tiny.model, inputs, 4)
    picture, video = reduction.selections
    frame = reduction.videos[0].picture.grids[0]
    assert picture.before == picture.after
    assert video.after == video.before // 2
    assert video.kept[: frame[0] * frame[1]].tolist() == list(range(frame[0] * frame[1]))
    assert_close(logits, said_by_the_oracle(tiny, inputs, reduction, 4))


def test_a_video_that_stands_still_becomes_one_frame() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]])
    pixels = inputs["pixel_values_videos"]
    inputs["pixel_values_videos"] = pixels[: pixels.shape[0] // 3].repeat(3, 1)
    with vtok.reduce(tiny.model, "still", 6) as reduction:
        greedy(tiny.model, inputs, 2)
    assert reduction.selections[0].kept.tolist() == list(range(6))
    assert reduction.selections[0].slot.tolist() == list(range(6)) * 3


def test_batches_of_unequal_prompts(tiny: zoo.Tiny) -> None:
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)], [(3, 3, 2), (3, 2, 2)], []], pictures=[[], [(2, 3)], [(3, 3)]])
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        _, logits, _ = greedy(tiny.model, inputs, 4)
    assert (len(reduction.images), len(reduction.videos)) == (2, 3)
    assert_close(logits, said_by_the_oracle(tiny, inputs, reduction, 4))


@pytest.mark.parametrize("method", ["fastv:40%@1", "evs:60% | fastv:30%@1"])
def test_methods_inside_the_language_model_take_tokens_of_videos_too(method: str, tiny: zoo.Tiny) -> None:
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]], pictures=[[(2, 3)]])
    with vtok.reduce(tiny.model, method) as reduction:
        _, logits, cache = greedy(tiny.model, inputs, 3)
    first = kept_columns(tiny.model, inputs, reduction.images, reduction.videos) if "evs" in method else None
    keep = inputs["attention_mask"].bool() if first is None else first
    later, tokens = keep.clone(), (zoo.IMAGE_TOKEN, tiny.model.config.video_token_id)
    for index, (token, one) in enumerate(zip(tokens, (*reduction.images, *reduction.videos), strict=True)):
        columns = (inputs["input_ids"][0] == token).nonzero().flatten()[one.picture.content][one.selection.kept]
        later[0, columns] = False
        later[0, columns[reduction.kept_at(1, index)]] = True
    assert [layer.keys.shape[2] for layer in cache.layers] == [int(keep.sum()) + 2, int(later.sum()) + 2]
    with hidden(tiny.model, [(0, ~keep), (1, ~later)]):
        assert_close(logits, greedy(tiny.model, inputs, 3)[1])


def test_a_chat_about_a_video_goes_on_over_the_cache(tiny: zoo.Tiny) -> None:
    inputs, more = prompts_with_videos(tiny, [[(3, 2, 3)]]), torch.tensor([[201, 202, 203]])
    name = "cache" if "cache" in inspect.signature(type(tiny.model).forward).parameters else "past_key_values"
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        said, _, cache = greedy(tiny.model, inputs, 3)
        ids = torch.cat([inputs["input_ids"], said, more], 1)
        longer = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if "mm_token_type_ids" in inputs:
            longer["mm_token_type_ids"] = 2 * (ids == tiny.model.config.video_token_id).long()
        _, logits, _ = greedy(tiny.model, {**longer, name: cache}, 3)
        another = torch.cat([ids, said[:, -1:], torch.full_like(said, tiny.model.config.video_token_id)], 1)
        with pytest.raises(MethodError, match="cannot be added to a cache"):
            greedy(tiny.model, {"input_ids": another, name: cache}, 1)
    keep = torch.cat([kept_columns(tiny.model, inputs, [], reduction.videos), torch.ones(1, 6, dtype=torch.bool)], 1)
    with hidden(tiny.model, ~keep):
        assert_close(logits, greedy(tiny.model, longer, 3)[1])


def test_beams(tiny: zoo.Tiny) -> None:
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)], [(3, 3, 3)]], pictures=[[(2, 3)], []])
    options = {"max_new_tokens": 3, "num_beams": 3, "do_sample": False}
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        ours = tiny.model.generate(**inputs, **options)
    keep = kept_columns(tiny.model, inputs, reduction.images, reduction.videos)
    with hidden(tiny.model, (~keep & inputs["attention_mask"].bool()).repeat_interleave(3, 0)):
        assert torch.equal(ours, tiny.model.generate(**inputs, **options))


def test_a_plain_forward_without_mask_and_cache_is_not_blind(tiny: zoo.Tiny) -> None:
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]])
    bare = {name: value for name, value in inputs.items() if name != "attention_mask"}
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction, torch.no_grad():
        short = tiny.model(**bare, use_cache=False).logits[:, -1]
    assert_close(short, said_by_the_oracle(tiny, inputs, reduction, 1)[:, 0])


def test_words_beside_a_video_are_not_the_pictures_placeholders() -> None:
    tiny = zoo.build("qwen2_5_vl")
    both = prompts_with_videos(tiny, [[(3, 2, 3)]], pictures=[[(2, 3)]])
    with vtok.reduce(tiny.model, "cdpruner", "40%") as reduction:
        _, logits, _ = greedy(tiny.model, both, 2)
    assert_close(logits, said_by_the_oracle(tiny, both, reduction, 2))
    held = both["input_ids"] == tiny.model.config.video_token_id
    mask = words_for(reduction.adapter, reduction.adapters, tiny.model, both["input_ids"], both["attention_mask"])
    assert mask.equal(both["attention_mask"] * ~held)


def test_nothing_is_left_behind(tiny: zoo.Tiny) -> None:
    before, inputs = set(vars(tiny.model)), prompts_with_videos(tiny, [[(3, 2, 3)]])
    names, plain = set(inputs), greedy(tiny.model, inputs, 2)[1]
    with vtok.reduce(tiny.model, METHOD, "40%"):
        greedy(tiny.model, inputs, 2)
    assert set(vars(tiny.model)) == before
    assert set(inputs) == names
    assert torch.equal(greedy(tiny.model, inputs, 2)[1], plain)


def refused(tiny: zoo.Tiny, method: str, inputs: dict[str, Any], budget: Any = "50%") -> None:
    with vtok.reduce(tiny.model, method, budget):
        greedy(tiny.model, inputs, 1)


def test_methods_for_videos_want_videos() -> None:
    tiny = zoo.build("qwen2_5_vl")
    with pytest.raises(MethodError, match="evs:50% compares the frames of a video, and this call has pictures alone"):
        refused(tiny, "evs", tiny.inputs())
    with pytest.raises(MethodError, match="which cannot be cut here"), vtok.reduce(tiny_model(), "still", "50%"):
        pass
    with pytest.raises(BudgetError, match="evs leaves at least 6 tokens of this video; a budget of 5"):
        refused(tiny, "evs", prompts_with_videos(tiny, [[(3, 2, 3)]]), 5)


@pytest.mark.parametrize("pictures", [[[]], [[(2, 3)]]])
@pytest.mark.parametrize(("method", "why"), [("visionzip", "looks into the encoder"), ("pixelprune", "acts before")])
def test_what_a_method_cannot_do_to_videos_is_refused_before_anything_is_encoded(
    pictures: Any, method: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]], pictures=pictures)
    monkeypatch.setattr(tiny.model.model.visual, "forward", lambda *_, **__: pytest.fail("something was encoded"))
    with pytest.raises(MethodError, match=f"{method} {why}"):
        refused(tiny, method, inputs)


@pytest.mark.parametrize("both", [True, False])
def test_videos_that_cannot_be_cut_are_refused_and_not_passed_on_whole(both: bool) -> None:
    tiny = zoo.build("video_llama_3")
    inputs = tiny.inputs() if both else tiny.inputs([[]])
    inputs |= {"pixel_values_videos": torch.zeros(4, 8), "video_grid_thw": torch.tensor([[1, 2, 2]])}
    with pytest.raises(MethodError, match="videos of models of type 'video_llama_3' cannot be cut"):
        refused(tiny, "random", inputs)
