"""The tiny models run, are tiny, and what they say depends on the picture."""

import pytest
import torch
import transformers

from tests import zoo


@pytest.mark.parametrize("name", zoo.names())
def test_a_tiny_model_reads_its_picture(name):
    tiny = zoo.build(name)
    assert sum(parameter.numel() for parameter in tiny.model.parameters()) < 3e6
    one, other = tiny.inputs(seed=1), tiny.inputs(seed=2)
    assert torch.equal(one["input_ids"], other["input_ids"])
    assert int((one["input_ids"] == zoo.IMAGE_TOKEN).sum()) >= 4
    with torch.no_grad():
        first, again, second = (tiny.model(**inputs).logits[0, -1] for inputs in (one, one, other))
    assert torch.equal(first, again)
    assert not torch.allclose(first, second)


def test_a_batch_has_as_many_placeholders_as_its_pictures():
    inputs = zoo.build("qwen2_5_vl").inputs([[(2, 3), (4, 4)], [(3, 3)], []])
    held = inputs["input_ids"] == zoo.IMAGE_TOKEN
    assert held.sum(-1).tolist() == [22, 9, 0]
    assert inputs["mm_token_type_ids"].equal(held.long())
    assert inputs["attention_mask"].sum(-1).tolist()[2] == 6


def test_settings_can_be_replaced():
    tiny = zoo.fresh("qwen2_5_vl", text_config={"num_hidden_layers": 4})
    assert len(tiny.model.model.language_model.layers) == 4


@pytest.mark.skipif(not transformers.__version__.startswith("5.24."), reason="the classes are those of 5.24")
def test_every_class_is_in_the_zoo_or_excused():
    assert len(zoo.classes()) == 81
    assert {*zoo.names(), *zoo.EXCUSED} == set(zoo.classes())
