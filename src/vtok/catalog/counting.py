"""Counting by the name of a model: ``vtok.count``, ``count_many``, ``layout`` and ``video_layout``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vtok.catalog.checkpoints import Checkpoint, find_checkpoint, is_known
from vtok.catalog.directory import read_directory
from vtok.catalog.gguf_file import is_gguf, read_gguf
from vtok.catalog.runtimes import for_runtime
from vtok.catalog.video_counting import lay_out, looks_like_a_video, read_clip
from vtok.errors import UsageError
from vtok.geometry.layout import Layout
from vtok.geometry.videos.clip import Clip, VideoLayout
from vtok.image.header import header_size, upright_size

Model = str | Path | Checkpoint
Picture = str | Path | Image.Image | tuple[int, int]


def find_model(model: Model, settings: Mapping[str, Any] | None = None, runtime: str | None = None) -> Checkpoint:
    """The checkpoint for a name of the catalog, a checkpoint directory or an ``mmproj`` file of llama.cpp.

    ``runtime`` is the engine to count for (see ``vtok.catalog.runtimes``), of whose rule some ``settings`` are changed.
    Raises ``UsageError`` for an unknown name, setting or pair of model and engine, ``ModelError`` for files that cannot
    be used, ``MissingExtraError`` where an optional package is needed to read them.
    """
    if isinstance(model, Checkpoint):
        found = model
    elif isinstance(model, str) and is_known(model):
        found = find_checkpoint(model)
    elif isinstance(model, Path) or os.path.exists(model) or _looks_like_a_path(model):
        path = Path(model).expanduser()
        found = read_gguf(path) if is_gguf(path) else read_directory(path)
    else:
        found = find_checkpoint(model)
    return for_runtime(found, runtime).with_settings(settings)


def count(
    picture: Picture,
    model: Model,
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
    fps: float | None = None,
    frames: int | None = None,
) -> int:
    """Tokens that one picture or video takes in the language model's sequence, structural tokens included.

    ``picture`` is a path, of which the head alone is read, a PIL image, or a (width, height) in px. Of a video ``fps``
    frames a second are taken, or ``frames`` in all, or as many as the model's processor takes. Raises ``ImageError``
    for a file that is neither, ``UsageError`` for a size that the model refuses; see ``find_model`` for ``settings``,
    ``runtime`` and their errors.
    """
    if isinstance(picture, str | Path) and looks_like_a_video(picture):
        return lay_out(read_clip(picture), find_model(model, settings, runtime), fps, frames).total
    return find_model(model, settings, runtime).family.count(*size_of(picture))


def count_many(
    widths: ArrayLike,
    heights: ArrayLike,
    model: Model,
    errors: Literal["raise", "mask"] = "raise",
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
) -> NDArray[np.int64]:
    """``count`` for many sizes at once: whole numbers of px, broadcast against each other, int64 out.

    A size that the model refuses raises ``UsageError``, or is -1 in the result with ``errors="mask"``.
    """
    if errors not in ("raise", "mask"):
        raise UsageError(f"errors is {errors!r}; expected 'raise' or 'mask'")
    wide, high = _whole(widths, "widths"), _whole(heights, "heights")
    try:
        wide, high = np.broadcast_arrays(wide, high)[:2]
    except ValueError:
        raise UsageError(f"widths of shape {wide.shape} and heights of shape {high.shape} do not fit") from None
    family = find_model(model, settings, runtime).family
    counts = family.count_many(wide, high)
    refused = np.flatnonzero(counts.ravel() < 0)
    if errors == "raise" and refused.size:
        first = int(refused[0])
        width, height = int(wide.ravel()[first]), int(high.ravel()[first])
        try:
            family.layout(width, height)
        except UsageError as error:
            raise UsageError(f"{len(refused)} of {counts.size} sizes are refused; the first: {error}") from None
    return counts


def layout(
    picture: Picture, model: Model, settings: Mapping[str, Any] | None = None, runtime: str | None = None
) -> Layout:
    """How one picture enters the model: resized size, tiles, grids, content and structural tokens. See ``count``."""
    return find_model(model, settings, runtime).family.layout(*size_of(picture))


def video_layout(
    video: str | Path | Clip,
    model: Model,
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
    fps: float | None = None,
    frames: int | None = None,
) -> VideoLayout:
    """How a video enters the model: sampled frames, steps, grids, tokens; ``video`` is a path or a ``Clip``.

    See ``count``. Raises ``ImageError`` for what is no video, ``UsageError`` for a model that takes none or refuses
    this one, ``MissingExtraError`` without PyAV.
    """
    found = find_model(model, settings, runtime)
    return lay_out(video if isinstance(video, Clip) else read_clip(video), found, fps, frames)


def size_of(picture: Picture) -> tuple[int, int]:
    """The (width, height) of a picture in px, as it stands upright. See ``count`` for what raises."""
    if isinstance(picture, str | Path):
        return header_size(picture)
    if isinstance(picture, Image.Image):
        return upright_size(picture)
    try:
        width, height = picture
        whole = int(width), int(height)
    except (TypeError, ValueError):
        raise UsageError(f"cannot take {picture!r}; expected a path, an image or (width, height)") from None
    if whole != (width, height):
        raise UsageError(f"a size is in whole pixels, not {width} x {height}")
    return whole


def _whole(sides: ArrayLike, name: str) -> NDArray[np.int64]:
    found = np.asarray(sides)
    kind = found.dtype.kind
    if (
        not found.size
        or kind in "iu"
        or (kind == "f" and bool((np.isfinite(found) & (found == np.floor(found))).all()))
    ):
        return found.astype(np.int64)
    raise UsageError(f"{name} must be whole numbers of pixels, not {found.dtype}")


def _looks_like_a_path(model: str) -> bool:
    return model.startswith((".", "~", os.sep)) or model.endswith((os.sep, ".gguf")) or "\\" in model
