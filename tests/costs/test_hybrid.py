"""Inkling's and LFM3-VL's FLOPs to the last one: what earlier layers add there is far less than a hundredth."""

import pytest

from tests.costs import test_decoding
from tests.costs.counted import counted
from tests.costs.tiny import described
from vtok.costs import flops
from vtok.costs.pieces import Residual


@pytest.mark.parametrize("name", ["inkling", "inkling2", "inkling2_loop", "lfm3_vl"])
def test_nothing_is_missed(name):
    one = described(name)
    inputs, layers = one.tiny.inputs(texts=[9]), one.language.layers
    seeing, seen = counted(one.encode(inputs)), one.seen(inputs)
    assert one.tower.flops(seen) + one.projector.flops(seen, one.tower.class_tokens) == seeing
    length = inputs["input_ids"].shape[1]
    lengths = [length] * len(layers)
    read = flops.prefill_linear(one.language, lengths) + flops.prefill_attention(one.language, lengths)
    assert read + flops.head(one.language, length) == counted(lambda: one.tiny.model(**inputs)) - seeing
    assert test_decoding.expected(one, inputs) == test_decoding.counted(one, inputs)


def test_layers_attend_to_the_sums_that_there_are():
    # Five layers, a block being two of them: the embedding, and what layers 0 and 1, and 2 and 3, have added.
    inside = [
        [piece for piece in layer.pieces if isinstance(piece, Residual)]
        for layer in described("inkling2").language.layers
    ]
    assert [[(one.queries, one.keys) for one in layer] for layer in inside] == [
        [(1, 2)], [(3, 2), (1, 2)], [(1, 2), (1, 3)], [(3, 3), (1, 3)], [(3, 3), (1, 4)],
    ]  # fmt: skip


def test_a_loop_holds_its_weights_once_and_runs_them_thrice():
    layers = described("inkling2_loop").language.layers
    assert [layer.index for layer in layers] == [0, 1, 2, 1, 2, 1, 2, 3]
    assert [bool(layer.weights) for layer in layers] == [True, True, True, False, False, False, False, True]
    assert layers[3].flops(1) == layers[5].flops(1) > layers[1].flops(1)
