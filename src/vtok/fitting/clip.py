"""A video file fitted to a budget: which frames, how large, and when they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from vtok.fitting.choose import Choice
from vtok.fitting.frames import CANDIDATES, Reel, candidates, plan, thumbnail
from vtok.fitting.survey import Survey, ladder
from vtok.geometry.family import Family
from vtok.image.video import DEFAULT_VIDEO_LIMITS, VideoHead, read_frames, video_head
from vtok.image.video_file import VideoLimits

# Frames whose detail stands for that of all: the first, the last, and some between.
_SURVEYED = 5


@dataclass(frozen=True)
class Clip:
    """A video's ``head``, and the ``reel`` of frames that was chosen from it."""

    path: Path
    head: VideoHead
    reel: Reel

    @property
    def seconds(self) -> tuple[float, ...]:
        """When each chosen frame is shown, at the video's average rate; 0 for all where the file tells no rate."""
        return tuple(frame / self.head.fps if self.head.fps else 0.0 for frame in self.reel.frames)

    @property
    def choice(self) -> Choice:
        """The size that all frames get."""
        return self.reel.choice

    def frames(self, limits: VideoLimits = DEFAULT_VIDEO_LIMITS) -> Iterator[tuple[int, Image.Image]]:
        """The number of each chosen frame and the frame itself, upright RGB in the video's own size."""
        return read_frames(self.path, self.reel.frames, limits)


def look_at_video(
    path: str | Path,
    family: Family,
    budget: int,
    most: int | None = None,
    looked_at: int = CANDIDATES,
    limits: VideoLimits = DEFAULT_VIDEO_LIMITS,
) -> Clip:
    """The frames of a video that tell the most within ``budget`` tokens, each a picture of its own for the model.

    ``looked_at`` frames are read at most, evenly spaced, and ``most`` are chosen at most. Raises ``ImageError`` and
    ``MissingExtraError`` as ``vtok.image.video.video_head`` does, ``UsageError`` for a size that the family refuses,
    and ``BudgetError`` where the first and the last frame alone are over the budget.
    """
    path = Path(path)
    head = video_head(path, limits)
    numbers = candidates(head.frames, looked_at)
    step = max(1, (len(numbers) - 1) // (_SURVEYED - 1))
    thumbnails, surveys = [], []
    for place, (_, frame) in enumerate(read_frames(path, numbers, limits)):
        thumbnails.append(thumbnail(frame))
        if place % step == 0 or place == len(numbers) - 1:
            surveys.append(Survey.of(frame))
    reel = plan(numbers, thumbnails, surveys, ladder(family, head.size), budget, most)
    return Clip(path, head, reel)
