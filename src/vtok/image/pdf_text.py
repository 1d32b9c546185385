"""How high the letters of a PDF's page are, as its own text tells: no page is rendered."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vtok.errors import ImageError
from vtok.image.pdf import opened_pdf

#: So many letters of a page, evenly spread, are measured at most.
MOST_LETTERS = 5_000
#: Lower-case letters without ascenders or descenders.
_FLAT = frozenset("acemnorsuvwxz")
_UPRIGHT = 0.05  # sine of the angle up to which a letter counts as upright


def letter_heights(path: str | Path, number: int) -> NDArray[np.float64]:
    """Heights in points of the letters and digits on page ``number``, from 1 on; empty where the page has no text.

    Of lower-case letters those are taken that are as high as an x; of other scripts every letter. The boxes are
    PDFium's (``FPDFText_GetCharBox``), which fit the drawn letters; text that was laid invisibly under a scan counts
    too. Text that runs neither along nor across the page is left out. Raises as ``vtok.image.pdf.page_sizes`` does.
    """
    path = Path(path)
    with opened_pdf(path, "reading the text of") as document:
        if not 1 <= number <= len(document):
            raise ImageError(f"{path} has no page {number}; it has {len(document):,}")
        return _heights(document[number - 1].get_textpage())


def _heights(text: object) -> NDArray[np.float64]:
    from pypdfium2 import raw

    total = text.count_chars()  # type: ignore[attr-defined]  # pypdfium2 has no types
    heights = []
    for index in range(0, total, max(1, math.ceil(total / MOST_LETTERS))):
        code = raw.FPDFText_GetUnicode(text, index)
        letter = chr(code) if code < 0x110000 else ""
        if not letter.isalnum() or (letter.isascii() and letter.islower() and letter not in _FLAT):
            continue
        across = abs(math.sin(raw.FPDFText_GetCharAngle(text, index)))
        left, bottom, right, top = text.get_charbox(index)  # type: ignore[attr-defined]  # the same
        if across < _UPRIGHT:
            heights.append(top - bottom)
        elif across > 1 - _UPRIGHT:
            heights.append(right - left)
    found = np.array(heights, np.float64)
    return found[np.isfinite(found) & (found > 0)]
