"""What ``vtok fit`` has to do: a picture or page a job, each with the file it is going to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from vtok.fitting.fit import Fitted
from vtok.fitting.original import File, Original, Page
from vtok.image.source import Limits

#: Endings of what can be written, and of what is written where a file is of another kind.
ENDINGS = {"jpg": ".jpg", "png": ".png", "webp": ".webp"}
_KEPT = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif"), ".jpg"),
    ".png": ".png",
    ".webp": ".webp",
}


@dataclass(frozen=True)
class Job:
    """One picture: its ``name`` for people, the file it is in, its pixels, and the file to be written.

    ``seconds`` is when a frame of a video is shown.
    """

    name: str
    path: Path
    original: Original
    output: Path
    seconds: float | None = None

    @property
    def page(self) -> int | None:
        """The number of a PDF's page, from 1 on."""
        return self.original.number if isinstance(self.original, Page) else None


@dataclass
class Outcome:
    """What became of a job: ``problem`` where it failed, ``copied`` as it was, ``warning`` where much is lost."""

    job: Job
    before: int = 0
    fitted: Fitted | None = None
    warning: str | None = None
    copied: bool = False
    problem: str | None = None


class Names:
    """Output files below ``folder``: none is given twice, whatever the case of its letters, and none is an input."""

    def __init__(self, folder: Path, given: Sequence[str], inputs: Sequence[Path], ending: str | None) -> None:
        self._folder, self._ending = folder, ending
        self._roots = [path for path in (Path(text).expanduser() for text in given) if path.is_dir()]
        self._taken = {str(path.absolute()).casefold() for path in inputs}

    def name(self, path: Path, part: str = "") -> Path:
        """The file for a picture, or a part of one; below a folder that was given, the folders on the way are kept."""
        root = next((root for root in self._roots if path.is_relative_to(root)), path.parent)
        within = path.relative_to(root)
        stem = f"{within.stem}-{part}" if part else within.stem
        ending = self._ending or (".png" if part else _KEPT.get(path.suffix.lower(), ".png"))
        for candidate in _numbered(stem):
            output = self._folder / within.parent / f"{candidate}{ending}"
            key = str(output.absolute()).casefold()
            if key not in self._taken:
                self._taken.add(key)
                return output
        raise AssertionError("there is always another number")


def job_of(path: Path, name: str, names: Names, dpi: int, most_pages: int, limits: Limits) -> Job:
    """The job for what ``vtok.cli.pictures`` calls ``name``: the picture in ``path`` or a page of it."""
    _, mark, number = name.removeprefix(str(path)).partition("#page=")
    page = int(number) if mark else None
    original: Original = File(path, limits) if page is None else Page(path, page, dpi, most_pages)
    return Job(name, path, original, names.name(path, "" if page is None else f"{page:04d}"))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def is_plain(path: Path, ending: str) -> bool:
    """Whether a copy of the file is as good as its pixels written anew: of that kind, upright, 8-bit, in sRGB."""
    try:
        with Image.open(path) as image:
            kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[ending]
            upright = image.getexif().get(274, 1) in (0, 1)
            still = getattr(image, "n_frames", 1) == 1
            return image.format == kind and image.mode in ("RGB", "L") and upright and still and not _profile(image)
    except Exception:  # what cannot be read here is told by whoever decodes it
        return False


def _profile(image: Image.Image) -> bool:
    profile = image.info.get("icc_profile") or b"sRGB"
    return b"sRGB" not in profile.replace(b"\0", b"")
