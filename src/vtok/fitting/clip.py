"""``vtok.fit_video``: the frames of a video that tell the most within a budget, each a picture of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.counting import Model, find_model
from vtok.fitting.fit import Fitted
from vtok.fitting.frames import CANDIDATES, Reel, candidates, plan, thumbnail
from vtok.fitting.resampling import filter_of
from vtok.fitting.survey import Survey, ladder
from vtok.geometry.family import Family
from vtok.geometry.layout import Size
from vtok.image.decode import decode_at
from vtok.image.video import DEFAULT_VIDEO_LIMITS, VideoHead, read_frames, video_head
from vtok.image.video_file import VideoLimits

# Frames whose detail stands for that of all: the first, the last, and some between.
_SURVEYED = 5


@dataclass(frozen=True)
class Shown:
    """A frame of ``size`` px of which a small ``copy`` is kept alone, since many full ones would fill the memory."""

    size: Size
    copy: Image.Image

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """The copy, resampled where it is not of that very size."""
        return decode_at(self.copy, size, resample)


@dataclass(frozen=True)
class FittedFrame(Fitted):
    """A frame of a video: its ``number`` from 0 on, and when it is shown, ``seconds`` at the video's average rate."""

    number: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Clip:
    """A video's ``head``, and the ``reel`` of frames that was chosen from it."""

    path: Path
    head: VideoHead
    reel: Reel

    def frames(self, model: Checkpoint, limits: VideoLimits = DEFAULT_VIDEO_LIMITS) -> Iterator[FittedFrame]:
        """The chosen frames, one at a time; ``seconds`` is 0 for all where the file tells no rate."""
        choice = self.reel.choice
        for number, frame in read_frames(self.path, self.reel.frames, limits):
            copy = decode_at(frame, choice.size, filter_of(model.family_name))
            seconds = number / self.head.fps if self.head.fps else 0.0
            yield FittedFrame(Shown(frame.size, copy), model, choice, number=number, seconds=seconds)


def fit_video(
    video: str | Path,
    model: Model,
    budget: int,
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
    *,
    most: int | None = None,
    looked_at: int = CANDIDATES,
    limits: VideoLimits = DEFAULT_VIDEO_LIMITS,
) -> list[FittedFrame]:
    """The frames of a video that tell the most within ``budget`` tokens in all; see ``vtok.fitting.frames``.

    ``looked_at`` frames are read at most, evenly spaced, and ``most`` are chosen at most. Raises ``ImageError`` for
    what is no video, ``MissingExtraError`` without PyAV, ``BudgetError`` where the first and the last frame alone are
    over the budget, ``UsageError`` for a model that is not known or refuses the frames' size.
    """
    found = find_model(model, settings, runtime)
    return list(look_at_video(video, found.family, budget, most, looked_at, limits).frames(found, limits))


def look_at_video(
    path: str | Path,
    family: Family,
    budget: int,
    most: int | None = None,
    looked_at: int = CANDIDATES,
    limits: VideoLimits = DEFAULT_VIDEO_LIMITS,
) -> Clip:
    """Which frames to show, and how large; see ``fit_video``."""
    path = Path(path)
    head = video_head(path, limits)
    rungs = ladder(family, head.size)
    numbers = candidates(head.frames, looked_at)
    step = max(1, (len(numbers) - 1) // (_SURVEYED - 1))
    thumbnails, surveys = [], []
    for place, (_, frame) in enumerate(read_frames(path, numbers, limits)):
        thumbnails.append(thumbnail(frame))
        if place % step == 0 or place == len(numbers) - 1:
            surveys.append(Survey.of(frame, head.size))
    return Clip(path, head, plan(numbers, thumbnails, surveys, rungs, budget, most))
