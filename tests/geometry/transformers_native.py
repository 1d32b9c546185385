"""How transformers counts for families of native resolution: its own functions, by the name of a setting."""

import ast
import importlib
import importlib.util
import itertools
import math
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from native_families import GRANITE

from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.llava_onevision import LlavaOnevision


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
