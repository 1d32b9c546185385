"""Checkpoint directories are checked before anything is loaded from them."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import vtok
from vtok.errors import ModelError, UsageError
from vtok.vlm.loading import pick_device, pick_dtype, resolve


def test_missing_directory() -> None:
    with pytest.raises(ModelError, match="there is no checkpoint directory"):
        vtok.load("/nowhere/at/all")


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(ModelError, match="is a file"):
        resolve(tmp_path / "a")


def test_no_config(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        resolve(tmp_path)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "holds no JSON object"),
        ("{}", "names no model_type"),
        (json.dumps({"model_type": "llava", "auto_map": {"AutoModel": "a.B"}}), "runs no remote code"),
        (json.dumps({"model_type": "wondervision"}), "models of type 'wondervision' are not served"),
        (json.dumps({"model_type": "llava"}), "has no weights"),
    ],
)
def test_configs_that_cannot_be_used(tmp_path: Path, config: str, said: str) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelError, match=said):
        resolve(tmp_path)


def test_remote_code_of_a_processor_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava"}))
    (tmp_path / "processor_config.json").write_text(json.dumps({"auto_map": {"AutoProcessor": "x.Y"}}))
    with pytest.raises(ModelError, match=r"processor_config\.json.*runs no remote code"):
        resolve(tmp_path)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava"}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(ModelError, match="only as a pickle"):
        resolve(tmp_path)


def test_broken_weights_are_one_line(tiny_directory: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_directory, broken)
    (broken / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        vtok.load(broken)
    assert "\n" not in str(caught.value)


def test_a_directory_loads_and_answers(tiny_directory: Path, picture: object) -> None:
    vlm = vtok.load(tiny_directory, device="cpu", dtype="bfloat16")
    assert vlm.model.dtype == torch.bfloat16
    assert vlm.ask(picture, "What is red?", budget=9, max_new_tokens=2).ledger.visual_after == 9


def test_processors_that_do_not_know_the_patch_size(tiny_directory: Path, tmp_path: Path, picture: object) -> None:
    older = tmp_path / "older"
    shutil.copytree(tiny_directory, older)
    config = json.loads((older / "processor_config.json").read_text())
    for name in ("patch_size", "vision_feature_select_strategy", "num_additional_image_tokens"):
        del config[name]
    (older / "processor_config.json").write_text(json.dumps(config))
    assert vtok.load(older).ask(picture, "What is red?", budget=9, max_new_tokens=2).ledger.visual_before == 36


def test_devices_and_dtypes() -> None:
    assert pick_device("cpu").type == "cpu"
    assert pick_dtype(None, torch.device("cpu")) == torch.float32
    assert pick_dtype(None, torch.device("cuda")) == torch.bfloat16
    with pytest.raises(UsageError, match="cannot use device"):
        pick_device("cuda:99")
    with pytest.raises(UsageError, match="cannot use device"):
        pick_device("toaster")
    with pytest.raises(UsageError, match="no dtype"):
        pick_dtype("float8", torch.device("cpu"))
