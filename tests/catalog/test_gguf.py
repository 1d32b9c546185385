"""Projector files of llama.cpp: each verified kind, and every kind of file that is none."""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import vtok
from vtok.catalog.gguf_file import _DYNAMIC, _SQUARE, is_gguf, read_gguf
from vtok.cli import main
from vtok.errors import MissingExtraError, ModelError, UsageError

gguf = pytest.importorskip("gguf")

MERGE, SCALE = "clip.vision.spatial_merge_size", "clip.vision.projector.scale_factor"
PINPOINTS = "clip.vision.image_grid_pinpoints"
TILES = {"clip.vision.preproc_min_tiles": 1, "clip.vision.preproc_max_tiles": 3}
BOUNDS = {"clip.vision.image_min_pixels": 112896, "clip.vision.image_max_pixels": 1003520}


def write(path, kind, architecture="clip", tensors=(), **more):
    """A file with the metadata of a projector and tensors of one number each."""
    values = {"clip.vision.image_size": 560, "clip.vision.patch_size": 14, **more}
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_bool("clip.has_vision_encoder", True)
    if kind is not None:
        writer.add_string("clip.projector_type", kind)
    for key, value in values.items():
        if isinstance(value, list):
            writer.add_array(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_uint32(key, value)
    for name in tensors:
        writer.add_tensor(name, np.zeros(1, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_qwen(tmp_path):
    path = write(tmp_path / "mmproj.gguf", "qwen2.5vl_merger", **{MERGE: 2, "general.name": "Qwen2.5 VL"})
    found = read_gguf(path)
    assert (found.id, found.runtime, found.vision.patch) == ("Qwen2.5 VL", "llama.cpp", 14)
    sizes = np.array([[640, 480], [4032, 3024], [1, 1], [3000, 5]]).T
    named = vtok.count_many(*sizes, model="qwen2.5-vl-7b", runtime="llama.cpp")
    assert vtok.count_many(*sizes, model=path).tolist() == named.tolist() == [393, 4017, 11, 109]
    assert vtok.count((640, 480), model=str(path), settings={"min_tokens": 1024}) == 1038
    assert vtok.count((640, 480), model=path, runtime="llama.cpp") == 393
    with pytest.raises(UsageError, match="has not verified how vllm counts"):
        vtok.count((640, 480), model=path, runtime="vllm")


@pytest.mark.parametrize(
    ("kind", "more", "tensors", "expected"),
    [
        ("qwen2vl_merger", {}, (), 23 * 17 + 2),
        ("qwen3vl_merger", {"clip.vision.patch_size": 16}, (), 20 * 15 + 2),
        ("glm4v", {}, (), 23 * 17 + 2),
        ("pixtral", {"clip.vision.patch_size": 16}, ("v.token_embd.img_break",), 27 * (36 + 1)),
        ("pixtral", {MERGE: 2}, ("v.token_embd.img_break",), 17 * (23 + 1)),
        ("pixtral", {MERGE: 2}, (), 17 * 23 + 1),
        ("kimivl", {SCALE: 2}, (), 23 * 17 + 2),
        ("kimik25", {SCALE: 2, **BOUNDS}, (), 23 * 17 + 2),
        ("kimik25", {SCALE: 2}, (), 23 * 17 + 2),
        ("gemma4v", {"clip.vision.patch_size": 16}, (), 13 * 10 + 2),
        ("paddleocr", BOUNDS, (), 23 * 17 + 2),
        ("dots_ocr", {SCALE: 2, **BOUNDS}, (), 23 * 17 + 2),
        ("gemma3", {"clip.vision.image_size": 896}, (), 256 + 2),
        ("gemma3", {"clip.vision.image_size": 896, SCALE: 2}, (), 1024 + 2),
        ("gemma3nv", {"clip.vision.image_size": 768, "clip.vision.patch_size": 3}, (), 256 + 2),
        ("mlp", {"clip.vision.image_size": 336}, (), 576),
        ("mlp", {"clip.vision.image_size": 336, PINPOINTS: [336, 672, 672, 336, 672, 672]}, (), 5 * 576),
        ("internvl", {"clip.vision.image_size": 448, SCALE: 2}, (), 5 * 256 + 2),
        ("internvl", {"clip.vision.image_size": 448, SCALE: 2, **TILES}, (), 3 * 256 + 2),
        ("janus_pro", {"clip.vision.image_size": 384, "clip.vision.patch_size": 16}, (), 576),
    ],
)
def test_verified_projectors(kind, more, tensors, expected, tmp_path):
    assert vtok.count((640, 480), model=write(tmp_path / "it.gguf", kind, tensors=tensors, **more)) == expected


def test_each_verified_projector_has_a_test():
    tested = {row[0] for row in test_verified_projectors.pytestmark[0].args[1]}
    assert {*_DYNAMIC, *_SQUARE} - {"qwen2.5vl_merger", "qwen2.5o"} == tested


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("resampler", {}, "has not verified how llama.cpp counts for the projector 'resampler'; it knows dots_ocr"),
        ("mlp", {PINPOINTS: [336, 672, 5]}, "expected an even number of sides"),
        ("mlp", {PINPOINTS: [336, 672]}, "no multiple of the tile of 560 px"),
        ("internvl", {}, "projector.scale_factor = None"),
        ("internvl", {SCALE: 2, **TILES, "clip.vision.preproc_min_tiles": 9}, "no canvas of 9 to 3 tiles"),
        ("qwen2vl_merger", {MERGE: 4}, "llama.cpp counts for 2 only"),
        ("kimivl", {}, "projector.scale_factor = None; expected a whole number"),
        ("paddleocr", {}, "image_min_pixels = None"),
        ("gemma3", {"clip.vision.patch_size": 0}, "patch_size = 0"),
        ("gemma3", {"clip.vision.patch_size": "wide"}, "patch_size = 'wide'"),
        ("paddleocr", {**BOUNDS, "clip.vision.image_min_pixels": 2000000}, "is over the most"),
        (None, {}, "tells of no projector for pictures"),
        ("mlp", {"architecture": "llama"}, "holds a language model; expected the file of its projector"),
    ],
)
def test_refused_projectors(kind, more, message, tmp_path):
    path = write(tmp_path / "it.gguf", kind, **more)
    with pytest.raises(ModelError, match=message):
        vtok.count((5, 5), model=path)


def test_broken_files(tmp_path):
    whole = write(tmp_path / "it.gguf", "gemma3", tensors=("a", "b")).read_bytes()
    path = tmp_path / "cut.gguf"
    for data in (b"", b"GGUF", b"GGUF" + b"\xff" * 60, whole[:-40], *(whole[:end] for end in range(8, 300, 17))):
        path.write_bytes(data)
        with pytest.raises(ModelError, match=r"cut\.gguf is broken or cut short"):
            vtok.count((5, 5), model=path)
    with pytest.raises(ModelError, match="there is no"):
        vtok.count((5, 5), model="gone.gguf")


def test_telling_one_by_its_content(tmp_path):
    path = write(tmp_path / "blob", "gemma3", **{"clip.vision.image_size": 896})
    assert is_gguf(path)
    assert not is_gguf(tmp_path)
    assert vtok.count((5, 5), model=str(path)) == 258


def test_without_the_extra(tmp_path, monkeypatch):
    path = write(tmp_path / "it.gguf", "gemma3")
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtraError, match=r'it.gguf needs gguf.*pip install "vtok\[gguf\]"'):
        read_gguf(path)


def test_the_command_line(tmp_path):
    path = write(tmp_path / "it.gguf", "gemma3", **{"clip.vision.image_size": 896})
    result = CliRunner().invoke(main.app, ["count", "--size", "9x9", "-m", str(path)])
    assert "counted by the rule of llama.cpp (df1af33bb3) for gemma3" in result.stdout
    shown = CliRunner().invoke(main.app, ["models", "show", str(path)], env={"COLUMNS": "200"}).stdout
    assert "llama.cpp" in shown
