"""Fitted pictures on disk: whole or not at all, never over an original, with what a camera noted of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from vtok.cli import common
from vtok.cli.fit_jobs import Job, is_plain
from vtok.errors import VtokError
from vtok.fitting.fit import Fitted
from vtok.fitting.original import File

# Tags that do not hold for the new file: the orientation, which is applied, and the size in px.
_STALE, _STALE_INNER, _INNER = (274, 256, 257), (40962, 40963), 0x8769


def write(job: Job, fitted: Fitted, quality: int, force: bool) -> bool:
    """Write the picture; True where the file could stay as it is and was copied.

    Raises ``VtokError`` for a file that is there already, unless ``force``, and where there is no room, and
    ``ImageError`` for a picture that turns out to be broken.
    """
    if job.output.exists() and not force:
        raise VtokError(f"{job.output} is there already; --force overwrites it")
    plain = fitted.size == fitted.source and isinstance(job.original, File) and is_plain(job.path, job.output.suffix)
    if plain:
        _check(job.path)
        common.write_whole(job.output, lambda part: _copy(job.path, part))
        return True
    image, options = fitted.render(), _options(job, quality)
    common.write_whole(job.output, lambda part: image.save(part, **options))
    return False


def _copy(path: Path, part: Path) -> None:
    shutil.copyfile(path, part)


def _check(path: Path) -> None:
    """A truncated file is told, not handed on."""
    try:
        with Image.open(path) as image:
            image.load()
    except Exception as error:  # decoders raise whatever a hostile file makes them trip over
        text = " ".join(str(error).split()) or type(error).__name__
        raise VtokError(f"{path} is broken and cannot be decoded: {text}") from None


def _options(job: Job, quality: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if job.output.suffix == ".jpg":
        options = {"format": "JPEG", "quality": quality, "subsampling": 0 if quality >= 90 else -1}
    elif job.output.suffix == ".webp":
        options = {"format": "WEBP", "quality": quality}
    else:
        options = {"format": "PNG"}
    exif = _exif(job.path) if isinstance(job.original, File) else None
    return options if exif is None else {**options, "exif": exif}


def _exif(path: Path) -> bytes | None:
    """What a camera noted (when, where, with what), without what no longer holds; None where there is nothing."""
    try:
        with Image.open(path) as image:
            exif = image.getexif()
            for tag in _STALE:
                exif.pop(tag, None)
            inner = exif.get_ifd(_INNER)
            for tag in _STALE_INNER:
                inner.pop(tag, None)
            return exif.tobytes() if image.format != "TIFF" and (len(exif) or inner) else None
    except Exception:  # notes that cannot be read cannot be kept
        return None
