"""Tiles of the layouts against transformers' real preprocessing: each pixel must show what its tile's box says.

The picture's red grows from left to right and its green from top to bottom, so a pixel tells where it comes from.
"""

import numpy as np
import pytest
from PIL import Image

from vtok.geometry.families.aria import Aria
from vtok.geometry.families.deepseek_ocr import DeepSeekOcr
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.gemma4 import Gemma4
from vtok.geometry.families.granite_docling import GraniteDocling
from vtok.geometry.families.idefics2 import Idefics2
from vtok.geometry.families.idefics3 import Idefics3
from vtok.geometry.families.internvl import InternVL
from vtok.geometry.families.minicpmv import MiniCpmV
from vtok.geometry.families.mllama import Mllama

SIZES = [(640, 480), (333, 1000), (1201, 300), (500, 500), (30, 47), (900, 1100)]
PLAIN = {"do_normalize": False, "return_tensors": "pt"}


def picture(width, height):
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    pixels = np.stack([x, y, np.full_like(x, 0.5)], -1)
    return Image.fromarray(np.round(pixels * 255).astype(np.uint8))


def processor(module, name, **settings):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return getattr(pytest.importorskip(f"transformers.models.{module}.image_processing_pil_{module}"), name)(**settings)


def tiles_of(values):
    """All tiles of one picture, (tiles, 3, height, width), whatever the nesting in front of them."""
    values = np.asarray(values)
    return values.reshape(-1, *values.shape[-3:])


CASES = {
    "internvl": (
        InternVL(tile=112),
        ("got_ocr2", "GotOcr2ImageProcessorPil", {"size": {"height": 112, "width": 112}, "crop_to_patches": True}),
    ),
    "aria": (Aria(size=490), ("aria", "AriaImageProcessorPil", {"max_image_size": 490})),
    "aria-split": (
        Aria(size=490, split=True),
        ("aria", "AriaImageProcessorPil", {"max_image_size": 490, "split_image": True}),
    ),
    "idefics3": (
        Idefics3(longest_edge=728),
        ("idefics3", "Idefics3ImageProcessorPil", {"size": {"longest_edge": 728}}),
    ),
    "idefics3-whole": (Idefics3(split=False), ("idefics3", "Idefics3ImageProcessorPil", {"do_image_splitting": False})),
    "granite-docling": (
        GraniteDocling(max_tiles=8),
        ("granite_docling", "GraniteDoclingImageProcessorPil", {"max_patches": 8}),
    ),
    "mllama": (
        Mllama(tile=280),
        ("mllama", "MllamaImageProcessorPil", {"size": {"height": 280, "width": 280}}),
    ),
    "idefics2": (Idefics2(), ("idefics2", "Idefics2ImageProcessorPil", {})),
    "chameleon": (
        Fixed(512, 32, shape="crop"),
        ("chameleon", "ChameleonImageProcessorPil", {"rescale_factor": 1 / 255}),
    ),
    "deepseek-vl": (Fixed(384, 24, shape="pad"), ("deepseek_vl", "DeepseekVLImageProcessorPil", {})),
    "janus": (Fixed(384, 24, shape="pad"), ("janus", "JanusImageProcessorPil", {})),
    "paligemma": (Fixed(224, 16), ("siglip", "SiglipImageProcessorPil", {})),
}


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", CASES)
def test_pixels_are_where_the_boxes_say(name, width, height):
    family, (module, cls, settings) = CASES[name]
    made = processor(module, cls, **settings)
    tiles = tiles_of(made(picture(width, height), **PLAIN)["pixel_values"])
    layout = family.layout(width, height)
    # Mllama fills up to its largest number of tiles with empty ones.
    assert len(tiles) == (len(layout.tiles) if name != "mllama" else 4)
    seen = 0
    for tile, pixels in zip(layout.tiles, tiles, strict=False):
        assert tile.size == pixels.shape[:0:-1]
        left, top, right, bottom = tile.box
        for v in range(tile.size[1] // 16, tile.size[1], tile.size[1] // 8):
            for u in range(tile.size[0] // 16, tile.size[0], tile.size[0] // 8):
                x = (left + (right - left) * (u + 0.5) / tile.size[0]) / width
                y = (top + (bottom - top) * (v + 0.5) / tile.size[1]) / height
                # Resampling and padding blur the very edge.
                if 0.05 < x < 0.95 and 0.05 < y < 0.95:
                    assert pixels[:2, v, u] == pytest.approx([x, y], abs=0.02)
                    seen += 1
    assert seen > 9


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_whole_of_deepseek_ocr_lies_in_the_middle(width, height):
    made = processor("deepseek_ocr2", "DeepseekOcr2ImageProcessorPil")
    encoded = made(picture(width, height), **PLAIN)
    layout = DeepSeekOcr(tile=768, max_tiles=6, row_ends=False).layout(width, height)
    local, pixels = int(encoded["num_local_patches"][0]), tiles_of(encoded["pixel_values"])[0]
    assert len(layout.tiles) == local + 1
    left, top, right, bottom = layout.tiles[-1].box
    u, v = (int((0.25 * width - left) / (right - left) * 1024), int((0.75 * height - top) / (bottom - top) * 1024))
    assert pixels[:2, v, u] == pytest.approx([0.25, 0.75], abs=0.02)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_sizes_of_slices_and_soft_tokens(width, height):
    encoded = processor("minicpmv4_6", "MiniCPMV4_6ImageProcessorPil")(picture(width, height), return_tensors="pt")
    layout = MiniCpmV().layout(width, height)
    assert encoded["target_sizes"].tolist() == [[tile.size[1] // 14, tile.size[0] // 14] for tile in layout.tiles]
    encoded = processor("gemma4", "Gemma4ImageProcessorPil")(picture(width, height), return_tensors="pt")
    assert int(encoded["num_soft_tokens_per_image"][0]) == Gemma4().layout(width, height).content
