"""Videos in: what a container tells of its video without a pixel decoded, and single frames, decoded and upright."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from vtok.errors import ImageError
from vtok.image.video_file import VideoLimits, lies_sideways, open_video
from vtok.image.video_frames import Reader, Times, read_times, too_many, upright

DEFAULT_VIDEO_LIMITS = VideoLimits()


@dataclass(frozen=True)
class VideoHead:
    """A video in its file: ``size`` in px, upright as a player shows it; ``frames``; ``seconds``; ``fps`` on average.

    ``seconds`` and ``fps`` are 0 where the file tells neither.
    """

    size: tuple[int, int]
    frames: int
    seconds: float
    fps: float


def video_head(path: str | Path, limits: VideoLimits = DEFAULT_VIDEO_LIMITS) -> VideoHead:
    """Size, frames, seconds and frames a second of a file's first video stream; no pixel is decoded.

    MP4, MOV and AVI say in their heads how many frames they have; in other containers the packets are counted, as many
    as can be read. Raises ``MissingExtraError`` without PyAV, and ``ImageError`` for what is missing, no video, without
    frames, cut off, or over ``limits``.
    """
    path = Path(path)
    with open_video(path, limits) as (container, stream, clock):
        size = _coded_size(path, stream, limits)
        if lies_sideways(container, stream.index):
            size = (size[1], size[0])
        _check_whole(path, stream)
        rate = stream.average_rate or stream.guessed_rate
        fps = float(rate) if rate else 0.0
        frames, seconds = _told_frames(path, stream, limits), _told_seconds(container, stream)
        if not frames:
            times = read_times(path, container, stream, clock, limits)
            frames, seconds = len(times.shown), _shown_seconds(times, stream, fps) or seconds
        if not frames:
            raise ImageError(f"{path} has no frames in its video stream")
        return VideoHead(size, frames, seconds or (frames / fps if fps else 0.0), fps or _per(frames, seconds))


def read_frames(
    path: str | Path, indices: Iterable[int], limits: VideoLimits = DEFAULT_VIDEO_LIMITS
) -> Iterator[tuple[int, Image.Image]]:
    """(index, upright RGB frame) for each of ``indices`` once, ascending; frames are numbered in the order shown.

    Reading starts at the last key frame before each. Raises ``ImageError`` as ``video_head`` does, and for an index
    that the video does not have or a frame that cannot be decoded.
    """
    path, wanted = Path(path), sorted(set(indices))
    with open_video(path, limits) as (container, stream, clock):
        _coded_size(path, stream, limits)
        stream.thread_type = "AUTO"
        times = read_times(path, container, stream, clock, limits)
        for index in wanted:
            if not 0 <= index < len(times.shown):
                raise ImageError(f"{path} has no frame {index}; it has {len(times.shown):,}, numbered from 0")
        reader = Reader(container, stream, clock, times)
        for index in wanted:
            frame = reader.find(times.shown[index])
            if frame is None:
                raise ImageError(f"{path} is broken: its frame {index} cannot be decoded")
            if frame.width * frame.height > limits.pixels:
                raise _too_large(path, frame.width, frame.height, limits)
            yield index, upright(frame)


def _coded_size(path: Path, stream: Any, limits: VideoLimits) -> tuple[int, int]:
    width, height = int(stream.codec_context.width), int(stream.codec_context.height)
    if width < 1 or height < 1:
        # FFmpeg gives no size for a stream that it cannot decode within the limit that it was told.
        raise ImageError(f"{path} has no frames that can be read within the limit of {limits.pixels:,} pixels a frame")
    if width * height > limits.pixels:
        raise _too_large(path, width, height, limits)
    return width, height


def _told_frames(path: Path, stream: Any, limits: VideoLimits) -> int:
    """How many frames the head says there are, where there is an index that bears it out; else 0."""
    told = int(stream.frames)
    if told > limits.frames:
        raise too_many(path, limits)
    return told if 0 < told <= len(stream.index_entries) else 0


def _told_seconds(container: Any, stream: Any) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else 0.0


def _shown_seconds(times: Times, stream: Any, fps: float) -> float:
    """From the first frame to the end of the last one, as far as the frames say when they are shown."""
    if times.numbered or not times.shown or not stream.time_base:
        return 0.0
    return float((times.shown[-1] - times.shown[0]) * stream.time_base) + (1 / fps if fps else 0.0)


def _check_whole(path: Path, stream: Any) -> None:
    entries = stream.index_entries
    if len(entries):
        last, size = entries[len(entries) - 1], path.stat().st_size
        if last.pos + last.size > size:
            raise ImageError(f"{path} is cut off: it ends after {size:,} bytes, and its index goes on past them")


def _per(frames: int, seconds: float) -> float:
    return frames / seconds if seconds else 0.0


def _too_large(path: Path, width: int, height: int, limits: VideoLimits) -> ImageError:
    return ImageError(
        f"{path} is {width} x {height} px = {width * height:,} pixels, over the limit of {limits.pixels:,}"
    )
