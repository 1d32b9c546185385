"""``vtok.reduce`` over a user's own model: exact where it must be, right where it selects, gone when it is over."""

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import TextStreamer

import vtok
from tests.conftest import METHODS, TOKENS, tiny_model
from tests.vlm.oracle import masked_logits
from vtok.errors import BudgetError, MethodError, ModelError

Inputs = dict[str, Tensor]
SELECTING = ("random", "uniform", "visionzip(contextual=0.0)")


def greedy(model: Any, inputs: Inputs, steps: int = 6, **options: Any) -> Any:
    return model.generate(**inputs, max_new_tokens=steps, do_sample=False, **options)


def cache_of(output: Any) -> Any:
    return output.cache if getattr(output, "cache", None) is not None else output.past_key_values


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("budget", [TOKENS, "100%"])
def test_keeping_everything_changes_nothing(tiny: Any, inputs: Inputs, method: str, budget: int | str) -> None:
    text, logits = greedy(tiny, inputs), tiny(**inputs).logits
    with vtok.reduce(tiny, method, budget):
        assert torch.equal(greedy(tiny, inputs), text)
        assert torch.equal(tiny(**inputs).logits, logits)


@pytest.mark.parametrize("method", SELECTING)
@pytest.mark.parametrize("budget", [1, 9, 20])
def test_any_selection_equals_the_masked_oracle(tiny: Any, inputs: Inputs, method: str, budget: int) -> None:
    steps = 4
    with vtok.reduce(tiny, method, budget) as reduction:
        output = greedy(tiny, inputs, steps + 1, return_dict_in_generate=True, output_logits=True)
    keep = torch.ones(inputs["input_ids"].shape[1], dtype=torch.bool)
    keep[2 : 2 + TOKENS] = False
    keep[2 + reduction.selections[0].kept] = True
    logits, said = masked_logits(tiny, inputs, keep, steps)
    assert output.sequences[0, -(steps + 1) :].tolist() == said
    assert torch.allclose(torch.cat(output.logits), logits, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_the_cache_is_short_in_every_layer(tiny: Any, inputs: Inputs, method: str) -> None:
    with vtok.reduce(tiny, method, 9) as reduction:
        output = greedy(tiny, inputs, 3, return_dict_in_generate=True)
    prompt = inputs["input_ids"].shape[1]
    left = prompt - TOKENS + reduction.selections[0].after
    # The last token that is said never enters the cache.
    assert [layer.keys.shape[2] for layer in cache_of(output).layers] == [left + 2] * 2
    assert output.sequences[:, :prompt].equal(inputs["input_ids"])
    assert output.sequences.shape[1] == prompt + 3


@pytest.mark.parametrize("method", SELECTING)
def test_plain_forward_without_mask_and_cache_is_not_blind(tiny: Any, inputs: Inputs, method: str) -> None:
    bare = {name: value for name, value in inputs.items() if name != "attention_mask"}
    with vtok.reduce(tiny, method, 9) as reduction:
        short = tiny(**bare, use_cache=False).logits
        uncached = greedy(tiny, bare, 5, use_cache=False)
        cached = greedy(tiny, inputs, 5)
    keep = torch.ones(inputs["input_ids"].shape[1], dtype=torch.bool)
    keep[2 : 2 + TOKENS] = False
    keep[2 + reduction.selections[0].kept] = True
    logits, _ = masked_logits(tiny, inputs, keep, 0)
    assert torch.allclose(short[0, -1], logits[0], atol=1e-4)
    assert torch.equal(uncached, cached)


def batch(inputs: Inputs) -> Inputs:
    """Two images and a longer question, one image, and no image at all, padded on the left."""
    one = inputs["input_ids"][0].tolist()
    image = [3] * TOKENS
    rows = [[1, 4, *image, *image, 300, 301, 302, 303, 5], one, [1, 4, 310, 5]]
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    pixels = torch.cat([inputs["pixel_values"] * scale for scale in (1.0, -1.0, 0.5)])
    return {"input_ids": ids, "attention_mask": mask, "pixel_values": pixels}


@pytest.mark.parametrize("method", ["uniform", "visionzip", "pool", "downsample"])
def test_batches_of_unequal_prompts_say_what_each_says_alone(tiny: Any, inputs: Inputs, method: str) -> None:
    together = batch(inputs)
    with vtok.reduce(tiny, method, 9) as reduction:
        said = greedy(tiny, together, 4)[:, -4:]
        assert [selection.after for selection in reduction.selections] == [9, 9, 9]
        images = [together["pixel_values"][:2], together["pixel_values"][2:], None]
        for row, pixels in enumerate(images):
            real = together["attention_mask"][row].bool()
            alone = {"input_ids": together["input_ids"][row][real][None]}
            alone |= {} if pixels is None else {"pixel_values": pixels}
            assert greedy(tiny, alone, 4)[0, -4:].equal(said[row])


def test_beams_sampling_and_several_sequences(tiny: Any, inputs: Inputs) -> None:
    prompt = inputs["input_ids"].shape[1]
    with vtok.reduce(tiny, "uniform", 9):
        beams = tiny.generate(**inputs, max_new_tokens=4, num_beams=3, num_return_sequences=2, do_sample=False)
        torch.manual_seed(0)
        sampled = tiny.generate(**inputs, max_new_tokens=4, do_sample=True, num_return_sequences=3)
    assert beams.shape == (2, prompt + 4)
    assert sampled.shape == (3, prompt + 4)
    assert bool((sampled[:, :prompt] == inputs["input_ids"]).all())


def test_lengths_count_the_users_whole_prompt(tiny: Any, inputs: Inputs) -> None:
    prompt = inputs["input_ids"].shape[1]
    with vtok.reduce(tiny, "uniform", 9):
        assert tiny.generate(**inputs, max_length=prompt + 5, do_sample=False).shape[1] == prompt + 5
        config = type(tiny.generation_config)(max_length=prompt + 2, do_sample=False)
        assert tiny.generate(**inputs, generation_config=config).shape[1] == prompt + 2
        assert config.max_length == prompt + 2


def test_streamers_see_the_users_own_prompt(tiny: Any, inputs: Inputs, mini: Any) -> None:
    class Spy(TextStreamer):
        puts: list[Tensor] = []  # noqa: RUF012

        def put(self, value: Tensor) -> None:
            self.puts.append(value)

        def end(self) -> None:
            pass

    spy = Spy(mini.processor.tokenizer)
    with vtok.reduce(tiny, "uniform", 9):
        greedy(tiny, inputs, 2, streamer=spy)
    assert spy.puts[0].tolist() == inputs["input_ids"].tolist()
    assert len(spy.puts) == 3


def test_labels_are_cut_along(tiny: Any, inputs: Inputs) -> None:
    labels = inputs["input_ids"].masked_fill(inputs["input_ids"] == 3, -100)
    with vtok.reduce(tiny, "uniform", TOKENS):
        whole = tiny(**inputs, labels=labels).loss
    assert torch.allclose(whole, tiny(**inputs, labels=labels).loss)
    with vtok.reduce(tiny, "uniform", 9):
        output = tiny(**inputs, labels=labels)
    assert output.logits.shape[1] == inputs["input_ids"].shape[1] - TOKENS + 9
    assert torch.isfinite(output.loss)


def test_positional_arguments_work(tiny: Any, inputs: Inputs) -> None:
    with vtok.reduce(tiny, "uniform", 9):
        named = tiny(**inputs).logits
        placed = tiny(inputs["input_ids"], inputs["pixel_values"], inputs["attention_mask"]).logits
        first = tiny.generate(
            inputs["input_ids"], pixel_values=inputs["pixel_values"], max_new_tokens=1, do_sample=False
        )
    assert torch.equal(named, placed)
    assert first.shape[1] == inputs["input_ids"].shape[1] + 1


def test_text_alone_goes_through_untouched(tiny: Any) -> None:
    ids = torch.tensor([[1, 4, 300, 5]])
    plain = greedy(tiny, {"input_ids": ids})
    with vtok.reduce(tiny, "visionzip", 9):
        assert torch.equal(greedy(tiny, {"input_ids": ids}), plain)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_bfloat16_and_both_attentions(attention: str, inputs: Inputs) -> None:
    model = tiny_model().to(torch.bfloat16)
    model.set_attn_implementation(attention)
    low = {**inputs, "pixel_values": inputs["pixel_values"].bfloat16()}
    with vtok.reduce(model, "visionzip", 9) as reduction:
        assert greedy(model, low, 3).shape[1] == inputs["input_ids"].shape[1] + 3
    assert reduction.selections[0].after == 9


def test_renumbered_positions_have_no_gaps(tiny: Any, inputs: Inputs) -> None:
    seen: list[Tensor] = []
    hook = tiny.model.language_model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["position_ids"]), with_kwargs=True
    )
    with vtok.reduce(tiny, "uniform", 9, renumber=True):
        tiny(**inputs)
    hook.remove()
    assert seen[0].tolist() == [list(range(inputs["input_ids"].shape[1] - TOKENS + 9))]


def test_the_model_is_untouched_after_the_block_and_after_an_error(tiny: Any, inputs: Inputs) -> None:
    before, hooks = dict(vars(tiny)), count_hooks(tiny)

    def fail() -> None:
        with vtok.reduce(tiny, "visionzip", 9):
            greedy(tiny, inputs, 2)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert vars(tiny).keys() == before.keys()
    assert count_hooks(tiny) == hooks
    assert tiny.model.vision_tower.config._attn_implementation == "sdpa"


def count_hooks(model: Any) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_what_makes_no_sense_is_refused_before_anything_is_computed(tiny: Any, inputs: Inputs) -> None:
    for method, budget, error in (("uniform", 0, BudgetError), ("uniform", -1, BudgetError), ("nope", 9, MethodError)):
        with pytest.raises(error), vtok.reduce(tiny, method, budget):
            pass
    with pytest.raises(ModelError, match="expected a transformers"), vtok.reduce(object(), "uniform", 9):
        pass
    with (
        pytest.raises(MethodError, match="already inside"),
        vtok.reduce(tiny, "uniform", 9),
        vtok.reduce(tiny, "uniform", 9),
    ):
        pass
    assert "generate" not in vars(tiny)
    embeds = tiny.get_input_embeddings()(inputs["input_ids"])
    with pytest.raises(MethodError, match="inputs_embeds"), vtok.reduce(tiny, "uniform", 9):
        tiny(inputs_embeds=embeds, pixel_values=inputs["pixel_values"])


def test_towers_without_cls_say_so() -> None:
    from transformers import LlavaConfig, LlavaForConditionalGeneration, SiglipVisionConfig

    from tests.conftest import tiny_config

    base = tiny_config()
    tower = SiglipVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=84, patch_size=14
    )
    config = LlavaConfig(
        vision_config=tower, text_config=base.text_config, image_token_index=3,
        vision_feature_layer=-1, vision_feature_select_strategy="full",
    )  # fmt: skip
    model = LlavaForConditionalGeneration(config).eval()
    ids = torch.tensor([[1, 4, *[3] * 36, 300, 5]])
    inputs = {"input_ids": ids, "pixel_values": torch.randn(1, 3, 84, 84)}
    with vtok.reduce(model, "pool", 9) as reduction:
        assert greedy(model, inputs, 2).shape[1] == ids.shape[1] + 2
    assert reduction.selections[0].after == 9
    with pytest.raises(MethodError, match=r"CLS token.*which this model does not have"), vtok.reduce(model, "hired", 9):
        pass
