"""Families of native resolution and of LLaVA's canvases against transformers, and against what a layout promises."""

import ast
import importlib
import importlib.util
import itertools
import json
import math
import random
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vtok.errors import UsageError
from vtok.geometry.families.glm4v import Glm4v
from vtok.geometry.families.glm5_next import Glm5Next
from vtok.geometry.families.glm_image import GlmImage
from vtok.geometry.families.inkling import Inkling
from vtok.geometry.families.kimi_k25 import KimiK25
from vtok.geometry.families.kimi_vl import KimiVl
from vtok.geometry.families.lfm2_vl import Lfm2Vl
from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.llava_onevision import LlavaOnevision
from vtok.geometry.families.muse import Muse
from vtok.geometry.families.paddleocr_vl import PaddleOcrVl
from vtok.geometry.families.pixtral import Pixtral
from vtok.geometry.families.smart_resize import SmartResize

COUNTS = Path(__file__).parents[1] / "data" / "counts"

ORACLE = {
    "ernie4.5-vl": SmartResize(max_pixels=28**2 * 6177),
    "exaone4.5": SmartResize(),
    "glm46v": Glm4v(),
    "glm4v": Glm4v(),
    "hunyuan-vl": SmartResize(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True, markers=2),
    "lighton-ocr": Pixtral(longest_edge=1540, patch=14, merge=2, whole_tokens=False, row_ends=False),
    "llava-1.6": LlavaNext(),
    "llava-onevision-qwen2": LlavaOnevision(),
    "minimax-m3-vl": SmartResize(max_pixels=451584),
    "mistral-small-3.1": Pixtral(longest_edge=1540, patch=14, merge=2),
    "pixtral-12b": Pixtral(),
    "qwen2-vl": SmartResize(),
    "qwen2-vl-hub": SmartResize(max_pixels=12845056),
    "qwen2.5-vl": SmartResize(max_pixels=12845056),
    "qwen3-vl": SmartResize(min_pixels=65536, max_pixels=16777216, patch=16),
}

# transformers' count function for Pixtral guesses where the channels are from an array of zeros, and takes a picture
# of 1 or 3 px in height for one on its side. What it really does to such a picture is in the test below.
MISCOUNTED = {("mistral-small-3.1", 1008, 1): 37}

GRANITE_TILES = [(1, times) for times in range(1, 11)] + [(2, 1), (2, 2), (3, 3), (2, 5), (5, 2), (10, 1)]
GRANITE = tuple((384 * down, 384 * across) for down, across in GRANITE_TILES)
FAMILIES = {
    **ORACLE,
    "apertus1.5": SmartResize(min_pixels=128**2, max_pixels=1400**2, patch=16, merge=1),
    "cosmos3-edge": Glm4v(min_pixels=256**2, max_pixels=4096**2, patch=16, frames=1),
    "glm5-next": Glm5Next(),
    "glm5-next-small": Glm5Next(min_tokens=100, max_tokens=777),
    "glm-image": GlmImage(),
    "glm-image-large": GlmImage(min_pixels=512**2, max_pixels=2048**2, patch=16),
    "granite3-vision": LlavaNext(side=384, pinpoints=GRANITE),
    "granite4-vision": LlavaNext(side=384, pinpoints=GRANITE, downsample=(4, 8), extra=1),
    "hy-v4-vl": SmartResize(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True),
    "inkling": Inkling(),
    "inkling-scaled": Inkling(scale=1.5),
    "inkling2": Inkling(spare_column=False),
    "kimi-k2.5": KimiK25(),
    "kimi-vl": KimiVl(),
    "kimi-vl-thinking": KimiVl(max_patches=16384),
    "lfm2-vl": Lfm2Vl(),
    "lfm2-vl-bare": Lfm2Vl(thumbnail=False, markers=False),
    "lfm2-vl-whole": Lfm2Vl(min_tiles=1, max_tiles=1),
    "muse": Muse(),
    "muse-small": Muse(max_tokens=900, markers=2),
    "paddleocr-vl": PaddleOcrVl(),
    "video-llama3": SmartResize(merge=1),
}
UNITS = (14, 16, 28, 32, 40, 336, 384, 512)


def total(family, width, height):
    try:
        return family.layout(width, height).total
    except UsageError:
        return -1


def sizes(count, seed):
    """Random sizes of many shapes, among them squares, thin ones and ones a pixel either side of a grid's edge."""
    draw = random.Random(seed)
    found = [(1, 1), (1, 3000), (3000, 1), (1, 40), (9, 4000), (6000, 29), (20, 4021), (448, 448)]
    while len(found) < count:
        unit = draw.choice(UNITS)
        edge = max(1, unit * draw.randint(1, 4000 // unit) // draw.choice((1, 1, 2)) + draw.choice((-1, 0, 1)))
        side = draw.choice((edge, draw.randint(1, 60), int(10 ** draw.uniform(0, 3.9))))
        found.append(draw.choice(((edge, side), (side, edge), (edge, edge), (draw.randint(1, 5000), side))))
    return found


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


def processor(module, name=None):
    """transformers' own image processor with its defaults, in the version that needs Pillow only."""
    pytest.importorskip("transformers")
    found = importlib.import_module(f"transformers.models.{module}.image_processing_pil_{module}")
    return getattr(found, name or next(name for name in dir(found) if name.endswith("ImageProcessorPil")))


def source(path, *names):
    """Functions from a file of transformers that wants torchvision when it is imported as a whole."""
    pytest.importorskip("transformers")
    root = importlib.util.find_spec("transformers").submodule_search_locations[0]
    tree = ast.parse(Path(root, "models", path).read_text(), path)
    kept = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    for node in kept:
        node.decorator_list = []
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
    namespace = {"math": math, "itertools": itertools, "lru_cache": lru_cache}
    exec(compile(ast.Module(kept, []), path, "exec"), namespace)  # noqa: S102
    return SimpleNamespace(**namespace)


def patches(module, merge, **settings):
    made = processor(module)(**settings)
    return lambda w, h: made.get_number_of_image_patches(h, w) // merge**2


def rows_of_patches(module, markers):
    made = processor(module)()

    def count(w, h):
        rows, columns = made.get_number_of_image_patches(h, w)
        return rows // 2 * (columns // 2 + 1) + markers

    return count


def canvases(module, **settings):
    """The count of a LLaVA processor, made without a tokenizer."""
    pytest.importorskip("transformers")
    found = importlib.import_module(f"transformers.models.{module}.processing_{module}")
    made = object.__new__(next(value for name, value in vars(found).items() if name.endswith("Processor")))
    points, side = settings.pop("pinpoints"), settings.pop("side")
    vars(made).update(settings, image_processor=SimpleNamespace(image_grid_pinpoints=points))
    less = settings.get("vision_feature_select_strategy") == "default"
    return lambda w, h: made._get_number_of_features(h, w, side, side) - less


def pixtral(longest_edge, unit, side, ends):
    pytest.importorskip("transformers")
    found = source("pixtral/image_processing_pil_pixtral.py", "get_resize_output_image_size", "_num_image_tokens")
    vars(found)["get_resize_output_image_size"].__globals__["get_image_size"] = lambda image, _: image

    def count(w, h):
        height, width = found.get_resize_output_image_size((h, w), longest_edge, unit)
        return height // side * (width // side + ends)

    return count


def kimi():
    resize = source("kimi_k25/image_processing_kimi_k25.py", "navit_resize").navit_resize
    return lambda w, h: math.prod(side // 28 for side in resize(h, w, 14, 2, 16384, 512)[1])


def glm5(least, most):
    resize = processor("glm5_next")(min_image_tokens=least, max_image_tokens=most).get_number_of_image_patches
    return lambda w, h: resize(h, w) // 4


def muse(most, markers):
    resize = source("muse_glimmer/image_processing_muse_glimmer.py", "smart_resize").smart_resize
    return lambda w, h: math.prod(side // 28 for side in resize(h, w, 28, most)) + markers


def apertus():
    resize = source("apertus1p5/image_processing_apertus1p5.py", "smart_resize").smart_resize
    return lambda w, h: math.prod(side // 16 for side in resize(h, w, 16, 128**2, 1400**2))


def minimax():
    resize = source("minimax_m3_vl/image_processing_minimax_m3_vl.py", "smart_resize").smart_resize
    return lambda w, h: math.prod(side // 28 for side in resize(h, w, 28, 3136, 451584))


def inkling():
    divide = source("inkling/image_processing_inkling.py", "divide_to_patches").divide_to_patches
    return lambda w, h: len(divide(np.empty((0, h, w)), 40))


def lfm2(markers=True, thumbnail=True, tiles=(2, 10)):
    names = ("round_by_factor", "find_closest_aspect_ratio", "_target_ratios", "smart_resize", "_is_image_too_large")
    found = source("lfm2_vl/image_processing_lfm2_vl.py", *names)
    text = source("lfm2_vl/processing_lfm2_vl.py", "_build_image_tokens")
    words = SimpleNamespace(
        image_start_token="<begin>", image_end_token="<end>", image_token="<image>", image_thumbnail_token="<thumb>"
    )

    def count(w, h):
        width, height = found.smart_resize(None, h, w, 2, 64, 256, 16)
        columns = rows = 1
        if found._is_image_too_large(None, h, w, 256, 16, 2, 2.0) and tiles != (1, 1):
            targets = found._target_ratios(None, *tiles)
            columns, rows = found.find_closest_aspect_ratio(w / h, targets, w, h, 512)
        whole = math.ceil(height // 16 / 2) * math.ceil(width // 16 / 2)
        return text._build_image_tokens(words, rows, columns, 256, whole, thumbnail, markers).count("<")

    return count


LLAVA = {"patch_size": 14, "num_additional_image_tokens": 1, "vision_feature_select_strategy": "default"}
ONEVISION = {"num_image_tokens": 729, "vision_feature_select_strategy": "full", "vision_aspect_ratio": "anyres_max_9"}
SIGLIP = {"patch_size": 14, "num_additional_image_tokens": 0, "vision_feature_select_strategy": "full"}
SIGLIP_EXTRA = SIGLIP | {"num_additional_image_tokens": 1}

REFERENCES = {
    "apertus1.5": apertus,
    "cosmos3-edge": lambda: patches("cosmos3_edge", 2),
    "ernie4.5-vl": lambda: patches("ernie4_5_vl_moe", 2),
    "exaone4.5": lambda: patches("qwen2_vl", 2),
    "glm46v": lambda: patches("glm46v", 2),
    "glm4v": lambda: patches("glm4v", 2),
    "glm5-next": lambda: glm5(16, 8000),
    "glm5-next-small": lambda: glm5(100, 777),
    "glm-image": lambda: patches("glm_image", 2),
    "glm-image-large": lambda: patches(
        "glm_image", 2, size={"shortest_edge": 512**2, "longest_edge": 2048**2}, patch_size=16
    ),
    "granite3-vision": lambda: canvases("llava_next", side=384, pinpoints=GRANITE, **SIGLIP),
    "granite4-vision": lambda: canvases(
        "granite4_vision",
        side=384,
        pinpoints=GRANITE,
        downsample_rate="4/8",
        **SIGLIP_EXTRA,
    ),
    "hunyuan-vl": lambda: rows_of_patches("hunyuan_vl", 2),
    "hy-v4-vl": lambda: rows_of_patches("hy_v4_vl", 0),
    "inkling": inkling,
    "kimi-k2.5": kimi,
    "lfm2-vl": lfm2,
    "lfm2-vl-bare": lambda: lfm2(markers=False, thumbnail=False),
    "lfm2-vl-whole": lambda: lfm2(tiles=(1, 1)),
    "lighton-ocr": lambda: pixtral(1540, 14, 28, 0),
    "llava-1.6": lambda: canvases("llava_next", side=336, pinpoints=LlavaNext().pinpoints, **LLAVA),
    "llava-onevision-qwen2": lambda: canvases(
        "llava_onevision", side=384, pinpoints=LlavaOnevision().pinpoints, **ONEVISION
    ),
    "minimax-m3-vl": minimax,
    "mistral-small-3.1": lambda: pixtral(1540, 28, 28, 1),
    "muse": lambda: muse(4096, 0),
    "muse-small": lambda: muse(900, 2),
    "paddleocr-vl": lambda: patches("paddleocr_vl", 2),
    "pixtral-12b": lambda: pixtral(1024, 16, 16, 1),
    "qwen2-vl": lambda: patches("qwen2_vl", 2),
    "qwen2.5-vl": lambda: patches("qwen2_vl", 2, size={"shortest_edge": 3136, "longest_edge": 12845056}),
    "qwen3-vl": lambda: patches("qwen2_vl", 2, size={"shortest_edge": 65536, "longest_edge": 16777216}, patch_size=16),
    "video-llama3": lambda: patches("video_llama_3", 1),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_random_sizes_count_as_in_transformers(name):
    reference = REFERENCES[name]()
    pairs = sizes(400, f"transformers {name}")
    expected = []
    for width, height in pairs:
        try:
            expected.append(reference(width, height))
        except ValueError:
            expected.append(-1)
    assert FAMILIES[name].count_many(*np.array(pairs).T).tolist() == expected


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("cosmos3-edge", "cosmos3_edge"),
        ("ernie4.5-vl", "ernie4_5_vl_moe"),
        ("glm4v", "glm4v"),
        ("glm5-next", "glm5_next"),
        ("glm-image", "glm_image"),
        ("hy-v4-vl", "hy_v4_vl"),
        ("paddleocr-vl", "paddleocr_vl"),
        ("qwen2-vl", "qwen2_vl"),
        ("video-llama3", "video_llama_3"),
    ],
)
def test_real_preprocessing_of_pictures(name, module):
    image = pytest.importorskip("PIL.Image")
    made, family = processor(module)(), FAMILIES[name]
    for size in ((98, 154), (97, 153), (43, 150), (29, 30), (420, 167)):
        [(_, rows, columns)] = made(image.new("RGB", size), return_tensors="np")["image_grid_thw"].tolist()
        layout = family.layout(*size)
        assert layout.resized == (columns * family.patch, rows * family.patch), size
        assert layout.grids[0].count == rows * columns // family.merge**2


@pytest.mark.parametrize(
    ("name", "module", "setting"),
    [
        ("llava-1.6", "llava_next", {"vision_feature_select_strategy": "default"}),
        ("llava-onevision-qwen2", "llava_onevision", {"vision_aspect_ratio": "anyres_max_9"}),
    ],
)
def test_rows_that_the_model_really_makes(name, module, setting):
    pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    family = FAMILIES[name]
    found = importlib.import_module(f"transformers.models.{module}.modeling_{module}")
    model = getattr(found, "LlavaNextModel" if module == "llava_next" else "LlavaOnevisionModel")
    vision = SimpleNamespace(image_size=family.side, patch_size=family.patch)
    pinpoints = [list(size) for size in family.pinpoints]
    self = SimpleNamespace(config=SimpleNamespace(vision_config=vision, image_grid_pinpoints=pinpoints))
    for width, height in [(672, 336), (673, 335), (337, 1009), (900, 300), (54, 6000), *sizes(40, f"rows {name}")]:
        layout = family.layout(width, height)
        features = torch.zeros(len(layout.tiles), family.cells**2, 1)
        made, _ = model.pack_image_features(
            self, [features], torch.tensor([[height, width]]), image_newline=torch.ones(1), **setting
        )
        assert len(made[0]) == layout.total, (width, height)
        assert int(made[0].sum()) == layout.structural, (width, height)


def test_real_preprocessing_of_pictures_a_few_pixels_high():
    image = pytest.importorskip("PIL.Image")
    made = processor("pixtral")(size={"longest_edge": 1540}, patch_size={"height": 28, "width": 28})
    for size in ((1008, 1), (1008, 3), (29, 1)):
        [(height, width)] = made(image.new("RGB", size), return_tensors="np")["image_sizes"]
        layout = ORACLE["mistral-small-3.1"].layout(*size)
        assert layout.resized == (width, height)
        assert layout.total == height // 28 * (width // 28 + 1)
