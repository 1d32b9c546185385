"""The heights of the letters on a picture, word by word, found without reading a word.

1. *Ink*, dark and light alike, is told from paper (``vtok.fitting.ink``).
2. Runs of ink with a small gap between them are joined, and what is connected is taken for a word (run-length
   smoothing, K. Wong, R. Casey and F. Wahl, "Document analysis system", IBM J. Res. Dev. 26, 1982).
3. The strokes that each row of a word crosses are counted. Lower-case letters give a plateau as high as the letter x,
   over which ascenders stick out few and far between; capitals and digits give one as high as themselves. The length
   of the plateau is the word's *letter height*.
4. A word counts when its strokes are as thick and as close as those of letters, and when it stands in a line: beside
   others of its height, on the same base line. Where few do, as in leaves, noise and the grain of wood, none counts.

All this looks for letters of 4.5 to 9.5 px only. Larger ones are found when the picture is halved, again and again.
Handwriting, turned text, and scripts whose letters hang together are not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtok.fitting.ink import find_inks
from vtok.fitting.runs import Ints, Runs, find_runs, label

Floats = NDArray[np.float64]
#: Letter heights looked for at each size of the picture, px; the next size finds those twice as high.
SMALLEST, LARGEST = 4.5, 9.5
_GAP = 3  # px between strokes of one word, at most
_PLATEAU = 0.5  # of the mean number of strokes in the fuller half of a word's rows
_LINE, _WORD = 8, 5  # a line at least, and a common word with the blank after it, in letter heights
_LINES = 2  # on a picture, at least
# Of the words in a square of so many px, this share must stand in lines: of print 0.6 and more do, of noise and grain
# 0.26 at most.
_NEARBY, _SHARE = 256, 0.35
_DOUBT = 4  # words out of line that every square is taken to have besides
_TALL = 2.8  # a word with ascenders and descenders, in letter heights, at most
_THICK, _CLOSE = (0.07, 0.6), (0.6, 3.0)  # strokes: their thickness and their number, in and a letter height
_STROKES = 3  # in a row of a word, at least


@dataclass(frozen=True)
class _Boxes:
    """Boxes in px, ``left`` to ``right`` and ``top`` to ``bottom``, and which of them each run is in, -1 for none."""

    left: Ints
    top: Ints
    right: Ints
    bottom: Ints
    of_run: Ints


@dataclass(frozen=True)
class _Words:
    """Words: letter ``height``, ``left``, ``right`` and ``middle`` of their letters, px."""

    height: Floats
    left: Floats
    right: Floats
    middle: Floats


def letter_heights(grey: NDArray[np.uint8], halvings: int = 3) -> Floats:
    """Letter height (px of ``grey``, rows x columns) of each word found, in no order; empty where there is no print."""
    found = [np.zeros(0)]
    for halving in range(halvings + 1):
        for ink in find_inks(grey):
            found.append(_in_lines(_words(find_runs(ink))) * 2**halving)
        grey = np.asarray(Image.fromarray(grey).reduce(2))
    return np.concatenate(found)


def _words(runs: Runs) -> _Words:
    """What looks like a word by its strokes."""
    boxes = _boxes(runs)
    strokes, ink = _profiles(runs, boxes)
    tall = boxes.bottom - boxes.top
    first, last = _plateaus(strokes, tall)
    height = (last - first).astype(float)
    rows = np.arange(strokes.shape[1])
    on = (rows >= first[:, None]) & (rows < last[:, None])
    crossed, inked = ((profile * on).sum(axis=1) / np.maximum(height, 1) for profile in (strokes, ink))
    thick = inked / np.maximum(crossed * height, 1e-9)
    close = crossed * height / (boxes.right - boxes.left)
    good = (height >= SMALLEST) & (height < LARGEST) & (crossed >= _STROKES) & (tall < _TALL * height)
    good &= (thick > _THICK[0]) & (thick < _THICK[1]) & (close > _CLOSE[0]) & (close < _CLOSE[1])
    middle = boxes.top + (first + last) / 2
    return _Words(height[good], boxes.left[good].astype(float), boxes.right[good].astype(float), middle[good])


def _boxes(runs: Runs) -> _Boxes:
    """Runs joined to what may be words: wider than high, and not too high."""
    joined, member = runs.joined(_GAP)
    labels, number = label(joined)
    least, most = np.full((2, number), np.iinfo(np.int64).max), np.zeros((2, number), np.int64)
    for axis, (starts, ends) in enumerate(((joined.start, joined.end), (joined.row, joined.row + 1))):
        np.minimum.at(least[axis], labels, starts)
        np.maximum.at(most[axis], labels, ends)
    wide, tall = most - least
    fits = (tall >= SMALLEST) & (tall <= _TALL * LARGEST) & (wide >= tall)
    renumbered = np.where(fits, np.cumsum(fits) - 1, -1)
    return _Boxes(least[0, fits], least[1, fits], most[0, fits], most[1, fits], renumbered[labels][member])


def _profiles(runs: Runs, boxes: _Boxes) -> tuple[Floats, Floats]:
    """Strokes, and px of ink, in each row of each box: (boxes, rows), filled up with 0."""
    number, rows = len(boxes.top), int((boxes.bottom - boxes.top).max(initial=1))
    inside = boxes.of_run >= 0
    box = boxes.of_run[inside]
    place = box * rows + runs.row[inside] - boxes.top[box]
    lengths = runs.end[inside] - runs.start[inside]
    strokes, ink = (np.bincount(place, each, number * rows).astype(float) for each in (None, lengths))
    return strokes.reshape(number, rows), ink.reshape(number, rows)


def _plateaus(strokes: Floats, tall: Ints) -> tuple[Ints, Ints]:
    """The first row of each box's longest stretch of rows with many strokes, and the row after the last."""
    rows = np.arange(strokes.shape[1])
    half = (tall + 1) // 2
    fuller = np.where(rows < half[:, None], -np.sort(-strokes, axis=1), 0).sum(axis=1) / half
    many = strokes >= _PLATEAU * fuller[:, None]
    length = np.zeros((len(tall), len(rows) + 1), np.int64)
    for row in rows:
        length[:, row + 1] = (length[:, row] + 1) * many[:, row]
    last = length.argmax(axis=1)
    return last - length.max(axis=1), last


def _in_lines(words: _Words) -> Floats:
    """Heights of the words that have others beside them, of like height and on the same line."""
    order = np.argsort(words.left, kind="stable")
    height, left, right, middle = (values[order] for values in (words.height, words.left, words.right, words.middle))
    # Pairs of a word and one that begins about where it ends.
    first = np.searchsorted(left, right - 0.5 * LARGEST, side="left")
    number = np.maximum(np.searchsorted(left, right + 3 * LARGEST, side="right") - first, 0)
    a = np.repeat(np.arange(len(left)), number)
    b = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)
    mean, gap = (height[a] + height[b]) / 2, left[b] - right[a]
    beside = (a < b) & (gap > -0.5 * mean) & (gap < 3 * mean)
    alike = np.abs(height[a] - height[b]) <= np.maximum(1.0, 0.2 * mean)
    level = np.abs(middle[a] - middle[b]) <= 0.3 * mean + 0.5
    together = beside & alike & level
    line = np.arange(len(left))
    for before, after in zip(a[together].tolist(), b[together].tolist(), strict=True):
        line[after] = line[before]  # they come from left to right, so that the line of ``before`` is settled
    length = (right - left) / height
    kept = np.bincount(line, length, minlength=len(left))[line] >= _LINE
    kept &= _share_nearby(kept, left, middle) >= _SHARE
    if len(set(line[kept].tolist())) < _LINES:
        return np.zeros(0)
    # Words that stand close together were taken for one.
    return np.repeat(height[kept], np.maximum(1, np.rint(length[kept] / _WORD)).astype(np.int64))


def _share_nearby(kept: NDArray[np.bool_], left: Floats, middle: Floats) -> Floats:
    """For each word the share of those kept among all words in its square of the picture; less where there are few."""
    _, square = np.unique(left // _NEARBY + 1j * (middle // _NEARBY), return_inverse=True)
    share: Floats = np.bincount(square, kept) / (np.bincount(square) + _DOUBT)
    return share[square]
