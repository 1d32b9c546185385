"""Projectors with queries of their own: what their real sizes give, and the question that some read."""

import pytest

from tests.costs.tiny import described
from vtok.catalog.architectures import complete_vision
from vtok.catalog.config_resampler import resampler_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.costs.projector import projector
from vtok.costs.resamplers.base import Reading, Resampler, matrix
from vtok.costs.seeing import Seeing

# What ibm-granite/granite-4.0-3b-vision says; its class fills in the query transformer.
GRANITE = {
    "model_type": "granite4_vision",
    "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152, "image_size": 384, "patch_size": 16},
    "downsample_rate": "4/8",
    "deepstack_layer_map": [[-19, 9], [-13, 6], [-7, 3], [-1, 0]],
    "spatial_target_layers": [12, 15, 18, 21],
}


def test_a_rate_tells_the_windows():
    found = resampler_sizes(GRANITE)
    assert found == ResamplerSizes(
        queries=16, hidden=1152, layers=1, heads=18, mlp=3072, every=1, window=8, copies=8, used=8
    )
    made = projector(vision_sizes(GRANITE), 2560)
    assert made.tokens(Seeing(((24, 24),))) == 144


@pytest.mark.parametrize("rate", ["half", "4", "4/", 2])
def test_a_rate_that_cannot_be_read_tells_nothing(rate):
    assert resampler_sizes({**GRANITE, "downsample_rate": rate}) is None


def test_the_class_has_what_a_configuration_leaves_out():
    # Salesforce/instructblip-vicuna-7b names no size of its encoder.
    parts = {"vision_config": {"model_type": "instructblip_vision_model"}, "qformer_config": {"vocab_size": 30523}}
    vision = complete_vision(vision_sizes({"model_type": "instructblip", "num_query_tokens": 32, **parts}))
    assert (vision.hidden, vision.layers, vision.patch) == (1408, 39, 14)
    assert vision.resampler == ResamplerSizes(
        queries=32, hidden=768, layers=12, heads=12, mlp=3072, every=2, vocabulary=30523, positions=512
    )


def test_a_question_costs_more_the_longer_it_is():
    made, tile = described("instructblip").projector, ((4, 4),)
    costs = [made.flops(Seeing(tile, words), 1) for words in (0, 5, 10)]
    assert costs == sorted(set(costs))
    other = described("blip_2").projector
    assert other.flops(Seeing(tile, 5), 1) == other.flops(Seeing(tile), 1)


def test_queries_that_read_queries_move_these_and_no_patches():
    own, across = matrix(2, 4), matrix(7, 3)
    inside = Reading((own,), (own,), None, ("queries",))
    outside = Reading((own,), (across,), None, ("patches",))
    one = Resampler(((0, 3),), (inside, outside), ())
    # 3 queries through three matrices of 2 > 4, and 5 patches and a class token through one of 7 > 3; 2 bytes each.
    assert one.moved(1, 5, beside=1, words=0, number=2) == 2 * (3 * 3 * 6 + 6 * 10)
