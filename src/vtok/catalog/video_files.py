"""What the files of a checkpoint directory say about its way with videos."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vtok.catalog.processor_files import told
from vtok.errors import UsageError

_MAY_BE_ZERO = ("least", "max_seconds", "text_tokens", "step")


def video_file(directory: Path) -> dict[str, Any]:
    """What transformers reads for videos: the processor's file, the one for videos, or the one for pictures."""
    processor = _read(directory / "processor_config.json").get("video_processor")
    if isinstance(processor, dict):
        return processor
    return _read(directory / "video_preprocessor_config.json") or _read(directory / "preprocessor_config.json")


def settings_in(file: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a step that a file tells, by our names."""
    size = file.get("size")
    size = size if isinstance(size, dict) else {}
    return told(
        min_pixels=file.get("min_pixels") or size.get("shortest_edge"),
        max_pixels=file.get("max_pixels") or size.get("longest_edge"),
        patch=file.get("patch_size"),
        merge=file.get("merge_size"),
        max_tokens=file.get("max_soft_tokens") or file.get("max_video_frame_tokens") or file.get("max_image_tokens"),
        max_patches=file.get("max_patches"),
    )


def sampling_in(file: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the sampling that a file tells, by our names."""
    inner = file.get("video_sampling")
    inner = inner if isinstance(inner, dict) else {}
    return told(
        fps=file.get("fps") or inner.get("fps"),
        frames=file.get("num_frames") or inner.get("max_frames"),
        least=file.get("min_frames"),
        most=file.get("max_frames") or file.get("max_num_frames"),
        max_seconds=file.get("max_duration"),
        always=file.get("do_sample_frames"),
    )


def check_numbers(name: str, values: Mapping[str, Any]) -> None:
    """Raise ``UsageError`` for a number that is none."""
    for key, value in values.items():
        if key in ("way", "shape") or (value is None and key in ("fps", "frames", "text_tokens")):
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        least = 0 if key in _MAY_BE_ZERO else 1e-6 if key == "fps" else 1
        number = number and least <= value < 1e12
        flag = key in ("always", "numbered")
        if not (isinstance(value, bool) if flag else number and (key == "fps" or value == int(value))):
            expected = (
                "true or false" if flag else f"a number from {least:g} on" if key != "fps" else "a number above 0"
            )
            raise UsageError(f"{name} cannot take a video with {key} = {value!r}; expected {expected}")


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a broken file is told of where the directory is read
        return {}
    return data if isinstance(data, dict) else {}
