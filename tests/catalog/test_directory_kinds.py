"""Kinds of checkpoint directories: files as a kind's processor writes them, and the family that must come of them."""

import importlib
import json
import math
import re
from pathlib import Path

import pytest

from vtok.catalog.directory import read_directory
from vtok.catalog.processors import RULES
from vtok.errors import ModelError
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.gemma3 import Gemma3
from vtok.geometry.families.glm4v import Glm4v
from vtok.geometry.families.granite_docling import GraniteDocling
from vtok.geometry.families.inkling import Inkling
from vtok.geometry.families.internvl import InternVL
from vtok.geometry.families.llava import Llava
from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.minicpmv import MiniCpmV
from vtok.geometry.families.nemotron import Nemotron
from vtok.geometry.families.smart_resize import SmartResize

SQUARE = {"size": {"height": 1024, "width": 1024}}
PAN = {"pan_and_scan_min_crop_size": 200, "pan_and_scan_max_num_crops": 6, "pan_and_scan_min_ratio_to_activate": 1.5}
DENSE = {"dense_max_patches": 64, "dense_max_scale": 0.5, "dense_min_aspect": 1.2, "dense_max_aspect": 4}
CANVASES = {"image_grid_pinpoints": [[384, 384], [384, 768]], "size": {"height": 384, "width": 384}}
LLAVA = {"patch_size": 16, "vision_feature_select_strategy": "full"}

# kind, config.json beside the kind, the image processor's file, the processor's file, what must come of it
FILES = [
    ("apertus1p5", {}, {"spatial_factor": 8}, {}, SmartResize(128**2, 1400**2, patch=8, merge=1)),
    ("apertus1p5", {}, {"size": {"min_pixels": 100, "max_pixels": 900}}, {}, SmartResize(100, 900, patch=16, merge=1)),
    ("deepseek_vl_hybrid", {}, {}, {}, Fixed(384, 24, shape="pad")),
    ("fast_vlm", {}, {}, {}, Llava(1024, 1024, patch=64)),
    ("fast_vlm", {}, {"crop_size": {"height": 512, "width": 512}}, {"patch_size": 32}, Llava(1024, 512, patch=32)),
    ("gemma3", {}, {"do_pan_and_scan": None, "size": {"height": 896, "width": 896}}, {}, Gemma3()),
    ("gemma3", {}, {"do_pan_and_scan": True, **PAN}, {}, Gemma3(896, 16, True, 200, 6, 1.5)),
    ("glmga", {}, {"patch_expand_factor": 1}, {}, Glm4v()),
    ("got_ocr2", {}, {**SQUARE, "crop_to_patches": True}, {}, InternVL(tile=1024, max_tiles=1, markers=0)),
    ("granite4_vision", {}, CANVASES, {**LLAVA, "downsample_rate": "4/8"}, "4/8"),
    ("granite4_vision", {"downsample_rate": "1/4"}, CANVASES, LLAVA, "1/4"),
    ("granite_docling", {}, {"max_patches": 12}, {"image_seq_len": 64}, GraniteDocling(max_tiles=12)),
    ("granite_docling", {}, {"fine_route": True, **DENSE}, {}, GraniteDocling(512, 1, 32, 16, 16, 0, 64, 0.5, 1.2, 4)),
    ("granite_docling", {}, {"crop_to_patches": False, **DENSE}, {}, None),
    ("hyperclovax_vision_v2", {}, {"max_pixels": 2000000}, {}, SmartResize(max_pixels=2000000)),
    ("inkling_mm_model", {}, {}, {}, Inkling()),
    ("inkling_mm_model", {}, {"rescale_image_frac": 2, "rescale_image_max_upscaled_long_edge": None}, {}, "unbound"),
    ("inkling2", {}, {"size": {"height": 20, "width": 20}}, {}, Inkling(patch=20, spare_column=False)),
    ("inkling2_loop", {}, {}, {}, Inkling(spare_column=False)),
    ("kosmos-2", {"latent_query_num": 32}, {}, {}, "queries"),
    ("kosmos-2", {}, {"size": {"height": 224, "width": 224}}, {}, Fixed(rows=0, pooled=64, structural=2)),
    ("minicpm_ocr", {}, {"small_image_upsize": "never"}, {}, MiniCpmV(side=28, upsize=False)),
    ("minicpm_ocr", {}, {"downsample_mode": "16x", "patch_size": 16, "use_image_id": False}, {}, "ocr"),
    ("nemotron_h_omni", {}, {"max_num_patches": 0, "downsample_ratio": 0.25}, {}, Nemotron(max_patches=0, merge=4)),
    ("t5gemma2", {}, {}, {"image_seq_length": 64}, Gemma3(rows=8)),
    ("video_llava", {}, {}, {}, Llava(224, 224)),
]
WORDS = {
    "4/8": LlavaNext(384, 16, ((384, 384), (384, 768)), (4, 8)),
    "1/4": LlavaNext(384, 16, ((384, 384), (384, 768)), (1, 4)),
    None: GraniteDocling(max_tiles=1, dense_max_scale=0.5, dense_min_aspect=1.2, dense_max_aspect=4),
    "unbound": Inkling(scale=2, max_edge=math.inf),
    "queries": Fixed(rows=0, pooled=32, structural=2, shape="crop"),
    "ocr": MiniCpmV(side=64, numbered=False),
}


def write(folder, kind, config, image, processor):
    data = {"config": {"model_type": kind, **config}, "preprocessor_config": image, "processor_config": processor}
    for name, part in data.items():
        (folder / f"{name}.json").write_text(json.dumps(part))
    return folder


@pytest.mark.parametrize(("kind", "config", "image", "processor", "family"), FILES)
def test_the_files_of_a_kind(kind, config, image, processor, family, tmp_path):
    expected = WORDS.get(family, family) if isinstance(family, str | None) else family
    assert read_directory(write(tmp_path, kind, config, image, processor)).family == expected


@pytest.mark.parametrize(
    ("kind", "image", "processor", "message"),
    [
        ("glmga", {"patch_expand_factor": 2}, {}, "patch_expand_factor other than 1"),
        ("minicpm_ocr", {"small_image_upsize": "adaptive"}, {}, "depends on what a picture shows"),
        ("granite4_vision", {}, {"downsample_rate": "half"}, "downsample_rate 'half'"),
    ],
)
def test_what_no_size_tells(kind, image, processor, message, tmp_path):
    with pytest.raises(ModelError, match=message):
        read_directory(write(tmp_path, kind, {}, image, processor))


def test_every_class_that_takes_pictures_has_a_rule():
    """The kinds whose class in transformers makes text of pictures and words, as its own list has them."""
    pytest.importorskip("transformers")
    found = importlib.import_module("transformers.models.auto.modeling_auto")
    kinds = set(found.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES)
    # Captions without a place for the picture among the words, encoders of documents, robots, proteins and videos; and
    # one that is Mistral's text model.
    other = {"blip", "git", "idefics", "pix2struct", "pp_formulanet", "udop", "vision-encoder-decoder", "mistral4"}
    other |= {"evolla", "pi0", "instructblipvideo", "kosmos-2.5", "pp_chart2table"}
    assert kinds - set(RULES) - other == set()


def test_the_rules_name_kinds_that_there_are():
    pytest.importorskip("transformers")
    models = Path(importlib.util.find_spec("transformers").origin).parent / "models"
    told = "".join(path.read_text() for path in models.glob("*/configuration_*.py"))
    kinds = set(re.findall(r'model_type = "([^"]+)"', told))
    of_their_own = {"deepseek_vl_v2", "ernie4_5_moe_vl", "internvl_chat", "kimi_vl", "minicpmv", "phi3_v"}
    assert set(RULES) - kinds == of_their_own | {"DeepseekOCR", "unlimited-ocr"}
