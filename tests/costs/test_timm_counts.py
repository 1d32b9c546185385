"""Encoders that transformers takes from timm, against what timm's own classes were counted to have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.costs.timm_counts import COUNTED
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import parameters
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower
from vtok.costs.towers.stages import Word, words


@pytest.mark.parametrize("one", COUNTED, ids=lambda one: f"{one.name}-{one.size[0]}-{len(one.args)}")
def test_as_many_numbers_and_flops_as_timm_has(one):
    part = {"model_type": "timm_wrapper", "architecture": one.name, "model_args": one.args}
    found = tower(vision_sizes({"vision_config": part}))
    assert parameters(found.pieces) == one.parameters
    # The picture in positions that come out, which for MobileNet are as many for any picture.
    patch = 32 if one.name.startswith("mobilenet") else found.patch
    seen = Seeing(((one.size[0] // patch, one.size[1] // patch),))
    assert type(found)(**{**vars(found), "patch": patch}).flops(seen) == one.flops


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_tiles_add_up(rows, columns, count):
    found = tower(VisionSizes(kind="fastvit_mci3"))
    one, many = Seeing(((rows, columns),)), Seeing(((rows, columns),) * count)
    assert found.flops(many) == count * found.flops(one)
    assert found.moved(many, 2) == count * found.moved(one, 2)
    assert found.working(many) == count * found.working(one)


@pytest.mark.parametrize(
    ("kind", "most"),
    [("mobilenetv5_300m_enc", (3 * 768 + 2 * 128) * 192**2), ("fastvit_mci3", (2 * 4 + 3) * 96 * 256**2)],
)
def test_what_lives_at_once(kind, most):
    found = tower(VisionSizes(kind=kind))
    # At the first block of the second stage, and in the first stage's MLP, of 16 x 16 positions that come out.
    assert found.working(Seeing(((16, 16),))) == most


def test_what_is_moved_is_at_least_every_convolution_s_outputs():
    found = tower(VisionSizes(kind="fastvit_mci3"))
    # The first two convolutions of the stem give 96 channels at every second and every fourth pixel.
    assert found.moved(Seeing(((1, 1),)), 1) > 96 * (32**2 + 16**2)


def test_stages_are_read_as_they_are_written():
    down, mix = Word("down", (7,), 1, 2), Word("mix", (3,), 4)
    assert words("down 7 /2, 2 mix 3 x4") == [down, mix, mix]
    queries, narrow = Word("queries", (12, 64), 1, 2), Word("inverted", (0, 0), 2)
    assert words("2 (queries 12x64 /2, inverted 0-0 x2)") == [queries, narrow] * 2
    with pytest.raises(ValueError, match="sideways 3"):
        words("down 7 /2, sideways 3 y4")
