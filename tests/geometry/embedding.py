"""Tiny models with their families' real geometry, and transformers' own processors in front of them.

Widths and layers are those of the zoo; patches, merges, tiles and poolings are the families' own, so that the rows
that come out of ``get_image_features`` are as many as those of the real model.
"""

import importlib
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image

from tests import zoo
from tests.zoo.prompts import rows_of
from vtok.catalog.checkpoints import find_checkpoint
from vtok.geometry.registry import make_family


@dataclass(frozen=True)
class Case:
    """One class of the zoo: ``model`` replaces settings of its configuration, ``processor`` is (folder, settings).

    ``rows`` says which count of the layout the model's rows are: "content" where newlines and markers are tokens of
    text that the processor writes, "total" where the model makes them itself, among its visual rows.
    """

    family: tuple
    processor: tuple
    model: dict = field(default_factory=dict)
    rows: str = "content"
    heights: tuple = (333, 900)


def vision(**settings):
    return {"vision_config": settings}


def size(side):
    return {"size": {"height": side, "width": side}}


def bounds(low, high):
    return {"size": {"shortest_edge": low, "longest_edge": high}}


def cropped(side):
    return {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}


#: Bounds lower than the checkpoints' own, so that large pictures are quick; the rule is the same.
_HIGH = 401408
_QWEN2 = Case(("smart_resize", {"max_pixels": _HIGH}), ("qwen2_vl", bounds(3136, _HIGH)))
_QWEN3 = Case(
    ("smart_resize", {"min_pixels": 65536, "max_pixels": _HIGH, "patch": 16}),
    ("qwen2_vl", {"patch_size": 16, **bounds(65536, _HIGH)}),
)
_GLM = Case(("glm4v", {"max_pixels": 2 * _HIGH}), ("glm4v", bounds(12544, 2 * _HIGH)))
_ANYRES = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
_TWO = [[384, 768], [768, 384], [768, 768]]
_SIDES = range(384, 2305, 384)
_LLAVA = Case(("llava", {}), ("clip", cropped(336)), vision(image_size=336, patch_size=14))
AYA = dict(find_checkpoint("aya-vision-8b").settings)
_MISTRAL = Case(
    ("pixtral", {"longest_edge": 1540, "patch": 14, "merge": 2}),
    ("pixtral", {"size": {"longest_edge": 1540}, "patch_size": 28}),
    {**vision(image_size=1540, patch_size=14), "spatial_merge_size": 2},
    heights=(333,),
)
_SAM = {"image_size": 1024, "patch_size": 16, "output_channels": 32, "window_size": 14}
_GOT = {"crop_to_patches": True, "max_patches": 6}

CASES = {
    "aria": Case(
        ("aria", {}),
        ("aria", {}),
        {**vision(image_size=980, patch_size=14), "projector_patch_to_query_dict": {1225: 128, 4900: 256}},
    ),
    "aya_vision": Case(
        ("internvl", {**AYA, "max_tiles": 6}),
        ("got_ocr2", {**size(364), **_GOT}),
        vision(image_size=364, patch_size=14),
    ),
    "blip_2": Case(
        ("fixed", {"rows": 0, "pooled": 32}),
        ("blip", size(224)),
        {**vision(image_size=224, patch_size=14), "num_query_tokens": 32, "image_token_index": 10},
    ),
    "cohere_compass": Case(
        ("smart_resize", {}), ("cohere_compass", bounds(3136, 1003520)), vision(patch_size=14), heights=(333,)
    ),
    "cosmos3_omni": _QWEN3,
    "cosmos3_edge": Case(
        ("glm4v", {"min_pixels": 65536, "max_pixels": 16777216, "patch": 16, "frames": 1}),
        ("cosmos3_edge", {}),
        heights=(333,),
    ),
    "deepseek_ocr2": Case(
        ("deepseek_ocr", {"tile": 768, "max_tiles": 6, "row_ends": False}), ("deepseek_ocr2", {}), rows="total"
    ),
    "deepseek_vl": Case(
        ("fixed", {"size": 384, "rows": 24, "shape": "pad"}), ("deepseek_vl", {}), vision(image_size=384, patch_size=16)
    ),
    "deepseek_vl_hybrid": Case(
        ("fixed", {"size": 384, "rows": 24, "shape": "pad"}),
        ("deepseek_vl_hybrid", {}),
        {**vision(image_size=384, patch_size=16), "high_res_vision_config": _SAM},
    ),
    "ernie4_5_vl_moe": Case(("smart_resize", {"max_pixels": 4842768}), ("ernie4_5_vl_moe", {}), heights=(333,)),
    "exaone4_5": _QWEN2,
    "gemma3": Case(
        ("fixed", {"size": 896}),
        ("gemma3", size(896)),
        {**vision(image_size=896, patch_size=14), "mm_tokens_per_image": 256},
    ),
    "gemma4": Case(("gemma4", {}), ("gemma4", {})),
    "glm46v": _GLM,
    "glm4v": _GLM,
    "glm4v_moe": _GLM,
    "glm5_next": Case(("glm5_next", {}), ("glm5_next", {}), heights=(333,)),
    "glm_ocr": _GLM,
    "got_ocr2": Case(("fixed", {"size": 1024}), ("got_ocr2", size(1024)), vision(**_SAM)),
    "granite4_vision": Case(
        ("llava_next", {"side": 384, "patch": 16, "pinpoints": _TWO, "downsample": (4, 8)}),
        ("llava_next", {**cropped(384), "image_grid_pinpoints": _TWO}),
        {
            **vision(image_size=384, patch_size=16),
            "image_grid_pinpoints": _TWO,
            "downsample_rate": "4/8",
            "deepstack_layer_map": [[-1, 0]],
            "spatial_target_layers": [1],
            "qformer_config": {"num_hidden_layers": 1},
        },
        "total",
    ),
    "granite_docling": Case(
        ("granite_docling", {"max_tiles": 6}),
        ("granite_docling", {"max_patches": 6}),
        vision(image_size=512, patch_size=16),
    ),
    "hunyuan_vl": Case(
        ("smart_resize", {"min_pixels": 262144, "max_pixels": 4194304, "patch": 16, "row_ends": True, "markers": 2}),
        ("hunyuan_vl", {}),
        rows="total",
        heights=(800,),
    ),
    "hy_v4_vl": Case(
        ("smart_resize", {"min_pixels": 262144, "max_pixels": 4194304, "patch": 16, "row_ends": True}),
        ("hy_v4_vl", {}),
        rows="total",
        heights=(800,),
    ),
    "idefics2": Case(
        ("idefics2", {}),
        ("idefics2", {"do_image_splitting": False}),
        {**vision(image_size=980, patch_size=14), "perceiver_config": {"resampler_n_latents": 64}},
    ),
    "idefics3": Case(("idefics3", {}), ("idefics3", {}), {**vision(image_size=364, patch_size=14), "scale_factor": 2}),
    "internvl": Case(
        ("internvl", {"max_tiles": 6}),
        ("got_ocr2", {**size(448), **_GOT}),
        {**vision(image_size=[448, 448], patch_size=[14, 14]), "image_seq_length": 256},
    ),
    "janus": Case(
        ("fixed", {"size": 384, "rows": 24, "shape": "pad"}), ("janus", {}), vision(image_size=384, patch_size=16)
    ),
    "lighton_ocr": Case(
        ("pixtral", {"longest_edge": 1540, "patch": 14, "merge": 2, "whole_tokens": False, "row_ends": False}),
        ("pixtral", {"size": {"longest_edge": 1540}, "patch_size": 14}),
        {**vision(image_size=1540, patch_size=14), "spatial_merge_size": 2},
        heights=(333,),
    ),
    "llava": _LLAVA,
    "llava_next": Case(
        ("llava_next", {}),
        ("llava_next", {**cropped(336), "image_grid_pinpoints": _ANYRES}),
        {**vision(image_size=336, patch_size=14), "image_grid_pinpoints": _ANYRES},
        "total",
    ),
    "llava_onevision": Case(
        ("llava_onevision", {}),
        ("llava_onevision", {}),
        {
            **vision(image_size=384, patch_size=14),
            "image_grid_pinpoints": [[high, wide] for high in _SIDES for wide in _SIDES],
        },
        "total",
    ),
    "llava_next_video": Case(
        ("llava_next", {}),
        ("llava_next", {**cropped(336), "image_grid_pinpoints": _ANYRES}),
        {**vision(image_size=336, patch_size=14), "image_grid_pinpoints": _ANYRES},
        "total",
    ),
    "minicpm_ocr": Case(("minicpmv", {"side": 28}), ("minicpmv4_6", {"downsample_mode": "4x"}), vision(patch_size=14)),
    "minicpmv4_6": Case(("minicpmv", {}), ("minicpmv4_6", {}), vision(patch_size=14)),
    "minicpmv4_7": Case(("minicpmv", {}), ("minicpmv4_6", {}), vision(patch_size=14)),
    "mistral3": _MISTRAL,
    "mistral_large4": _MISTRAL,
    "ovis2": Case(
        ("ovis2", {}),
        ("ovis2", {**size(448), "crop_to_patches": True}),
        vision(image_size=448, patch_size=14, hidden_stride=2),
    ),
    "paddleocr_vl": Case(("paddleocr_vl", {}), ("paddleocr_vl", {}), heights=(333,)),
    "paligemma": Case(("fixed", {}), ("siglip", size(224)), vision(image_size=224, patch_size=14)),
    "qianfan_ocr": Case(
        ("internvl", {"max_tiles": 6}),
        ("got_ocr2", {**size(448), **_GOT}),
        {**vision(image_size=[448, 448], patch_size=[14, 14]), "image_seq_length": 256},
    ),
    "qwen2_5_omni": _QWEN2,
    "qwen2_5_vl": _QWEN2,
    "qwen2_vl": _QWEN2,
    "qwen3_5": _QWEN3,
    "qwen3_5_moe": _QWEN3,
    "qwen3_omni_moe": Case(
        ("smart_resize", {"max_pixels": _HIGH, "patch": 16}), ("qwen2_vl", {"patch_size": 16, **bounds(3136, _HIGH)})
    ),
    "qwen3_vl": _QWEN3,
    "qwen3_vl_moe": _QWEN3,
    "qwen4_exp": _QWEN3,
    "smolvlm": Case(
        ("idefics3", {"longest_edge": 2048, "tile": 512, "rows": 8}),
        ("smolvlm", {"size": {"longest_edge": 2048}, "max_image_size": {"longest_edge": 512}}),
        {**vision(image_size=512, patch_size=16), "scale_factor": 4},
    ),
    "video_llama_3": Case(("smart_resize", {"merge": 1}), ("video_llama_3", {}), vision(patch_size=14), heights=(333,)),
    "vipllava": Case(("llava", {}), ("clip", cropped(336)), {**_LLAVA.model, "vision_feature_layer": [-1, -2]}),
}

#: Classes whose processor needs torchvision: they get patches in the grid that our rule states.
PACKED = {
    "dots3_note": ("smart_resize", {"patch": 16, "max_pixels": _HIGH}),
    "gemma4_unified": ("gemma4", {}),
    "hyperclovax_vision_v2": ("smart_resize", {"max_pixels": _HIGH}),
    "kimi_k25": ("kimi_k25", {}),
    "lfm2_vl": ("lfm2_vl", {}),
    "lfm3_vl": ("smart_resize", {"patch": 16, "max_pixels": _HIGH}),
    "minimax_m3_vl": ("smart_resize", {"max_pixels": _HIGH}),
    "muse_glimmer": ("muse", {"max_tokens": 512}),
    "muse_spark": ("muse", {"max_tokens": 512}),
}


@cache
def parts(name):
    """The tiny model, the processor and the family of one case."""
    case = CASES[name]
    folder, settings = case.processor
    module = importlib.import_module(f"transformers.models.{folder}.image_processing_pil_{folder}")
    found = (one for key, one in vars(module).items() if key.endswith("ImageProcessorPil"))
    cls = next(one for one in found if one.__module__ == module.__name__)
    return zoo.fresh(name, **case.model).model, cls(**settings), make_family(*case.family)


def embedded(name, width, height):
    """Rows that the model makes of a picture of this size."""
    model, processor, _ = parts(name)
    made = processor(Image.new("RGB", (width, height), (90, 40, 200)), return_tensors="pt")
    return sum(rows_of(model, dict(made)))


def edges(family, heights, places=2, most=2500):
    """Sizes one pixel either side of where the count changes: ``places`` widths a height, and as many turned."""
    found = []
    for height in heights:
        lengths = np.arange(60, 1500)
        for turned in (False, True):
            other = np.full_like(lengths, height)
            counts = family.count_many(*((other, lengths) if turned else (lengths, other)))
            real = (counts[1:] > 0) & (counts[:-1] > 0) & (counts[1:] < most)
            changes = np.flatnonzero((counts[1:] != counts[:-1]) & real)
            for part in range(1, places + 1) if len(changes) else ():
                place = changes[part * len(changes) // (places + 1)]
                for length in (int(lengths[place]), int(lengths[place]) + 1):
                    found.append((height, length) if turned else (length, height))
    return found or [(333, 333), (100, 700), (700, 101)]
