"""How much of a picture a model sees: the objective that fitting maximises, in one place.

A picture of W x H px is shrunk to w x h px and then enters a model by its layout, which resizes once more, cuts tiles,
pads, or crops. A point of the source is seen at a scale along x and along y: px of the model's view for a px of the
source, never above 1, since enlarging adds nothing. The smaller of the two is the scale of that point: a letter is
lost when one of its sides is. **Detail** is the area of the source times the square of its scale, summed over what the
model sees at all: the number of pixels of an undistorted picture that would show as much.
"""

from __future__ import annotations

import numpy as np

from vtok.geometry.layout import Layout, Size


def detail(layout: Layout, source: Size) -> float:
    """Effective pixels of ``source`` (width, height) that survive when it is shrunk to ``layout.source``.

    Where tiles overlap, such as a thumbnail and the tiles of a canvas, the finer one counts. At most W x H.
    """
    width, height = layout.source
    x, y = width / source[0], height / source[1]
    seen = sorted(
        (min(x * min(1.0, tile.size[0] / (right - left)), y * min(1.0, tile.size[1] / (bottom - top))), tile.box)
        for tile in layout.tiles
        for left, top, right, bottom in [tile.box]
        if right > left and bottom > top
    )
    area = source[0] * source[1] / (width * height)
    if not seen:
        return 0.0
    if len(seen) == 1:
        scale, (left, top, right, bottom) = seen[0]
        shown = (min(width, right) - max(0.0, left)) * (min(height, bottom) - max(0.0, top))
        return shown * area * scale**2
    boxes = np.array([box for _, box in seen])
    xs = np.unique(np.clip(boxes[:, [0, 2]], 0, width))
    ys = np.unique(np.clip(boxes[:, [1, 3]], 0, height))
    scales = np.zeros((len(ys) - 1, len(xs) - 1))
    # From the coarsest to the finest, so that the finest stays on top.
    for scale, (left, top, right, bottom) in seen:
        rows = slice(*np.searchsorted(ys, [max(top, 0.0), min(bottom, height)]))
        columns = slice(*np.searchsorted(xs, [max(left, 0.0), min(right, width)]))
        scales[rows, columns] = scale
    return float(np.diff(ys) @ scales**2 @ np.diff(xs)) * area
