"""A few families of every kind, used as people use them: batches, chats, beams, plain calls, low precision."""

import inspect
from typing import Any

import pytest
import torch

import vtok
from tests import zoo
from tests.vlm.oracle import greedy, hidden
from tests.vlm.proof import Scattered, assert_close, kept_columns
from vtok.errors import MethodError

#: Tiles with newlines, M-RoPE, DeepStack, two-way pictures, rows by prompt, row breaks, joined tiles, lost positions.
KINDS = ("llava_next", "qwen2_5_vl", "qwen3_vl", "gemma3", "idefics3", "mistral3", "internvl", "exaone4_5", "gemma4")
METHOD = Scattered()
UNEQUAL = [[(2, 3), (4, 4)], [(3, 3)], []]


def cache_name(model: Any) -> str:
    return "cache" if "cache" in inspect.signature(type(model).forward).parameters else "past_key_values"


@pytest.fixture(params=KINDS)
def tiny(request: pytest.FixtureRequest) -> zoo.Tiny:
    return zoo.build(request.param)


def test_batches_of_unequal_prompts(tiny: zoo.Tiny) -> None:
    inputs = tiny.inputs(UNEQUAL, texts=[3, 6, 2])
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        _, logits, _ = greedy(tiny.model, inputs, 4)
    keep = kept_columns(tiny.model, inputs, reduction.images)
    with hidden(tiny.model, ~keep & inputs["attention_mask"].bool()):
        assert_close(logits, greedy(tiny.model, inputs, 4)[1])


def test_a_chat_goes_on_over_the_cache(tiny: zoo.Tiny) -> None:
    inputs = tiny.inputs([[(2, 3), (3, 4)]])
    more = torch.tensor([[201, 202, 203]])
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        said, _, cache = greedy(tiny.model, inputs, 3)
        keep = kept_columns(tiny.model, inputs, reduction.images)
        turns, length = [], int(keep.sum()) + 2
        for _ in range(2):
            inputs = extended(inputs, torch.cat([said, more], 1))
            said, logits, cache = greedy(tiny.model, {**inputs, cache_name(tiny.model): cache}, 3)
            turns.append((inputs, logits))
            # What was said last enters the cache with the next turn.
            length += 1 + 3 + 2
            assert cache.get_seq_length() == length
    with hidden(tiny.model, ~keep):
        for prompt, logits in turns:
            assert_close(logits, greedy(tiny.model, prompt, 3)[1])


def extended(inputs: dict[str, Any], more: torch.Tensor) -> dict[str, Any]:
    """The whole conversation: ``inputs`` with ``more`` text behind it."""
    longer = {**inputs, "input_ids": torch.cat([inputs["input_ids"], more], 1)}
    for name, fill in (("attention_mask", 1), ("mm_token_type_ids", 0), ("token_type_ids", 0)):
        if name in inputs:
            longer[name] = torch.cat([inputs[name], torch.full_like(more, fill)], 1)
    return longer


def test_a_loop_of_ones_own_over_the_cache(tiny: zoo.Tiny) -> None:
    inputs, name = tiny.inputs([[(2, 3)]]), cache_name(tiny.model)
    with vtok.reduce(tiny.model, METHOD, "40%"), torch.no_grad():
        expected = greedy(tiny.model, inputs, 3)[1][0]
        output = tiny.model(**inputs, use_cache=True)
        rows = [output.logits[0, -1]]
        for _ in range(2):
            step = {"input_ids": rows[-1].argmax().view(1, 1), name: output[name], "use_cache": True}
            output = tiny.model(**step)
            rows.append(output.logits[0, -1])
    assert_close(torch.stack(rows), expected)


def test_beams_and_several_samples(tiny: zoo.Tiny) -> None:
    inputs = tiny.inputs([[(2, 3)], [(3, 3)]])
    options = {"max_new_tokens": 3, "num_beams": 3, "do_sample": False}
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction:
        ours = tiny.model.generate(**inputs, **options)
        sampled = tiny.model.generate(**inputs, max_new_tokens=2, do_sample=True, num_return_sequences=2)
    assert sampled.shape == (4, inputs["input_ids"].shape[1] + 2)
    keep = kept_columns(tiny.model, inputs, reduction.images)
    hide = (~keep & inputs["attention_mask"].bool()).repeat_interleave(3, 0)
    with hidden(tiny.model, hide):
        assert torch.equal(ours, tiny.model.generate(**inputs, **options))


def test_a_plain_forward_without_mask_and_cache_is_not_blind(tiny: zoo.Tiny) -> None:
    inputs = tiny.inputs([[(2, 3), (3, 4)]])
    bare = {name: value for name, value in inputs.items() if name != "attention_mask"}
    with vtok.reduce(tiny.model, METHOD, "40%") as reduction, torch.no_grad():
        short = tiny.model(**bare, use_cache=False).logits[:, -1]
    with hidden(tiny.model, ~kept_columns(tiny.model, inputs, reduction.images)):
        assert_close(short, greedy(tiny.model, inputs, 1)[1][:, 0])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_low_precision_and_both_attentions(attention: str, tiny: zoo.Tiny) -> None:
    own = zoo.fresh(tiny.name)
    own.model.set_attn_implementation(attention)
    inputs = own.inputs([[(2, 3), (3, 4)]])
    with vtok.reduce(own.model, METHOD, "40%") as reduction:
        _, logits, _ = greedy(own.model, inputs, 2)
        low = own.model.to(torch.bfloat16)
        _, coarse, cache = greedy(low, {k: half(v) for k, v in inputs.items()}, 2)
    assert cache.get_seq_length() == int(kept_columns(own.model, inputs, reduction.images).sum()) + 1
    assert torch.nn.functional.cosine_similarity(logits[0, 0], coarse[0, 0].float(), dim=0) > 0.98


def half(value: torch.Tensor) -> torch.Tensor:
    return value.bfloat16() if value.is_floating_point() else value


def test_text_alone_goes_through_untouched(tiny: zoo.Tiny) -> None:
    inputs = tiny.inputs([[]])
    plain = greedy(tiny.model, inputs, 3)[1]
    with vtok.reduce(tiny.model, METHOD, "40%"):
        assert torch.equal(greedy(tiny.model, inputs, 3)[1], plain)


def test_nothing_is_left_behind_after_an_error(tiny: zoo.Tiny) -> None:
    before = set(vars(tiny.model))
    inputs = tiny.inputs([[(2, 3)]])
    plain = greedy(tiny.model, inputs, 2)[1]

    def fail() -> None:
        with vtok.reduce(tiny.model, METHOD, "40%"):
            greedy(tiny.model, inputs, 2)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert set(vars(tiny.model)) == before
    assert torch.equal(greedy(tiny.model, inputs, 2)[1], plain)


def test_other_conversations_and_new_pictures_are_refused() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs, name = tiny.inputs([[(2, 3)]]), cache_name(tiny.model)
    with vtok.reduce(tiny.model, METHOD, "40%"):
        said, _, cache = greedy(tiny.model, inputs, 2)
        longer = extended(inputs, torch.cat([said, torch.tensor([[zoo.IMAGE_TOKEN, 7]])], 1))
        with pytest.raises(MethodError, match="pictures cannot be added to a cache"):
            greedy(tiny.model, {**longer, name: cache}, 1)
        other = extended({**inputs, "input_ids": inputs["input_ids"] + 1}, said)
        with pytest.raises(MethodError, match="does not begin with the one"):
            greedy(tiny.model, {**other, name: cache}, 1)


def test_positions_that_are_places_are_not_renumbered() -> None:
    tiny = zoo.build("qwen2_5_vl")
    with (
        pytest.raises(MethodError, match="renumber would tear apart"),
        vtok.reduce(tiny.model, METHOD, "40%", renumber=True),
    ):
        greedy(tiny.model, tiny.inputs([[(2, 3)]]), 1)


def test_methods_by_rows_and_columns_refuse_where_there_are_none() -> None:
    tiny = zoo.build("aria")
    with pytest.raises(MethodError, match="goes by rows and columns"), vtok.reduce(tiny.model, "pool", 3):
        greedy(tiny.model, tiny.inputs(), 1)
