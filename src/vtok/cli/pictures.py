"""Which files a command line means, and the sizes of their pictures and pages, read by several threads."""

from __future__ import annotations

import glob
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vtok.catalog.video_counting import looks_like_a_video, read_clip
from vtok.cli import common
from vtok.errors import ImageError, VtokError
from vtok.geometry.layout import Size
from vtok.geometry.videos.clip import Clip
from vtok.image import pdf
from vtok.image.formats import SUFFIXES
from vtok.image.header import header_size
from vtok.image.source import Limits
from vtok.image.video_file import VideoLimits
from vtok.image.video_kind import VIDEO_SUFFIXES

# Opening files waits on the disk; more threads than this gain nothing on top.
_THREADS = min(16, 4 * (os.cpu_count() or 1))
_SECONDS_BEFORE_A_BAR = 0.7
# Nothing is decoded, so that a size alone does no harm; how large is too large is the caller's to say.
_NO_LIMITS = Limits(pixels=sys.maxsize)
_NO_VIDEO_LIMITS = VideoLimits(pixels=2**31 - 1)
_PDF = ".pdf"
T = TypeVar("T")

#: Names and sizes in px of what is in one file: a picture, or each page of a PDF; a video is a clip.
Sizes = list[tuple[str, Size | Clip]]


@dataclass
class Found:
    """The pictures in the order given, folders in the order of their names; what is missing or cannot be entered."""

    pictures: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: How many files in folders are no pictures, by their ending.
    skipped: dict[str, int] = field(default_factory=dict)


def collect(paths: Sequence[str], videos: bool = False) -> Found:
    """Files as they are, folders with all below them, patterns expanded where no file has that very name.

    Of a folder the videos are among the files that are skipped unless ``videos`` says otherwise.
    """
    found = Found()
    endings = SUFFIXES | {_PDF} | (VIDEO_SUFFIXES if videos else frozenset())
    for text in paths:
        path = Path(text).expanduser()
        # Not ``path.is_dir()``, which has no answer for names that are too long.
        if os.path.isdir(path):
            _walk(path, found, endings, set())
        elif not os.path.lexists(path) and glob.has_magic(text):
            matches = sorted(glob.glob(os.path.expanduser(text), recursive=True))
            for match in map(Path, matches):
                if match.is_dir():
                    _walk(match, found, endings, set())
                else:
                    found.pictures.append(match)
            if not matches:
                found.failed.append((text, f"no file matches {text}"))
        else:
            found.pictures.append(path)
    return found


def _walk(folder: Path, found: Found, endings: frozenset[str], above: set[tuple[int, int]]) -> None:
    """Add what is below ``folder``; ``above`` are the folders on the way down, which a link must not lead back to."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        found.failed.append((str(folder), f"cannot open the folder {folder}: {error.strerror or error}"))
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        found.failed.append((str(folder), f"{folder} links back to a folder above it; not followed"))
        return
    for entry in entries:
        path = Path(entry.path)
        try:
            is_folder = entry.is_dir()
        except OSError as error:
            found.failed.append((str(path), f"cannot read {path}: {error.strerror or error}"))
            continue
        if is_folder:
            _walk(path, found, endings, above | {here})
        elif path.suffix.lower() in endings:
            found.pictures.append(path)
        else:
            kind = path.suffix.lower() or "without an ending"
            found.skipped[kind] = found.skipped.get(kind, 0) + 1


def read_sizes(
    pictures: Sequence[Path], dpi: float = pdf.DPI, most_pages: int = pdf.MOST_PAGES
) -> Iterator[tuple[Path, Sizes | VtokError]]:
    """Each file with the upright sizes in it or with what is wrong, in order; a bar on stderr when it takes long.

    A page of a PDF has the name ``scan.pdf#page=3`` and its size at ``dpi`` dots an inch; a document of more than
    ``most_pages`` pages is refused.
    """

    def read(path: Path) -> Sizes | VtokError:
        try:
            if path.suffix.lower() == _PDF:
                return _pages(path, dpi, most_pages)
            if looks_like_a_video(path):
                return [(str(path), read_clip(path, _NO_VIDEO_LIMITS))]
            try:
                return [(str(path), header_size(path, _NO_LIMITS))]
            except ImageError:
                # A PDF that goes by another name is told by its content.
                if not pdf.is_pdf(path):
                    raise
                return _pages(path, dpi, most_pages)
        except VtokError as error:
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        # What Pillow warns of, such as broken EXIF data, does not change the size.
        warnings.simplefilter("ignore")
        try:
            yield from zip(pictures, with_bar(pool.map(read, pictures), len(pictures), "reading sizes"), strict=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _pages(path: Path, dpi: float, most_pages: int) -> Sizes:
    sizes = pdf.page_sizes(path, dpi, most_pages)
    return [(f"{path}#page={number}", size) for number, size in enumerate(sizes, 1)]


def with_bar(things: Iterable[T], number: int, doing: str) -> Iterator[T]:
    """``things`` as they come, ``number`` in all, with a bar on stderr when it takes long."""
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=common.notes, transient=True, disable=not common.notes.is_terminal)
    start, shown = time.monotonic(), False
    try:
        for done, thing in enumerate(things):
            if not shown and time.monotonic() - start > _SECONDS_BEFORE_A_BAR:
                shown = True
                bar.start()
                task = bar.add_task("", total=number, completed=done)
            if shown:
                bar.advance(task)
            yield thing
    finally:
        bar.stop()
