"""What a language model holds at once beside its weights, against every tensor that torch makes while it reads."""

import pytest
import torch

from tests import zoo
from tests.costs.living import Living
from tests.costs.tiny import SIZES, Described
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.memory import language_activations, logits_bytes
from vtok.costs.runtimes import find_runtime

LENGTH, WIDTH = 300, 384
#: Profiles so short that scores take more than what is mixed of them.
BRIEF = {"rel_extent": 32, "sliding_window_size": 32}


def wide(name):
    """A model whose widths count more than what is the same for every model, such as masks."""
    sizes = SIZES.get(name, {})
    vision = {**sizes.get("vision_config", {}), **({"text_hidden_size": WIDTH} if name.startswith("inkling2") else {})}
    text = {**sizes.get("text_config", {}), "hidden_size": WIDTH, **(BRIEF if name.startswith("inkling") else {})}
    tiny = zoo.fresh(name, text_config=text, vision_config=vision)
    tiny.model.requires_grad_(False)
    config = tiny.model.config.to_dict()
    return Described(tiny, text_sizes(config), vision_sizes(config))


def lived(one, inputs, run):
    known = [*one.tiny.model.parameters(), *one.tiny.model.buffers(), *inputs.values()]
    with torch.no_grad(), Living(known) as found:
        run()
    return found.most


@pytest.mark.parametrize("name", ["llava", "qwen3_vl", "lfm3_vl", "inkling", "inkling2", "inkling2_loop"])
def test_reading_a_prompt(name):
    one, words = wide(name), torch.full((1, LENGTH), 7)
    inputs = {"input_ids": words, "attention_mask": torch.ones_like(words)}
    peak = lived(one, inputs, lambda: one.tiny.model(**inputs, use_cache=True, logits_to_keep=1))
    lengths = [LENGTH] * len(one.language.layers)
    expected = language_activations(one.language, lengths, 4, tables=True) + logits_bytes(one.language, 4)
    expected += kv_bytes(one.language, lengths, 32, find_runtime("transformers")) + state_bytes(one.language, 4)
    assert expected == pytest.approx(peak, rel=0.08)


def test_folding_a_picture():
    one = wide("inkling")
    inputs = one.tiny.inputs([[(8, 8)]])
    expected = 4 * one.tower.working(one.seen(inputs)) - inputs["pixel_values"].nbytes
    assert expected == pytest.approx(lived(one, inputs, one.encode(inputs)), rel=0.01)


@pytest.mark.parametrize(
    "name", ["qwen2_5_vl", "qwen3_vl", "glm4v", "ernie4_5_vl_moe", "cohere_compass", "paddleocr_vl"]
)
def test_turning_a_picture_in_fp32(name):
    tiny = zoo.fresh(name)
    tiny.model.to(torch.bfloat16).requires_grad_(False)
    config = tiny.model.config.to_dict()
    one = Described(tiny, text_sizes(config), vision_sizes(config))
    inputs = tiny.inputs([[(16, 16)]])
    inputs["pixel_values"] = inputs["pixel_values"].to(torch.bfloat16)
    seen = one.seen(inputs)
    assert 2 * (one.tower.working(seen) + one.tower.turning(seen)) == pytest.approx(
        lived(one, inputs, one.encode(inputs)), rel=0.1
    )
