"""Settings and families of later models against an installed transformers, and what their layouts promise."""

import numpy as np
import pytest
import transformers_recent as source
from test_transformers_tiled import sizes, total

from vtok.errors import UsageError
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.gemma3 import Gemma3
from vtok.geometry.families.granite_docling import GraniteDocling
from vtok.geometry.families.inkling import Inkling
from vtok.geometry.families.internvl import InternVL
from vtok.geometry.families.llava import Llava
from vtok.geometry.families.llava_onevision import LlavaOnevision
from vtok.geometry.families.minicpmv import MiniCpmV
from vtok.geometry.families.nemotron import Nemotron
from vtok.geometry.families.smart_resize import SmartResize

DENSE = {"dense_max_scale": 0.5, "dense_min_aspect": 1.1, "dense_max_aspect": 3.0}
QWEN16 = {"size": {"shortest_edge": 65536, "longest_edge": 16777216}, "patch_size": 16}

RECENT = {
    "cohere-compass": (SmartResize(patch=16), source.cohere_compass),
    "deepseek-vl-hybrid": (Fixed(size=384, rows=24, shape="pad"), source.deepseek_vl_hybrid),
    "dots3-note": (SmartResize(), lambda: source.qwen(("dots3_note", "Dots3NoteProcessor"))),
    "fastvlm": (Llava(1024, 1024, patch=64), lambda: source.llava(1024, 64)),
    "gemma3-pan-and-scan": (Gemma3(do_pan_and_scan=True), source.gemma3),
    "gemma3-many-crops": (
        Gemma3(do_pan_and_scan=True, min_ratio=1, max_crops=40, min_crop=3),
        lambda: source.gemma3(1, 40, 3),
    ),
    "got-ocr2": (InternVL(tile=1024, max_tiles=1, markers=0), lambda: source.got_ocr2(1)),
    "got-ocr2-cropped": (InternVL(tile=1024, max_tiles=12, markers=0), lambda: source.got_ocr2(12)),
    "granite-docling-fine": (GraniteDocling(rows=16), lambda: source.granite_docling(fine_route=True)),
    "granite-docling-dense": (
        GraniteDocling(max_tiles=6, dense_max_tiles=40, **DENSE),
        lambda: source.granite_docling(max_patches=6, dense_max_patches=40, **DENSE),
    ),
    "granite-docling-wide": (
        GraniteDocling(max_tiles=6, dense_max_tiles=20, dense_min_aspect=1.5),
        lambda: source.granite_docling(max_patches=6, dense_max_patches=20, dense_min_aspect=1.5),
    ),
    "hyperclovax-v2": (
        SmartResize(),
        lambda: source.qwen(("hyperclovax_vision_v2", "HyperCLOVAXVisionV2Processor")),
    ),
    "inkling2": (Inkling(spare_column=False), source.inkling2),
    "kosmos2": (Fixed(size=224, rows=0, pooled=64, structural=2), source.kosmos2),
    "lfm3-vl": (
        SmartResize(min_pixels=65536, max_pixels=16777216, patch=16),
        lambda: source.qwen(("lfm3_vl", "Lfm3VlProcessor"), **QWEN16),
    ),
    "llava-onevision-several": (LlavaOnevision(several=True), source.several_onevision),
    "minicpm-ocr": (MiniCpmV(side=28), lambda: source.minicpm_ocr("always")),
    "minicpm-ocr-small": (MiniCpmV(side=28, upsize=False), lambda: source.minicpm_ocr("never")),
    "minicpm-ocr-16x": (MiniCpmV(upsize=False), lambda: source.minicpm_ocr("never", "16x")),
    "nemotron": (Nemotron(), lambda: source.nemotron(1024, 13312)),
    "nemotron-small": (Nemotron(min_patches=60, max_patches=300), lambda: source.nemotron(60, 300)),
    "nemotron-short": (Nemotron(max_patches=0, context=1000), lambda: source.nemotron(1024, 996 * 4)),
    "video-llava": (Llava(224, 224), source.video_llava),
}


@pytest.mark.parametrize("name", RECENT)
def test_one_by_one_is_as_all_at_once(name):
    family, _ = RECENT[name]
    pairs = [*sizes(250, seed=1), [1, 1], [1, 100_000], [100_000, 1], [7, 300_000]]
    widths, heights = np.array(pairs).T
    counts = family.count_many(widths, heights)
    assert counts.dtype == np.int64
    assert counts.tolist() == [total(family, *pair) for pair in pairs]
    assert family.count_many(widths.reshape(-1, 1)[:6], heights[:5]).shape == (6, 5)


@pytest.mark.parametrize("name", RECENT)
def test_every_token_shows_a_part_of_the_picture(name):
    family, _ = RECENT[name]
    for width, height in sizes(12, seed=2):
        if total(family, width, height) < 0:
            continue
        layout = family.layout(width, height)
        boxes = layout.token_boxes
        assert boxes.shape == (layout.content, 4)
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        left, top, right, bottom = layout.seen
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        if not isinstance(family, Llava):  # which cuts the middle out
            assert (right - left) * (bottom - top) > 0.99 * width * height


@pytest.mark.parametrize("name", RECENT)
def test_as_transformers_counts(name):
    pytest.importorskip("transformers")
    family, make = RECENT[name]
    count = make()
    for width, height in sizes(110, seed=3):
        try:
            expected = count(width, height)
        except (ZeroDivisionError, ValueError):
            expected = -1
        assert total(family, width, height) == expected, (width, height)


def test_refusals_say_what_was_met():
    with pytest.raises(UsageError, match="7 x 300000 px is too slim"):
        Nemotron().layout(7, 300_000)
    with pytest.raises(UsageError, match="10 x 1 px is too small for 6 crops"):
        Gemma3(do_pan_and_scan=True, max_crops=6, min_crop=1).layout(10, 1)
    with pytest.raises(UsageError, match="min_crop is 0"):
        Gemma3(min_crop=0)


def test_crops_of_a_page_by_hand():
    # 1000 x 400 px is 2.5 times as wide as high: three crops of 334 px, the last one narrower.
    wide = Gemma3(do_pan_and_scan=True).layout(1000, 400)
    assert [tile.box[::2] for tile in wide.tiles] == [(0, 1000), (0, 334), (334, 668), (668, 1000)]
    assert wide.total == 4 * 256
    assert Gemma3(do_pan_and_scan=True).layout(400, 1000).tiles[1].box == (0, 0, 400, 334)
    # Its crops would be 250 px high, below the least.
    assert Gemma3(do_pan_and_scan=True).layout(250, 1000).total == 256
    assert Gemma3().layout(1000, 400).total == 256


def test_pan_and_scan_as_the_processor_does_it():
    image = pytest.importorskip("PIL.Image")
    found = pytest.importorskip("transformers.models.gemma3.image_processing_pil_gemma3")
    options = {"pan_and_scan_min_crop_size": 256, "pan_and_scan_max_num_crops": 4}
    made = found.Gemma3ImageProcessorPil(
        do_pan_and_scan=True, pan_and_scan_min_ratio_to_activate=1.2, size={"height": 28, "width": 28}, **options
    )
    for size in ((1000, 400), (400, 1900), (640, 480), (300, 700)):
        tiles = len(Gemma3(do_pan_and_scan=True).layout(*size).tiles)
        assert made(image.new("RGB", size), return_tensors="np")["pixel_values"].shape[0] == tiles
