"""What is asked of a model: pictures, videos, words, an answer, and how far the pictures' tokens are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtok.errors import UsageError
from vtok.geometry.videos.choosing import check_wish
from vtok.geometry.videos.clip import Clip

Size = tuple[int, int]


@dataclass(frozen=True)
class Request:
    """One request, of which ``batch`` alike are answered at once.

    ``images`` are (width, height) in px. ``text_tokens`` are the prompt's that no picture takes, ``new_tokens`` the
    answer's. ``budget`` is the most visual tokens that each picture or video may keep, as a number or as a share
    ("25%"); ``method`` says how they are cut, and ``layer`` after how many layers of the language model (0: before it).
    Of each of ``videos`` the model's processor takes the frames that it takes, or ``fps`` a second, or ``frames`` in
    all. Raises ``UsageError`` for figures that make no sense, a layer without a budget, frames without a video.
    """

    images: tuple[Size, ...] = ()
    text_tokens: int = 64
    new_tokens: int = 128
    batch: int = 1
    budget: int | str | None = None
    method: str | None = None
    layer: int | None = None
    videos: tuple[Clip, ...] = ()
    fps: float | None = None
    frames: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("text_tokens", 0), ("new_tokens", 0), ("batch", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(f"{name} is {value!r}; expected a whole number of at least {least}")
        check_wish(self.fps, self.frames)
        if not self.videos and not (self.fps is None and self.frames is None):
            raise UsageError("frames, and frames a second, are those of a video, and there is none")
        if self.layer is not None and self.layer < 0:
            raise UsageError(f"layer is {self.layer}; expected 0 (before the language model) or more")
        if self.budget is None and (self.method is not None or self.layer is not None):
            what = "a method" if self.method is not None else "a layer"
            raise UsageError(f"{what} without a budget cuts nothing; give a budget too, such as 256 or 25%")

    @staticmethod
    def of(sizes: Sequence[Size], **others: Any) -> Request:
        """A request with the pictures of ``sizes``, the rest as in the constructor."""
        return Request(tuple((int(width), int(height)) for width, height in sizes), **others)
