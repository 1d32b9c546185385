"""How each model takes videos, read from ``videos.toml`` and, for a checkpoint directory, from its files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.processor_files import told
from vtok.errors import UsageError
from vtok.geometry.registry import make_family
from vtok.geometry.videos.rule import Step, VideoRule
from vtok.geometry.videos.sampling import Sampling
from vtok.geometry.videos.steps import Covered, Each, Rows, Volume

_STEPS: dict[str, type[Volume] | type[Covered] | type[Rows]] = {"volume": Volume, "covered": Covered, "rows": Rows}
_REFUSED = {
    "video_llama_3": "its processor drops what looks alike in two frames, which the head of a file does not tell",
    "videollama3-2b-image": "it was made for pictures",
}


@dataclass(frozen=True)
class Entry:
    """One rule as ``videos.toml`` has it."""

    models: tuple[str, ...]
    kinds: tuple[str, ...]
    step: str
    family: str
    settings: Mapping[str, Any]
    rule: Mapping[str, Any]
    sampling: Mapping[str, Any]

    def fits(self, checkpoint: Checkpoint) -> bool:
        """Whether this is the rule of a checkpoint: by its kind where it is a directory, else by its name."""
        if checkpoint.kind:
            return checkpoint.kind in self.kinds
        return any(fnmatchcase(checkpoint.name, pattern) for pattern in self.models)


def video_rule(checkpoint: Checkpoint) -> VideoRule:
    """The rule by which a checkpoint takes videos.

    Raises ``UsageError`` for one that takes none, for an engine whose way with videos is not known, and for settings
    in a directory's files that make no sense together.
    """
    found = next((entry for entry in entries() if entry.fits(checkpoint)), None)
    if found is None:
        why = _REFUSED.get(checkpoint.kind or checkpoint.name)
        because = f": {why}" if why else ""
        raise UsageError(f"vtok knows no way in which {checkpoint.name} takes videos{because}; count pictures of it")
    if checkpoint.runtime != "transformers" or checkpoint.rule:
        raise UsageError(f"vtok has not verified how {checkpoint.runtime} takes videos; leave out --runtime")
    settings, sampling, rule = dict(found.settings), dict(found.sampling), dict(found.rule)
    if checkpoint.kind:
        file = _video_file(Path(checkpoint.name))
        settings |= {key: value for key, value in _settings_in(file).items() if key in settings}
        sampling |= _sampling_in(file)
        _check(checkpoint.name, {**settings, **sampling})
        if "per" in rule and isinstance(file.get("temporal_patch_size"), int):
            rule["per"] = file["temporal_patch_size"]
    step: Step
    if found.step == "own":
        step = Each(checkpoint.family)
    elif found.step == "each":
        step = Each(make_family(found.family, settings))
    else:
        settings |= {"per": rule["per"]} if found.step != "rows" else {}
        step = _STEPS[found.step](**settings)
    return VideoRule(step, Sampling(**sampling), **rule)


def takes_videos(checkpoint: Checkpoint) -> bool:
    """Whether vtok knows how a checkpoint takes videos."""
    return any(entry.fits(checkpoint) for entry in entries())


@cache
def entries() -> tuple[Entry, ...]:
    """Every rule, in the order in which they are tried."""
    text = files("vtok.catalog").joinpath("videos.toml").read_text(encoding="utf-8")
    rules = ("per", "markers", "once", "text", "split", "source", "note")
    return tuple(
        Entry(
            models=tuple(entry["models"]),
            kinds=tuple(entry["kinds"]),
            step=entry["step"],
            family=entry.get("family", ""),
            settings=entry.get("settings", {}),
            rule={key: entry[key] for key in rules if key in entry},
            sampling=entry["sampling"],
        )
        for entry in tomllib.loads(text)["video"]
    )


def _video_file(directory: Path) -> dict[str, Any]:
    """What transformers reads for videos: the processor's file, the one for videos, or the one for pictures."""
    processor = _read(directory / "processor_config.json").get("video_processor")
    if isinstance(processor, dict):
        return processor
    return _read(directory / "video_preprocessor_config.json") or _read(directory / "preprocessor_config.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a broken file is told of where the directory is read
        return {}
    return data if isinstance(data, dict) else {}


def _check(name: str, values: Mapping[str, Any]) -> None:
    """Raise ``UsageError`` for a number that is none."""
    for key, value in values.items():
        if key in ("way", "shape"):
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
        if not (isinstance(value, bool) if key == "always" else number and (key == "fps" or value == int(value))):
            expected = "true or false" if key == "always" else "a number"
            raise UsageError(f"cannot use {name}: its file for videos says {key} = {value!r}; expected {expected}")


def _settings_in(file: Mapping[str, Any]) -> dict[str, Any]:
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


def _sampling_in(file: Mapping[str, Any]) -> dict[str, Any]:
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
