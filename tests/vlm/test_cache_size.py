"""What a cache weighs, whatever its layers hold."""

import pytest

from tests import zoo
from tests.vlm.oracle import greedy
from vtok.vlm.ledger import cache_size


def test_keys_and_values_are_all_there_is() -> None:
    tiny = zoo.build("llava")
    inputs = tiny.inputs()
    cache = greedy(tiny.model, inputs, 2)[2]
    length = inputs["input_ids"].shape[1] + 1
    # Two layers, keys and values, as many heads as the configuration says, 16 floats of 4 bytes each.
    heads = tiny.model.config.text_config.num_key_value_heads
    assert cache_size(cache) == (2 * 2 * heads * length * 16 * 4, (length, length))


@pytest.mark.parametrize("name", ["qwen3_5", "lfm2_vl", "inkling2"])
def test_states_count_and_hold_no_positions(name: str) -> None:
    tiny = zoo.build(name)
    inputs = tiny.inputs()
    cache = greedy(tiny.model, inputs, 2)[2]
    size, lengths = cache_size(cache)
    keys = sum(2 * layer.keys.numel() * 4 for layer in cache.layers if getattr(layer, "keys", None) is not None)
    assert size > keys
    assert max(lengths) == inputs["input_ids"].shape[1] + 1
