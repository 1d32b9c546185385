"""Families of native resolution and of LLaVA's canvases against transformers, and against what a layout promises."""

import json
from pathlib import Path

import numpy as np
import pytest
from native_families import FAMILIES, ORACLE, sizes, total

from vtok.errors import UsageError
from vtok.geometry.families.glm_image import GlmImage
from vtok.geometry.families.kimi_k25 import KimiK25
from vtok.geometry.families.kimi_vl import KimiVl
from vtok.geometry.families.lfm2_vl import Lfm2Vl
from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.pixtral import Pixtral
from vtok.geometry.families.smart_resize import SmartResize

COUNTS = Path(__file__).parents[1] / "data" / "counts"

# transformers' count function for Pixtral guesses where the channels are from an array of zeros, and takes a picture
# of 1 or 3 px in height for one on its side. What it really does to such a picture is in the test below.
MISCOUNTED = {("mistral-small-3.1", 1008, 1): 37}


@pytest.mark.parametrize("stem", ORACLE)
def test_counts_of_transformers(stem):
    family = ORACLE[stem]
    rows = json.loads((COUNTS / f"{stem}.json").read_text())["rows"]
    expected = [MISCOUNTED.get((stem, *row[:2]), -1 if row[2] is None else row[2]) for row in rows]
    widths, heights = np.array([row[:2] for row in rows]).T
    assert family.count_many(widths, heights).tolist() == expected
    for (width, height, *_), count in zip(rows, expected, strict=True):
        if count < 0:
            with pytest.raises(UsageError, match=f"{width} x {height} px"):
                family.layout(width, height)
        else:
            assert family.layout(width, height).total == count, (width, height)


@pytest.mark.parametrize("name", FAMILIES)
def test_many_sizes_count_as_one_by_one(name):
    family = FAMILIES[name]
    pairs = sizes(500, name)
    counts = family.count_many(*np.array(pairs).T)
    assert counts.dtype == np.int64
    assert counts.tolist() == [total(family, *pair) for pair in pairs]


@pytest.mark.parametrize("name", FAMILIES)
def test_sizes_without_pixels_are_refused(name):
    family = FAMILIES[name]
    widths, heights = np.array([0, 640, -3, 640]), np.array([480, 0, 480, 480])
    assert (family.count_many(widths, heights) < 0).tolist() == [True, True, True, False]
    for width, height in ((0, 480), (640, 0), (-3, 480)):
        with pytest.raises(UsageError, match="no pixels"):
            family.layout(width, height)


@pytest.mark.parametrize("name", FAMILIES)
def test_counts_broadcast(name):
    family = FAMILIES[name]
    table = family.count_many(np.array([[300], [640], [4000]]), np.array([200, 480]))
    assert table.shape == (3, 2)
    assert table[1, 1] == total(family, 640, 480)
    assert family.count_many(np.array([], np.int64), np.array([], np.int64)).shape == (0,)


@pytest.mark.parametrize("name", FAMILIES)
def test_boxes_show_the_picture(name):
    family = FAMILIES[name]
    for width, height in sizes(60, name):
        if total(family, width, height) < 0:
            continue
        layout = family.layout(width, height)
        assert layout.source == (width, height)
        boxes = layout.token_boxes
        assert boxes.shape == (layout.content, 4)
        assert (boxes[:, :2] <= boxes[:, 2:]).all()
        for grid in layout.grids:
            if grid.count == 0:
                continue
            left, top, right, bottom = grid.box
            # At most about one token of padding on each side.
            wide, high = 1.1 * (right - left) / grid.columns, 1.1 * (bottom - top) / grid.rows
            assert -wide <= left < width
            assert -high <= top < height
            assert 0 < right <= width + wide
            assert 0 < bottom <= height + high
        for tile in layout.tiles:
            assert min(tile.size) >= 0


def test_padding_and_cropping_of_the_source():
    kimi = KimiK25().layout(100, 50)
    assert kimi.grids[0].box == pytest.approx((0, 0, 112, 56))
    # 30 px are 3 patches of 14 px, and 2 of them make the only column of tokens.
    lighton = ORACLE["lighton-ocr"].layout(30, 56)
    assert (lighton.resized, lighton.grids[0].columns) == ((42, 56), 1)
    assert lighton.grids[0].box == pytest.approx((0, 0, 20, 56))
    # 672 x 336 on a canvas of its own size: the two grids show the same.
    llava = LlavaNext().layout(672, 336)
    assert [grid.box for grid in llava.grids] == [(0, 0, 672, 336)] * 2
    assert llava.tiles[2].box == (336, 0, 672, 336)
    assert (llava.content, llava.structural) == (576 + 24 * 48, 24)
    # 900 x 300 fills 672 x 224 of 672 x 336, so 4 of 24 rows go above and 4 below.
    wide = LlavaNext(pinpoints=((336, 672),)).layout(900, 300)
    assert (wide.resized, wide.grids[1].rows) == ((672, 224), 16)
    assert wide.grids[1].box == pytest.approx((0, 0, 900, 300))


def test_kimi_vl_by_hand():
    # 640 x 480 needs 23 x 18 tokens of 28 px; 3000 x 2000 has 214 x 142 patches, so sqrt(4096 / 30388) of each side.
    assert KimiVl().layout(640, 480).total == 23 * 18
    large = KimiVl().layout(3000, 2000)
    assert (large.resized, large.total) == ((40 * 28, 27 * 28), 40 * 27)
    assert large.grids[0].box == pytest.approx((0, 0, 1120 / 1101 * 3000, 756 / 734 * 2000))
    with pytest.raises(UsageError, match="comes to 512 x 2 patches, and this model takes fewer than 512 a side"):
        KimiVl().layout(7150, 20)


def test_structural_tokens_are_told_apart():
    assert Pixtral().layout(64, 48).structural == 3
    assert ORACLE["hunyuan-vl"].layout(640, 480).structural == 15 + 2
    tiled = Lfm2Vl().layout(1920, 1080)
    assert tiled.structural == 2 + len(tiled.tiles)
    assert Lfm2Vl(markers=False).layout(1920, 1080).total == tiled.content


def test_refusals_say_what_would_be_taken():
    with pytest.raises(UsageError, match="one side 300 times as long as the other, and this model takes at most 200"):
        SmartResize().layout(3000, 10)
    with pytest.raises(UsageError, match="at most 4 times"):
        GlmImage().layout(1000, 100)
    with pytest.raises(UsageError, match="both sides must be at least 28"):
        GlmImage().layout(20, 20)
    with pytest.raises(UsageError, match="max_pixels is 0"):
        SmartResize(max_pixels=0)
