"""The sizes of a convolutional tokenizer, which turns a picture into ids of the language model's own vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class CodeSizes:
    """``base`` channels at full resolution, ``multipliers`` of them at each level, half as many px a side as the last.

    A level has ``blocks``, those of ``attended`` levels (from 0) with attention behind each. What comes out has
    ``latent`` channels, twice that where it is ``doubled``, then ``width``, and becomes one of ``codes``, each of that
    width. A picture is repeated to ``frames`` where there are convolutions over time.

    Traits: ``middle`` (the blocks after the levels attend), ``summed`` (distances to codes are sums of three tables,
    not one product), ``keeps`` (every map is kept until the picture is encoded), ``behind`` (the convolution behind the
    codes is held, with which drawing begins), ``decoder`` (and all that draws), ``alone`` (pictures are encoded one by
    one), ``exact`` (it stays in fp32).
    """

    part: ClassVar[str] = "vision.code"
    base: int | None = None
    multipliers: tuple[int, ...] | None = None
    blocks: int | None = None
    attended: tuple[int, ...] | None = None
    latent: int | None = None
    width: int | None = None
    codes: int | None = None
    frames: int | None = None
    doubled: bool | None = None
    middle: bool | None = None
    summed: bool | None = None
    keeps: bool | None = None
    behind: bool | None = None
    decoder: bool | None = None
    alone: bool | None = None
    exact: bool | None = None
