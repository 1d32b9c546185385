"""Single frames of an open video: when each is shown, the shortest way to one, and which way is up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vtok.errors import ImageError
from vtok.image.video_file import Clock, VideoLimits

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
class Times:
    """When each frame is shown, ascending, in the stream's unit, and which of these times a reader can start at.

    Where packets do not say when they are shown, the frames' numbers, and no place to start at but the beginning.
    """

    shown: tuple[int, ...]
    keys: tuple[int, ...]
    numbered: bool = False


class Reader:
    """Goes through a video once, forward, jumping ahead to key frames where one lies on the way."""

    def __init__(self, container: Any, stream: Any, clock: Clock, times: Times) -> None:
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


def read_times(path: Path, container: Any, stream: Any, clock: Clock, limits: VideoLimits) -> Times:
    """From every packet, undecoded; raises ``ImageError`` beyond the limit on frames."""
    shown, keys = [], []
    for packet in container.demux(stream):
        clock.check()
        if not packet.size or packet.is_discard:
            continue
        shown.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
        if len(shown) > limits.frames:
            raise too_many(path, limits)
    if None in shown or len(set(shown)) < len(shown):
        return Times(tuple(range(len(shown))), (), numbered=True)
    return Times(tuple(sorted(shown)), tuple(sorted(keys)))


def upright(frame: Any) -> Image.Image:
    """A decoded frame as an RGB picture, turned as its display matrix says."""
    image: Image.Image = frame.to_image()
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return image
    across_x, across_y, _, down_x, down_y = np.rint(np.frombuffer(bytes(matrix), np.int32)[:5] / 65536).astype(int)
    turn = _TURNS.get((across_x, across_y, down_x, down_y))
    return image if turn is None else image.transpose(turn)


def too_many(path: Path, limits: VideoLimits) -> ImageError:
    """The error for a video of more frames than the limit."""
    return ImageError(f"{path} has more than {limits.frames:,} frames, over the limit; cut it first")
