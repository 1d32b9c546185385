"""How each model takes videos, read from ``videos.toml`` and, for a checkpoint directory, from its files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vtok.catalog.checkpoints import Checkpoint, checkpoints
from vtok.catalog.processor_files import told
from vtok.catalog.video_files import check_numbers, sampling_in, settings_in, video_file
from vtok.errors import UsageError
from vtok.geometry.registry import make_family, settings_of
from vtok.geometry.videos.clip import Encoding
from vtok.geometry.videos.rule import Step, VideoRule
from vtok.geometry.videos.sampling import Sampling
from vtok.geometry.videos.steps import Covered, Each, Rows, Volume

_STEPS: dict[str, type[Volume] | type[Covered] | type[Rows]] = {"volume": Volume, "covered": Covered, "rows": Rows}
_SAMPLING = tuple(one.name for one in fields(Sampling))
#: Settings of a picture's rule that hold for the frames of a video.
_BOUNDS = ("min_pixels", "max_pixels", "patch", "merge")
#: What the files may tell and the processors do not look at: GLM-4.6V has its bounds in its code, and the chat template
#: of SmolVLM asks for sampling by itself.
_IGNORED = {"glm46v": ("max_seconds", "most"), "smolvlm": ("always",)}
#: Settings that only make sense with the others of their rule.
_FIXED = ("way", "step", "per", "shape")
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
    unsaid: Mapping[str, Any]
    rule: Mapping[str, Any]
    sampling: Mapping[str, Any]

    def fits(self, checkpoint: Checkpoint) -> bool:
        """Whether this is the rule of a checkpoint: by its kind where it is a directory, else by its name."""
        if checkpoint.kind:
            return checkpoint.kind in self.kinds
        # A variant has a name of its own, and the id of the checkpoint that it is a variant of.
        name = _names().get(checkpoint.id, checkpoint.name)
        return any(fnmatchcase(name, pattern) for pattern in self.models)


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
    return _made(found, checkpoint, video_settings(checkpoint))


def video_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """Every setting of a checkpoint's rule for videos with its value, changes by the user included.

    Empty for one that takes no videos. Raises ``UsageError`` for a change to a setting that it does not have.
    """
    found = next((entry for entry in entries() if entry.fits(checkpoint)), None)
    if found is None:
        return {}
    values = {**dict.fromkeys(_SAMPLING), **found.settings, **asdict(Sampling(**found.sampling))}
    values["per"] = found.rule.get("per", 1)
    if found.step == "own":
        values |= {key: checkpoint.all_settings[key] for key in _BOUNDS}
    if found.rule.get("text"):
        values["text_tokens"] = None
    if checkpoint.kind:
        file = video_file(Path(checkpoint.name))
        values |= found.unsaid
        told_there = {**settings_in(file), **sampling_in(file), **told(per=file.get("temporal_patch_size"))}
        ignored = _IGNORED.get(values["way"], ())
        values |= {key: value for key, value in told_there.items() if key in values and key not in ignored}
    for key, value in checkpoint.video_settings.items():
        if key not in values or key in _FIXED:
            has = ", ".join(f"video.{one}" for one in values if one not in _FIXED)
            raise UsageError(f"{checkpoint.name} has no setting 'video.{key}'; it has {has}")
        values[key] = value
    check_numbers(checkpoint.name, values)
    return values


def _made(entry: Entry, checkpoint: Checkpoint, values: Mapping[str, Any]) -> VideoRule:
    settings = {key: values[key] for key in entry.settings}
    step: Step
    if entry.step == "own":
        step = Each(checkpoint.with_settings({key: values[key] for key in _BOUNDS}).family)
    elif entry.step == "tile":
        own = settings_of(checkpoint.family)
        step = Each(make_family("fixed", {"size": own["tile"], "rows": own["rows"]}))
    elif entry.step == "each":
        step = Each(make_family(entry.family, settings))
    else:
        step = _STEPS[entry.step](**settings, **({} if entry.step == "rows" else {"per": values["per"]}))
    rule = {**entry.rule, "per": values["per"], "text_tokens": values.get("text_tokens")}
    return VideoRule(step, Sampling(**{key: values[key] for key in _SAMPLING}), **rule)


def takes_videos(checkpoint: Checkpoint) -> bool:
    """Whether vtok knows how a checkpoint takes videos."""
    return any(entry.fits(checkpoint) for entry in entries())


@cache
def _names() -> dict[str, str]:
    return {one.id: one.name for one in checkpoints()}


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
            unsaid=entry.get("unsaid", {}),
            rule={
                **{key: entry[key] for key in rules if key in entry},
                "encoding": Encoding(**entry.get("encoding", {})),
            },
            sampling=entry["sampling"],
        )
        for entry in tomllib.loads(text)["video"]
    )
