"""Will the text on a picture still be read once the picture is fitted?

*How high is it?* ``find_print`` measures the letters (``vtok.fitting.letters``); the 10th percentile of all words is
what small print on the picture is like, not the smallest speck that was taken for a word. A PDF's own text tells
exactly (``vtok.image.pdf_text``).

*How high must it be?* ``READABLE``: 8 px for the letter x, which is about 12 px for a capital. Three sources that
measured different readers agree on it:

- Vision-language models: their perception of letters is saturated at about 12 px and falls below it ("The Last Visible
  Pixel", arXiv 2606.07861, which tried 4 to 48 px).
- A commercial reader: "the minimum height of the text to be extracted is 12 pixels", about 8 points at 150 dots an inch
  (Azure AI Vision 3.2, "Call the Read API"); the x of such a font is 8 px high.
- Tesseract: below an x of 10 px there is very little chance, below about 8 px most is removed as noise (its FAQ).

None gives a figure by family or patch size, and no source was found that does; so one threshold stands for all, and
what a token of the family shows is told beside it. Text that is smaller than that in the source already is only asked
to stay as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtok.fitting.letters import letter_heights
from vtok.geometry.layout import Size

#: Letter height (x-height, or capitals where there are only capitals) below which little is read, px.
READABLE = 8.0
#: Which of all words, by letter height, in per cent, stands for the small print.
SMALL = 10
#: Fewer words are not taken for print at all.
FEWEST = 6
#: A copy that was shrunk to fewer pixels may have lost its small print; one of more only takes longer.
PIXELS = 4_000_000


@dataclass(frozen=True)
class Print:
    """The small print of a picture: letter ``height`` in px of the source; how many words or letters tell so.

    ``exact``: told by the text of a document, not found in pixels.
    """

    height: float
    number: int
    exact: bool = False


@dataclass(frozen=True)
class Legibility:
    """Letter height of the small print ``before`` and ``after`` fitting, px.

    ``needed`` is the fewest tokens with which it is high enough, None where the model has no such size; ``token`` is
    the side of what a token shows, px.
    """

    before: float
    after: float
    needed: int | None
    token: int

    @property
    def wanted(self) -> float:
        """The height that is asked for: readable, or what it was where it never was."""
        return min(READABLE, self.before)

    @property
    def slack(self) -> float:
        """How much less is as good: what rounding and the estimate's own error take."""
        return 0.06 * self.wanted

    @property
    def survives(self) -> bool:
        """Whether the small print is about as high as is asked for."""
        return self.after >= self.wanted - self.slack

    def warning(self, shared: bool = False) -> str | None:
        """One line on what is lost and what would save it, None where nothing is; ``shared``: a budget for many."""
        if self.survives:
            return None
        lost = f"text of about {self.before:.0f} px would become {self.after:.0f} px"
        if self.needed is None:
            remedy = "no size of this model keeps it: crop the picture"
        elif shared:
            return f"{lost}; it needs about {self.needed:,} tokens alone"
        else:
            remedy = f"it needs about {self.needed:,} tokens: --budget {self.needed}"
        small = " and is small already;" if self.before < READABLE else " and"
        return f"{lost} (a token shows {self.token} px),{small} below about {READABLE:.0f} px little is read; {remedy}"


def print_of(letters: NDArray[np.float64], scale: float = 1.0) -> Print | None:
    """The small print where the heights of all letters are known, in units of 1 / ``scale`` px; None without any."""
    if not len(letters):
        return None
    return Print(float(np.percentile(letters, SMALL)) * scale, len(letters), exact=True)


def find_print(picture: Image.Image, source: Size | None = None) -> Print | None:
    """The small print on a picture, or None where there is none; ``source`` is its size before it was shrunk, px.

    Takes about 50 ms a megapixel. Letters of less than 4.5 px in ``picture`` are not found. A picture of more than
    ``PIXELS`` is halved first.
    """
    source = source or picture.size
    grey = picture.convert("L")
    while grey.width * grey.height > PIXELS:
        grey = grey.reduce(2)
    heights = letter_heights(np.asarray(grey))
    if len(heights) < FEWEST:
        return None
    scale = max(source) / max(grey.size)
    return Print(float(np.percentile(heights, SMALL)) * scale, len(heights))
