"""The settings of a way to sample a video, and what every way checks."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip


@dataclass(frozen=True)
class Sampling:
    """``way`` is one of ``choosing.WAYS``; the rest are its settings.

    ``fps`` or ``frames`` to take, ``least`` and ``most`` frames, ``step`` frames that become one step. ``always``:
    whether the processor samples by itself, or takes every frame unless it is told a number.
    """

    way: str = "uniform"
    fps: float | None = None
    frames: int | None = None
    least: int = 4
    most: int = 768
    step: int = 1
    max_seconds: int = 0
    always: bool = True


def known_fps(clip: Clip) -> float:
    """Frames a second of the file; raises ``UsageError`` where it does not tell."""
    if not clip.fps:
        raise UsageError("the file does not tell how many frames a second it has, which this model's sampling needs")
    return clip.fps


def refuse_more(frames: int, total: int) -> None:
    """Raise ``UsageError`` where more frames are asked for than there are."""
    if frames > total:
        raise UsageError(f"{frames:,} frames are asked for, and the video has only {total:,}; ask for fewer")
