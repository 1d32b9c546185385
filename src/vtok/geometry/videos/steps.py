"""What one step of a video becomes: a picture of its own, or a share of one budget for all frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vtok.errors import UsageError
from vtok.geometry.families._native import one_grid, refuse_long, require_positive
from vtok.geometry.families.glm4v import Glm4v
from vtok.geometry.families.glm5_next import Glm5Next
from vtok.geometry.families.tiling import check_size, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class Each:
    """Every step as a picture of its size by a family's rule, whatever the length of the video."""

    family: Family

    def picture(self, width: int, height: int, frames: int) -> Layout:
        """See ``rule.Step``."""
        return self.family.layout(width, height)


@dataclass(frozen=True)
class Volume:
    """Qwen3-VL, GLM-4V and after: bounds on the pixels of all frames together, ``per`` frames a step.

    Source: transformers, ``smart_resize`` in ``models/qwen3_vl/video_processing_qwen3_vl.py``, the same in
    ``glm4v``, ``glm46v`` and ``cosmos3_edge``. Frames count by whole steps where the volume is held against the
    bounds, and one by one where it is brought within them.
    """

    min_pixels: int = 4096
    max_pixels: int = 25165824
    patch: int = 16
    merge: int = 2
    per: int = 2

    def __post_init__(self) -> None:
        require_positive(min_pixels=self.min_pixels, max_pixels=self.max_pixels, per=self.per)
        require_positive(patch=self.patch, merge=self.merge)

    def picture(self, width: int, height: int, frames: int) -> Layout:
        """See ``rule.Step``."""
        check_size(width, height)
        if frames < self.per:
            raise UsageError(f"this model takes at least {self.per} frames of a video, not {frames}")
        side = self.patch * self.merge
        enlarge = Glm4v(patch=self.patch, merge=self.merge)._enlarge
        w, h = (int(length[0]) for length in enlarge(np.array([width]), np.array([height])))
        refuse_long((width, height), max(w, h) / min(w, h), 200.0)
        rows, columns = round(h / side), round(w / side)
        volume = round(frames / self.per) * self.per * rows * columns * side * side
        if volume > self.max_pixels:
            beta = math.sqrt(frames * h * w / self.max_pixels)
            rows, columns = max(1, math.floor(h / beta / side)), max(1, math.floor(w / beta / side))
        elif volume < self.min_pixels:
            beta = math.sqrt(self.min_pixels / (frames * h * w))
            rows, columns = math.ceil(h * beta / side), math.ceil(w * beta / side)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, whole(width, height))


@dataclass(frozen=True)
class Covered:
    """GLM-5: bounds on the tokens of all steps together, the frame padded to whole tokens.

    Source: transformers, ``smart_resize`` in ``models/glm5_next/video_processing_glm5_next.py``.
    """

    min_tokens: int = 16
    max_tokens: int = 240000
    patch: int = 14
    merge: int = 2
    per: int = 2

    def picture(self, width: int, height: int, frames: int) -> Layout:
        """See ``rule.Step``."""
        check_size(width, height)
        side, aligned = self.patch * self.merge, max(self.per, round(frames / self.per) * self.per)
        unit = side * side
        least, most = self.min_tokens * self.per * unit, self.max_tokens * self.per * unit
        if most < aligned * unit:
            raise UsageError(f"{frames} frames are more than this model's {self.max_tokens:,} tokens allow; take fewer")
        rows, columns = -(-height // side), -(-width // side)
        if aligned * rows * columns * unit < least:
            scale = math.sqrt(least / (frames * height * width))
            rows = -(-max(1, math.ceil(height * scale)) // side)
            columns = -(-max(1, math.ceil(width * scale)) // side)
        if aligned * rows * columns * unit > most:
            bound = Glm5Next(1, most // (aligned * unit), self.patch, self.merge)
            rows, columns = bound._grid(width, height)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, whole(width, height))


@dataclass(frozen=True)
class Rows:
    """Hy 4: the most whole tokens of the frame that keep its shape, within a budget for all frames; rows end.

    Source: transformers, ``smart_resize`` of the class in ``models/hy_v4_vl/video_processing_hy_v4_vl.py``, and
    ``_num_frame_tokens`` in ``processing_hy_v4_vl.py``.
    """

    max_pixels: int = 33554432
    max_frame_pixels: int = 1048576
    patch: int = 16
    merge: int = 2

    def picture(self, width: int, height: int, frames: int) -> Layout:
        """See ``rule.Step``."""
        check_size(width, height)
        refuse_long((width, height), max(width, height) / min(width, height), 200.0)
        side = self.patch * self.merge
        rows, columns = self._grid(width, height, frames, side)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, whole(width, height), rows)

    def _grid(self, width: int, height: int, frames: int, side: int) -> tuple[int, int]:
        budget = self.max_pixels // side**2
        for rows in range(max(1, height // side), 0, -1):
            low = 1 if rows == 1 else max(1, width * rows // height)
            high = min(max(1, width // side), max(1, -(-width * (rows + 1) // height) - 1))
            columns = min(high, budget // (frames * rows) - 1, self.max_frame_pixels // (side**2 * rows))
            if columns >= low:
                return rows, columns
        return 1, 1
