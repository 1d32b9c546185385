"""From a video's file to how a model takes it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.videos import takes_videos, video_rule
from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip, VideoLayout
from vtok.image.formats import SUFFIXES
from vtok.image.video import DEFAULT_VIDEO_LIMITS, video_head
from vtok.image.video_file import VideoLimits, is_video
from vtok.image.video_kind import VIDEO_SUFFIXES


def looks_like_a_video(path: str | Path) -> bool:
    """Whether a file is to be read as a video: by its ending, and where that says nothing by its first bytes."""
    suffix = Path(path).suffix.lower()
    return suffix in VIDEO_SUFFIXES or (suffix not in SUFFIXES and is_video(path))


def read_clip(path: str | Path, limits: VideoLimits = DEFAULT_VIDEO_LIMITS) -> Clip:
    """A video's size, frames, rate and length, from its head. Raises ``ImageError`` and ``MissingExtraError``."""
    head = video_head(path, limits)
    return Clip(head.size, head.frames, head.fps, head.seconds)


def lay_out(clip: Clip, checkpoint: Checkpoint, fps: float | None = None, frames: int | None = None) -> VideoLayout:
    """How ``checkpoint`` takes a clip; ``UsageError`` for one that takes no videos, which tells what a frame takes."""
    if not takes_videos(checkpoint):
        each = ""
        with suppress(UsageError):  # it may refuse a picture of that shape as well
            each = f", {checkpoint.family.layout(*clip.size).total:,} tokens each"
        raise UsageError(f"{checkpoint.name} takes no videos that vtok knows of; give it single frames{each}")
    return video_rule(checkpoint).layout(clip, fps, frames)
