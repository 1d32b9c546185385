"""The frames of a video, for methods that compare each with the one before."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.seen import Seen


def frame_tokens(grids: Sequence[tuple[int, int]]) -> int:
    """Tokens of one frame."""
    return grids[0][0] * grids[0][1]


def by_frame(method: str, seen: Seen) -> Tensor:
    """The vectors as (frames, places, d); raises ``MethodError`` where there are no frames of one size."""
    if not seen.video or len(set(seen.grids)) > 1:
        raise MethodError(
            f"{method} compares the frames of a video, and this is none; take another method for pictures"
        )
    return seen.vectors.view(len(seen.grids), frame_tokens(seen.grids), -1)
