"""A video's file, opened so that a hostile one can do no more than waste a bounded time.

Only the regular file that the caller names is ever opened, by us: FFmpeg reads from that open file, may take it for one
of a few containers, and is refused every other file and address that the file might point to.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from vtok.errors import ImageError, MissingExtraError
from vtok.image.source import Limits
from vtok.image.video_kind import HEAD_BYTES, NAMES, check_tables, container_of

# FFmpeg's log is one for the process; it is turned on only while it is asked what it found.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class VideoLimits:
    """What a video may weigh: ``pixels`` a frame, ``file_bytes``, ``frames``, and ``seconds`` spent on reading it."""

    pixels: int = Limits().pixels
    file_bytes: int = 64 * 2**30
    frames: int = 2_000_000
    seconds: float = 120.0


class Clock:
    """An open file that gives no more bytes once its time is up, whatever FFmpeg is about to do with them."""

    def __init__(self, file: BinaryIO, name: str, seconds: float) -> None:
        self.name = name
        self._file, self._seconds, self._end = file, seconds, time.monotonic() + seconds

    def check(self) -> None:
        """Raise ``ImageError`` once the time is up."""
        if time.monotonic() > self._end:
            raise ImageError(f"{self.name} took longer than {self._seconds:g} s to read; it is not read further")

    def read(self, size: int) -> bytes:
        """As of a file."""
        self.check()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        self.check()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of a file."""
        return self._file.tell()


@contextmanager
def open_video(path: Path, limits: VideoLimits) -> Iterator[tuple[Any, Any, Clock]]:
    """PyAV's container, its first video stream, and the clock under which both are read.

    Raises ``MissingExtraError`` without PyAV, and ``ImageError``, also for what goes wrong while they are in use.
    """
    try:
        import av
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"reading the video {path}", "video", str(error.name)) from None
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path} is no regular file; expected a video")
        if not found.st_size:
            raise ImageError(f"{path} is empty (0 bytes); expected a video such as an MP4")
        if found.st_size > limits.file_bytes:
            raise ImageError(f"{path} has {found.st_size:,} bytes, over the limit of {limits.file_bytes:,}")
        with path.open("rb") as file:
            kind = container_of(file.read(HEAD_BYTES))
            if kind is None:
                raise ImageError(f"{path} is not a video that can be read; expected {NAMES}")
            if kind == "mp4":
                check_tables(path, file, found.st_size, limits.frames)
            file.seek(0)
            clock = Clock(file, str(path), limits.seconds)
            options = {"protocol_whitelist": "none", "max_pixels": str(limits.pixels)}
            with av.open(clock, format=kind, options=options, io_open=_refuse, metadata_errors="replace") as container:
                yield container, _first_video(path, container), clock
    except av.error.EOFError:
        raise ImageError(f"{path} is broken: it ends before its first frame") from None
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise ImageError(f"{path} is broken: {_reason(error)}") from None
    except FileNotFoundError:
        raise ImageError(f"there is no file {path}") from None
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror or error}") from None


def is_video(path: str | Path) -> bool:
    """Whether a file begins as a video does; False for pictures, for what cannot be read and for what is no file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return container_of(file.read(HEAD_BYTES)) not in (None, "gif")
    except (OSError, ValueError):
        return False


def lies_sideways(container: Any, index: int) -> bool:
    """Whether a player turns the stream by a quarter, by the container's display matrix.

    PyAV shows the matrix only on decoded frames; without decoding it stands in what FFmpeg writes about a container.
    """
    import av.logging

    with _ONE_AT_A_TIME:
        level = av.logging.get_level()
        try:
            av.logging.set_level(av.logging.INFO)
            told = container.dumps_format()
        finally:
            av.logging.set_level(level)
    _, _, mine = told.partition(f"Stream #0:{index}")
    turned = re.search(r"display ?matrix: rotation of (-?[\d.]+) degrees", mine.partition("Stream #")[0], re.I)
    return turned is not None and round(float(turned[1]) / 90) % 2 == 1


def _first_video(path: Path, container: Any) -> Any:
    from av.stream import Disposition

    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        others = {one.type for one in container.streams} - {"video"}
        if not others:
            raise ImageError(f"{path} is broken: nothing in it can be read")
        raise ImageError(f"{path} has no video stream, only {' and '.join(sorted(others))}")
    if streams[0].codec_context is None:
        raise ImageError(f"{path} holds a video of a kind that this build of FFmpeg cannot decode")
    return streams[0]


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError(f"it points to another file, {url!r}, which is not opened")


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split())
