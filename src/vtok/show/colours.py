"""The colours of the pictures, and a heat scale that reads in print and for colour-blind eyes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INK = (28, 32, 38)
PAPER = (250, 250, 248)
#: Bright outline of a kept token.
KEPT = (255, 196, 0)
#: Tint of a merged token.
MERGED = (40, 120, 235)
HATCH = (120, 124, 130)

_STOPS = np.array([(12, 8, 38), (86, 16, 110), (170, 40, 95), (235, 95, 45), (252, 180, 40), (252, 252, 190)], float)


def heat_colours(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(n,) values from 0 to 1 as (n, 3) RGB, from near black over red to pale yellow."""
    at = np.clip(values, 0, 1) * (len(_STOPS) - 1)
    low = np.minimum(at.astype(int), len(_STOPS) - 2)
    part = (at - low)[:, None]
    mixed: NDArray[np.float64] = _STOPS[low] * (1 - part) + _STOPS[low + 1] * part
    return mixed.round().astype(np.uint8)
