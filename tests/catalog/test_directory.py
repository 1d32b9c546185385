"""Checkpoint directories: every setting of the oracle, written as transformers writes it, must count as the oracle."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

import vtok
from vtok.catalog.architectures import complete_text, complete_vision
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.directory import read_directory
from vtok.catalog.processors import RULES
from vtok.errors import ModelError

COUNTS = Path(__file__).parents[1] / "data" / "counts"
STEMS = sorted(path.stem for path in COUNTS.glob("*.json"))

# transformers' count of these two rows takes a picture for one on its side; see tests/geometry.
MISCOUNTED = {("mistral-small-3.1", 1008, 1): 37}


def write(folder, config, image=None, processor=None):
    folder.mkdir(exist_ok=True)
    for name, data in (("config", config), ("preprocessor_config", image), ("processor_config", processor)):
        if data is not None:
            (folder / f"{name}.json").write_text(json.dumps(data))
    return folder


def counted(folder, rows):
    widths, heights = np.array([row[:2] for row in rows]).T
    return vtok.count_many(widths, heights, model=folder, errors="mask").tolist()


# Settings that somebody passes to the processor at each call: it overrides what its image processor's file says.
AT_THE_CALL = {"aria-980-split", "internvl-nocrop"}


@pytest.mark.parametrize("nested", [False, True], ids=["version 4", "version 5"])
@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem not in AT_THE_CALL])
def test_directories_count_as_the_oracle(stem, nested, tmp_path):
    oracle = json.loads((COUNTS / f"{stem}.json").read_text())
    image = {"image_processor_type": oracle["image_processor"], **oracle["image_processor_kwargs"]}
    processor = {**oracle["processor"], **({"image_processor": image} if nested else {})}
    folder = write(tmp_path / "it", {"model_type": oracle["family"]}, None if nested else image, processor)
    rows = oracle["rows"]
    expected = [MISCOUNTED.get((stem, *row[:2]), -1 if row[2] is None else row[2]) for row in rows]
    assert counted(folder, rows) == expected


def test_sizes_and_context_are_read(tmp_path):
    text = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
    text |= {"intermediate_size": 96, "vocab_size": 1000, "max_position_embeddings": 512}
    vision = {"embed_dim": 32, "depth": 2, "num_heads": 2, "mlp_ratio": 4, "patch_size": 14, "hidden_size": 64}
    folder = write(tmp_path, {"model_type": "qwen2_vl", "text_config": text, "vision_config": vision}, {})
    found = read_directory(folder)
    assert found.context == 512
    assert (found.text.hidden, found.text.head_dim, found.text.kv_heads, found.text.mlp) == (64, 16, 2, 96)
    assert (found.vision.hidden, found.vision.layers, found.vision.mlp, found.vision.patch) == (32, 2, 128, 14)


def test_what_the_processor_overrides(tmp_path):
    sizes = np.array([[640, 480], [4000, 300], [1, 1]]).T
    folder = write(
        tmp_path, {"model_type": "internvl"}, {"crop_to_patches": False, "size": {"height": 448, "width": 448}}
    )
    assert vtok.count_many(*sizes, model=folder).tolist() == vtok.count_many(*sizes, model="internvl3-8b").tolist()
    folder = write(tmp_path, {"model_type": "aria"}, {"split_image": True, "max_image_size": 490})
    assert vtok.count_many(*sizes, model=folder).tolist() == vtok.count_many(*sizes, model="aria").tolist()


def test_deepseek_vl2_as_its_makers_publish_it(tmp_path):
    canvases = [(384 * columns, 384 * rows) for columns in range(1, 10) for rows in range(1, 10) if columns * rows < 10]
    processor = {"candidate_resolutions": canvases, "patch_size": 14, "downsample_ratio": 2}
    folder = write(tmp_path, {"model_type": "deepseek_vl_v2"}, None, processor)
    sizes = np.array([[640, 480], [4000, 300], [900, 1700]]).T
    assert vtok.count_many(*sizes, model=folder).tolist() == vtok.count_many(*sizes, model="deepseek-vl2").tolist()


def test_internvl_as_its_makers_publish_it(tmp_path):
    config = {"model_type": "internvl_chat", "force_image_size": 448, "max_dynamic_patch": 12, "use_thumbnail": True}
    config |= {"dynamic_image_size": True, "downsample_ratio": 0.5, "vision_config": {"patch_size": 14}}
    sizes = np.array([[640, 480], [4000, 300], [1, 1]]).T
    folder = write(tmp_path, config, {"image_processor_type": "CLIPFeatureExtractor"})
    assert vtok.count_many(*sizes, model=folder).tolist() == vtok.count_many(*sizes, model="internvl3-8b").tolist()
    write(tmp_path, {**config, "use_thumbnail": False})
    with pytest.raises(ModelError, match="has no thumbnail"):
        read_directory(tmp_path)


VIT = {"model_type": "intern_vit_6b", "patch_size": 14, "image_size": 448, "norm_type": "layer_norm"}
VIT_300M = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
VIT_6B = {"hidden_size": 3200, "num_hidden_layers": 45, "num_attention_heads": 25, "intermediate_size": 12800}


@pytest.mark.parametrize(
    ("vision", "named"),
    [
        ({**VIT, **VIT_300M, "qkv_bias": True, "qk_normalization": False}, "internvl3-8b"),
        ({**VIT, **VIT_6B, "qkv_bias": False, "qk_normalization": True, "norm_type": "rms_norm"}, "internvl2-26b"),
        ({**{key: VIT[key] for key in ("model_type", "patch_size", "image_size")}, **VIT_6B}, "internvl2-26b"),
    ],
    ids=["300M", "6B", "6B, as its class is"],
)
def test_encoders_of_internvl_as_their_makers_publish_them(vision, named, tmp_path):
    config = {"model_type": "internvl_chat", "force_image_size": 448, "max_dynamic_patch": 12, "use_thumbnail": True}
    config |= {"dynamic_image_size": True, "downsample_ratio": 0.5, "vision_config": vision}
    read = read_directory(write(tmp_path, config, {"image_processor_type": "CLIPFeatureExtractor"})).vision
    catalog = complete_vision(find_checkpoint(named).vision)
    assert dataclasses.replace(complete_vision(read), projector="internvl") == catalog


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen2_5_vl"])
def test_qwen_as_published_before_its_language_model_had_a_part(kind, tmp_path):
    text = {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28}
    text |= {"num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False}
    read = read_directory(write(tmp_path, {"model_type": kind, **text, "vision_config": {"depth": 32}}, {}))
    named = "qwen2-vl-7b" if kind == "qwen2_vl" else "qwen2.5-vl-7b"
    assert complete_text(read.text) == complete_text(find_checkpoint(named).text)


@pytest.mark.parametrize(
    ("config", "image", "message"),
    [
        (None, None, "has no config.json"),
        (None, {}, "does not tell the model_type"),
        ({"model_type": "llava"}, None, r"has no preprocessor_config.json and no processor_config.json"),
        ({"model_type": "bert"}, {}, "does not know how a model of type 'bert' takes pictures in"),
        ({}, {}, "does not tell the model_type"),
        ([1], {}, "expected a JSON object, found a list"),
        ({"model_type": "qwen2_vl"}, {"size": {"shortest_edge": "wide"}}, "expected a length in pixels, found 'wide'"),
        ({"model_type": "qwen2_vl"}, {"max_pixels": -5}, "make no sense together"),
        ({"model_type": "llava"}, {"size": 336, "patch_size": 0}, "no picture can be laid out with patch=0"),
        (
            {"model_type": "internvl"},
            {"max_patches": 10**9},
            "the setting max_tiles is 1,000,000,000; no model takes more",
        ),
        ({"model_type": "idefics3"}, {"image_seq_len": 2}, None),
        ({"model_type": "gemma3"}, {"image_seq_length": 7}, "7 tokens a picture or tile, which form no square"),
        ({"model_type": "llava"}, {"do_center_crop": False}, "do not tell the size"),
        ({"model_type": "llava_onevision"}, {}, None),
        ({"model_type": "minicpmv", "version": 9}, {}, "not version '9'"),
    ],
)
def test_bad_directories(config, image, message, tmp_path):
    write(tmp_path, config, image)
    if message is None:
        read_directory(tmp_path)
    else:
        with pytest.raises(ModelError, match=message):
            read_directory(tmp_path)


def test_what_is_no_directory(tmp_path):
    with pytest.raises(ModelError, match="there is no checkpoint directory"):
        vtok.count((1, 1), model="./no/such/thing")
    with pytest.raises(ModelError, match="there is no checkpoint directory"):
        vtok.count((1, 1), model=Path("gone"))
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    with pytest.raises(ModelError, match="is a file"):
        vtok.count((1, 1), model=file)
    (tmp_path / "config.json").write_text("{ half")
    with pytest.raises(ModelError, match="is broken"):
        read_directory(tmp_path)
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="is broken"):
        read_directory(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path):
    write(tmp_path, {"model_type": "llava"}, {})
    (tmp_path / "config.json").chmod(0)
    with pytest.raises(ModelError, match="cannot read"):
        read_directory(tmp_path)


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_bears_files_that_say_nothing(kind, tmp_path):
    write(tmp_path, {"model_type": kind, "vision_config": {"patch_size": 14}, "force_image_size": 448}, {})
    if kind in ("llava", "minicpmv", "vipllava"):
        with pytest.raises(ModelError, match="cannot use"):
            read_directory(tmp_path)
    else:
        assert read_directory(tmp_path).family.layout(640, 480).total > 0
