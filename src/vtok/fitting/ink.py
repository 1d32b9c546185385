"""Ink and paper: what stands out from its surroundings in a grey picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Blocks = NDArray[np.float32]
_BLOCK, _AROUND = 8, 5  # the surroundings of a pixel: a square of 5 blocks of 8 px
_CONTRAST, _DEVIATIONS = 14.0, 0.5  # grey levels, and standard deviations, by which ink differs from its surroundings
_RARE = 0.005  # share of ink in its surroundings below which it is a speck


def find_inks(grey: Grey) -> tuple[Mask, Mask]:
    """Where there is dark ink on light paper, and light ink on dark, for letters up to about 20 px high.

    Ink differs from the mean around it by half a standard deviation, after W. Niblack ("An introduction to digital
    image processing", 1986); with it what is rarer, print, passes, and what is more common, paper, mostly does not.
    The border is then set halfway between the means of the two, where a letter is as high as it is at any other size.
    """
    values = grey.astype(np.float32)
    mean = _around(_means(values))
    spread = np.sqrt(np.maximum(_around(_means(values * values)) - mean * mean, 0))
    least = np.maximum(_CONTRAST, _DEVIATIONS * spread)
    dark = grey < _border(mean - least, grey)
    light = grey > _border(mean + least, grey)
    dark = grey < _border(_halfway(values, mean, dark, -1), grey)
    light = grey > _border(_halfway(values, mean, light, 1), grey)
    return dark, light


def _halfway(values: Blocks, mean: Blocks, ink: Mask, sign: int) -> Blocks:
    """Between the means of ink and paper around each block; out of reach where there is hardly any ink."""
    share, inked = _around(_means(ink.astype(np.float32))), _around(_means(values * ink))
    halfway = (inked / np.maximum(share, 1e-3) + (mean - inked) / np.maximum(1 - share, 1e-3)) / 2
    halfway = np.maximum(halfway, mean + _CONTRAST / 2) if sign > 0 else np.minimum(halfway, mean - _CONTRAST / 2)
    return np.where(share > _RARE, halfway, 255.0 if sign > 0 else 0.0).astype(np.float32)


def _means(values: Blocks) -> Blocks:
    """Means over blocks of 8 x 8 px, the picture's edge repeated to fill the last ones."""
    height, width = values.shape
    if height % _BLOCK or width % _BLOCK:
        values = np.pad(values, [(0, -side % _BLOCK) for side in values.shape], mode="edge")
    height, width = values.shape
    rows = values.reshape(height // _BLOCK, _BLOCK, width).sum(axis=1)
    means: Blocks = rows.reshape(len(rows), width // _BLOCK, _BLOCK).sum(axis=2) / np.float32(_BLOCK**2)
    return means


def _around(blocks: Blocks) -> Blocks:
    """Means over 5 x 5 blocks."""
    padded = np.pad(blocks, _AROUND // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_AROUND, _AROUND))
    means: Blocks = windows.mean(axis=(2, 3), dtype=np.float32)
    return means


def _border(blocks: Blocks, grey: Grey) -> Grey:
    """A level for each pixel from one for each block, smoothly."""
    levels = Image.fromarray(np.clip(np.rint(blocks), 0, 255).astype(np.uint8))
    size = (levels.width * _BLOCK, levels.height * _BLOCK)
    smooth: Grey = np.asarray(levels.resize(size, Image.Resampling.BILINEAR))
    return smooth[: grey.shape[0], : grey.shape[1]]
