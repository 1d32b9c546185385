"""A video as its head tells it, and how it becomes tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from vtok.geometry.layout import Grid, Size, Tile


@dataclass(frozen=True)
class Clip:
    """``size`` in px, upright; ``frames`` in all; ``fps`` on average and ``seconds``, 0 where not known."""

    size: Size
    frames: int
    fps: float
    seconds: float


@dataclass(frozen=True)
class Encoding:
    """What becomes of a video between the encoder and the projector, where it is not what becomes of pictures.

    ``apart``: each step is encoded as a video of its own. ``pool`` patches a side are averaged to one before the
    projector; ``merge`` patches a side become a token in it, None where they are as many as in a picture, and
    ``join`` frames become one there.
    """

    apart: bool = False
    pool: int = 1
    merge: int | None = None
    join: int = 1


@dataclass(frozen=True)
class VideoLayout:
    """How one video becomes tokens.

    ``frames`` are the numbers of the sampled frames, from 0, each brought to ``resized`` (width, height) px; ``per``
    of them become one step, the last one filled up, and each of ``steps`` gives ``grids`` (in px of the source).
    ``tiles`` are the passes through the encoder that a frame takes, and ``encoding`` says what is done with them.
    ``markers`` counts the special tokens of the whole video, ``text`` those of plain text that the processor writes
    between the steps, such as times; None where how that text is cut into tokens is not known.
    """

    source: Size
    resized: Size
    frames: tuple[int, ...]
    per: int
    steps: int
    grids: tuple[Grid, ...]
    markers: int = 0
    text: int | None = 0
    tiles: tuple[Tile, ...] = ()
    encoding: Encoding = field(default_factory=Encoding)

    @property
    def content(self) -> int:
        """Visual tokens that carry a piece of the video."""
        return self.steps * sum(grid.count for grid in self.grids)

    @property
    def structural(self) -> int:
        """Tokens beside them: special tokens and text, as far as its tokens are known."""
        return self.markers + (self.text or 0)

    @property
    def total(self) -> int:
        """Tokens that this video takes in the language model's sequence."""
        return self.content + self.structural
