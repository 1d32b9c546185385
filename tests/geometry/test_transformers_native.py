"""Families of native resolution against transformers' own code: counts, real preprocessing, rows of models."""

import importlib
import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
from native_families import FAMILIES, ORACLE, sizes
from transformers_native import REFERENCES, processor


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
