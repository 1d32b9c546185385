"""Surveys of pictures and pages in files, from as few pixels as tell enough."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from vtok.fitting.legibility import PIXELS, find_print, print_of
from vtok.fitting.similarity import measure_similarity
from vtok.fitting.survey import Survey
from vtok.geometry.layout import Size
from vtok.image.decode import decode_at
from vtok.image.header import header_size, upright_size
from vtok.image.pdf import render_page
from vtok.image.pdf_text import letter_heights
from vtok.image.source import DEFAULT_LIMITS, Limits

_POINTS_AN_INCH = 72
# A page with fewer letters is a picture with a stamp on it, and is measured in pixels like other pictures.
_FEWEST_LETTERS = 40


def look(picture: str | Path | Image.Image, limits: Limits = DEFAULT_LIMITS) -> Survey:
    """The survey of a picture, decoded at the DCT scale that suffices where it is a JPEG.

    Raises ``ImageError`` as ``vtok.image.source.open_image`` does.
    """
    size = upright_size(picture) if isinstance(picture, Image.Image) else header_size(picture, limits)
    return Survey.of(decode_at(picture, _halved(size), Image.Resampling.BOX, limits), size)


def look_at_page(path: str | Path, number: int, size: Size, dpi: float) -> Survey:
    """The survey of page ``number``, from 1 on, of a PDF, whose ``size`` is in px at ``dpi`` dots an inch.

    The page's own text tells exactly how high its print is; where it has none, as scans have, its pixels are measured.
    Raises as ``vtok.image.pdf.render_page`` does.
    """
    copy = render_page(path, number, _halved(size))
    letters = letter_heights(path, number)
    told = len(letters) >= _FEWEST_LETTERS
    found = print_of(letters, dpi / _POINTS_AN_INCH) if told else find_print(copy, size)
    return Survey(size, measure_similarity(copy, size), found)


def _halved(size: Size) -> Size:
    """``size``, both sides halved until it has few enough pixels."""
    width, height = size
    while width * height > PIXELS:
        width, height = max(1, (width + 1) // 2), max(1, (height + 1) // 2)
    return width, height
