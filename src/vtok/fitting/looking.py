"""Surveys of pictures and pages, from as few pixels as tell enough."""

from __future__ import annotations

from PIL import Image

from vtok.fitting.legibility import PIXELS, Print, find_print, print_of
from vtok.fitting.original import Original, Page
from vtok.fitting.similarity import measure_similarity
from vtok.fitting.survey import Survey
from vtok.geometry.layout import Size
from vtok.image.pdf_text import letter_heights

_POINTS_AN_INCH = 72
# A page with fewer letters is a picture with a stamp on it, and is measured in pixels like other pictures.
_FEWEST_LETTERS = 40


def look(original: Original) -> Survey:
    """The survey of a picture or a page, from a copy with its sides halved until it has few enough pixels.

    The own text of a PDF's page tells exactly how high its print is; where it has none, as scans have, its pixels are
    measured. Raises ``ImageError`` for what is broken, ``MissingExtraError`` for a page without pypdfium2.
    """
    size = original.size
    copy = original.at(_halved(size), Image.Resampling.BOX)
    found = _told(original) if isinstance(original, Page) else None
    return Survey(size, measure_similarity(copy, size), found or find_print(copy, size))


def _told(page: Page) -> Print | None:
    letters = letter_heights(page.path, page.number)
    return print_of(letters, page.dpi / _POINTS_AN_INCH) if len(letters) >= _FEWEST_LETTERS else None


def _halved(size: Size) -> Size:
    width, height = size
    while width * height > PIXELS:
        width, height = max(1, (width + 1) // 2), max(1, (height + 1) // 2)
    return width, height
