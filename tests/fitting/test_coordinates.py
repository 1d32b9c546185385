"""Places come back: within a pixel of the source, for every family and convention."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vtok
from tests.fitting.small_families import FAMILIES
from vtok.catalog.checkpoints import checkpoints
from vtok.catalog.coordinates import Convention, convention_of, parse_convention
from vtok.errors import UsageError
from vtok.fitting.coordinates import Coordinates

CONVENTIONS = ["px", "0-1", "0-999", "0-1000", "0-1000 yx", "0-100", "px yx"]


@pytest.mark.parametrize("name", FAMILIES)
def test_round_trip(name):
    @settings(max_examples=60, deadline=None, database=None)
    @given(st.data())
    def check(data):
        source = data.draw(st.integers(20, 6000)), data.draw(st.integers(20, 6000))
        size = tuple(max(12, side // data.draw(st.integers(1, 20))) for side in source)
        try:
            layout = FAMILIES[name].layout(*size)
        except UsageError:
            return
        if min(layout.resized) < 1:
            return
        there = Coordinates(layout, source, parse_convention(data.draw(st.sampled_from(CONVENTIONS))))
        box = [data.draw(st.floats(0, side)) for side in (*source, *source)]
        assert np.abs(there.to_source(there.to_model(box)) - box).max() < 0.01
        assert np.abs(there.to_source(there.to_model([box[:2]])) - box[:2]).max() < 0.01

    check()


def test_absolute_pixels_are_those_of_what_the_model_sees():
    fitted = vtok.fit((4000, 3000), "qwen2.5-vl-7b", 1024)
    assert fitted.size == (1008, 756)
    assert fitted.to_source([0, 0, 504, 378]).tolist() == [0, 0, 2000, 1500]
    # Within the budget the picture keeps its size, and it is the model that resizes: 1000 x 700 to 1008 x 700.
    fitted = vtok.fit((1000, 700), "qwen2.5-vl-7b", 1024)
    assert fitted.layout.resized == (1008, 700)
    assert fitted.to_source([504, 350]).tolist() == [500, 350]


def test_relative_numbers_do_not_depend_on_the_size():
    fitted = vtok.fit((4000, 3000), "qwen3-vl-8b", 200)
    assert fitted.to_source([[250, 500], [1000, 1000]]).tolist() == [[1000, 1500], [4000, 3000]]
    assert fitted.to_model([1000, 1500]).tolist() == [250, 500]
    assert vtok.fit((4000, 3000), "molmo-7b-d", 3000).to_source([25, 50]).tolist() == [1000, 1500]


def test_y_first():
    fitted = vtok.fit((400, 200), "paligemma2-3b-448", 2000)
    assert fitted.to_source([512, 256, 1024, 512]).tolist() == [100, 100, 200, 200]
    assert fitted.to_model([100, 100, 200, 200]).tolist() == [512, 256, 1024, 512]


def test_bins_mean_their_middle():
    fitted = vtok.fit((1000, 500), "florence-2-base", 2000)
    assert fitted.to_source([0, 999]).tolist() == [0.5, 499.75]


def test_llama_cpp_pads_and_the_numbers_count_from_its_edge():
    fitted = vtok.fit((1000, 515), "qwen2.5-vl-7b", 5000, runtime="llama.cpp")
    left, top, right, bottom = fitted.layout.tiles[0].box
    assert min(left, top) < 0
    assert fitted.to_source([0, 0]).tolist() == [left, top]
    assert fitted.to_source(fitted.layout.resized).tolist() == pytest.approx([right, bottom])


def test_what_no_source_tells_is_refused_and_can_be_given():
    fitted = vtok.fit((1000, 500), "gemma-3-4b", 300)
    with pytest.raises(UsageError, match=r"knows no source that tells.*gemma-3-4b.*does not guess"):
        fitted.to_source([1, 2])
    assert fitted.to_source([500, 250], convention="0-1000 yx").tolist() == [250, 250]
    assert fitted.to_source([0.5, 0.5], convention="0-1").tolist() == [500, 250]


def test_every_known_one_has_a_source_and_bad_ones_are_refused():
    known = 0
    for one in checkpoints():
        try:
            assert convention_of(one).source
            known += 1
        except UsageError:
            continue
    assert known > 50
    for text in ("", "0-0", "1000", "0-1000 zx", "pixels"):
        with pytest.raises(UsageError, match="cannot read the convention"):
            parse_convention(text)
    assert str(Convention(1000, "yx")) == "0-1000 yx"
    assert parse_convention(str(Convention())) == Convention(source="given")


def test_bad_places():
    fitted = vtok.fit((1000, 500), "qwen3-vl-8b", 300)
    for places in (3, [1, 2, 3], [], [["a", "b"]], [[1, 2], [3]]):
        with pytest.raises(UsageError, match="points are"):
            fitted.to_source(places)
    with pytest.raises(UsageError, match="must be finite"):
        fitted.to_source([float("nan"), 1])
