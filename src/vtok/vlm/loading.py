"""Open a Hugging Face checkpoint directory: offline, safetensors only, none of its code run."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import torch

from vtok.errors import ModelError, UsageError
from vtok.vlm.adapters import adapter_of
from vtok.vlm.families import reducible
from vtok.vlm.processing import load_processor

EMBEDDED = "vtok-mini"
EMBEDDED_PATH = Path(__file__).parent / "vtok_mini"


def resolve(name: str | Path) -> Path:
    """The checkpoint directory behind a name or path, checked before anything is loaded from it.

    Raises ``ModelError`` when it is missing, has no readable config.json, wants code of its own to be run, is of a
    type that is not served, or has its weights in pickles.
    """
    path = EMBEDDED_PATH if str(name) == EMBEDDED else Path(name)
    if not path.exists():
        raise ModelError(f"there is no checkpoint directory {name}; expected a folder with config.json, or {EMBEDDED}")
    if not path.is_dir():
        raise ModelError(f"{name} is a file; expected a checkpoint directory with config.json in it")
    config = _json(path / "config.json")
    for file in ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json"):
        if (path / file).exists() and "auto_map" in _json(path / file):
            raise ModelError(f"{file} in {name} asks for its own code to be run (auto_map); vtok runs no remote code")
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        raise ModelError(f"config.json in {name} names no model_type")
    known = sorted({one.model_type for one in reducible()})
    if model_type not in known:
        near = difflib.get_close_matches(model_type, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see those that are: vtok models --reducible"
        raise ModelError(f"models of type {model_type!r} are not served; {hint}")
    _check_weights(path, name)
    return path


def load_model(path: Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    """The model, in evaluation mode on ``device``, and its processor; see ``resolve`` for what is checked before."""
    from transformers import AutoModelForImageTextToText

    safely = {"local_files_only": True, "trust_remote_code": False}
    try:
        model = AutoModelForImageTextToText.from_pretrained(path, dtype=dtype, use_safetensors=True, **safely)
    except Exception as error:  # whatever is wrong inside a foreign checkpoint, the user gets one line
        raise ModelError(f"{path} cannot be loaded: {' '.join(str(error).split())[:300]}") from error
    return model.to(device).eval(), load_processor(path, adapter_of(model).image_token_id(model))


def pick_device(wanted: str | None = None) -> torch.device:
    """The device to run on: ``wanted``, else CUDA, else Apple's MPS, else the CPU; ``UsageError`` if not there."""
    if wanted is None:
        mps = torch.backends.mps.is_available()
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if mps else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"cannot use device {wanted!r}: {' '.join(str(error).split())[:120]}; try cpu") from None
    return device


def pick_dtype(wanted: str | None, device: torch.device) -> torch.dtype:
    """float32 on CPUs, bfloat16 on accelerators, or the one wanted."""
    if wanted is None:
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if wanted not in known:
        raise UsageError(f"there is no dtype {wanted!r}; take one of {', '.join(known)}")
    return known[wanted]


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent} has no {path.name}; expected a Hugging Face checkpoint directory") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds no JSON object")
    return data


def _check_weights(path: Path, name: str | Path) -> None:
    if any(path.glob("*.safetensors")):
        return
    pickles = [file.name for end in ("*.bin", "*.pt", "*.pth", "*.ckpt") for file in path.glob(end)]
    if pickles:
        raise ModelError(
            f"{name} has its weights only as a pickle ({sorted(pickles)[0]}), which can run code; vtok opens "
            "safetensors alone. Convert it where nothing can be lost, with transformers' save_pretrained"
        )
    raise ModelError(f"{name} has no weights: no .safetensors file in it")
