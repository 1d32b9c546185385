"""A PDF's pages: their sizes as pypdfium2 would render them, no page rendered, and one page at a wanted size."""

from __future__ import annotations

import math
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from vtok.errors import ImageError, MissingExtraError

#: Dots an inch at which people commonly render pages for a model, and the longest document that is taken by default.
DPI, MOST_PAGES = 150, 500
_POINTS_AN_INCH = 72
# What PDFium answers to an encrypted document, by fpdfview.h: a password is missing, or its kind of security unknown.
_PASSWORD, _SECURITY = 4, 5
# PDFium is not made for threads.
_ONE_AT_A_TIME = threading.Lock()


def page_sizes(path: str | Path, dpi: float = DPI, most_pages: int = MOST_PAGES) -> list[tuple[int, int]]:
    """(width, height) in px of every page at ``dpi`` dots an inch, upright as a viewer shows it, rounded up.

    Rounded as in ``pypdfium2.PdfPage.render(scale=dpi / 72)``. Raises ``MissingExtraError`` without pypdfium2, and
    ``ImageError`` for what is missing, unreadable, encrypted, broken, or of more than ``most_pages`` pages.
    """
    path = Path(path)
    with opened_pdf(path, "counting the pages of") as document:
        _check_pages(path, len(document), most_pages)
        points = [document.get_page_size(index) for index in range(len(document))]
    for number, sides in enumerate(points, 1):
        _check_sides(path, number, sides)
    scale = dpi / _POINTS_AN_INCH
    return [(math.ceil(width * scale), math.ceil(height * scale)) for width, height in points]


def render_page(path: str | Path, number: int, size: tuple[int, int]) -> Image.Image:
    """Page ``number``, from 1 on, as RGB of exactly ``size`` (width, height) px, drawn on white at that size.

    Raises as ``page_sizes`` does, and ``ImageError`` for a page that is not there or cannot be drawn.
    """
    path = Path(path)
    with opened_pdf(path, "drawing the pages of") as document:
        if not 1 <= number <= len(document):
            raise ImageError(f"{path} has no page {number}; it has {len(document):,}")
        sides = document.get_page_size(number - 1)
        _check_sides(path, number, sides)
        scale = max(wanted / side for wanted, side in zip(size, sides, strict=True))
        page: Image.Image = document[number - 1].render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    return page if page.size == size else page.resize(size, Image.Resampling.BICUBIC)


@contextmanager
def opened_pdf(path: Path, doing: str) -> Iterator[Any]:
    """The document of pypdfium2, for one thread at a time; see ``page_sizes`` for what is raised."""
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{doing} {path}", "pdf", str(error.name)) from None
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path} is no regular file; expected a PDF")
        if not found.st_size:
            raise ImageError(f"{path} is empty (0 bytes); expected a PDF")
        with path.open("rb"):  # only to tell what cannot be opened from what is broken
            pass
    except FileNotFoundError:
        raise ImageError(f"there is no file {path}") from None
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror or error}") from None
    with _ONE_AT_A_TIME:
        try:
            with pypdfium2.PdfDocument(path) as document:
                yield document
        except pypdfium2.PdfiumError as error:
            if error.err_code in (_PASSWORD, _SECURITY):
                raise ImageError(f"{path} is encrypted; save it without a password first") from None
            raise ImageError(f"{path} is broken: it is no PDF that can be read") from None


def is_pdf(path: str | Path) -> bool:
    """Whether a file begins as a PDF does; False for what cannot be read and for what is no file, such as a pipe."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return file.read(5) == b"%PDF-"
    except OSError:
        return False


def _check_sides(path: Path, number: int, sides: tuple[float, float]) -> None:
    if not all(math.isfinite(side) and side > 0 for side in sides):
        raise ImageError(f"{path} is broken: its page {number} is {sides[0]:g} x {sides[1]:g} points")


def _check_pages(path: Path, number: int, most: int) -> None:
    if not number:
        raise ImageError(f"{path} has no pages")
    if number > most:
        raise ImageError(f"{path} has {number:,} pages, over the limit of {most:,}; raise it with --limit-pages")
