"""How a family takes a video: which frames, what each step of them becomes, and what is written beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from vtok.errors import UsageError
from vtok.geometry.layout import Layout
from vtok.geometry.videos.choosing import choose
from vtok.geometry.videos.clip import Clip, Encoding, VideoLayout
from vtok.geometry.videos.sampling import Sampling
from vtok.geometry.videos.text import WRITERS, pieces


class Step(Protocol):
    """The rule for the picture of one step."""

    def picture(self, width: int, height: int, frames: int) -> Layout:
        """The layout of one frame (px) of a video of which ``frames`` are sampled."""
        ...


@dataclass(frozen=True)
class VideoRule:
    """A rule with its settings filled in.

    ``per`` frames become one step, whose tokens ``step`` gives; ``markers`` special tokens stand beside those of each
    step and ``once`` beside the whole. ``text`` is one of ``text.WRITERS``, ``split`` one of ``text.SPLITS``, each
    empty where there is none or where it is not known; ``text_tokens`` tokens a step stand in for the count of it.
    ``encoding`` is what the encoder and the projector do otherwise than with pictures.
    """

    step: Step
    sampling: Sampling = field(default_factory=Sampling)
    per: int = 1
    markers: int = 0
    once: int = 0
    text: str = ""
    split: str = ""
    text_tokens: int | None = None
    source: str = ""
    note: str = ""
    encoding: Encoding = field(default_factory=Encoding)

    def layout(self, clip: Clip, fps: float | None = None, frames: int | None = None) -> VideoLayout:
        """The layout of a clip; ``fps`` or ``frames`` in place of the processor's own sampling.

        Raises ``UsageError`` for a clip, or a way to sample, that the processor refuses.
        """
        taken = choose(self.sampling, clip, fps, frames)
        if not taken:
            raise UsageError("no frame would be sampled of this video; ask for more")
        steps = math.ceil(len(taken) / self.per)
        picture = self.step.picture(*clip.size, len(taken))
        markers = steps * (picture.structural + self.markers) + self.once
        text = self._text(clip, taken, steps)
        return VideoLayout(
            clip.size,
            picture.resized,
            taken,
            self.per,
            steps,
            picture.grids,
            markers,
            text,
            picture.tiles,
            self.encoding,
        )

    def _text(self, clip: Clip, taken: tuple[int, ...], steps: int) -> int | None:
        if not self.text:
            return 0
        if self.text_tokens is not None:
            return steps * self.text_tokens
        if not self.split:
            return None
        fps = clip.fps or 24  # what processors assume where the file does not tell
        filled = taken + taken[-1:] * (steps * self.per - len(taken))
        times = [[index / fps for index in filled[at : at + self.per]] for at in range(0, len(filled), self.per)]
        return sum(pieces(text, self.split) for text in WRITERS[self.text](times, clip.seconds))
