"""The sizes of an encoder of convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Stages:
    """An encoder of convolutions: its ``form``, the channels of its ``stem``, ``widths`` and ``blocks`` of its stages.

    Blocks are in the notation of ``architectures.toml``.
    """

    part: ClassVar[str] = "vision.stages"
    form: str | None = None
    stem: int | None = None
    widths: tuple[int, ...] | None = None
    blocks: tuple[str, ...] | None = None
