"""Frames of a video by the clock, one function a way of choosing them.

Source: transformers, ``default_sample_indices_fn`` in ``video_utils.py`` and ``sample_frames`` of the classes in
``models/*/video_processing_*.py``; each function names its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.sampling import Sampling, known_fps

Indices = NDArray[np.int64]


def minicpm(clip: Clip, s: Sampling) -> Indices:
    """One a second, or at most ``most`` of a video that is longer (``minicpmv4_6``)."""
    fps = known_fps(clip)
    if clip.seconds <= s.most:
        return np.array([int(second * fps) for second in range(math.ceil(clip.seconds))], np.int64)
    tenths = np.arange(s.most) if (many := int(clip.seconds / 0.1)) <= s.most else np.linspace(0, many - 1, s.most)
    times = [round(int(tenth) * 0.1, 1) for tenth in tenths[:many]]
    return np.array([min(int(time * fps), clip.frames - 1) for time in times], np.int64)


def glm4v(clip: Clip, s: Sampling) -> Indices:
    """The frame after each tick, up to ``max_seconds``; of longer videos as many, further apart (``glm4v``)."""
    fps, last, rate = known_fps(clip), clip.frames - 1, s.fps or 0.0
    seconds = clip.seconds or round(last / fps) + 1
    if seconds <= s.max_seconds:
        ticks = max(math.floor(seconds * rate), 1)
        found = [min(last, math.ceil(tick * fps / rate)) for tick in range(ticks)]
    elif (ticks := int(s.max_seconds * rate)) >= clip.frames:
        found = list(range(clip.frames))
    else:
        found = [min(last, math.ceil(time * fps)) for time in np.linspace(0, seconds, ticks)]
    return _even(found)


def glm46v(clip: Clip, s: Sampling) -> Indices:
    """Three, one or half a step a second, by how long the video is, at most ``most`` frames (``glm46v``)."""
    fps = known_fps(clip)
    seconds = clip.seconds or round((clip.frames - 1) / fps) + 1
    counted = min(seconds, s.max_seconds)
    rate = s.step * (3 if counted <= 30 else 1 if counted <= 300 else 0.5)
    return _ticks(clip, min(int(counted * rate), s.most), rate, int(seconds))


def glm5(clip: Clip, s: Sampling) -> Indices:
    """``fps`` a second, at most ``most`` frames (``glm5_next``)."""
    fps = known_fps(clip)
    seconds = clip.seconds or round((clip.frames - 1) / fps) + 1
    counted = min(seconds, s.max_seconds) if s.max_seconds > 0 else seconds
    rate = s.fps or 0.0
    return _ticks(clip, min(int(counted * rate), s.most), rate, int(seconds))


def _ticks(clip: Clip, wanted: int, rate: float, end: int) -> Indices:
    """The first frame at each tick of ``1 / rate`` s up to ``end`` s; evenly where those are not ``wanted`` many."""
    total = clip.frames
    if total < wanted:
        return _even(np.linspace(0, total - 1, wanted, dtype=int).tolist())
    found: list[int] = []
    tick, length = 0.0, 1 / clip.fps
    for frame in range(total):
        if frame * length >= tick:
            tick += 1 / rate
            found.append(frame)
            if tick >= end:
                break
    if len(found) < wanted:
        found = np.linspace(found[0], found[-1], wanted, dtype=int).tolist()
    elif len(found) > wanted:
        found = np.linspace(0, total - 1, wanted, dtype=int).tolist()
    return _even(found)


def _even(found: Sequence[int]) -> Indices:
    """Each frame once, the last one twice where their number would be odd."""
    once = list(dict.fromkeys(found))
    return np.array(once + once[-1:] * (len(once) % 2), np.int64)
