"""Frames of a video at even distances, one function a way of choosing them.

Source: transformers, ``default_sample_indices_fn`` in ``video_utils.py`` and ``sample_frames`` of the classes in
``models/*/video_processing_*.py``; each function names its own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.sampling import Sampling, known_fps, refuse_more

Indices = NDArray[np.int64]


def uniform(clip: Clip, s: Sampling) -> Indices:
    """Evenly from the first frame on (``default_sample_indices_fn``)."""
    total, frames = clip.frames, s.frames
    if frames is None and s.fps is not None:
        frames = max(1, int(total / known_fps(clip) * s.fps))
    if frames is None:
        return np.arange(total)
    refuse_more(frames, total)
    return np.arange(frames) * total // frames


def qwen2(clip: Clip, s: Sampling) -> Indices:
    """Evenly, whole steps of frames (``qwen2_vl``)."""
    total, step = clip.frames, s.step
    if s.frames is not None:
        frames = round(s.frames / step) * step
    elif s.fps is not None:
        most = min(s.most, total) // step * step
        wanted = min(max(total / known_fps(clip) * s.fps, s.least), most, total)
        frames = math.floor(wanted / step) * step
    else:
        return np.arange(total)
    return _from(0.0, total, frames)


def ernie(clip: Clip, s: Sampling) -> Indices:
    """Evenly, between two bounds, to which a number of frames must keep (``ernie4_5_vl_moe``)."""
    total = clip.frames
    if s.frames is not None:
        if not s.least <= s.frames <= s.most:
            raise UsageError(f"this model takes {s.least} to {s.most} frames of a video, not {s.frames}")
        frames: float = s.frames
    else:
        frames = total / known_fps(clip) * s.fps if s.fps is not None else total
        frames = min(max(frames, s.least), s.most, total)
    return _from(0.0, total, frames)


def qwen3(clip: Clip, s: Sampling) -> Indices:
    """From the first frame to the last, between two bounds (``qwen3_vl``, ``cosmos3_edge``, ``hy_v4_vl``)."""
    total, frames = clip.frames, s.frames
    if frames is None and s.fps is not None:
        frames = int(total / (clip.fps or 24) * s.fps)
        frames = min(max(frames, s.least), s.most, total)
    if frames is None:
        frames = min(max(total, s.least), s.most)
    return np.linspace(0, total - 1, frames).round().astype(np.int64)


def internvl(clip: Clip, s: Sampling) -> Indices:
    """Evenly, from the middle of the first part on (``internvl``)."""
    frames = s.frames
    if frames is None:
        frames = int(clip.frames / known_fps(clip) * (s.fps or 0.0))
    refuse_more(frames, clip.frames)
    return _from(clip.frames / frames / 2 if frames else 0.0, clip.frames, frames)


def molmo2(clip: Clip, s: Sampling) -> Indices:
    """As many frames as it may, no more than ``fps`` a second; a wish for ``fps`` lifts the bound (``molmo2``)."""
    total, fps = clip.frames, known_fps(clip)
    seconds = clip.seconds or total / fps
    if s.frames is None:
        frames = int(seconds * (s.fps or 0.0))
    else:
        frames = min(s.frames, int(seconds * s.fps)) if s.fps is not None and fps > s.fps else s.frames
    return _from(0.0, total, max(min(frames, total), 1))


def muse(clip: Clip, s: Sampling) -> Indices:
    """From the first frame to the last, whole steps of frames (``muse_glimmer``)."""
    total = clip.frames
    frames = min(int(total * (s.fps or 0.0) / (clip.fps or 24)), s.frames or total, total)
    frames = min(max(s.step, frames // s.step * s.step), total)
    return _linspace(total - 1, frames)


def smolvlm(clip: Clip, s: Sampling) -> Indices:
    """By the second, at most ``frames``, of a long video without its first and last second (``smolvlm``)."""
    fps, most, total = s.fps or 0.0, s.frames or 0, clip.frames
    wanted = max(1, min(round(fps * clip.seconds), most))
    start, end = 0, total - 1
    if clip.seconds - 2 > most * fps:
        start, end = int(known_fps(clip)), min(int(total - clip.fps), total - 1)
    if start >= end:
        start, end = 0, total - 1
    return np.unique(np.linspace(start, end, wanted, dtype=np.int64))


def _from(start: float, total: int, frames: float) -> Indices:
    """From ``start`` in steps of ``total / frames``, as ``torch.arange`` does.

    As many as there; where a step ends within a hair of a whole number, torch's single precision may take the frame
    beside this one, depending on the processor that it runs on.
    """
    if frames <= 0:
        raise UsageError("less than one frame would be sampled of this video; ask for more frames a second")
    refuse_more(math.ceil(frames), total)
    step = total / frames
    return (start + np.arange(math.ceil((total - start) / step)) * step).astype(np.int64)


def _linspace(last: int, frames: int) -> Indices:
    """As ``torch.linspace(0, last, frames).long()``: single precision, from both ends to the middle."""
    step = np.float32(last) / np.float32(max(frames - 1, 1))
    number = np.arange(frames)
    up, down = number.astype(np.float32) * step, np.float32(last) - (frames - 1 - number).astype(np.float32) * step
    return np.where(number < frames // 2, up, down).astype(np.int64) if frames > 1 else np.zeros(frames, np.int64)
