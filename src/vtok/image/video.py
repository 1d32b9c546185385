"""Videos in: what a container tells of its video without a pixel decoded, and single frames, decoded and upright."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vtok.errors import ImageError
from vtok.image.video_file import Clock, VideoLimits, lies_sideways, open_video

DEFAULT_VIDEO_LIMITS = VideoLimits()
# How a display matrix sends the frame's x and y axes to the screen's, signs only, and the turn that does the same.
_TURNS = {
    (1, 0, 0, 1): None,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}


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
            times = _read_times(path, container, stream, clock, limits)
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
        times = _read_times(path, container, stream, clock, limits)
        for index in wanted:
            if not 0 <= index < len(times.shown):
                raise ImageError(f"{path} has no frame {index}; it has {len(times.shown):,}, numbered from 0")
        reader = _Reader(container, stream, clock, times)
        for index in wanted:
            frame = reader.find(times.shown[index])
            if frame is None:
                raise ImageError(f"{path} is broken: its frame {index} cannot be decoded")
            if frame.width * frame.height > limits.pixels:
                raise _too_large(path, frame.width, frame.height, limits)
            yield index, _upright(frame)


@dataclass(frozen=True)
class _Times:
    """When each frame is shown, ascending, in the stream's unit, and which of these times a reader can start at.

    Where packets do not say when they are shown, the frames' numbers, and no place to start at but the beginning.
    """

    shown: tuple[int, ...]
    keys: tuple[int, ...]
    numbered: bool = False


class _Reader:
    """Goes through a video once, forward, jumping ahead to key frames where one lies on the way."""

    def __init__(self, container: Any, stream: Any, clock: Clock, times: _Times) -> None:
        self._container, self._stream, self._clock, self._times = container, stream, clock, times
        self._frames: Iterator[tuple[int, Any]] | None = None
        self._here = -1

    def find(self, time: int) -> Any | None:
        """The frame that is shown at ``time``, which must not be before the last one found; None where it is lost."""
        before = bisect_right(self._times.keys, time)
        key = self._times.keys[before - 1] if before else None
        if key is not None and (self._frames is None or key > self._here):
            found = self._go_on(self._from(key), time)
            if found is not None:
                return found
            self._frames = None  # some containers jump too far; then all of it is decoded
        return self._go_on(self._frames or self._from(None), time)

    def _go_on(self, frames: Iterator[tuple[int, Any]], time: int) -> Any | None:
        self._frames = frames
        for self._here, frame in frames:
            if self._here >= time:
                return frame if self._here == time else None
        return None

    def _from(self, key: int | None) -> Iterator[tuple[int, Any]]:
        if key is not None:
            self._container.seek(key, stream=self._stream)
        else:
            self._container.seek(0)
        return self._decode()

    def _decode(self) -> Iterator[tuple[int, Any]]:
        from av.error import InvalidDataError

        number = -1
        for packet in self._container.demux(self._stream):
            self._clock.check()
            try:
                frames = self._stream.decode(packet)
            except InvalidDataError:  # a frame is lost; the next ones may be whole
                continue
            for frame in frames:
                number += 1
                time = number if self._times.numbered else frame.pts
                if time is not None:
                    yield time, frame


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
        raise _too_many(path, limits)
    return told if 0 < told <= len(stream.index_entries) else 0


def _told_seconds(container: Any, stream: Any) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else 0.0


def _shown_seconds(times: _Times, stream: Any, fps: float) -> float:
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


def _read_times(path: Path, container: Any, stream: Any, clock: Clock, limits: VideoLimits) -> _Times:
    """From every packet, undecoded."""
    shown, keys = [], []
    for packet in container.demux(stream):
        clock.check()
        if not packet.size or packet.is_discard:
            continue
        shown.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
        if len(shown) > limits.frames:
            raise _too_many(path, limits)
    if None in shown or len(set(shown)) < len(shown):
        return _Times(tuple(range(len(shown))), (), numbered=True)
    return _Times(tuple(sorted(shown)), tuple(sorted(keys)))


def _upright(frame: Any) -> Image.Image:
    image: Image.Image = frame.to_image()
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return image
    across_x, across_y, _, down_x, down_y = np.rint(np.frombuffer(bytes(matrix), np.int32)[:5] / 65536).astype(int)
    turn = _TURNS.get((across_x, across_y, down_x, down_y))
    return image if turn is None else image.transpose(turn)


def _per(frames: int, seconds: float) -> float:
    return frames / seconds if seconds else 0.0


def _too_large(path: Path, width: int, height: int, limits: VideoLimits) -> ImageError:
    return ImageError(
        f"{path} is {width} x {height} px = {width * height:,} pixels, over the limit of {limits.pixels:,}"
    )


def _too_many(path: Path, limits: VideoLimits) -> ImageError:
    return ImageError(f"{path} has more than {limits.frames:,} frames, over the limit; cut it first")
