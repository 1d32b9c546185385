"""How like itself a picture stays when it is shrunk, told in advance from a small decode of it.

Similarity is the contrast-and-structure term of SSIM (Z. Wang et al., "Image quality assessment: from error
visibility to structural similarity", IEEE TIP 13, 2004) between a picture and its shrunken copy, a mean over windows:

    (2 cov + C) / (variance of the source + variance of the copy + C),  C = (0.03 x 255)^2

Shrinking takes away fine detail and leaves the rest as it was, so that the covariance is the variance of the copy,
and all that is needed is how the variance of each window is spread over octaves. A Haar pyramid tells: what a window
loses from one halving to the next is the mean of its squares before less the mean of its squares after (Parseval).
A window without structure keeps it all; a window of small print loses nearly all at once, whatever its contrast. This
is why pages of text need more tokens than photographs of the same size, and get them.

What lies beyond the small decode is not seen. It is taken to go on falling from octave to octave as it did in the
finest two that were seen: the spectrum of pictures is close to a power law (D. J. Field, JOSA A 4, 1987).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtok.geometry.layout import Size

#: Longest side, px, of the small decode. Twice as much takes four times as long and tells one octave more.
SIDE = 1024
_OCTAVES = 5
_WINDOW = 2**_OCTAVES
_C = (0.03 * 255) ** 2


@dataclass(frozen=True)
class Similarity:
    """How much of a picture's structure is ``kept`` at linear ``scales`` of its size, both ascending up to 1."""

    scales: tuple[float, ...]
    kept: tuple[float, ...]

    def at(self, scale: float) -> float:
        """Similarity at a linear scale (resized side over source side): over 0, and 1 from a scale of 1 on."""
        return float(np.interp(math.log(min(max(scale, 1e-9), 1.0)), np.log(self.scales), self.kept))

    def between(self, source: Size, resized: Size) -> float:
        """Similarity when a picture of ``source`` px is resized to ``resized`` px; what enlarges adds nothing."""
        across, down = (min(1.0, after / before) for before, after in zip(source, resized, strict=True))
        return self.at(math.sqrt(across * down))


def measure_similarity(picture: Image.Image, source: Size | None = None) -> Similarity:
    """What shrinking does to a picture, told from a copy of it; ``source`` is the size (px) before it was copied.

    The copy is shrunk to ``SIDE`` px where it is larger; the nearer to that it is, the less has to be guessed.
    """
    small = _grey(picture)
    beyond = max(0.0, math.log2(max(source or picture.size) / min(SIDE, max(picture.size))))
    energy = _energy(small)
    seen = [np.maximum(level - energy[0], 0.0) for level in energy]
    finest = seen[-1] - seen[-2]
    fall = min(1.0, float(finest.sum() / max(1e-9, (seen[-2] - seen[-3]).sum())))
    octaves = [min(step, beyond) for step in range(1, math.ceil(beyond) + 1)]
    variances = [*seen, *(seen[-1] + finest * _unseen(fall, more) for more in octaves)]
    exponents = [*range(-_OCTAVES, 1), *octaves]
    whole = variances[-1]
    kept = [float(((2 * copy + _C) / (whole + copy + _C)).mean()) for copy in variances]
    return Similarity(tuple(2.0 ** (exponent - beyond) for exponent in exponents), tuple(kept))


def _grey(picture: Image.Image) -> NDArray[np.float32]:
    """The picture in grey, (height, width), at most ``SIDE`` px a side, its edge repeated to whole windows."""
    grey = picture.convert("L")
    scale = SIDE / max(grey.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in grey.size)
        grey = grey.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    values = np.asarray(grey, np.float32)
    return np.pad(values, [(0, -side % _WINDOW) for side in values.shape], mode="edge")


def _energy(values: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """The mean square in each window, an array a level: the window's mean alone first, every pixel last."""
    levels = []
    for octave in range(_OCTAVES, -1, -1):
        levels.append(_means(values * values, 2**octave).astype(np.float64))
        if octave:
            values = _means(values, 2)
    return levels[::-1]


def _means(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Means of squares of ``side`` x ``side`` values."""
    height, width = values.shape
    found: NDArray[np.float32] = values.reshape(height // side, side, width // side, side).mean(axis=(1, 3))
    return found


def _unseen(fall: float, octaves: float) -> float:
    """Energy of ``octaves`` beyond the finest one seen, in units of that one; each has ``fall`` times the last."""
    whole = int(octaves)
    return sum(fall**step for step in range(1, whole + 1)) + (octaves - whole) * fall ** (whole + 1)
