"""Videos inside ``vtok.reduce``: held against the masked oracle, beside pictures too, or refused in words."""

import inspect
from typing import Any

import pytest
import torch

import vtok
from tests import zoo
from tests.vlm.oracle import greedy, hidden
from tests.vlm.proof import Scattered, assert_close, kept_columns, prove_videos
from tests.zoo.videos import prompts_with_videos
from vtok.errors import MethodError
from vtok.vlm.adapters import videos_for
from vtok.vlm.carried import words_for
from vtok.vlm.families import reducible


def kind(folder: str) -> str:
    return zoo.build(folder).model.config.model_type


FOLDERS = [name for name in zoo.names() if videos_for(kind(name))]
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


@pytest.mark.parametrize("folder", ["qwen2_5_vl", "qwen3_vl"])
def test_a_model_counts_on_from_where_the_full_prompt_would_have(folder: str) -> None:
    tiny = zoo.build(folder)
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)], [(3, 3, 3)]], pictures=[[(2, 3)], []])
    greedy(tiny.model, inputs, 1)
    deltas = tiny.model.model.rope_deltas
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        greedy(tiny.model, inputs, 1)
    keep = kept_columns(tiny.model, inputs, reduction.images, reduction.videos)
    left = inputs["attention_mask"].sum(-1, keepdim=True) - keep.sum(-1, keepdim=True)
    assert tiny.model.model.rope_deltas.equal(deltas + left)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_low_precision_and_both_attentions(attention: str, tiny: zoo.Tiny) -> None:
    own = zoo.fresh(tiny.name)
    own.model.set_attn_implementation(attention)
    inputs = prompts_with_videos(own, [[(3, 2, 3)]], pictures=[[(2, 3)]])
    with vtok.reduce(own.model, METHOD, "40%") as reduction:
        _, logits, _ = greedy(own.model, inputs, 2)
        low = own.model.to(torch.bfloat16)
        halved = {name: one.bfloat16() if name.startswith("pixel") else one for name, one in inputs.items()}
        _, coarse, cache = greedy(low, halved, 2)
    keep = kept_columns(low, inputs, reduction.images, reduction.videos)
    assert cache.get_seq_length() == int(keep.sum()) + 1
    assert torch.nn.functional.cosine_similarity(logits[0, 0], coarse[0, 0].float(), dim=0) > 0.98


def test_nothing_is_left_behind(tiny: zoo.Tiny) -> None:
    before, inputs = set(vars(tiny.model)), prompts_with_videos(tiny, [[(3, 2, 3)]])
    given, plain = set(inputs), greedy(tiny.model, inputs, 2)[1]
    with vtok.reduce(tiny.model, METHOD, "40%"):
        greedy(tiny.model, inputs, 2)
    assert set(vars(tiny.model)) == before
    assert set(inputs) == given
    assert torch.equal(greedy(tiny.model, inputs, 2)[1], plain)
