"""Families of fixed grids and tiles against the rules of an installed transformers, and what their layouts promise."""

import numpy as np
import pytest
from transformers_tiled import RULES

from vtok.errors import UsageError
from vtok.geometry.families.aria import Aria
from vtok.geometry.families.cohere2 import Cohere2Vision
from vtok.geometry.families.deepseek_ocr import DeepSeekOcr
from vtok.geometry.families.deepseek_vl2 import DeepSeekVL2
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.fuyu import Fuyu
from vtok.geometry.families.gemma4 import Gemma4
from vtok.geometry.families.granite_docling import GraniteDocling
from vtok.geometry.families.idefics2 import Idefics2
from vtok.geometry.families.idefics3 import Idefics3
from vtok.geometry.families.internvl import InternVL
from vtok.geometry.families.llama4 import Llama4
from vtok.geometry.families.minicpmv import MiniCpmV
from vtok.geometry.families.mllama import Mllama
from vtok.geometry.families.molmo2 import Molmo2
from vtok.geometry.families.ovis2 import Ovis2
from vtok.geometry.families.perception_lm import PerceptionLM
from vtok.geometry.families.phi3 import Phi3
from vtok.geometry.families.phi4 import Phi4
from vtok.geometry.families.step3p7 import Step3p7

ALL = {
    "aria": Aria(),
    "aria-split": Aria(split=True),
    "aria-490-split": Aria(size=490, tokens=128, split=True),
    "aya-vision": InternVL(tile=364, rows=13, markers=2, tile_markers=1),
    "blip2": Fixed(size=224, rows=0, pooled=32),
    "chameleon": Fixed(size=512, rows=32, structural=2, shape="crop"),
    "cohere2-vision": Cohere2Vision(),
    "deepseek-ocr": DeepSeekOcr(),
    "deepseek-ocr-tiny": DeepSeekOcr(size=512, tiled=False),
    "deepseek-ocr2": DeepSeekOcr(tile=768, max_tiles=6, row_ends=False),
    "unlimited-ocr": DeepSeekOcr(max_tiles=32),
    "unlimited-ocr-base": DeepSeekOcr(tiled=False),
    "deepseek-vl": Fixed(size=384, rows=24, shape="pad"),
    "deepseek-vl2": DeepSeekVL2(),
    "deepseek-vl2-whole": DeepSeekVL2(tiled=False),
    "florence2": Fixed(size=768, rows=24, pooled=1),
    "fuyu": Fuyu(),
    "gemma4": Gemma4(),
    "gemma4-70": Gemma4(max_tokens=70),
    "granite-docling": GraniteDocling(),
    "idefics2": Idefics2(),
    "idefics2-split": Idefics2(split=True),
    "idefics3": Idefics3(),
    "idefics3-whole": Idefics3(split=False),
    "idefics3-huge": Idefics3(longest_edge=364 * 12),
    "idefics3-part": Idefics3(longest_edge=1001),
    "internvl": InternVL(),
    "internvl-6": InternVL(min_tiles=2, max_tiles=6),
    "internvl-40": InternVL(max_tiles=40),
    "llama4": Llama4(),
    "minicpmv2.5": MiniCpmV(side=14, queries=96, numbered=False, slice_markers=2),
    "minicpmv2.6": MiniCpmV(side=14, queries=64),
    "minicpmv4.6": MiniCpmV(),
    "minicpmv4.6-4x": MiniCpmV(side=28),
    "mllama": Mllama(),
    "molmo": Molmo2(crop=336, max_crops=12, padded=True),
    "molmo2": Molmo2(),
    "molmo2-24": Molmo2(max_crops=24),
    "ovis2": Ovis2(),
    "perception-lm": PerceptionLM(),
    "phi3.5": Phi3(),
    "phi3.5-4": Phi3(max_tiles=4),
    "phi4": Phi4(),
    "step3.7": Step3p7(),
}
EDGES = (28, 30, 32, 56, 266, 336, 364, 384, 448, 490, 504, 512, 560, 640, 728, 768, 980, 1024, 1080, 1920, 3024)


def sizes(count, seed):
    """``count`` random sizes, slim and square, then some one pixel either side of an edge of a grid of tiles."""
    rng = np.random.default_rng(seed)
    long = np.exp(rng.uniform(0, np.log(7000), count)).astype(int)
    ratio = np.exp(rng.uniform(0, np.log(1.5) + (np.arange(count) % 3) * 2))
    sides = np.stack([long, np.maximum(long / ratio, 1).astype(int)], 1)
    edges = rng.choice(EDGES, (count, 2)) * rng.integers(1, 5, (count, 2)) + rng.integers(-1, 2, (count, 2))
    same = edges[: count // 4].copy()
    same[:, 1] = same[:, 0] + rng.integers(-1, 2, len(same))
    return rng.permuted(np.concatenate([sides, edges, same]), axis=1).tolist()


def total(family, width, height):
    try:
        return family.layout(width, height).total
    except UsageError:
        return -1


@pytest.mark.parametrize("name", ALL)
def test_one_by_one_is_as_all_at_once(name):
    family = ALL[name]
    pairs = [*sizes(250, seed=1), [1, 1], [1, 100_000], [100_000, 1], [40, 100_000], [0, 5], [5, -1], [0, 0]]
    widths, heights = np.array(pairs).T
    counts = family.count_many(widths, heights)
    assert counts.dtype == np.int64
    assert counts.tolist() == [total(family, *pair) for pair in pairs]
    assert (counts[-3:] == -1).all()
    assert family.count_many(widths.reshape(-1, 1)[:6], heights[:5]).shape == (6, 5)


@pytest.mark.parametrize("name", ALL)
def test_refused_sizes_say_what_was_met(name):
    for width, height in ((0, 7), (7, 0), (-3, 7)):
        with pytest.raises(UsageError, match=f"{width} x {height} px .* at least"):
            ALL[name].layout(width, height)


@pytest.mark.parametrize("name", ALL)
def test_every_token_shows_a_part_of_the_picture(name):
    family = ALL[name]
    for width, height in sizes(12, seed=2):
        if total(family, width, height) < 0:
            continue
        layout = family.layout(width, height)
        boxes = layout.token_boxes
        assert boxes.shape == (layout.content, 4)
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        for box in [tile.box for tile in layout.tiles] + [grid.box for grid in layout.grids]:
            assert box[0] < box[2]
            assert box[1] < box[3]
        left, top, right, bottom = layout.seen
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        if "chameleon" not in name:
            assert (right - left) * (bottom - top) > 0.99 * width * height


@pytest.mark.parametrize("name", RULES)
def test_as_transformers_counts(name):
    pytest.importorskip("transformers")
    count, family = RULES[name](), ALL[name]
    for width, height in sizes(110, seed=3):
        try:
            expected = count(width, height)
        except (ZeroDivisionError, RuntimeError, ValueError):
            expected = -1
        assert total(family, width, height) == expected, (width, height)


PUBLISHED = [
    (Phi3(), 1344, 1344, 2509),
    (Phi3(), 1344, 1008, 1921),
    (Phi3(max_tiles=4), 640, 480, 757),
    (DeepSeekVL2(), 384, 384, 421),
    (DeepSeekOcr(), 640, 640, 273),
    (DeepSeekOcr(size=512, tiled=False), 900, 700, 73),
    (MiniCpmV(side=14, queries=64), 1344, 1344, 10 * 66 + 3 + 2),
    (MiniCpmV(side=14, queries=96, numbered=False, slice_markers=2), 448, 448, 98),
]


@pytest.mark.parametrize(("family", "width", "height", "count"), PUBLISHED)
def test_as_worked_out_by_hand(family, width, height, count):
    assert family.layout(width, height).total == count
    assert family.count_many(np.array([width]), np.array([height])) == count
