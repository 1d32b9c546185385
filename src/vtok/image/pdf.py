"""The sizes of a PDF's pages, as pypdfium2 would render them: no page is rendered."""

from __future__ import annotations

import math
import os
import stat
import threading
from pathlib import Path

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
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"counting the pages of {path}", "pdf", str(error.name)) from None
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
                _check_pages(path, len(document), most_pages)
                points = [document.get_page_size(index) for index in range(len(document))]
        except pypdfium2.PdfiumError as error:
            if error.err_code in (_PASSWORD, _SECURITY):
                raise ImageError(f"{path} is encrypted; save it without a password first") from None
            raise ImageError(f"{path} is broken: it is no PDF that can be read") from None
    for number, sides in enumerate(points, 1):
        if not all(math.isfinite(side) and side > 0 for side in sides):
            raise ImageError(f"{path} is broken: its page {number} is {sides[0]:g} x {sides[1]:g} points")
    scale = dpi / _POINTS_AN_INCH
    return [(math.ceil(width * scale), math.ceil(height * scale)) for width, height in points]


def is_pdf(path: str | Path) -> bool:
    """Whether a file begins as a PDF does; False for what cannot be read and for what is no file, such as a pipe."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return file.read(5) == b"%PDF-"
    except OSError:
        return False


def _check_pages(path: Path, number: int, most: int) -> None:
    if not number:
        raise ImageError(f"{path} has no pages")
    if number > most:
        raise ImageError(f"{path} has {number:,} pages, over the limit of {most:,}; raise it with --limit-pages")
