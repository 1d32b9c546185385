"""Which frames of a video a processor takes: its own way, or what a user asks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.videos import by_clock, evenly
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.sampling import Sampling

_BOTH = ("fps", "frames")
#: Way -> the function, the wishes that it takes, and which of its own settings hold beside a wish for the other.
WAYS: dict[str, tuple[Callable[[Clip, Sampling], NDArray[np.int64]], tuple[str, ...], tuple[str, ...]]] = {
    "ernie": (evenly.ernie, _BOTH, ()),
    "glm46v": (by_clock.glm46v, (), ()),
    "glm4v": (by_clock.glm4v, ("fps",), ()),
    "glm5": (by_clock.glm5, ("fps",), ()),
    "internvl": (evenly.internvl, _BOTH, ()),
    "minicpm": (by_clock.minicpm, (), ()),
    "molmo2": (evenly.molmo2, _BOTH, ("fps",)),
    "muse": (evenly.muse, _BOTH, _BOTH),
    "qwen2": (evenly.qwen2, _BOTH, ()),
    "qwen3": (evenly.qwen3, _BOTH, ()),
    "smolvlm": (evenly.smolvlm, _BOTH, _BOTH),
    "uniform": (evenly.uniform, _BOTH, ()),
}
# Far more than any model reads, and little enough to be counted at once.
_MOST_FPS, _MOST_FRAMES = 1000, 1_000_000


def choose(sampling: Sampling, clip: Clip, fps: float | None = None, frames: int | None = None) -> tuple[int, ...]:
    """The numbers of the frames taken of ``clip``, ascending, from 0; ``fps`` or ``frames`` are the user's wish.

    Raises ``UsageError`` for a wish that the processor does not take, and for a clip that it refuses.
    """
    check_wish(fps, frames)
    if clip.frames < 1:
        raise UsageError("a video without frames has no tokens")
    if fps is None and frames is None and not sampling.always:
        return tuple(range(clip.frames))
    way, takes, keeps = WAYS[sampling.way]
    for name, wish in (("fps", fps), ("frames", frames)):
        if wish is not None and name not in takes:
            other = f"; it takes {' or '.join(takes)}" if takes else ""
            raise UsageError(f"this model's processor chooses its frames itself and takes no {name}{other}")
    wished = sampling
    if fps is not None:
        wished = replace(sampling, fps=fps, frames=sampling.frames if "frames" in keeps else None)
    elif frames is not None:
        wished = replace(sampling, frames=frames, fps=sampling.fps if "fps" in keeps else None)
    return tuple(way(clip, wished).tolist())


def check_wish(fps: float | None, frames: int | None) -> None:
    """Raise ``UsageError`` for a wish that no video and no model could meet."""
    if fps is not None and frames is not None:
        raise UsageError("frames a second and a number of frames are two ways to sample; give one")
    if fps is not None and not 0 < fps <= _MOST_FPS:
        raise UsageError(f"cannot sample {fps:g} frames a second; expected more than 0 and at most {_MOST_FPS}")
    if frames is not None and not 0 < frames <= _MOST_FRAMES:
        raise UsageError(f"cannot sample {frames:,} frames; expected 1 to {_MOST_FRAMES:,}")
