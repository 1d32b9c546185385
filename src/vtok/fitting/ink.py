"""Ink and paper: what stands out from its surroundings in a grey picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]
_BLOCK, _AROUND = 8, 5  # the surroundings of a pixel: a square of 5 blocks of 8 px
_CONTRAST, _DEVIATIONS = 14.0, 0.5  # grey levels, and standard deviations, by which ink differs from its surroundings
_RARE = 0.005  # share of ink in its surroundings below which it is a speck


def find_inks(grey: Grey) -> tuple[Mask, Mask]:
    """Where there is dark ink on light paper, and light ink on dark, for letters up to about 20 px high.

    Ink differs from the mean around it by half a standard deviation, after W. Niblack ("An introduction to digital
    image processing", 1986); with it what is rarer, print, passes, and what is more common, paper, does not. The border
    is then set halfway between the means of the two, where a scale-invariant measure of a letter wants it.
    """
    mean = _nearby(grey)
    spread = np.sqrt(np.maximum(_nearby(grey * grey) - mean * mean, 0))
    least = np.maximum(_CONTRAST, _DEVIATIONS * spread)
    dark, light = (_to_halfway(grey, mean, sign * (grey - mean) > least, sign) for sign in (-1, 1))
    return dark, light


def _to_halfway(grey: Grey, mean: Grey, ink: Mask, sign: int) -> Mask:
    share, inked = _nearby(ink.astype(np.float32)), _nearby(grey * ink)
    halfway = (inked / np.maximum(share, 1e-3) + (mean - inked) / np.maximum(1 - share, 1e-3)) / 2
    found: Mask = (share > _RARE) & (sign * (grey - halfway) > 0) & (sign * (grey - mean) > _CONTRAST / 2)
    return found


def _nearby(values: Grey) -> Grey:
    """The mean around each pixel: over blocks, then over the blocks around, then back to pixels smoothly."""
    height, width = values.shape
    padded = np.pad(values, [(0, -side % _BLOCK) for side in values.shape], mode="edge")
    rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3))
    around = np.pad(blocks, _AROUND // 2, mode="edge")
    means = np.lib.stride_tricks.sliding_window_view(around, (_AROUND, _AROUND)).mean(axis=(2, 3), dtype=np.float32)
    size = (columns * _BLOCK, rows * _BLOCK)
    smooth: Grey = np.asarray(Image.fromarray(means).resize(size, Image.Resampling.BILINEAR))
    return smooth[:height, :width]
